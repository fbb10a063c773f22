"""What a reward model measures on held-out diseases, and the card that says so."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from datagen import notice
from reward_filter.calibrate import area_under_curve, expected_calibration_error

COLUMNS = {"all": "graph + text", "text": "text only", "length": "length only"}
BINS = 10
LEVELS = {1: "far", 2: "kin", 3: "near"}


def measures(pairs: pa.Table, margins: dict[str, np.ndarray], probability: np.ndarray) -> dict[str, Any]:
    """Shares of pairs that each model orders rightly (ties half), by error class, difficulty and language; how well
    calibrated the full one is, by kind of answer; and how its probabilities are spread. `probability` holds that of all
    chosen answers, then that of all rejected ones."""
    if not len(pairs):
        return {"accuracy": [], "ece": None, "auc": None, "calibration": {}, "curve": [], "spread": []}
    right = {name: np.where(m > 0, 1.0, np.where(m < 0, 0.0, 0.5)) for name, m in margins.items()}
    names = ("error_class", "language", "kind", "department")
    classes, languages, kinds, departments = (np.array(pairs[c].to_pylist(), dtype=object) for c in names)
    difficulty = pairs["difficulty"].to_numpy()
    table = [_row("all", np.ones(len(pairs), bool), right)]
    table += [_row(name, classes == name, right) for name in sorted(set(classes))]
    table += [_row(f"{word} misses", difficulty == level, right) for level, word in LEVELS.items()]
    table += [_row(name, languages == name, right) for name in sorted(set(languages))]
    good = np.repeat([True, False], len(pairs))
    both = np.concatenate([kinds, kinds])
    return {
        "accuracy": [row for row in table if row["n"]],
        "ece": round(expected_calibration_error(probability, good), 4),
        "auc": round(area_under_curve(probability, good), 4),
        "calibration": {
            kind: {
                "n": int(np.sum(both == kind)),
                "ece": round(expected_calibration_error(probability[both == kind], good[both == kind]), 4),
                "auc": round(area_under_curve(probability[both == kind], good[both == kind]), 4),
            }
            for kind in sorted(set(kinds))
        },
        "curve": _curve(probability, good),
        "spread": [
            *_spread("language", languages, probability),
            *_spread("department", np.array([d or "-" for d in departments], dtype=object), probability),
        ],
    }


def ordered(classes: Sequence[str], margin: np.ndarray) -> list[dict[str, Any]]:
    """Share of pairs in the right order, of all and of each class: rows with `pairs`, `n`, `all`."""
    right = np.where(margin > 0, 1.0, np.where(margin < 0, 0.0, 0.5))
    names = np.array(classes, dtype=object)
    parts = [("all", np.ones(len(names), bool)), *((name, names == name) for name in sorted(set(classes)))]
    return [{"pairs": name, "n": int(here.sum()), "all": round(float(right[here].mean()), 4)} for name, here in parts]


def card(found: dict[str, Any], name: str) -> str:
    """Markdown."""
    counts = found["pairs"]
    lines = [
        f"# Reward model `{name}`",
        "",
        notice.MARKDOWN,
        "",
        "It judges text about the diseases of its graph; what the graph doesn't know is unknown to it, and it is no "
        "judge of medical advice.",
        "",
        f"Bradley-Terry scorer over claims checked against the graph, what real text says, form, and hashed words. "
        f"{counts['train']} pairs to learn from, calibrated on {found['calibrated_on']}.",
        "",
        f"## Self-test: {counts['test']} pairs about held-out diseases",
        "",
        "The errors were made by the same code and the same graph as those it learned from, so these figures say what "
        "it has learned, not how it does on errors of other origin.",
        "",
    ]
    if not found["accuracy"]:
        return "\n".join([*lines, "The test split holds no pairs: nothing was measured.", ""])
    lines += ["| pairs | n | " + " | ".join(COLUMNS.values()) + " |", "|---|---|" + "---|" * len(COLUMNS)]
    for row in found["accuracy"]:
        figures = " | ".join(f"{row[column]:.3f}" for column in COLUMNS)
        lines.append(f"| {row['pairs']} | {row['n']} | {figures} |")
    lines += ["", f"Expected calibration error {found['ece']:.3f}, AUC over all answers {found['auc']:.3f}.", ""]
    lines += ["| kind of answer | n | ECE | AUC |", "|---|---|---|---|"]
    lines += [f"| {kind} | {c['n']} | {c['ece']:.3f} | {c['auc']:.3f} |" for kind, c in found["calibration"].items()]
    if found.get("hacking"):
        lines += ["", "## Tricks: how often one scores above the honest answer", "", "| trick | n | success |"]
        lines += ["|---|---|---|", *(f"| {h['trick']} | {h['n']} | {h['success']:.3f} |" for h in found["hacking"])]
    return "\n".join([*lines, ""])


def _row(name: str, rows: np.ndarray, right: dict[str, np.ndarray]) -> dict[str, Any]:
    shares = {column: round(float(np.mean(right[column][rows])), 4) for column in COLUMNS} if rows.any() else {}
    return {"pairs": name, "n": int(rows.sum()), **shares}


def _curve(probability: np.ndarray, good: np.ndarray) -> list[dict[str, float]]:
    """Mean probability and share of good answers in each bin that has some."""
    which = np.minimum((probability * BINS).astype(int), BINS - 1)
    return [
        {
            "n": int(np.sum(which == b)),
            "probability": round(float(probability[which == b].mean()), 4),
            "good": round(float(good[which == b].mean()), 4),
        }
        for b in range(BINS)
        if np.any(which == b)
    ]


def _spread(axis: str, labels: np.ndarray, probability: np.ndarray) -> list[dict[str, Any]]:
    """Quartiles of the probabilities of good and of bad answers, by label."""
    rows = []
    half = len(labels)
    for label in sorted(set(labels)):
        here = np.flatnonzero(labels == label)
        for side, at in (("good", here), ("bad", here + half)):
            quartiles = np.quantile(probability[at], (0.25, 0.5, 0.75))
            rows.append({"axis": axis, "label": label, "side": side, "n": len(at)} | _named(quartiles))
    return rows


def _named(quartiles: np.ndarray) -> dict[str, float]:
    return dict(zip(("low", "middle", "high"), np.round(quartiles, 4).tolist(), strict=True))
