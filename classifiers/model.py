"""A trained classifier: what its files mean, and what it says of texts."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from classifiers.features import Reading, clip, read
from classifiers.heads import HEADS, HEALTH, MEDICAL
from classifiers.linear import Linear
from classifiers.metrics import softmax
from classifiers.rubric import Rating, rate
from classifiers.terms import terms_digest
from classifiers.value import SIGNALS, ValueModel
from datagen.errors import UsageError
from datagen.taxonomy import ABSTAINED, NOT_MEDICAL

MODEL = "model.safetensors"
DESCRIPTION = "classifier.json"
CARD = "card.md"
ERRORS = "errors.jsonl"
LINEAR, ENCODER = "linear", "encoder"
"""Engines."""
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
    lexicons whose terms are among the features; sha256 of the model's file; how value is told, None for by
    rule; the engine."""

    heads: dict[str, HeadDescription]
    terms: str
    sha256: str
    value: ValueModel | None = None
    engine: str = LINEAR

    def dump(self) -> bytes:
        return json.dumps(asdict(self), indent=1).encode()


class Engine(Protocol):
    """What tells labels: `Linear`, the default, or `Encoder`."""

    def margins_of(self, texts: Sequence[str], readings: Sequence[Reading]) -> np.ndarray:
        """How far clipped texts are on each label's side, of all heads in a row: float32 of shape (texts, labels)."""


class Classifier:
    """An engine with its calibration; all its heads read a text once."""

    def __init__(self, description: Description, engine: Engine):
        self.description = description
        self._engine = engine

    def scores(self, texts: Sequence[str]) -> dict[str, np.ndarray]:
        """Calibrated probabilities of every head: float64 of shape (texts, labels)."""
        texts = [clip(text) for text in texts]
        return head_scores(self._engine.margins_of(texts, [read(text) for text in texts]), self.description.heads)

    def predict(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        """What `judge` says of every text, with `value`, `quality`, `safety` and `advertisement` (rubric.Rating)."""
        texts = [clip(text) for text in texts]
        readings = [read(text) for text in texts]
        answers = self.judge(texts, readings)
        for text, reading, answer in zip(texts, readings, answers, strict=True):
            answer |= self.rate(text, reading, answer)._asdict()
        return answers

    def rate(self, text: str, reading: Reading, answer: dict[str, Any]) -> Rating:
        """Rate a text that was judged: its value as learnt from ratings, where there were any, else by rule."""
        value = self.description.value.score(reading) if self.description.value else None
        return rate(text, reading, medical(answer), answer["scores"].get("content_type", {}), value)

    def judge(self, texts: Sequence[str], readings: Sequence[Reading]) -> list[dict[str, Any]]:
        """One dict per clipped text and its reading: for every head its column (`department`, ...; UNK where it
        abstains), the column's `_confidence`, and under `scores` the calibrated scores by label;
        `departments_secondary`, at most three."""
        answers: list[dict[str, Any]] = [{"scores": {}} for _ in texts]
        found = head_scores(self._engine.margins_of(texts, readings), self.description.heads)
        for name, scores in found.items():
            head = self.description.heads[name]
            by_name = np.argsort(np.argsort(head.labels))
            for answer, row in zip(answers, scores.round(4).tolist(), strict=True):
                order = np.lexsort((by_name, np.negative(row))).tolist()
                best, confidence = head.labels[order[0]], row[order[0]]
                sure = confidence >= head.threshold
                answer[name] = best if sure else ABSTAINED
                answer[HEADS[name].confidence] = confidence
                answer["scores"][name] = {head.labels[index]: row[index] for index in order}
                if name == "department":
                    others = [head.labels[index] for index in order[1:] if row[index] >= SECONDARY_SCORE]
                    others = [other for other in others if other not in NEVER_SECONDARY][:SECONDARY]
                    answer["departments_secondary"] = others if sure and best != NOT_MEDICAL else []
        return answers


def medical(answer: dict[str, Any]) -> float:
    """The probability that a text is medical: by the head for it, else by the department NONE, else 1."""
    scores = answer["scores"]
    if "medical" in scores:
        return scores["medical"][MEDICAL]
    return 1 - scores.get("department", {}).get(NOT_MEDICAL, 0.0)


def head_scores(margins: np.ndarray, heads: dict[str, HeadDescription]) -> dict[str, np.ndarray]:
    """Calibrated probabilities by head, each float64 of shape (texts, labels), from margins of all of them in a row."""
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


BUNDLED = Path(__file__).parent / "bundled"


def bundled() -> tuple[str, ...]:
    """Names of the classifiers that come with the package."""
    return tuple(sorted(folder.parent.name for folder in BUNDLED.glob(f"*/{DESCRIPTION}")))


def load(path: str | Path) -> Classifier:
    """The classifier of a name (`bundled`), or in a folder, such as `datagen path RUN STAGE` prints.

    Raises UsageError where there is none, or one that does not fit this version of the taxonomies.

    >>> load("base").predict(["Cataract of the left eye."])[0]["department"]
    'OPHTH'
    """
    folder = BUNDLED / path if path in bundled() else Path(path)
    try:
        data = json.loads((folder / DESCRIPTION).read_bytes())
        model = (folder / MODEL).read_bytes()
    except FileNotFoundError as error:
        raise UsageError(
            f"no classifier at {folder}: {error.filename} is missing",
            f"`datagen path RUN STAGE` prints a folder; {', '.join(bundled())} comes with the package",
        ) from None
    if hashlib.sha256(model).hexdigest() != data["sha256"]:
        raise UsageError(f"{folder / MODEL} is not the file that was trained", "copy or train it again")
    heads = {name: HeadDescription(**{**head, "labels": tuple(head["labels"])}) for name, head in data["heads"].items()}
    for name, head in heads.items():
        if (head.taxonomy, data["terms"]) != (HEADS[name].version, terms_digest()):
            raise UsageError(
                f"{folder} was trained for other labels or terms than {HEADS[name].version} here", "train it again"
            )
    value = ValueModel(**data["value"]) if data.get("value") else None
    if value and set(value.weights) != set(SIGNALS):
        raise UsageError(f"{folder} was trained to tell value from other signals than there are here", "train it again")
    description = Description(heads, data["terms"], data["sha256"], value, data.get("engine", LINEAR))
    if description.engine == LINEAR:
        return Classifier(description, Linear.read(model))
    from classifiers.encoder import Encoder  # torch takes seconds to load, and few need it

    return Classifier(description, Encoder.read(folder, model))
