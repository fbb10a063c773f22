"""The tour of the product on the bundled corpus."""

import contextlib
import sys
import time
from collections import Counter
from collections.abc import Iterable
from importlib.resources import files
from typing import Any

from rich.console import Console
from rich.table import Table

from datagen import notice
from datagen.plan import make_plan
from datagen.publish import manifest
from datagen.recipe import Recipe, load_recipe
from datagen.record import CURRICULA
from datagen.reports import report
from datagen.runs import run_recipe
from datagen.store import Store

LAST_DATA_STAGE = "curated"
CAUGHT = {
    ("dropped", "same_id"): "exact copies of an id",
    ("quarantined", "id_clash"): "ids used for two different texts",
    ("merged", None): "near and exact duplicates",
    ("dropped", "advertisement"): "advertisements",
    ("dropped", "hidden_instructions"): "instructions hidden in text",
    ("dropped", "benchmark:items"): "items of a benchmark",
    ("dropped", "empty"): "empty records",
}
REFUSED = {
    "synthesis.generate": "synthetic texts refused by a check",
    "reward_filter.filter": "synthetic texts refused by the reward model",
}
"""Stages whose every `dropped` is of one kind, whatever its reason."""


def run_demo(out: str, workers: int | None = None) -> None:
    """Run the demo recipe: data first, then the report, then training. Prints where everything is."""
    recipe = load_recipe(str(files("datagen") / "sample" / "demo.yaml"))
    store = Store(out)
    if not make_plan(recipe, store.url).to_run:
        # Still a run: it renews this driver's claim on what is published.
        run_recipe(recipe, out)
        print(f"Nothing to do: every stage in {out} is up to date.")
        _where(store)
        return
    started = time.monotonic()
    with _ray(workers):
        run_recipe(recipe, out, until=LAST_DATA_STAGE, workers=workers)
        report(store.url).save(_page(store))
        _caught(store, recipe)
        print(f"\nReport: {_page(store)}  ({time.monotonic() - started:.0f} s so far; training follows)\n", flush=True)
        run_recipe(recipe, out, workers=workers)
    _training(store)
    _where(store)
    print(f"{time.monotonic() - started:.0f} s in all. {notice.EN}")


def _ray(workers: int | None) -> contextlib.AbstractContextManager:
    from datagen.cluster import ray_session

    return ray_session(workers)


def _page(store: Store) -> str:
    """Where the report is written: in the run, or here where the run is remote."""
    return "report.html" if store.remote else str(store.local("report.html"))


def tally(stages: Iterable[tuple[str, dict[str, Any]]]) -> tuple[Counter[str], Counter[str]]:
    """Records that were caught by kind, and inputs that could not be read by reason, of each stage's `use` and the
    counts in its manifest."""
    caught, unreadable = Counter(), Counter()
    for use, counts in stages:
        caught[CAUGHT["merged", None]] += counts["merged"]
        for outcome, reasons in counts["reasons"].items():
            for reason, number in reasons.items():
                kind = CAUGHT.get((outcome, reason)) or (REFUSED.get(use) if outcome == "dropped" else None)
                if kind:
                    caught[kind] += number
                elif outcome == "quarantined":
                    unreadable[reason] += number
    return caught, unreadable


def _caught(store: Store, recipe: Recipe) -> None:
    """What was planted in the corpus and did not get through."""
    published = ((step.use, manifest(store, name)) for name, step in recipe.steps.items())
    caught, unreadable = tally((use, found["counts"]) for use, found in published if found)
    table = Table(title="What was caught", title_justify="left", box=None, pad_edge=False, header_style="bold")
    table.add_column("kind")
    table.add_column("records", justify="right")
    for kind in (*CAUGHT.values(), *REFUSED.values()):
        table.add_row(kind, f"{caught[kind]:,}")
    table.add_row(f"unreadable or hostile input ({', '.join(sorted(unreadable))})", f"{unreadable.total():,}")
    table.add_row("texts with identifiers replaced", f"{_privacy(store):,}")
    Console(file=sys.stdout).print(table)


def _privacy(store: Store) -> int:
    found = manifest(store, LAST_DATA_STAGE)
    cube = store.parquet(f"{LAST_DATA_STAGE}/{found['version']}/stats/cube.parquet").read().to_pylist()
    return sum(row["rows"] for row in cube if row["phi_status"] == "redacted")


def _training(store: Store) -> None:
    found = manifest(store, "model")
    result = found["results"]["train"]
    print(f"\nTrained {result['steps']} steps on {result['tokens']:,} tokens, {result['skipped']} steps skipped.")
    for stage in sorted(result["bits_per_byte"], key=CURRICULA.index):
        bits = ", ".join(f"{label} {value:.3f}" for label, value in result["bits_per_byte"][stage].items())
        print(f"  after {stage:9}{bits} bits per byte, held out")


def _where(store: Store) -> None:
    found = manifest(store, "model")
    print(f"Report: {_page(store)}")
    print(f"Data:   {store.join(LAST_DATA_STAGE)}/{manifest(store, LAST_DATA_STAGE)['version']}/data")
    print(f"Model:  {store.join('model')}/{found['version']}/data")
