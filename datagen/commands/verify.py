"""datagen verify"""

from typing import Annotated

import typer

from datagen.errors import UsageError, VerificationError
from datagen.store import Store
from datagen.verify import verify_run


def verify(
    run: Annotated[str, typer.Argument(help="A run folder or URL.")],
    stage: Annotated[str | None, typer.Argument(help="Only this stage.")] = None,
) -> None:
    """Check every published file against its manifest, and that the ledgers add up. Exit code 4 where not."""
    wrong, checked = verify_run(Store(run), stage)
    if not checked:
        raise UsageError(f"{run} has published nothing", "`datagen run RECIPE --out RUN` first")
    if wrong:
        shown = "\n".join(f"  {problem}" for problem in wrong[:20])
        raise VerificationError(
            f"{len(wrong)} problems in {checked} files:\n{shown}",
            "delete the version folders named, then run the recipe again: it makes the same bytes",
        )
    print(f"ok: {checked} files are what their manifests say, and every ledger adds up")
