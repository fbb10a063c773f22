"""300 pairs in both languages by a hand that never saw how errors are made here: medicine at large.

The model learns from every pair of the run, whatever its split. Text-only is the same without the graph's features.
Half of the set (even crc32 of the id) was read while this was written; the other half was only scored.
"""

import json
import zlib
from pathlib import Path

import numpy as np

from benchmarks.reward_parts._world import background, graph, interval, linker, pairs, row
from reward_filter.bradley_terry import fit, scores
from reward_filter.features import FAMILIES, Featurizer
from reward_filter.train import margins, sides

FILE = Path(__file__).with_name("pairs_by_hand.jsonl")
FACTS = (
    "wrong_entity",
    "swapped_test_or_treatment",
    "wrong_relation",
    "negation",
    "number_dose",
    "age_sex",
    "temporal_order",
)


def measure(data: Path) -> None:
    del data
    by_hand = [json.loads(line) for line in FILE.read_text("utf-8").splitlines()]
    featurizer = Featurizer(graph(), linker(), background())
    prompts = [pair["prompt"] for pair in by_hand]
    good, bad = (featurizer.features(prompts, [pair[side] for pair in by_hand]) for side in ("chosen", "rejected"))
    right = {}
    for name, columns in FAMILIES.items():
        weights = fit(*sides(pairs()), columns, margins(pairs()))
        apart = scores(good, weights) - scores(bad, weights)
        right[name] = np.where(apart == 0, 0.5, apart > 0)
    classes = np.array([pair["error_class"] for pair in by_hand])
    languages = np.array([pair["lang"] for pair in by_hand])
    unread = np.array([zlib.crc32(pair["id"].encode()) % 2 == 1 for pair in by_hand])
    parts = {"all": np.ones(len(by_hand), bool), "never read": unread, "facts": np.isin(classes, FACTS)}
    parts |= {"facts, never read": parts["facts"] & unread, "en": languages == "en", "zh": languages == "zh"}
    parts |= {name: classes == name for name in sorted(set(classes))}
    print("| pairs | n | graph + text | text only | length only | target |\n|---|---|---|---|---|---|")
    for name, here in parts.items():
        target = {"all": ">= 0.90", "facts": "text only + 0.15"}.get(name, "")
        row(name, here.sum(), *(interval(right[f][here]) for f in ("all", "text", "length")), target)
