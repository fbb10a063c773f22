"""datagen gc"""

from typing import Annotated

import typer

from datagen.housekeeping import collect_garbage
from datagen.lease import Lease
from datagen.store import Store


def gc(
    run: Annotated[str, typer.Argument(help="A run folder or URL.")],
    keep: Annotated[int, typer.Option(min=1, help="Versions to keep of each stage, the published one among them.")] = 1,
) -> None:
    """Delete old versions, and what unfinished runs left."""
    store = Store(run)
    lease = Lease.acquire(store, "datagen gc")
    try:
        gone = collect_garbage(store, lease, keep)
    finally:
        lease.release()
    for folder in gone:
        print(f"deleted {folder}")
    print(f"{len(gone)} folders deleted" if gone else "nothing to delete")
