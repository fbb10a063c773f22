"""What a reward model measures on held-out diseases, and the card that says so."""

from typing import Any

import numpy as np
import pyarrow as pa

from reward_filter.bradley_terry import expected_calibration_error

COLUMNS = {"all": "graph + text", "text": "text only", "length": "length only"}


def measures(pairs: pa.Table, margins: dict[str, np.ndarray], probability: np.ndarray) -> dict[str, Any]:
    """Shares of pairs that each model orders rightly (ties half), by error class and language; and how well calibrated
    the full one is. `probability` holds that of all chosen answers, then that of all rejected ones."""
    right = {name: np.where(m > 0, 1.0, np.where(m < 0, 0.0, 0.5)) for name, m in margins.items()}
    classes, languages = (np.array(pairs[c].to_pylist(), dtype=object) for c in ("error_class", "language"))
    table = [_row("all", np.ones(len(pairs), bool), right)]
    table += [_row(name, classes == name, right) for name in sorted(set(classes))]
    table += [_row(name, languages == name, right) for name in sorted(set(languages))]
    if not len(pairs):
        return {"accuracy": [], "ece": None, "auc": None}
    good = np.repeat([True, False], len(pairs))
    return {
        "accuracy": table,
        "ece": round(expected_calibration_error(probability, good), 4),
        "auc": round(_auc(probability, good), 4),
    }


def card(found: dict[str, Any], name: str) -> str:
    """Markdown."""
    counts = found["pairs"]
    lines = [
        f"# Reward model `{name}`",
        "",
        "For research. Not clinically validated, not medical advice. It judges synthetic text about the diseases of "
        "its graph; it is no judge of medical advice.",
        "",
        f"Bradley-Terry scorer over claims checked against the graph, form, and hashed words. {counts['train']} pairs "
        f"to learn from, calibrated on {found['calibrated_on']}.",
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
    return "\n".join(lines)


def _row(name: str, rows: np.ndarray, right: dict[str, np.ndarray]) -> dict[str, Any]:
    shares = {column: round(float(np.mean(right[column][rows])), 4) for column in COLUMNS} if rows.any() else {}
    return {"pairs": name, "n": int(rows.sum()), **shares}


def _auc(probability: np.ndarray, good: np.ndarray) -> float:
    """Share of (good, bad) pairs in the right order, ties half (Mann and Whitney 1947)."""
    bad = np.sort(probability[~good])
    below = np.searchsorted(bad, probability[good], "left") + np.searchsorted(bad, probability[good], "right")
    return float(np.mean(below) / 2 / len(bad))
