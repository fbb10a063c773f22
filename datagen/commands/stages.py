"""datagen stages"""

import inspect
import json
from importlib.resources import files
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from datagen.errors import UsageError
from datagen.fields import kind, shown
from datagen.stage import stage_class, stage_names


def stages(name: Annotated[str | None, typer.Argument(help="A stage, for its options.")] = None) -> None:
    """List all installed stages, or explain one."""
    console = Console()
    if name:
        _explain(console, name)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("stage", "proof", "publishes", "what it does"):
        table.add_column(heading)
    proofs = json.loads((files("datagen") / "proof.json").read_text())
    for known in stage_names():
        grade = proofs.get(known, "not run")
        try:
            found = stage_class(known)
        except UsageError as error:
            table.add_row(known, grade, "-", escape(f"unavailable: {error}"))
            continue
        summary = (found.__doc__ or "").split("\n\n")[0]
        table.add_row(known, grade, found.publishes, escape(" ".join(summary.split())))
    console.print(table)
    console.print("proof: real = tested on real data, fixture = on small files written for tests")


def _explain(console: Console, name: str) -> None:
    found = stage_class(name)
    console.print(f"[bold]{name}[/] (version {found.version}), publishes {found.publishes}\n")
    console.print(inspect.getdoc(found), markup=False, highlight=False)
    console.print()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("option", "type", "default", "meaning"):
        table.add_column(heading)
    for option, info in found.model_fields.items():
        default = "required" if info.is_required() else shown(info.default)
        table.add_row(option, escape(kind(info.annotation)), escape(default), escape(info.description or ""))
    console.print(table)
    if found.adds:
        console.print("adds columns: " + ", ".join(f"{f.name} ({f.type})" for f in found.adds))
