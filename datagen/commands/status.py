"""datagen status"""

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from datagen.access import existing_run
from datagen.lease import PATH, is_held
from datagen.plan import committed_shards
from datagen.progress import summary
from datagen.publish import manifest
from datagen.store import Store


def status(run: Annotated[str, typer.Argument(help="A run folder or URL.")]) -> None:
    """Show what a run has published, what is under way, and who is writing it."""
    store, console = existing_run(run), Console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("stage", "version", "published"):
        table.add_column(heading)
    names = [n for n in store.folders() if not n.startswith("_")]
    working = {path.split("/")[1] for path, _ in store.files("_work")}  # folders stay behind what is published
    owner = _owner(store)
    for name in sorted({*names, *working}):
        found = manifest(store, name)
        state = "under way" if owner else f"stopped, {committed_shards(store, name)} shards are kept"
        if found:
            more = f" (another version is {state})" if name in working else ""
            table.add_row(name, found["version"], summary(found) + more)
        else:
            table.add_row(name, "-", state if name in working else "nothing")
    console.print(table)
    if owner:
        console.print(f"Being written by process {owner['pid']} on {owner['host']}: {owner['command']}")
    elif working:
        console.print("Not running. The same command resumes it where it stopped.")


def _owner(store: Store) -> dict | None:
    try:
        owner = json.loads(store.read(PATH))
    except FileNotFoundError:
        return None
    return owner if is_held(owner) else None
