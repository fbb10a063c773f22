"""datagen synthesize"""

from typing import Annotated

import typer


def synthesize(
    recipe: Annotated[str, typer.Argument(help="A recipe (YAML) with a stage that synthesises from a graph.")],
    preview: Annotated[int, typer.Option(min=0, help="Write so many texts and show them; publish nothing.")] = 0,
    stage: Annotated[str | None, typer.Option(help="Which stage, where there are several.")] = None,
    out: Annotated[str | None, typer.Option(help="Run folder or URL; default runs/NAME.")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="Override: stage.option=value.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="CPUs of the local Ray.")] = None,
) -> None:
    """Synthesise, or see first what it would look like: texts with their seeds, claims and verdicts."""
    from rich.console import Console

    from datagen.commands.run import run
    from datagen.recipe import load_recipe
    from synthesis.preview import chosen, previewed, show

    loaded = load_recipe(recipe, set_ or [])
    out = out or f"runs/{loaded.name}"
    step = chosen(loaded, stage)
    if preview:
        show(previewed(loaded, step, out, preview), step, Console())
        return
    run(recipe, out, None, step.name, set_, False, workers)
