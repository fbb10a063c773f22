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
    is the share of rows not abstained from, and the figures `covered` are those of such rows.

    `macro_f1` is the mean over labels that occur in the truth.
    """

    rows: int
    accuracy: float
    macro_f1: float
    calibration_error: float
    coverage: float
    accuracy_covered: float
    macro_f1_covered: float

    def rounded(self) -> dict[str, float]:
        return {name: round(value, 4) for name, value in asdict(self).items()}


def measure(
    truth: Sequence[str], labels: Sequence[str], scores: np.ndarray, threshold: float, at_least: int = 1
) -> Quality:
    """`scores` is (rows, labels), calibrated; `labels` names its columns. Macro-F1 is over labels with `at_least` rows.
    Raises ValueError for no rows."""
    if not len(truth):
        raise ValueError("nothing to measure")
    confidence = scores.max(1)
    guesses = [labels[index] for index in scores.argmax(1)]
    right = np.array([g == t for g, t in zip(guesses, truth, strict=True)])
    covered = (confidence >= threshold) & np.array([g != ABSTAINED for g in guesses])
    common = {label for label, count in Counter(truth).items() if count >= at_least}
    seen = [(t, g) for t, g, kept in zip(truth, guesses, covered, strict=True) if kept]
    return Quality(
        rows=len(truth),
        accuracy=float(right.mean()),
        macro_f1=_macro(f1_scores(truth, guesses), common),
        calibration_error=calibration_error(confidence, right),
        coverage=float(covered.mean()),
        accuracy_covered=float(right[covered].mean()) if covered.any() else 0.0,
        macro_f1_covered=_macro(f1_scores([t for t, _ in seen], [g for _, g in seen]), common),
    )


def f1_scores(truth: Sequence[str], guesses: Sequence[str]) -> dict[str, float]:
    """F1 of every label of the truth."""
    expected, guessed = Counter(truth), Counter(guesses)
    right = Counter(t for t, g in zip(truth, guesses, strict=True) if t == g)
    return {label: 2 * right[label] / (count + guessed[label]) for label, count in sorted(expected.items())}


def confusions(truth: Sequence[str], guesses: Sequence[str]) -> list[tuple[str, str, int]]:
    """(truth, guess, rows) of wrong guesses, the most frequent first."""
    counts = Counter((t, g) for t, g in zip(truth, guesses, strict=True) if t != g)
    return [(t, g, count) for (t, g), count in sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))]


def answer_table(truth: np.ndarray, scores: np.ndarray, labels: int, threshold: float) -> np.ndarray:
    """How often each label (rows) got each answer: the labels, then none where the best score is below the threshold.

    Args: `truth` int[rows], `scores` float[rows, labels]. Returns int64[labels, labels + 1].
    """
    answers = np.where(scores.max(1) >= threshold, scores.argmax(1), labels)
    table = np.zeros((labels, labels + 1), np.int64)
    np.add.at(table, (truth, answers), 1)
    return table


def spearman(one: Sequence[float], other: Sequence[float]) -> float:
    """Rank correlation (Spearman 1904), ties by their mean rank; 0 where either never changes."""
    first, second = (_ranks(np.asarray(values, float)) for values in (one, other))
    if first.std() == 0 or second.std() == 0:
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])


def _ranks(values: np.ndarray) -> np.ndarray:
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[places]


def calibration_error(confidence: np.ndarray, right: np.ndarray) -> float:
    """Expected calibration error in 15 equal bins (Guo et al. 2017)."""
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = [abs(confidence[bins == b].mean() - right[bins == b].mean()) * (bins == b).sum() for b in np.unique(bins)]
    return float(sum(gaps) / len(confidence))


def temperature(margins: np.ndarray, truth: np.ndarray) -> float:
    """The temperature under which the softmax of `margins` (rows, labels) fits the `truth` (column numbers) best, by
    likelihood.

    Guo et al. 2017, section 4.2. The best of 161 between 1/16 and 16, in even steps of the logarithm.
    """
    grid = np.exp2(np.linspace(-4, 4, 161))
    losses = [-np.log(softmax(margins, t)[np.arange(len(truth)), truth] + 1e-12).mean() for t in grid]
    return float(grid[int(np.argmin(losses))])


def softmax(margins: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities (rows, labels), float64; rows sum to 1."""
    logits = margins.astype(np.float64) / temperature
    powers = np.exp(logits - logits.max(1, keepdims=True, initial=-np.inf))
    return powers / powers.sum(1, keepdims=True)


def _macro(scores: dict[str, float], labels: set[str]) -> float:
    judged = [scores[label] for label in scores if label in labels]
    return float(np.mean(judged)) if judged else 0.0
