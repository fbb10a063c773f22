"""From scores to probabilities, and how far these are off."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

ISOTONIC_FROM = 1000
"""Answers from which a curve is learned rather than a line: isotonic regression overfits fewer (Niculescu-Mizil and
Caruana 2005)."""


@dataclass(frozen=True)
class Platt:
    """Scores to probabilities: sigmoid(slope * score + offset)."""

    slope: float
    offset: float

    def __call__(self, score: np.ndarray) -> np.ndarray:
        return sigmoid(self.slope * score + self.offset)

    @staticmethod
    def fit(score: np.ndarray, good: np.ndarray) -> "Platt":
        """Platt (1999) with his smoothed targets, by Newton's method with step halving (Lin, Lin and Weng 2007).
        `good` is bool[rows]."""
        up, down = int(good.sum()), int((~good).sum())
        target = np.where(good, (up + 1) / (up + 2), 1 / (down + 2))
        center, scale = float(np.mean(score)), float(np.std(score)) or 1.0
        x = np.stack([(score - center) / scale, np.ones(len(score))])
        at, loss = np.zeros(2), np.inf
        step = np.zeros(2)
        for _ in range(100):
            while (now := _log_loss((at + step) @ x, target)) > loss:
                step = step / 2
            at, gain, loss = at + step, loss - now, now
            if gain < 1e-10 * len(score):
                break
            p = sigmoid(at @ x)
            curvature = (x * (p * (1 - p))) @ x.T + 1e-9 * np.eye(2)
            step = -np.linalg.solve(curvature, x @ (p - target))
        slope = float(at[0] / scale)
        return Platt(slope, float(at[1] - slope * center))


@dataclass(frozen=True)
class Isotonic:
    """Scores to probabilities by a rising curve through knots, level beyond the first and last."""

    scores: tuple[float, ...]
    probabilities: tuple[float, ...]

    def __call__(self, score: np.ndarray) -> np.ndarray:
        return np.interp(score, self.scores, self.probabilities)

    @staticmethod
    def fit(score: np.ndarray, good: np.ndarray) -> "Isotonic":
        """Pool adjacent violators (Barlow et al. 1972), then one knot at the mean score of each pool. A pool counts one
        good and one bad answer more than it has, so that no probability is 0 or 1. `good` is bool[rows]."""
        order = np.argsort(score, kind="stable")
        pools: list[list[float]] = []  # good answers, answers, sum of scores
        for value, right in zip(score[order].tolist(), good[order].tolist(), strict=True):
            pools.append([float(right), 1.0, value])
            while len(pools) > 1 and pools[-2][0] * pools[-1][1] >= pools[-1][0] * pools[-2][1]:
                last = pools.pop()
                pools[-1] = [a + b for a, b in zip(pools[-1], last, strict=True)]
        smoothed = np.maximum.accumulate([(right + 0.5) / (number + 1) for right, number, _ in pools])
        return Isotonic(tuple(total / number for _, number, total in pools), tuple(smoothed.tolist()))


Calibration = Platt | Isotonic


def fitted(score: np.ndarray, good: np.ndarray) -> Calibration:
    """A line for few answers, a curve for many. float64[rows], bool[rows]."""
    return (Isotonic if len(score) >= ISOTONIC_FROM else Platt).fit(score, good)


def read(stored: Mapping[str, Any]) -> Calibration:
    """From what `dataclasses.asdict` made. Raises TypeError for anything else."""
    if "slope" in stored:
        return Platt(**stored)
    return Isotonic(**{name: tuple(values) for name, values in stored.items()})


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(x, -60, 60)))


def expected_calibration_error(probability: np.ndarray, good: np.ndarray, bins: int = 10) -> float:
    """Mean distance of confidence and share of good answers over equal-width bins (Guo et al. 2017)."""
    which = np.minimum((probability * bins).astype(int), bins - 1)
    sizes = np.bincount(which, minlength=bins)
    gaps = np.bincount(which, probability, bins) - np.bincount(which, good.astype(float), bins)
    return float(np.sum(np.abs(gaps)) / max(1, np.sum(sizes)))


def area_under_curve(probability: np.ndarray, good: np.ndarray) -> float:
    """Share of (good, bad) pairs in the right order, ties half (Mann and Whitney 1947)."""
    bad = np.sort(probability[~good])
    below = np.searchsorted(bad, probability[good], "left") + np.searchsorted(bad, probability[good], "right")
    return float(np.mean(below) / 2 / len(bad))


def _log_loss(margin: np.ndarray, target: np.ndarray) -> float:
    return float(np.sum(np.logaddexp(0, margin) - target * margin))
