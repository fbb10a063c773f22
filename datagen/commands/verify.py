"""datagen verify"""

from typing import Annotated

import typer

from datagen.access import existing_run
from datagen.errors import UsageError, VerificationError
from datagen.housekeeping import discard, stages_of
from datagen.lease import Lease
from datagen.store import Store
from datagen.verify import verify_run


def verify(
    run: Annotated[str, typer.Argument(help="A run folder or URL.")],
    stage: Annotated[str | None, typer.Argument(help="Only this stage.")] = None,
    repair: Annotated[bool, typer.Option("--repair", help="Delete damaged versions, to be made again.")] = False,
) -> None:
    """Check every published file against its manifest, and that the ledgers add up. Exit code 4 where not."""
    store = existing_run(run)
    wrong, checked = verify_run(store, stage)
    if not checked:
        raise UsageError(f"{run} has published nothing", "`datagen run RECIPE --out RUN` first")
    if wrong and repair:
        _repair(store, [stage] if stage else stages_of(store))
        return
    if wrong:
        shown = "\n".join(f"  {problem}" for problem in wrong[:20])
        raise VerificationError(
            f"{len(wrong)} problems in {checked} files:\n{shown}",
            f"`datagen verify {run} --repair` deletes them; then run the recipe again: it makes the same bytes",
        )
    print(f"ok: {checked} files are what their manifests say, and every ledger adds up")


def _repair(store: Store, stages: list[str]) -> None:
    lease = Lease.acquire(store, "datagen verify --repair")
    try:
        for stage in stages:
            wrong, _ = verify_run(store, stage)
            if wrong and (folder := discard(store, lease, stage)):
                print(f"deleted {folder}: {len(wrong)} problems, first {wrong[0]}")
    finally:
        lease.release()
    print("Run the recipe again: it makes the same bytes.")
