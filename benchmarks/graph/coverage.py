"""How much of a graph 100,000 accepted bundles use, and how evenly, when a fifth of all drafts is rejected.

The graph is that of the real ontologies, patients and Chinese names. Quotas run over department x task x language x
difficulty x tail; drafts are rejected by a hash of what they are, twice as often in the hardest third, as a real filter
would, and rounds are planned from what was accepted. Writes the picture beside the table where `COVERAGE_SVG` names a
file.
"""

import os
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

from benchmarks.graph.build import build
from knowledge_graph import METAPATHS, Bundles, Dealer, Exposure, Walker
from knowledge_graph.build import Build
from knowledge_graph.deal import hashed
from knowledge_graph.quotas import draws, even, plan
from knowledge_graph.sample import EXPOSURE_CAP

REPOSITORY = Path(__file__).resolve().parents[2]
TEXTS, ROUNDS = 100_000, 12
TASKS, LANGUAGES = ("article", "qa", "case"), ("en", "zh")
"""Rounds at most."""
REJECTED = (0.15, 0.15, 0.30)
SAMPLE = REPOSITORY / "datagen" / "sample" / "ontology"


def measure(data: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        graph, _, _ = build(recipe(data), Path(folder))
    dealer = Dealer(graph)
    started = time.process_time()
    targets = even(dealer, TEXTS, TASKS, LANGUAGES)
    drawn, accepted, kept = Counter(), Counter(), []
    rounds = 0
    while rounds < ROUNDS:
        wanted = plan(targets, drawn, accepted)
        if not wanted:
            break
        rounds += 1
        for cell, draw in draws(dealer, targets, wanted, seed=1, start=Counter(drawn)):
            drawn[cell] += 1
            if (
                hashed(7, draw.anchor, draw.number) / 2**62 >= REJECTED[cell.difficulty]
                and accepted[cell] < targets[cell]
            ):
                accepted[cell] += 1
                kept.append(draw)
    rows = np.array([graph.index(draw.anchor) for draw in kept], np.int32)
    bundles = Bundles(dealer, 1, rows, np.array([draw.number for draw in kept]))
    seconds = time.process_time() - started
    exposure = Exposure.of(dealer, bundles, accepted, EXPOSURE_CAP)
    found = exposure.measures()
    goals = {"edges used, within the cap": ">= 0.95", "lowest tail quarter of texts": ">= 0.25"}
    print(f"{'measure':40} {'ours':>12} {'target':>8}")
    for name, value in found.items():
        print(f"{name:40} {value:>12.3f} {goals.get(name, '-'):>8}")
    print(f"{'rounds':40} {rounds:>12} {'-':>8}")
    print(f"{'drafts':40} {drawn.total():>12} {'-':>8}")
    print(f"{'largest distance from a target':40} {max(abs(accepted[c] - targets[c]) for c in targets):>12} {'-':>8}")
    print(f"{'eligible edges':40} {int(exposure.eligible.sum()):>12} {'-':>8}")
    print(f"{'CPU seconds, plans and bundles':40} {seconds:>12.1f} {'-':>8}")
    _walks(graph)
    if path := os.environ.get("COVERAGE_SVG"):
        Path(path).write_text(exposure.svg())


def recipe(data: Path) -> Build:
    """The graph of the medical recipe, with what gives diseases departments and Chinese names."""
    return Build(
        obo=[
            str(data / "kg_disease_ontology/src/ontology/doid.obo.gz"),
            str(data / "kg_hpo_2015"),
            str(data / "kg_symptom_ontology"),
            str(data / "kg_mondo/imports"),
            str(SAMPLE / "sample.obo"),
            str(REPOSITORY / "recipes" / "departments.obo"),
        ],
        babelon=[str(data / "kg_hpo_zh"), str(SAMPLE / "sample-zh.babelon.tsv")],
        hpoa=str(data / "kg_hpoa_excerpt"),
        phenopackets=str(data / "case_rare_phenopackets_A-M"),
    )


def _walks(graph) -> None:
    walker, found, steps = Walker(graph), 0, 0
    started = time.process_time()
    for path in METAPATHS:
        starts = walker.starts(path)
        reached = sum(walker.walk(graph.ids[row], path, 1) is not None for row in starts[:: max(1, len(starts) // 200)])
        found += reached > 0
        steps += min(len(starts), 200)
    rate = steps / max(1e-9, time.process_time() - started)
    print(f"{'kinds of meta-paths that the graph has':40} {found:>12} {f'of {len(METAPATHS)}':>8}")
    print(f"{'walks/s on one core':40} {rate:>12.0f} {'-':>8}")
