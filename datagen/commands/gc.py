"""datagen gc"""

from typing import Annotated

import typer

from datagen.access import existing_run
from datagen.housekeeping import collect_garbage
from datagen.lease import Lease


def gc(
    run: Annotated[str, typer.Argument(help="A run folder or URL.")],
    keep: Annotated[int, typer.Option(min=1, help="Versions to keep of each stage, the published one among them.")] = 1,
) -> None:
    """Delete old versions, and what unfinished runs left."""
    store = existing_run(run)
    lease = Lease.acquire(store, "datagen gc")
    try:
        gone = collect_garbage(store, lease, keep)
    finally:
        lease.release()
    for folder in gone:
        print(f"deleted {folder}")
    print(f"{len(gone)} folders deleted" if gone else "nothing to delete")
