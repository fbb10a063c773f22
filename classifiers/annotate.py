"""The stage that labels and rates records."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar

import pyarrow as pa
from pydantic import Field, PrivateAttr

from classifiers.features import clip, read
from classifiers.heads import HEADS, LEARNT, MEDICAL, RATED_BY, RATER, RUBRIC
from classifiers.model import Classifier, load
from classifiers.rubric import Rating
from datagen.record import SCHEMA, with_column
from datagen.stage import Artefact, Outcome, RowStage

LABELS = tuple(head for head in HEADS.values() if head.name != "medical")


class Annotate(RowStage):
    """Labels and rates every record in one reading of its text.

    By a trained classifier: `department` with up to three `departments_secondary`, `content_type` and `category`, each
    with its calibrated confidence in a column beside it, and the probability that the text is `medical`. UNK is what
    the classifier abstains from, the department NONE text that isn't medical. A label from the source stays and has no
    confidence; one from an earlier classifier is made anew. Columns that the classifier has no head for stay.

    Besides: `value` 0-5, as the classifier learnt it from ratings or else by rule (rubric.py), and by rule the four
    scores of `quality`, unless another `value_rater` has rated the record; `advertisement`, 0 to 1; and the names of
    dangers, added to `safety`. Nothing is dropped: `classifiers.screen` decides.
    """

    version: ClassVar[str] = "6"
    reads: ClassVar[tuple[str, ...]] = (
        *("text", "department", "departments_secondary", "content_type", "category"),
        *("value", "quality", "safety"),
    )
    writes: ClassVar[tuple[str, ...]] = reads[1:]
    adds: ClassVar[tuple[pa.Field, ...]] = (
        *(pa.field(head.confidence, pa.float32()) for head in LABELS),
        pa.field("medical", pa.float32()),
        pa.field("advertisement", pa.float32()),
        pa.field(RATER, pa.string()),
    )

    model: Annotated[str | None, Artefact("classifier")] = Field(
        None, description="the stage that trained it; without one, that of the name `bundled`"
    )
    bundled: str = Field("base", description="name of a classifier that comes with the package")
    overwrite: bool = Field(False, description="label and rate anew what sources and other raters have")

    _classifier: Classifier | None = PrivateAttr(None)

    def setup(self, artefacts: Mapping[str, Path]) -> None:
        self._classifier = load(artefacts["model"] if self.model else self.bundled)

    def apply(self, batch: pa.Table) -> Outcome:
        texts = [clip(text) for text in batch["text"].to_pylist()]
        readings = [read(text) for text in texts]
        answers = self._classifier.judge(texts, readings)
        heads = self._classifier.description.heads
        rows = batch
        for head in LABELS:
            if head.name in heads:
                rows = self._label(rows, head.name, answers)
        if "medical" in heads:
            scores = [answer["scores"]["medical"][MEDICAL] for answer in answers]
            rows = with_column(rows, "medical", pa.array(scores, pa.float32()))
        ratings = [
            self._classifier.rate(text, reading, answer)
            for text, reading, answer in zip(texts, readings, answers, strict=True)
        ]
        return Outcome(self._rate(rows, ratings))

    def _label(self, rows: pa.Table, name: str, answers: list[dict[str, Any]]) -> pa.Table:
        head, given = HEADS[name], rows[name].to_pylist()
        columns = [column for column in (name, head.confidence) if column in rows.column_names]
        kept = [not self.overwrite and head.stated(row) is not None for row in rows.select(columns).to_pylist()]
        labels = [old if keep else answer[name] for old, keep, answer in zip(given, kept, answers, strict=True)]
        sure = [None if keep else answer[head.confidence] for keep, answer in zip(kept, answers, strict=True)]
        if name == "department":
            others = zip(rows["departments_secondary"].to_pylist(), kept, answers, strict=True)
            secondary = [old if keep else answer["departments_secondary"] for old, keep, answer in others]
            rows = with_column(rows, "departments_secondary", secondary)
        rows = with_column(rows, name, labels)
        return with_column(rows, head.confidence, pa.array(sure, pa.float32()))

    def _rate(self, rows: pa.Table, ratings: list[Rating]) -> pa.Table:
        raters = rows[RATER].to_pylist() if RATER in rows.column_names else [None] * len(rows)
        own = LEARNT if self._classifier.description.value else RUBRIC
        found: dict[str, list[Any]] = {"value": [], "quality": [], "safety": [], RATER: []}
        old = zip(*(rows[name].to_pylist() for name in ("value", "quality", "safety")), raters, ratings, strict=True)
        for value, quality, safety, rater, rating in old:
            kept = not self.overwrite and value is not None and rater not in RATED_BY
            found["value"].append(value if kept else rating.value)
            found["quality"].append(quality if kept and quality else rating.quality)
            found["safety"].append(sorted({*(safety or ()), *rating.safety}) or safety)
            found[RATER].append(rater if kept else own)
        for name in ("value", "quality", "safety"):
            rows = with_column(rows, name, pa.array(found[name], SCHEMA.field(name).type))
        rows = with_column(rows, "advertisement", pa.array([r.advertisement for r in ratings], pa.float32()))
        return with_column(rows, RATER, pa.array(found[RATER], pa.string()))
