"""The stage that turns away what no model should learn from, whatever it is about."""

from typing import ClassVar

import pyarrow as pa
from pydantic import Field

from classifiers.advertising import salesmanship
from datagen.stage import Outcome, RowStage


class Screen(RowStage):
    """Drops advertisements, and records that carry a refused safety label.

    An advertisement shows at least `cues` different kinds of salesmanship (claims, guarantees, urgency, ways to order):
    one alone also occurs in honest text.
    """

    reads: ClassVar[tuple[str, ...]] = ("text", "safety")

    cues: int = Field(2, ge=1, description="kinds of salesmanship that make an advertisement")
    refuse: tuple[str, ...] = Field(("hidden_instructions", "retracted"), description="safety labels to drop")

    def apply(self, batch: pa.Table) -> Outcome:
        dropped = {}
        rows = zip(*(batch[c].to_pylist() for c in ("id", "text", "safety")), strict=True)
        for identity, text, safety in rows:
            refused = next((label for label in safety or () if label in self.refuse), None)
            if refused:
                dropped[identity] = refused
            elif salesmanship(text) >= self.cues:
                dropped[identity] = "advertisement"
        return Outcome(batch, dropped=dropped)
