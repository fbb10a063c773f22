"""The Bradley-Terry scorer: a linear score whose difference predicts which of two answers is better.

Sums run in a fixed order (no BLAS), so that the same pairs give the same weights on any number of threads.
"""

from dataclasses import dataclass

import numpy as np

from reward_filter.features import HASHED, WIDTH, Sparse

STEPS = 400
L2_DENSE, L2_HASHED = 1e-4, 2e-3


def fit(chosen: Sparse, rejected: Sparse, columns: range) -> np.ndarray:
    """Weights float64[WIDTH], zero outside `columns`, minimising the mean of -log sigmoid(score(chosen) -
    score(rejected)) plus an L2 penalty (Bradley and Terry 1952), by accelerated gradient descent (Nesterov 1983)."""
    rows = np.concatenate([chosen.row_of(), rejected.row_of()])
    indices = np.concatenate([chosen.indices, rejected.indices])
    values = np.concatenate([chosen.values, -rejected.values])
    used = (indices >= columns.start) & (indices < columns.stop)
    rows, indices, values = rows[used], indices[used], values[used]
    pairs = len(chosen)
    penalty = np.full(WIDTH, L2_DENSE)
    penalty[WIDTH - HASHED :] = L2_HASHED
    # A bound on the curvature of the loss: a quarter of the mean squared length of a difference.
    rate = 1 / (0.25 * _largest(rows, indices, values, pairs) + L2_HASHED)
    weights, ahead, momentum = np.zeros(WIDTH), np.zeros(WIDTH), 1.0
    for _ in range(STEPS):
        margin = np.bincount(rows, values * ahead[indices], pairs)
        pull = -sigmoid(-margin) / pairs
        gradient = np.bincount(indices, values * pull[rows], WIDTH) + penalty * ahead
        step = ahead - rate * gradient
        following = (1 + np.sqrt(1 + 4 * momentum * momentum)) / 2
        ahead = step + (momentum - 1) / following * (step - weights)
        weights, momentum = step, following
    return weights


def scores(features: Sparse, weights: np.ndarray) -> np.ndarray:
    """float64[rows]."""
    return np.bincount(features.row_of(), features.values * weights[features.indices], len(features))


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(x, -60, 60)))


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


def _log_loss(margin: np.ndarray, target: np.ndarray) -> float:
    return float(np.sum(np.logaddexp(0, margin) - target * margin))


def expected_calibration_error(probability: np.ndarray, good: np.ndarray, bins: int = 10) -> float:
    """Mean distance of confidence and share of good answers over equal-width bins (Guo et al. 2017)."""
    which = np.minimum((probability * bins).astype(int), bins - 1)
    sizes = np.bincount(which, minlength=bins)
    gaps = np.bincount(which, probability, bins) - np.bincount(which, good.astype(float), bins)
    return float(np.sum(np.abs(gaps)) / max(1, np.sum(sizes)))


def _largest(rows: np.ndarray, indices: np.ndarray, values: np.ndarray, pairs: int) -> float:
    """Largest eigenvalue of the mean outer product of differences, by power iteration."""
    vector = np.full(WIDTH, WIDTH**-0.5)
    size = 0.0
    for _ in range(30):
        product = np.bincount(indices, values * np.bincount(rows, values * vector[indices], pairs)[rows], WIDTH) / pairs
        size = float(np.sqrt(np.sum(product * product)))
        if size == 0:
            return 1.0
        vector = product / size
    return 1.1 * size
