"""datagen status"""

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from datagen.errors import UsageError
from datagen.lease import PATH, is_held
from datagen.progress import summary
from datagen.publish import manifest
from datagen.store import Store


def status(run: Annotated[str, typer.Argument(help="A run folder or URL.")]) -> None:
    """Show what a run has published, what is under way, and who is writing it."""
    store, console = Store(run), Console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("stage", "version", "published"):
        table.add_column(heading)
    names = [n for n in store.folders() if not n.startswith("_")]
    working = {path.split("/")[1] for path, _ in store.files("_work")}  # folders stay behind what is published
    if not names and not working:
        raise UsageError(f"{store.url} is not a run", "`datagen run RECIPE --out RUN` makes one")
    for name in sorted({*names, *working}):
        found = manifest(store, name)
        under_way = " (another version is under way)" if name in working else ""
        if found:
            table.add_row(name, found["version"], summary(found) + under_way)
        else:
            table.add_row(name, "-", "under way" if name in working else "nothing")
    console.print(table)
    try:
        owner = json.loads(store.read(PATH))
    except FileNotFoundError:
        return
    if is_held(owner):
        console.print(f"Being written by process {owner['pid']} on {owner['host']}: {owner['command']}")
