"""A trained classifier: loaded by path, asked for texts."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import fasttext
import numpy as np

from classifiers.features import features
from classifiers.fit import PREFIX
from classifiers.metrics import sharpened
from classifiers.terms import terms_digest
from datagen.errors import UsageError
from datagen.taxonomy import ABSTAINED, NOT_MEDICAL, load_taxonomy

MODEL = "model.bin"
DESCRIPTION = "classifier.json"
CARD = "card.md"
TAXONOMIES = {"department": "departments", "content_type": "content_types"}
SECONDARY = 3
SECONDARY_SCORE = 0.15
NEVER_SECONDARY = (NOT_MEDICAL, ABSTAINED)


@dataclass(frozen=True)
class Description:
    """What `classifier.json` says.

    Attributes:
        target: the column that the model fills.
        labels: in the order of the score columns.
        taxonomy: version of the taxonomy that the labels come from.
        terms: digest of the lexicon whose terms are among the features.
        temperature: of the calibration (1 where there was nothing to calibrate on).
        threshold: calibrated confidence below which it abstains.
        sha256: of model.bin.
    """

    target: str
    labels: tuple[str, ...]
    taxonomy: str
    terms: str
    temperature: float
    threshold: float
    sha256: str

    def dump(self) -> bytes:
        return json.dumps(asdict(self), indent=1, sort_keys=True).encode()


class Classifier:
    """A fastText model with its calibration. Not picklable: load it where it is used."""

    def __init__(self, description: Description, model: "fasttext.FastText._FastText"):
        self.description = description
        self.labels = description.labels
        self._model = model

    def scores(self, texts: Sequence[str]) -> np.ndarray:
        """Calibrated probabilities, float64 of shape (texts, labels)."""
        raw = raw_scores(self._model, self.labels, [features(text) for text in texts])
        return sharpened(raw, self.description.temperature)

    def predict(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        """One dict per text: the target (`department`, UNK where it abstains), its `confidence`, up to three
        `secondary` labels, and the calibrated `scores` by label."""
        target, threshold = self.description.target, self.description.threshold
        answers = []
        for row in self.scores(texts).round(4):
            order = sorted(range(len(row)), key=lambda index: (-row[index], self.labels[index]))
            best = self.labels[order[0]]
            sure = row[order[0]] >= threshold
            others = [self.labels[index] for index in order[1 : SECONDARY + 1] if row[index] >= SECONDARY_SCORE]
            answers.append(
                {
                    target: best if sure else ABSTAINED,
                    "confidence": float(row[order[0]]),
                    "secondary": [o for o in others if o not in NEVER_SECONDARY]
                    if sure and best != NOT_MEDICAL
                    else [],
                    "scores": {self.labels[index]: float(row[index]) for index in order},
                }
            )
        return answers


def raw_scores(model: "fasttext.FastText._FastText", labels: Sequence[str], lines: list[str]) -> np.ndarray:
    """The model's own probabilities, float64 of shape (lines, labels)."""
    column = {PREFIX + label: index for index, label in enumerate(labels)}
    scores = np.zeros((len(lines), len(labels)))
    found, values = model.predict(lines, k=-1) if lines else ((), ())
    for row, (names, probabilities) in enumerate(zip(found, values, strict=True)):
        for name, probability in zip(names, probabilities, strict=True):
            scores[row, column[name]] = probability
    return scores


def load(path: str | Path) -> Classifier:
    """The classifier in a folder, such as `datagen path RUN STAGE` prints.

    Raises UsageError where there is none, or one that does not fit this version of the taxonomy.
    """
    folder = Path(path)
    try:
        data = json.loads((folder / DESCRIPTION).read_bytes())
        model = (folder / MODEL).read_bytes()
    except FileNotFoundError as error:
        raise UsageError(
            f"no classifier at {folder}: {error.filename} is missing", "`datagen path RUN STAGE`"
        ) from None
    description = Description(**{**data, "labels": tuple(data["labels"])})
    if hashlib.sha256(model).hexdigest() != description.sha256:
        raise UsageError(f"{folder / MODEL} is not the file that was trained", "copy or train it again")
    version = load_taxonomy(TAXONOMIES[description.target]).version
    if (description.taxonomy, description.terms) != (version, terms_digest()):
        raise UsageError(f"{folder} was trained for other labels or terms than {version} here", "train it again")
    return Classifier(description, fasttext.load_model(str(folder / MODEL)))
