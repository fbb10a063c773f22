"""The Bradley-Terry scorer: a score whose difference predicts which of two answers is better.

Linear in all columns, and a hidden layer over the dense ones: what the graph says counts for more in one kind of answer
than in another. Evidence counts linearly and never against an answer. Sums run in a fixed order, so that the same pairs
give the same weights on any machine with any number of threads.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numba
import numpy as np
import torch

from reward_filter.features import DENSE, EVIDENCE, OF_GRAPH, WIDTH, Sparse

STEPS = 150
TOLERANCE = 1e-5
"""Largest entry of the gradient at which it stops before."""
HISTORY = 20
UNITS = 8
L2_DENSE, L2_HASHED, L2_HIDDEN = 1e-4, 3e-4, 3e-3
POINTWISE = 0.1
"""How much it counts that each answer by itself is known for good or bad (cross-entropy, zero between them), beside
which of two is better: differences alone leave the scores of two questions incomparable. More of it tells good from
bad better over all answers, and less well within pairs."""
NARROWEST = 0.05
"""Least spread by which a column is scaled."""


@dataclass(frozen=True)
class Weights:
    """The score of columns x, of which the dense ones are d: linear @ x + outer @ tanh(inner.T @ d + bias).

    linear float64[WIDTH], inner float64[DENSE, UNITS], bias and outer float64[UNITS].
    """

    linear: np.ndarray
    inner: np.ndarray
    bias: np.ndarray
    outer: np.ndarray

    def arrays(self) -> dict[str, np.ndarray]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @staticmethod
    def of(arrays: Mapping[str, np.ndarray]) -> "Weights":
        """Raises ValueError for arrays of other names or shapes."""
        found = Weights(**{field.name: arrays.get(field.name) for field in fields(Weights)})
        shapes = [(WIDTH,), (DENSE, UNITS), (UNITS,), (UNITS,)]
        if [getattr(array, "shape", None) for array in found.arrays().values()] != shapes:
            raise ValueError("weights of another shape")
        return found


def fit(chosen: Sparse, rejected: Sparse, columns: range, margin: np.ndarray | None = None) -> Weights:
    """Weights, zero outside `columns`, that minimise the mean of -log sigmoid(score(chosen) - score(rejected) - margin)
    - POINTWISE * (log sigmoid(score(chosen)) + log sigmoid(-score(rejected))) plus L2 penalties of columns scaled to
    one spread (Bradley and Terry 1952; margins as Touvron et al. 2023), by L-BFGS. `margin` float64[pairs] is how far
    apart the two sides should be at least (default 0).

    Every other pair is seen a second time as if the graph knew nothing of it: where it doesn't, text has to do (as
    Neverova et al. 2016 drop one of two senses).
    """
    margins = np.zeros(len(chosen)) if margin is None else np.ascontiguousarray(margin, np.float64)
    used = np.zeros(WIDTH)
    used[columns.start : columns.stop] = 1
    scale = _spread(chosen, rejected)
    sides = (_scaled(chosen, scale, used), _scaled(rejected, scale, used))
    graph = (OF_GRAPH.start, OF_GRAPH.stop) if used[OF_GRAPH.start] else (0, 0)
    hidden = used[:DENSE].copy()
    hidden[EVIDENCE.start : EVIDENCE.stop] = 0
    penalty = np.full(WIDTH, L2_DENSE)
    penalty[DENSE:] = L2_HASHED
    start = np.random.default_rng(0)
    inner = start.normal(size=(DENSE, UNITS)) / np.sqrt(max(1.0, hidden.sum())) * hidden[:, None]
    first = [np.zeros(WIDTH), inner, np.zeros(UNITS), start.normal(size=UNITS) * 0.01]
    first[0][EVIDENCE.start : EVIDENCE.stop] = 0.3
    tensors = [torch.tensor(array, requires_grad=True) for array in first]
    search = torch.optim.LBFGS(
        tensors, max_iter=STEPS, tolerance_grad=TOLERANCE, history_size=HISTORY, line_search_fn="strong_wolfe"
    )

    def loss() -> float:
        at, inner, bias, outer = (tensor.detach().numpy() for tensor in tensors)
        linear = _risen(at) * used
        value, *gradients = _loss(*sides[0], *sides[1], linear, inner, bias, outer, margins, POINTWISE, *graph)
        slopes = gradients[0] * used + penalty * linear
        slopes[EVIDENCE.start : EVIDENCE.stop] *= 2 * at[EVIDENCE.start : EVIDENCE.stop]
        tensors[0].grad = torch.from_numpy(slopes)
        tensors[1].grad = torch.from_numpy(gradients[1] * hidden[:, None] + L2_HIDDEN * inner)
        tensors[2].grad = torch.from_numpy(gradients[2])
        tensors[3].grad = torch.from_numpy(gradients[3] + L2_HIDDEN * outer)
        squares = np.sum(penalty * linear * linear) + L2_HIDDEN * (np.sum(inner * inner) + np.sum(outer * outer))
        return value + 0.5 * float(squares)

    search.step(loss)
    at, inner, bias, outer = (tensor.detach().numpy() for tensor in tensors)
    return Weights(_risen(at) * used / scale, inner / scale[:DENSE, None], bias, outer if hidden.any() else outer * 0)


def scores(features: Sparse, weights: Weights) -> np.ndarray:
    """float64[rows]."""
    return _scores(features.indptr, features.indices, features.values, *weights.arrays().values())


def _risen(at: np.ndarray) -> np.ndarray:
    """Evidence counts by the square of what is searched for, so never below zero."""
    linear = at.copy()
    linear[EVIDENCE.start : EVIDENCE.stop] **= 2
    return linear


def _spread(*sides: Sparse) -> np.ndarray:
    """Standard deviation of each dense column over both sides, at least NARROWEST; 1 for hashed ones. float64[WIDTH]"""
    rows = max(1, sum(len(side) for side in sides))
    totals = [sum(np.bincount(s.indices, s.values**power, WIDTH) for s in sides) / rows for power in (1, 2)]
    found = np.sqrt(np.maximum(totals[1] - totals[0] ** 2, 0)).clip(NARROWEST)
    found[DENSE:] = 1
    return found


def _scaled(side: Sparse, scale: np.ndarray, used: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What is in used columns."""
    kept = used[side.indices] > 0
    indptr = np.concatenate([[0], np.cumsum(kept)])[side.indptr]
    return indptr, side.indices[kept], (side.values / scale[side.indices])[kept]


