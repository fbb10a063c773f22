"""datagen forget"""

import sys
from typing import Annotated

import typer

from datagen.access import existing_run
from datagen.errors import UsageError
from datagen.housekeeping import forget as forget_records
from datagen.housekeeping import would_forget
from datagen.lease import Lease


def forget(
    run: Annotated[str, typer.Argument(help="A run folder or URL.")],
    what: Annotated[str, typer.Argument(metavar="ID|SOURCE", help="A record's id, or a source's name.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
) -> None:
    """Remove a record or a source, and what was made from it, from every version; it never comes back."""
    store = existing_run(run)
    if not yes:
        rows = would_forget(store, what)
        print(f"To forget {what} in {store.url}, for good:")
        for stage, number in rows.items():
            print(f"  {stage}: {number:,} rows")
        print("  older versions of them, and artefacts and caches that may hold their text")
        if not sys.stdin.isatty():
            raise UsageError(
                "this needs a confirmation and there is no terminal; nothing was removed",
                "repeat the command with --yes",
            )
        typer.confirm("Remove them?", abort=True)
    lease = Lease.acquire(store, "datagen forget")
    try:
        found = forget_records(store, lease, what)
    finally:
        lease.release()
    for stage, rows in found.rows.items():
        print(f"{stage}: {rows:,} rows removed")
    for version in found.deleted:
        print(f"deleted {version}, which may hold their text")
    for version in found.models:
        print(f"{version} was trained on them: run the recipe again for a model that was not")
    print("The next run of the recipe makes new versions without them.")
