"""The Bradley-Terry scorer: a linear score whose difference predicts which of two answers is better.

Sums run in a fixed order, so that the same pairs give the same weights on any machine with any number of threads.
"""

import numba
import numpy as np
import torch

from reward_filter.features import DENSE, WIDTH, Sparse

STEPS = 150
TOLERANCE = 1e-5
"""Largest entry of the gradient at which it stops before."""
HISTORY = 20
L2_DENSE, L2_HASHED = 1e-4, 3e-4
CENTER = 1e-3
"""How strongly the scores of a pair are drawn to zero together (Eisenstein et al. 2023): without it differences are
learned, and the scores of two questions can't be compared."""


def fit(chosen: Sparse, rejected: Sparse, columns: range, margin: np.ndarray | None = None) -> np.ndarray:
    """Weights float64[WIDTH], zero outside `columns`, minimising the mean of -log sigmoid(score(chosen) -
    score(rejected) - margin) + CENTER * (score(chosen) + score(rejected))^2 plus an L2 penalty (Bradley and Terry 1952;
    margins as Touvron et al. 2023), by L-BFGS. `margin` float64[pairs] is how far apart the two sides should be at
    least (default 0)."""
    margins = np.zeros(len(chosen)) if margin is None else np.ascontiguousarray(margin, np.float64)
    used = np.zeros(WIDTH)
    used[columns.start : columns.stop] = 1
    sides = (chosen.indptr, chosen.indices, chosen.values, rejected.indptr, rejected.indices, rejected.values)
    penalty = np.full(WIDTH, L2_DENSE)
    penalty[DENSE:] = L2_HASHED
    weights = torch.zeros(WIDTH, dtype=torch.float64, requires_grad=True)
    search = torch.optim.LBFGS(
        [weights], max_iter=STEPS, tolerance_grad=TOLERANCE, history_size=HISTORY, line_search_fn="strong_wolfe"
    )

    def loss() -> float:
        at = weights.detach().numpy()
        value, gradient = _loss(*sides, at, margins, CENTER)
        weights.grad = torch.from_numpy(gradient * used + penalty * at)
        return value + 0.5 * float(np.sum(penalty * at * at))

    search.step(loss)
    return weights.detach().numpy() * used


def scores(features: Sparse, weights: np.ndarray) -> np.ndarray:
    """float64[rows]."""
    return np.bincount(features.row_of(), features.values * weights[features.indices], len(features))


@numba.njit(cache=True)
def _loss(a_ptr, a_at, a_value, b_ptr, b_at, b_value, weights, margins, center):
    """The loss without penalty, and its gradient."""
    gradient = np.zeros(len(weights))
    total = 0.0
    pairs = len(margins)
    for row in range(pairs):
        good = bad = 0.0
        for i in range(a_ptr[row], a_ptr[row + 1]):
            good += a_value[i] * weights[a_at[i]]
        for i in range(b_ptr[row], b_ptr[row + 1]):
            bad += b_value[i] * weights[b_at[i]]
        margin = good - bad - margins[row]
        total += max(0.0, -margin) + np.log1p(np.exp(-abs(margin))) + center * (good + bad) ** 2
        pull = 1 / (1 + np.exp(min(60.0, max(-60.0, margin))))
        drawn = 2 * center * (good + bad)
        for i in range(a_ptr[row], a_ptr[row + 1]):
            gradient[a_at[i]] += a_value[i] * (drawn - pull) / pairs
        for i in range(b_ptr[row], b_ptr[row + 1]):
            gradient[b_at[i]] += b_value[i] * (drawn + pull) / pairs
    return total / pairs, gradient
