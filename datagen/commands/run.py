"""datagen run"""

from typing import Annotated

import typer

from datagen.commands.options import Only, Out, Overrides, RecipeFile, Until


def run(
    recipe: RecipeFile,
    out: Out = None,
    only: Only = None,
    until: Until = None,
    set_: Overrides = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Validate and plan; run nothing.")] = False,
    workers: Annotated[int | None, typer.Option(min=1, help="CPUs of the local Ray.")] = None,
) -> None:
    """Run a recipe: what is up to date stays, what was interrupted goes on."""
    from datagen.commands.plan import show
    from datagen.plan import make_plan
    from datagen.recipe import load_recipe
    from datagen.runs import run_recipe

    loaded = load_recipe(recipe, set_ or [])
    out = out or f"runs/{loaded.name}"
    if dry_run:
        show(make_plan(loaded, out, only, until))
        return
    ran = run_recipe(loaded, out, only, until, workers)
    if not ran.published:
        print(f"Nothing to do: every stage in {out} is up to date.")
        return
    print(f"Published {len(ran.published)} stages in {out}: {', '.join(ran.published)}.")