@numba.njit(cache=True)
def _scores(indptr, at, value, linear, inner, bias, outer):
    found = np.zeros(len(indptr) - 1)
    state = np.zeros(len(bias))
    for row in range(len(found)):
        found[row] = _score(indptr, at, value, row, linear, inner, bias, outer, state, 0, 0)
    return found


@numba.njit(cache=True)
def _score(indptr, at, value, row, linear, inner, bias, outer, state, low, high):
    """Leaves the hidden layer in `state`. Columns from `low` to `high` count as 0."""
    total = 0.0
    for j in range(len(bias)):
        state[j] = bias[j]
    for i in range(indptr[row], indptr[row + 1]):
        column = at[i]
        if column >= len(inner):
            total += value[i] * linear[column]
        elif column < low or column >= high:
            total += value[i] * linear[column]
            for j in range(len(bias)):
                state[j] += value[i] * inner[column, j]
    for j in range(len(bias)):
        state[j] = np.tanh(state[j])
        total += outer[j] * state[j]
    return total


@numba.njit(cache=True)
def _pulled(indptr, at, value, row, pull, inner, outer, state, low, high, of_linear, of_inner, of_bias, of_outer):
    """Adds the gradient of one row, of whose score the loss has the derivative `pull`."""
    for j in range(len(state)):
        of_outer[j] += pull * state[j]
        state[j] = pull * outer[j] * (1 - state[j] * state[j])
        of_bias[j] += state[j]
    for i in range(indptr[row], indptr[row + 1]):
        column = at[i]
        if column >= len(inner):
            of_linear[column] += pull * value[i]
        elif column < low or column >= high:
            of_linear[column] += pull * value[i]
            for j in range(len(state)):
                of_inner[column, j] += value[i] * state[j]


@numba.njit(cache=True)
def _surprise(margin):
    """-log sigmoid."""
    return max(0.0, -margin) + np.log1p(np.exp(-abs(margin)))


@numba.njit(cache=True)
def _doubt(margin):
    """sigmoid(-margin), by which a score is pulled."""
    return 1 / (1 + np.exp(min(60.0, max(-60.0, margin))))


@numba.njit(cache=True)
def _loss(
    a_ptr, a_at, a_value, b_ptr, b_at, b_value, linear, inner, bias, outer, margins, pointwise, graph_from, graph_to
):
    """The loss without penalties, and its gradients."""
    of_linear, of_inner = np.zeros(len(linear)), np.zeros(inner.shape)
    of_bias, of_outer = np.zeros(len(bias)), np.zeros(len(outer))
    one, other = np.zeros(len(bias)), np.zeros(len(bias))
    total = 0.0
    pairs = len(margins)
    again = 2 if graph_to > graph_from else 1
    seen = pairs + (again - 1) * (pairs // 2)
    for row in range(pairs):
        for blind in range(again if row % 2 else 1):
            low, high = (graph_from, graph_to) if blind else (0, 0)
            good = _score(a_ptr, a_at, a_value, row, linear, inner, bias, outer, one, low, high)
            bad = _score(b_ptr, b_at, b_value, row, linear, inner, bias, outer, other, low, high)
            margin = good - bad - margins[row]
            total += _surprise(margin) + pointwise * (_surprise(good) + _surprise(-bad))
            up = (_doubt(margin) + pointwise * _doubt(good)) / seen
            down = (_doubt(margin) + pointwise * _doubt(-bad)) / seen
            gradients = (of_linear, of_inner, of_bias, of_outer)
            _pulled(a_ptr, a_at, a_value, row, -up, inner, outer, one, low, high, *gradients)
            _pulled(b_ptr, b_at, b_value, row, down, inner, outer, other, low, high, *gradients)
    return total / seen, of_linear, of_inner, of_bias, of_outer
