"""How good predictions are, and how far their confidence can be believed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from datagen.taxonomy import ABSTAINED

BINS = 15


@dataclass(frozen=True)
class Quality:
    """Measured on `rows` rows. Accuracy, macro-F1 and the calibration error take the best guess of every row; coverage
    is the share of rows not abstained from, and `accuracy_covered` the accuracy on those.

    `macro_f1` is the mean over labels that occur in the truth.
    """

    rows: int
    accuracy: float
    macro_f1: float
    calibration_error: float
    coverage: float
    accuracy_covered: float

    def rounded(self) -> dict[str, float]:
        return {name: round(value, 4) for name, value in asdict(self).items()}


def measure(truth: Sequence[str], labels: Sequence[str], scores: np.ndarray, threshold: float) -> Quality:
    """`scores` is (rows, labels), calibrated; `labels` names its columns. Raises ValueError for no rows."""
    if not len(truth):
        raise ValueError("nothing to measure")
    best, confidence = scores.argmax(1), scores.max(1)
    guesses = [labels[index] for index in best]
    right = np.array([g == t for g, t in zip(guesses, truth, strict=True)])
    covered = (confidence >= threshold) & np.array([g != ABSTAINED for g in guesses])
    return Quality(
        rows=len(truth),
        accuracy=float(right.mean()),
        macro_f1=macro_f1(truth, guesses),
        calibration_error=calibration_error(confidence, right),
        coverage=float(covered.mean()),
        accuracy_covered=float(right[covered].mean()) if covered.any() else 0.0,
    )


def macro_f1(truth: Sequence[str], guesses: Sequence[str], at_least: int = 1) -> float:
    """Mean F1 over labels with `at_least` rows in the truth."""
    expected, guessed = Counter(truth), Counter(guesses)
    right = Counter(t for t, g in zip(truth, guesses, strict=True) if t == g)
    judged = [label for label, count in expected.items() if count >= at_least]
    return (
        float(np.mean([2 * right[label] / (expected[label] + guessed[label]) for label in judged])) if judged else 0.0
    )


def confusion(
    truth: Sequence[str], labels: Sequence[str], scores: np.ndarray, threshold: float
) -> dict[str, list[str] | list[list[int]]]:
    """Rows by true label (lines) and by answer (columns: `labels`, then abstentions), as {labels, counts}."""
    answers = np.where(scores.max(1) >= threshold, scores.argmax(1), len(labels))
    counts = np.zeros((len(labels), len(labels) + 1), int)
    for label, answer in zip(truth, answers.tolist(), strict=True):
        if label in labels:
            counts[labels.index(label), answer] += 1
    return {"labels": list(labels), "counts": counts.tolist()}


def calibration_error(confidence: np.ndarray, right: np.ndarray) -> float:
    """Expected calibration error in 15 equal bins (Guo et al. 2017)."""
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = [abs(confidence[bins == b].mean() - right[bins == b].mean()) * (bins == b).sum() for b in np.unique(bins)]
    return float(sum(gaps) / len(confidence))


def temperature(scores: np.ndarray, truth: np.ndarray) -> float:
    """The temperature under which `scores` (rows, labels) fit the `truth` (column numbers) best, by likelihood.

    Guo et al. 2017, section 4.2. The best of 161 between 1/16 and 16, in even steps of the logarithm.
    """
    grid = np.exp2(np.linspace(-4, 4, 161))
    losses = [-np.log(sharpened(scores, t)[np.arange(len(truth)), truth]).mean() for t in grid]
    return float(grid[int(np.argmin(losses))])


def sharpened(scores: np.ndarray, at: float) -> np.ndarray:
    """Scores (rows, labels) at another temperature; rows sum to 1."""
    logits = np.log(np.maximum(scores, 1e-9)) / at
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)
