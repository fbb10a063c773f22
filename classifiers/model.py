"""A trained classifier: what its files mean, and what it says of texts."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from classifiers.features import Features, features
from classifiers.heads import HEADS, HEALTH, MEDICAL
from classifiers.linear import Linear
from classifiers.metrics import softmax
from classifiers.terms import terms_digest
from datagen.errors import UsageError
from datagen.taxonomy import ABSTAINED, NOT_MEDICAL

MODEL = "model.safetensors"
DESCRIPTION = "classifier.json"
CARD = "card.md"
ERRORS = "errors.jsonl"
SECONDARY = 3
SECONDARY_SCORE = 0.15
NEVER_SECONDARY = (NOT_MEDICAL, ABSTAINED)


@dataclass(frozen=True)
class HeadDescription:
    """What a model says of one column.

    Attributes:
        labels: in the order of the head's scores.
        taxonomy: version of the taxonomy that the labels come from.
        temperature: of the calibration (0 where there was nothing to calibrate on).
        threshold: confidence below which it abstains.
    """

    labels: tuple[str, ...]
    taxonomy: str
    temperature: float
    threshold: float

    @property
    def heat(self) -> float:
        return self.temperature or UNCALIBRATED


UNCALIBRATED = 0.5
"""Temperature of a head that nothing was there to calibrate."""


@dataclass(frozen=True)
class Description:
    """What `classifier.json` says: heads by the column they fill, in the order of the model's labels; digest of the
    lexicons whose terms are among the features; sha256 of the model's file."""

    heads: dict[str, HeadDescription]
    terms: str
    sha256: str

    def dump(self) -> bytes:
        return json.dumps(asdict(self), indent=1).encode()


class Classifier:
    """A linear model with its calibration; all its heads read a text once."""

    def __init__(self, description: Description, model: Linear):
        self.description = description
        self._model = model

    def scores(self, texts: Sequence[str]) -> dict[str, np.ndarray]:
        """Calibrated probabilities of every head: float64 of shape (texts, labels)."""
        return head_scores(self._model, self.description.heads, [features(text) for text in texts])

    def predict(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        """What `judge` says of the features of every text."""
        return self.judge([features(text) for text in texts])

    def judge(self, texts: Sequence[Features]) -> list[dict[str, Any]]:
        """One dict per text: for every head its column (`department`, ...; UNK where it abstains), the column's
        `_confidence`, and under `scores` the calibrated scores by label; `departments_secondary`, at most three."""
        answers: list[dict[str, Any]] = [{"scores": {}} for _ in texts]
        for name, scores in head_scores(self._model, self.description.heads, texts).items():
            head = self.description.heads[name]
            for answer, row in zip(answers, scores.round(4), strict=True):
                order = sorted(range(len(row)), key=lambda index: (-row[index], head.labels[index]))
                best, confidence = head.labels[order[0]], float(row[order[0]])
                sure = confidence >= head.threshold
                answer[name] = best if sure else ABSTAINED
                answer[HEADS[name].confidence] = confidence
                answer["scores"][name] = {head.labels[index]: float(row[index]) for index in order}
                if name == "department":
                    others = [head.labels[index] for index in order[1:] if row[index] >= SECONDARY_SCORE]
                    others = [other for other in others if other not in NEVER_SECONDARY][:SECONDARY]
                    answer["departments_secondary"] = others if sure and best != NOT_MEDICAL else []
        return answers


def head_scores(model: Linear, heads: dict[str, HeadDescription], texts: Sequence[Features]) -> dict[str, np.ndarray]:
    """Calibrated probabilities by head, each float64 of shape (texts, labels)."""
    columns = sum(len(head.labels) for head in heads.values())
    margins = np.array([model.margins(text) for text in texts], np.float32).reshape(len(texts), columns)
    found, start = {}, 0
    for name, head in heads.items():
        found[name] = softmax(margins[:, start : start + len(head.labels)], head.heat)
        start += len(head.labels)
    if "category" in found and "medical" in found and HEALTH in heads["category"].labels:
        health = found["medical"][:, heads["medical"].labels.index(MEDICAL)]
        others = np.array([label != HEALTH for label in heads["category"].labels])
        rest = found["category"] * others
        rest *= ((1 - health) / np.maximum(rest.sum(1), 1e-12))[:, None]
        found["category"] = np.where(others, rest, health[:, None])
    return found


def load(path: str | Path) -> Classifier:
    """The classifier in a folder, such as `datagen path RUN STAGE` prints.

    Raises UsageError where there is none, or one that does not fit this version of the taxonomies.
    """
    folder = Path(path)
    try:
        data = json.loads((folder / DESCRIPTION).read_bytes())
        model = (folder / MODEL).read_bytes()
    except FileNotFoundError as error:
        raise UsageError(
            f"no classifier at {folder}: {error.filename} is missing", "`datagen path RUN STAGE`"
        ) from None
    if hashlib.sha256(model).hexdigest() != data["sha256"]:
        raise UsageError(f"{folder / MODEL} is not the file that was trained", "copy or train it again")
    heads = {name: HeadDescription(**{**head, "labels": tuple(head["labels"])}) for name, head in data["heads"].items()}
    for name, head in heads.items():
        if (head.taxonomy, data["terms"]) != (HEADS[name].version, terms_digest()):
            raise UsageError(
                f"{folder} was trained for other labels or terms than {HEADS[name].version} here", "train it again"
            )
    return Classifier(Description(heads, data["terms"], data["sha256"]), Linear.read(model))
