"""datagen plan"""

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from datagen.commands.options import Only, Out, Overrides, RecipeFile, Until
from datagen.events import read_events
from datagen.plan import Plan, Planned, committed_shards, make_plan
from datagen.recipe import load_recipe
from datagen.store import Store
from datagen.submit import submission_id


def plan(
    recipe: RecipeFile,
    out: Out = None,
    only: Only = None,
    until: Until = None,
    set_: Overrides = None,
    json_: Annotated[
        bool, typer.Option("--json", help="For scripts: the plan's hash, its submission_id for Ray, its stages.")
    ] = False,
) -> None:
    """Show what would run, what is up to date, and why."""
    loaded = load_recipe(recipe, set_ or [])
    found = make_plan(loaded, out or f"runs/{loaded.name}", only, until)
    if json_:
        print(json.dumps(_facts(found), indent=2, ensure_ascii=False))
    else:
        show(found)


def _facts(found: Plan) -> dict:
    store = Store(found.run_url)
    stages = [
        {"name": name, "use": p.step.use, "version": p.version, "state": _state(store, p), "why": p.why}
        for name, p in found.stages.items()
        if p.selected
    ]
    return {"plan": found.hash, "submission_id": submission_id(found, store), "stages": stages}


def show(found: Plan) -> None:
    store = Store(found.run_url)
    rates = _rates(store)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("stage", "uses", "state", "why", "input", "estimate"):
        table.add_column(heading, justify="right" if heading in ("input", "estimate") else "left")
    total, unknown = 0.0, 0
    for name, planned in found.stages.items():
        if not planned.selected:
            continue
        size = sum(item.bytes for item in planned.items)
        state = _state(store, planned)
        estimate = ""
        if planned.runs:
            seconds = rates.get(planned.step.use)
            unknown += seconds is None
            total += seconds or 0
            estimate = f"{seconds:,.0f} s" if seconds is not None else "unknown"
        why = "" if planned.published else planned.why
        table.add_row(name, planned.step.use, state, why, f"{size / 1e6:,.1f} MB" if size else "", estimate)
    console = Console()
    console.print(table)
    for name, planned in found.stages.items():
        if planned.runs and (spends := planned.step.stage.forecast()):
            console.print(f"{name} will ask for {spends}.", highlight=False)
    if found.to_run:
        number = len(found.to_run)
        known = f"{total:,.0f} s of stage time by earlier runs" + (f", without {unknown} new ones" if unknown else "")
        estimate = "no estimate, none has run here yet" if unknown == number else known
        console.print(f"{number} stage{'s' if number > 1 else ''} to run: {estimate}.")
    else:
        console.print("Nothing to do: every stage is up to date.")


def _state(store: Store, planned: Planned) -> str:
    if planned.published:
        return "up to date"
    done = committed_shards(store, planned.step.name, planned.hash)
    return f"resume ({done} shards done)" if done else "run"


def _rates(store: Store) -> dict[str, float]:
    """Seconds that each kind of stage took, the last time it ran in this run."""
    seconds, uses = {}, {}
    for event in read_events(store):
        if event["event"] == "stage_start":
            uses[event["stage"]] = event["use"]
        elif event["event"] == "stage_done":
            seconds[uses[event["stage"]]] = event["seconds"]
    return seconds
