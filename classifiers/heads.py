"""What is learnt: one head per column, with its labels, where they are given, and the terms that stand in for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from datagen.taxonomy import ABSTAINED, NOT_MEDICAL, load_taxonomy

MEDICAL = "MEDICAL"
HEALTH = "HEALTH"
"""The category of what is medical: where a model knows what is, its word counts."""
VALUE = "value"
"""What is learnt besides the heads: a number, not a label."""
RATER, RUBRIC, LEARNT = "value_rater", "rubric", "classifier"
"""The column that says who rated, and what it says of ratings by rule and by a trained classifier."""
RATED_BY = (RUBRIC, LEARNT)
CLINICAL = frozenset(("GUIDE", "SRMA", "RCT", "CASE", "LABEL", "DRUGREF", "PATED", "NOTE"))
"""Content types that only medical texts have."""


@dataclass(frozen=True)
class Head:
    """Attributes:
    name: the column that it fills.
    taxonomy: whose codes are its labels; None for medical or not.
    lexicon: of `load_lexicon`, where terms point to the labels.
    """

    name: str
    taxonomy: str | None
    lexicon: str | None = None

    @property
    def codes(self) -> tuple[str, ...]:
        return load_taxonomy(self.taxonomy).codes if self.taxonomy else (MEDICAL, NOT_MEDICAL)

    @property
    def version(self) -> str:
        return load_taxonomy(self.taxonomy).version if self.taxonomy else "medical@1.0"

    @property
    def confidence(self) -> str:
        """The column that is set where a label comes from a classifier, not from the source."""
        return f"{self.name}_confidence"

    def given(self, row: Mapping[str, Any]) -> str | None:
        """The label that a record's source gives it; None where it gives none."""
        if self.name == "medical":
            department = HEADS["department"].stated(row)
            if department is not None:
                return NOT_MEDICAL if department == NOT_MEDICAL else MEDICAL
            return MEDICAL if HEADS["content_type"].stated(row) in CLINICAL else None
        return self.stated(row)

    def stated(self, row: Mapping[str, Any]) -> str | None:
        """What stands in its own column and is not a classifier's word."""
        label = row.get(self.name)
        return label if label != ABSTAINED and row.get(self.confidence) is None else None

    def of_term(self, code: str) -> str:
        """The label that a code of its lexicon stands for."""
        if self.name == "medical":
            return NOT_MEDICAL if code == NOT_MEDICAL else MEDICAL
        return code


HEADS = {
    head.name: head
    for head in (
        Head("department", "departments", "departments"),
        Head("content_type", "content_types"),
        Head("category", "categories", "categories"),
        Head("medical", None, "departments"),
    )
}
