"""Linear classifiers over hashed features: trained in seconds, the same bytes every time, scored by one product."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
from numba import njit
from safetensors import SafetensorError
from safetensors.numpy import load, save

from classifiers.features import Features, Reading, medicine_marks, shape_marks, term_marks
from classifiers.scanning import product, table_of
from datagen.errors import UsageError

LEAST_TEXTS = 2
"""Features in fewer texts teach nothing about others."""
MOST_FEATURES = 60_000
"""Kept of those, the weightiest: at one byte each for every label, a model of 100 labels has 6 MB."""
COST = 1.0
TERM_WEIGHT = np.float32(2)
"""How much more a term of the lexicon tells than any other feature as rare as its label's terms."""
KNOWS_ALL = -1
ROUNDS = 40
TOLERANCE = 0.05


@dataclass(frozen=True)
class Linear:
    """One-against-rest linear classifiers over shared features.

    Attributes:
        keys: features known, ascending (uint32[f]).
        rarity: their inverse document frequency (float32[f]).
        weights: int8[f, labels], to be multiplied by `scales`.
        scales, biases: float32[labels].
    """

    keys: np.ndarray
    rarity: np.ndarray
    weights: np.ndarray
    scales: np.ndarray
    biases: np.ndarray

    def margins(self, text: Features) -> np.ndarray:
        """How far the text is on each label's side: float32[labels]."""
        found = np.zeros(len(self.biases), np.float32)
        if len(self.keys):
            product(text.keys, text.counts, self._places, self.keys, self.rarity, self.weights, found)
        return found * self.scales + self.biases

    @cached_property
    def _places(self) -> np.ndarray:
        return table_of(self.keys)

    def margins_of(self, texts: Sequence[str], readings: Sequence[Reading]) -> np.ndarray:
        """Of readings alone: float32 of shape (texts, labels)."""
        found = np.array([self.margins(reading.features) for reading in readings], np.float32)
        return found.reshape(len(readings), len(self.biases))

    def dump(self) -> bytes:
        return save({field.name: np.ascontiguousarray(getattr(self, field.name)) for field in fields(self)})

    @classmethod
    def read(cls, data: bytes) -> "Linear":
        """Raises UsageError for bytes that are no such model."""
        try:
            return cls(**{name: np.ascontiguousarray(value) for name, value in load(data).items()})
        except (SafetensorError, TypeError):
            raise UsageError("the file of the model can't be read", "train it again") from None


@dataclass(frozen=True)
class Target:
    """What one head is to learn of every text.

    Attributes:
        labels: int[texts], -1 for none.
        weights: what a mistake costs, float[texts].
        sources: int[texts]. A text speaks against a label only where its source knows the label: else what marks the
            source, such as its style, would speak against all labels that it lacks. KNOWS_ALL does.
        languages: int[texts]. A label weighs as much in each language it has, however many texts that has.
        count: number of labels.
        common: the label that every source knows, or -1.
        by_shape: whether the shape of a text says anything of these labels, and not how medical it is.
    """

    labels: np.ndarray
    weights: np.ndarray
    sources: np.ndarray
    languages: np.ndarray
    count: int
    common: int = -1
    by_shape: bool = True


