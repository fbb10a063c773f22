"""Means with intervals, what guessing would score, and differences between two models on the same items."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from training_bridge.evaluate.items import Question
from training_bridge.evaluate.suite import Row

DRAWS = 2000
LEVEL = 0.95


@dataclass(frozen=True)
class Estimate:
    """A mean over `n` items with its 95 % interval."""

    n: int
    mean: float
    low: float
    high: float


def estimate(values: Sequence[float], clusters: Sequence[str], seed: int = 0) -> Estimate | None:
    """Percentile bootstrap over clusters (Efron & Tibshirani 1993, chapter 13); None for no items.

    Where all values are 0 or all are 1 every draw is the same: then the exact binomial limit.
    """
    if not len(values):
        return None
    sums, counts = _by_cluster(values, clusters)
    mean = float(sums.sum() / counts.sum())
    low, high = _limits(_draws(sums, counts, seed))
    if np.ptp(values) == 0 and mean in (0.0, 1.0):
        edge = ((1 - LEVEL) / 2) ** (1 / len(sums))
        low, high = (0.0, 1 - edge) if mean == 0 else (edge, 1.0)
    return Estimate(len(values), mean, low, high)


def difference(after: Sequence[float], before: Sequence[float], clusters: Sequence[str], seed: int = 0) -> Estimate:
    """Mean of `after - before` over the same items, clusters drawn in pairs."""
    values = np.asarray(after, float) - np.asarray(before, float)
    sums, counts = _by_cluster(values, clusters)
    low, high = _limits(_draws(sums, counts, seed))
    return Estimate(len(values), float(values.mean()), low, high)


def chance(row: Row, questions: Iterable[Question]) -> float | None:
    """Of a guess among the options, or of all their subsets where several may be right; None without options."""
    if row.kind != "choice":
        return None
    questions = list(questions)
    several = any(len(q.item.gold) > 1 for q in questions)
    odds = [1 / (2 ** len(q.item.options) - 1) if several else 1 / len(q.item.options) for q in questions]
    return float(np.mean(odds))


def majority(row: Row, questions: Iterable[Question]) -> float | None:
    """Of always giving the commonest answer: a letter where there are options, else the answer's text."""
    if row.kind not in ("choice", "same", "diagnosis"):
        return None
    answers = Counter(q.gold if row.kind == "choice" else q.item.answer for q in questions)
    return max(answers.values()) / answers.total()


def _by_cluster(values: Sequence[float], clusters: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    _, places = np.unique(np.asarray(clusters, object).astype(str), return_inverse=True)
    return np.bincount(places, np.asarray(values, float)), np.bincount(places).astype(float)


def _draws(sums: np.ndarray, counts: np.ndarray, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    means = np.empty(DRAWS)
    for number in range(DRAWS):
        drawn = rng.integers(0, len(sums), len(sums))
        means[number] = sums[drawn].sum() / counts[drawn].sum()
    return means


def _limits(means: np.ndarray) -> tuple[float, float]:
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
