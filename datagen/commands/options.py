"""Arguments and options that `plan` and `run` share."""

from typing import Annotated

import typer

RecipeFile = Annotated[str, typer.Argument(help="A recipe (YAML).")]
Out = Annotated[str | None, typer.Option(help="Run folder or object-store URL; default runs/NAME.")]
Only = Annotated[str | None, typer.Option(help="This stage alone.")]
Until = Annotated[str | None, typer.Option(help="This stage and what it needs.")]
Overrides = Annotated[list[str] | None, typer.Option("--set", help="Override: stage.option=value.")]
