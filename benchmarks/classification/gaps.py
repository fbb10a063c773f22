"""What `recipes/medical.yaml` lacks before synthesis and after it, by cell, and whether the graph had more to give.

RUN, an environment variable, names a finished run of the recipe; it is read as it is, nothing is run. `short` are the
tokens that a cell of department and language lacks with every row at the cap of repeats: before synthesis (`missing`)
and after (`curated`). `written` is what synthesis gave the cell, once. `drawn` are the bundles of facts that synthesis
drew for the department in both languages, `room` those that the graph has for it before a fact is used too often, by
diseases of which something can be said in the cell's language (knowledge_graph.capacity).

A gap is closed, or exhausted (no bundle of the department was left to draw), or open: bundles were left that can be
told in this language. Target: none open.
"""

import os
from collections import Counter, defaultdict
from pathlib import Path

import datagen
from datagen.access import existing_run, published
from datagen.publish import manifest
from datagen.store import Store
from datagen.work_list import read_work_list
from knowledge_graph import Graph, capacity, load
from knowledge_graph.sample import dealer_of
from synthesis.quotas import Carried
from synthesis.tasks import TASKS

Cell = tuple[str, str]
CLOSED, EXHAUSTED, OPEN = "closed", "exhausted", "open"


def measure(data: Path) -> None:
    run = os.environ.get("RUN")
    if not run:
        print("no run: set RUN")
        return
    store = existing_run(run)
    before = {_cell(line): line["short"] for line in read_work_list(_folder(store, "missing"))}
    after = {_cell(line): line["short"] for line in manifest(store, "curated")["results"]["goals"]["work_list"]}
    results = manifest(store, "synthetic")["results"]
    drawn = max(
        (own["drawn"] for name, own in results.items() if name.startswith("seeds")), key=lambda d: sum(d.values())
    )
    rooms = room(load(_folder(store, "graph")), {department for department, _ in before})
    written = _written(run)
    heads = ("short before", "written", "short after", "room", "drawn", "of")
    print(f"{'':12}" + "".join(f"{head:>14}" for head in heads) + "   gap")
    gaps: Counter[str] = Counter()
    for cell, short in sorted(before.items()):
        department, language = cell
        mine, total = rooms[department][language], rooms[department][""]
        left = drawn.get(department, 0) < total and mine > 0
        gap = CLOSED if cell not in after else OPEN if left else EXHAUSTED
        gaps[gap] += 1
        figures = (short, written[cell], after.get(cell, 0), mine, drawn.get(department, 0), total)
        print(f"{'/'.join(cell):12}" + "".join(f"{figure:14,}" for figure in figures) + f"   {gap}")
    print(f"\n{'':12}{sum(before.values()):14,}{sum(written[cell] for cell in before):14,}{sum(after.values()):14,}")
    print(
        ", ".join(f"{gap} {gaps[gap]}" for gap in (CLOSED, EXHAUSTED, OPEN)) + f" of {len(before)} (target: none open)"
    )
    print(f"short only after synthesis: {len(after.keys() - before.keys())}")
    repeats = datagen.load(run, "curated").to_table(columns=["repeats"])["repeats"]
    print(f"most seen: {max(repeats.to_pylist())} (cap 10)")
    print(f"departments on target: {datagen.report(run).measures['departments']} of 35")


def room(graph: Graph, departments: set[str]) -> dict[str, Counter[str]]:
    """Bundles of each department's diseases, under "" all and by language those of diseases that carry a task in it. A
    disease of several departments counts for each by its share."""
    dealer, carried = dealer_of(graph), Carried(graph)
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for department in departments:
        for node in graph.departments.get(department, ()):
            if graph.type_of(node) == "disease" and (bundles := capacity(dealer, node)):
                share = bundles // len(graph.node(node).departments)
                found[department][""] += share
                for language in ("en", "zh"):
                    if any(carried.by(node, language, task) for task in TASKS):
                        found[department][language] += share
    return found


def _cell(line: dict) -> Cell:
    return line["department"], line["language"]


def _folder(store: Store, stage: str) -> Path:
    return Path(store.join(f"{stage}/{published(store, stage)['version']}/data"))


def _written(run: str) -> Counter[Cell]:
    """Tokens of the texts that synthesis gave, by cell."""
    found: Counter[Cell] = Counter()
    for row in datagen.load(run, "unseen").to_table(columns=["department", "language", "tokens"]).to_pylist():
        found[_cell(row)] += row["tokens"]
    return found
