"""datagen forget"""

from typing import Annotated

import typer

from datagen.housekeeping import forget as forget_records
from datagen.lease import Lease
from datagen.store import Store


def forget(
    run: Annotated[str, typer.Argument(help="A run folder or URL.")],
    what: Annotated[str, typer.Argument(metavar="ID|SOURCE", help="A record's id, or a source's name.")],
) -> None:
    """Remove a record or a source, and what was made from it, from every version; it never comes back."""
    store = Store(run)
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
