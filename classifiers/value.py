"""Value of a text, 0-5 by the rubric, learnt from ratings: a ridge regression on what is counted in reading it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from classifiers.features import Reading
from datagen.taxonomy import load_lexicon

HIGHEST = 5.0
RIDGE = 25.0
"""Weight of the penalty, on signals of unit variance: so much that an order to the rater moves a value little."""
LEAST_RATINGS = 50
"""With fewer the rules of the rubric do better."""
SHORT = 20
"""Words that a text is taken to have at least, so that one cue in a line is no flood."""
CUES = tuple(load_lexicon("cues").terms)
OF_CHINESE = ("words", "terms", "teaches", "explains", "guides", "turn", "first", "you")
"""Signals that mean something else in Chinese."""
TRAITS = ("question", "options", "turn", "heading", "bullet", "citation", "dose", "percent", "code", "first", "you")
PLAIN = ("words", "han", "terms", "density", *CUES, *TRAITS)
SIGNALS = (*PLAIN, *(f"han {name}" for name in OF_CHINESE))


def signals(reading: Reading) -> np.ndarray:
    """How long a text is, how much of it is Chinese, how many terms it has, and how dense cues and traits are in it:
    float64[SIGNALS]. Roots and logarithms, so that a cue said again counts less each time."""
    hundreds = max(reading.words, SHORT) / 100
    found = {
        "words": np.log(reading.words + 10),
        "han": reading.han,
        "terms": np.log1p(reading.terms),
        "density": reading.terms / hundreds,
        **{name: np.sqrt(reading.cues[name] / hundreds) for name in CUES},
        **{name: np.sqrt(reading.traits[name] / hundreds) for name in TRAITS},
    }
    found |= {f"han {name}": found[name] * reading.han for name in OF_CHINESE}
    return np.array([found[name] for name in SIGNALS])


@dataclass(frozen=True)
class ValueModel:
    """Weights of the signals, by name, and the value of a text without any."""

    weights: dict[str, float]
    bias: float

    def score(self, reading: Reading) -> float:
        """0 to 5."""
        return self.of_signals(signals(reading))

    def of_signals(self, found: Sequence[float]) -> float:
        """0 to 5."""
        raw = np.asarray(found, float) @ np.array([self.weights[name] for name in SIGNALS]) + self.bias
        return float(np.clip(raw, 0, HIGHEST))


def fit_value(rows: Sequence[Sequence[float]], ratings: Sequence[float]) -> ValueModel:
    """Ridge regression (Hoerl and Kennard 1970) of ratings on rows of signals."""
    table, truth = np.asarray(rows, float), np.asarray(ratings, float)
    middle, spread = table.mean(0), table.std(0)
    spread[spread < 1e-9] = 1
    scaled = (table - middle) / spread
    weights = np.linalg.solve(scaled.T @ scaled + RIDGE * np.eye(len(SIGNALS)), scaled.T @ (truth - truth.mean()))
    weights = (weights / spread).round(6)
    bias = round(float(truth.mean() - weights @ middle), 6)
    return ValueModel(dict(zip(SIGNALS, weights.tolist(), strict=True)), bias)
