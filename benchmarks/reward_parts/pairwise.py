"""Which of two answers is right, by kind of error: graph and text, beside models that see text or length alone.

Diseases of the test split and sources of which nothing was learned; bootstrap intervals over pairs. Then the same with
30 % of the graph's statements hidden from the scorer, which are still used to make the errors.
"""

from pathlib import Path

import numpy as np

from benchmarks.reward_parts._world import interval, pairs, row
from reward_filter.bradley_terry import fit, scores
from reward_filter.features import FAMILIES
from reward_filter.train import margins, sides

TARGETS = {"all": 0.99, "wrong_entity": 0.99, "negation": 0.99, "number": 0.99, "unsafe": 0.97}
HIDDEN = 0.3


def measure(data: Path) -> None:
    del data
    found = ordered(0.0)
    print("| pairs | n | graph + text | text only | length only | target |\n|---|---|---|---|---|---|")
    for name in found["classes"]:
        here = found["classes"][name]
        row(name, here.sum(), *(interval(found[f][here]) for f in ("all", "text", "length")), TARGETS.get(name, ""))
    found = ordered(HIDDEN)
    print(f"\n| {HIDDEN:.0%} of the graph hidden | n | graph + text | target |\n|---|---|---|---|")
    for name, target in (("all", 0.93), ("wrong_entity", ""), ("wrong_finding", "")):
        here = found["classes"][name]
        row(name, here.sum(), interval(found["all"][here]), target)


def ordered(hidden: float) -> dict:
    """Whether each model orders each test pair rightly, and which pairs are of which class."""
    table = pairs(hidden)
    chosen, rejected = sides(table)
    split = np.array(table["split"].to_pylist(), dtype=object)
    learned, tested = np.flatnonzero(split == "train"), np.flatnonzero(split == "test")
    found = {}
    for name, columns in FAMILIES.items():
        if hidden and name != "all":
            continue
        weights = fit(chosen.take(learned), rejected.take(learned), columns, margins(table)[learned])
        apart = scores(chosen.take(tested), weights) - scores(rejected.take(tested), weights)
        found[name] = np.where(apart == 0, 0.5, apart > 0)
    labels = {c: np.array(table[c].to_pylist(), dtype=object)[tested] for c in ("error_class", "language", "synthetic")}
    classes = {"all": np.ones(len(tested), bool)}
    classes |= {name: labels["error_class"] == name for name in sorted(set(labels["error_class"]))}
    classes |= {name: labels["language"] == name for name in ("en", "zh")}
    synthetic = labels["synthetic"].astype(bool)
    classes |= {"synthetic": synthetic, "people's": ~synthetic}
    return found | {"classes": classes}
