"""datagen stages"""

import inspect
import json
from importlib.resources import files
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import typer
from pydantic import BaseModel
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from datagen.errors import UsageError
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
            table.add_row(known, grade, "-", f"unavailable: {error}")
            continue
        summary = (found.__doc__ or "").split("\n\n")[0]
        table.add_row(known, grade, found.publishes, " ".join(summary.split()))
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
        default = "required" if info.is_required() else _value(info.default)
        table.add_row(option, escape(_kind(info.annotation)), escape(default), escape(info.description or ""))
    console.print(table)
    if found.adds:
        console.print("adds columns: " + ", ".join(f"{f.name} ({f.type})" for f in found.adds))


def _kind(annotation: Any) -> str:
    """An option's type as one writes it in a recipe: choices, lists and maps."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _kind(inner[0])
    if origin is Literal:
        return " | ".join(map(str, inner))
    if origin in (Union, UnionType):
        return " | ".join(_kind(kind) for kind in inner if kind is not NoneType)
    if origin in (tuple, list, set, frozenset):
        kinds = dict.fromkeys(_kind(kind) for kind in inner if kind is not Ellipsis)
        return f"list of {', '.join(kinds)}"
    if origin is dict:
        return f"map of {_kind(inner[0])} to {_kind(inner[1])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"map with {', '.join(annotation.model_fields)}"
    return getattr(annotation, "__name__", str(annotation))


def _value(default: Any) -> str:
    if isinstance(default, tuple):
        return f"[{', '.join(map(str, default))}]"
    if isinstance(default, BaseModel):
        return _value(default.model_dump(exclude_defaults=True))
    return "" if default is None else str(default)
