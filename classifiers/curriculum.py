"""Which part of training a record belongs to."""

from typing import ClassVar

import pyarrow as pa

from datagen.record import with_column
from datagen.stage import Outcome, RowStage
from datagen.taxonomy import ABSTAINED, NOT_MEDICAL

APPLIED = frozenset(("GUIDE", "SRMA", "RCT", "CASE", "NOTE", "EXAM"))
"""Content types that decide about patients, or test such decisions."""
SCHOLARLY = frozenset(("OBS", "REVIEW", "BASIC", "METHOD", "LABEL", "DRUGREF", "LECT"))
UNTYPED = frozenset((None, "NEWS", "OTHER"))
HIGH_VALUE, LOW_VALUE, WORTHLESS = 4, 3, 2
LONG = 2000


class Curriculum(RowStage):
    """Sets `curriculum` to general, basic or advanced, for the three stages of Baichuan-M1's pretraining (report,
    section 4.2: easy general text, serious medicine, then the most complex and applied).

    general: text that isn't medical (NONE; or no department and no medical content type), and medical text of a value
    below 2. Of the rest, points decide: 2 for a guideline, systematic review, trial, case, note or exam; 1 for other
    scholarly types; 1 for a value of at least 4, -1 for one below 3; 1 for 2,000 tokens and more. advanced: from 2
    points; basic: fewer. Synthetic text that isn't medical is advanced: the report keeps it for the last stage.
    """

    reads: ClassVar[tuple[str, ...]] = ("department", "content_type", "value", "tokens", "synthetic")
    writes: ClassVar[tuple[str, ...]] = ("curriculum",)

    def apply(self, batch: pa.Table) -> Outcome:
        rows = zip(*(batch[name].to_pylist() for name in self.reads), strict=True)
        return Outcome(with_column(batch, "curriculum", [_stage(*row) for row in rows]))


def _stage(department: str | None, kind: str | None, value: float | None, tokens: int, synthetic: bool) -> str:
    if department == NOT_MEDICAL or (department in (None, ABSTAINED) and kind in UNTYPED):
        return "advanced" if synthetic else "general"
    if value is not None and value < WORTHLESS:
        return "general"
    points = 2 if kind in APPLIED else int(kind in SCHOLARLY)
    points += tokens >= LONG
    if value is not None:
        points += (value >= HIGH_VALUE) - (value < LOW_VALUE)
    return "advanced" if points >= 2 else "basic"