def fit(texts: Sequence[Features], targets: Sequence[Target], seed: int) -> Linear:
    """Train on texts for several targets at once: support vector machines with squared hinge loss, rare labels as heavy
    as frequent ones (Fan et al. 2008, LIBLINEAR, by dual coordinate descent), over tf-idf with sublinear counts.
    """
    found = np.concatenate([text.keys for text in texts]) if texts else np.empty(0, np.uint32)
    keys, document_counts = np.unique(found, return_counts=True)
    keys, document_counts = keys[document_counts >= LEAST_TEXTS], document_counts[document_counts >= LEAST_TEXTS]
    rarity = (np.log((1 + len(texts)) / (1 + document_counts)) + 1).astype(np.float32)
    rarity[np.isin(keys, term_marks())] *= TERM_WEIGHT
    bounds, columns, values = _matrix(texts, keys, rarity)
    parts = []
    shape, medicine = (
        np.isin(columns, np.flatnonzero(np.isin(keys, marks))) for marks in (shape_marks(), medicine_marks())
    )
    for target in targets:
        seen = np.where(medicine if target.by_shape else shape, np.float32(0), values)
        for label in range(target.count):
            mine = target.labels == label
            witnesses = np.isin(target.sources, [KNOWS_ALL, *np.unique(target.sources[mine])])
            witnesses |= mine | (label == target.common)
            chosen = np.flatnonzero((target.labels >= 0) & witnesses)
            own = mine[chosen]
            costs = COST * target.weights[chosen]
            language = np.where(own, target.languages[chosen], -1)
            spoken, total = np.unique(language[own]), costs.sum()
            for one in spoken:
                there = language == one
                costs[there] *= total / max(costs[there].sum() * target.count * len(spoken), 1e-9)
            rows = _rows(bounds, columns, seen, chosen)
            parts.append(_descend(*rows, np.where(own, 1.0, -1.0), np.maximum(costs, 1e-9), len(keys), seed))
    full = np.stack(parts, 1) if parts else np.zeros((1, 0))
    weights, biases = full[:-1], full[-1]
    kept = np.sort(np.argsort(-(np.square(weights).sum(1) * rarity**2), kind="stable")[:MOST_FEATURES])
    weights = weights[kept]
    scales = np.maximum(np.abs(weights).max(0, initial=0), 1e-9) / 127
    return Linear(
        keys=keys[kept],
        rarity=rarity[kept],
        weights=np.rint(weights / scales).astype(np.int8),
        scales=scales.astype(np.float32),
        biases=biases.astype(np.float32),
    )


def _matrix(texts: Sequence[Features], keys: np.ndarray, rarity: np.ndarray) -> tuple[np.ndarray, ...]:
    """Rows of unit length: bounds (int64[texts + 1]), columns (int32), values (float32)."""
    columns, values = [], []
    for text in texts:
        at = np.minimum(np.searchsorted(keys, text.keys), max(len(keys) - 1, 0))
        known = keys[at] == text.keys if len(keys) else np.zeros(len(text.keys), bool)
        row = (1 + np.log(text.counts[known], dtype=np.float32)) * rarity[at[known]]
        columns.append(at[known].astype(np.int32))
        values.append(row / (np.sqrt(row @ row) or np.float32(1)))
    bounds = np.cumsum([0, *map(len, columns)])
    return bounds, np.concatenate([*columns, np.empty(0, np.int32)]), np.concatenate([*values, np.empty(0, np.float32)])


def _rows(bounds: np.ndarray, columns: np.ndarray, values: np.ndarray, chosen: np.ndarray) -> tuple[np.ndarray, ...]:
    taken = [slice(bounds[row], bounds[row + 1]) for row in chosen]
    own = np.cumsum([0, *(bounds[row + 1] - bounds[row] for row in chosen)])
    if not taken:
        return own, columns[:0], values[:0]
    return own, np.concatenate([columns[part] for part in taken]), np.concatenate([values[part] for part in taken])


@njit(
    "float64[::1](int64[::1], int32[::1], float32[::1], float64[::1], float64[::1], int64, int64)",
    cache=True,
    nogil=True,
    error_model="numpy",
)
def _descend(bounds, columns, values, sides, costs, features, seed):
    """Weights of one machine, its bias last (Hsieh et al. 2008, algorithm 1, in a new order every round)."""
    rows = len(bounds) - 1
    weights, alphas = np.zeros(features + 1), np.zeros(rows)
    order = np.arange(rows)
    state = np.uint64(seed) + np.uint64(0x9E3779B97F4A7C15)
    for _ in range(ROUNDS):
        for i in range(rows - 1, 0, -1):
            state ^= state << np.uint64(13)
            state ^= state >> np.uint64(7)
            state ^= state << np.uint64(17)
            j = np.int64(state % np.uint64(i + 1))
            order[i], order[j] = order[j], order[i]
        worst = 0.0
        for row in order:
            margin = weights[features]
            for at in range(bounds[row], bounds[row + 1]):
                margin += weights[columns[at]] * values[at]
            soft = 0.5 / costs[row]
            gradient = sides[row] * margin - 1 + soft * alphas[row]
            if alphas[row] == 0 and gradient >= 0:
                continue
            worst = max(worst, abs(gradient))
            filled = 1.0 if bounds[row + 1] > bounds[row] else 0.0
            before = alphas[row]
            alphas[row] = max(before - gradient / (1 + filled + soft), 0.0)
            step = (alphas[row] - before) * sides[row]
            for at in range(bounds[row], bounds[row + 1]):
                weights[columns[at]] += step * values[at]
            weights[features] += step
        if worst < TOLERANCE:
            break
    return weights
