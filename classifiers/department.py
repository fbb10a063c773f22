"""Which department a text belongs to."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, PrivateAttr

from classifiers.examples import CONFIDENCE
from classifiers.model import Classifier, load
from datagen.errors import UsageError
from datagen.record import with_column
from datagen.stage import Artefact, Outcome, RowStage
from datagen.taxonomy import ABSTAINED


class Department(RowStage):
    """Fills `department` and up to three `departments_secondary` by a trained classifier.

    NONE is text that isn't medical, UNK text that the classifier abstains from. A label from the source stays, and has
    no `department_confidence`; one from an earlier classifier is made anew.
    """

    reads: ClassVar[tuple[str, ...]] = ("text", "department", "departments_secondary")
    writes: ClassVar[tuple[str, ...]] = ("department", "departments_secondary")
    adds: ClassVar[tuple[pa.Field, ...]] = (pa.field(CONFIDENCE, pa.float32()),)

    model: Annotated[str, Artefact("classifier")] = Field(description="the stage that trained it")
    overwrite: bool = Field(False, description="label rows anew that have a label from their source")

    _classifier: Classifier | None = PrivateAttr(None)

    def setup(self, artefacts: Mapping[str, Path]) -> None:
        self._classifier = load(artefacts["model"])
        if self._classifier.description.target != "department":
            raise UsageError(
                f"{self.model} was trained for {self._classifier.description.target}, not for departments",
                "name a stage classifiers.train with target: department",
            )

    def apply(self, batch: pa.Table) -> Outcome:
        given = pc.and_(batch["department"].is_valid(), pc.not_equal(batch["department"], ABSTAINED))
        if CONFIDENCE in batch.column_names:
            given = pc.and_(given, batch[CONFIDENCE].is_null())
        keep = [not self.overwrite and flag for flag in pc.fill_null(given, False).to_pylist()]
        texts = [text for text, kept in zip(batch["text"].to_pylist(), keep, strict=True) if not kept]
        answers = iter(self._classifier.predict(texts))
        labels, others, confidence = [], [], []
        for kept, label, secondary in zip(
            keep, batch["department"].to_pylist(), batch["departments_secondary"].to_pylist(), strict=True
        ):
            answer = None if kept else next(answers)
            labels.append(label if kept else answer["department"])
            others.append(secondary if kept else answer["secondary"])
            confidence.append(None if kept else answer["confidence"])
        rows = with_column(batch, "department", labels)
        rows = with_column(rows, "departments_secondary", others)
        return Outcome(with_column(rows, CONFIDENCE, pa.array(confidence, pa.float32())))
