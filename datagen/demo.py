"""The tour of the product on the bundled corpus."""

import contextlib
import sys
import time
from importlib.resources import files

from rich.console import Console
from rich.table import Table

from datagen.plan import make_plan
from datagen.publish import manifest
from datagen.recipe import Recipe, load_recipe
from datagen.reports import report
from datagen.runs import run_recipe
from datagen.store import Store

LAST_DATA_STAGE = "curated"
CURRICULUM = ("general", "basic", "advanced")
REFUSALS = ("ambiguous", "contradicted", "duplicate", "nothing_to_say", "unchecked", "unsafe", "unsupported")
GATE = (
    "contradicted",
    "risk",
    "number",
    "another_disease",
    "truncated",
    "repeated",
    "language",
    "unknown",
    "incoherent",
)
CAUGHT = (
    ("exact copies of an id", "dropped", ("same_id",)),
    ("ids used for two different texts", "quarantined", ("id_clash",)),
    ("near and exact duplicates", "merged", None),
    ("advertisements", "dropped", ("advertisement",)),
    ("instructions hidden in text", "dropped", ("hidden_instructions",)),
    ("items of a benchmark", "dropped", ("benchmark:items",)),
    ("empty records", "dropped", ("empty",)),
    ("synthetic texts refused by a check", "dropped", REFUSALS),
    ("synthetic texts refused by the reward model", "dropped", ("reward", *(f"reward_{reason}" for reason in GATE))),
)


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
    print(f"{time.monotonic() - started:.0f} s in all. For research: not clinically validated, not medical advice.")


def _ray(workers: int | None) -> contextlib.AbstractContextManager:
    from datagen.cluster import ray_session

    return ray_session(workers)


def _page(store: Store) -> str:
    """Where the report is written: in the run, or here where the run is remote."""
    return "report.html" if store.remote else str(store.local("report.html"))


def _caught(store: Store, recipe: Recipe) -> None:
    """What was planted in the corpus and did not get through."""
    reasons: dict[tuple[str, str | None], int] = {}
    for stage in recipe.steps:
        counts = (manifest(store, stage) or {}).get("counts", {})
        reasons[("merged", None)] = reasons.get(("merged", None), 0) + counts.get("merged", 0)
        for outcome, found in counts.get("reasons", {}).items():
            for reason, number in found.items():
                reasons[(outcome, reason)] = reasons.get((outcome, reason), 0) + number
    table = Table(title="What was caught", title_justify="left", box=None, pad_edge=False, header_style="bold")
    table.add_column("kind")
    table.add_column("records", justify="right")
    told: set[tuple[str, str | None]] = set()
    for kind, outcome, names in CAUGHT:
        keys = {(outcome, name) for name in names or (None,)}
        told |= keys
        table.add_row(kind, f"{sum(reasons.get(k, 0) for k in keys):,}")
    unreadable = {r: n for (o, r), n in reasons.items() if o == "quarantined" and (o, r) not in told}
    table.add_row(
        "unreadable or hostile input (" + ", ".join(sorted(unreadable)) + ")", f"{sum(unreadable.values()):,}"
    )
    redacted = _privacy(store)
    table.add_row("texts with identifiers replaced", f"{redacted:,}")
    Console(file=sys.stdout).print(table)


def _privacy(store: Store) -> int:
    found = manifest(store, LAST_DATA_STAGE)
    cube = store.parquet(f"{LAST_DATA_STAGE}/{found['version']}/stats/cube.parquet").read().to_pylist()
    return sum(row["rows"] for row in cube if row["phi_status"] == "redacted")


def _training(store: Store) -> None:
    found = manifest(store, "model")
    result = found["results"]["train"]
    print(f"\nTrained {result['steps']} steps on {result['tokens']:,} tokens, {result['skipped']} steps skipped.")
    for stage in sorted(result["bits_per_byte"], key=CURRICULUM.index):
        bits = ", ".join(f"{label} {value:.3f}" for label, value in result["bits_per_byte"][stage].items())
        print(f"  after {stage:9}{bits} bits per byte, held out")


def _where(store: Store) -> None:
    found = manifest(store, "model")
    print(f"Report: {_page(store)}")
    print(f"Data:   {store.join(LAST_DATA_STAGE)}/{manifest(store, LAST_DATA_STAGE)['version']}/data")
    print(f"Model:  {store.join('model')}/{found['version']}/data")
