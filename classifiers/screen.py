"""The stage that turns away what no model should learn from, whatever it is about."""

from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar

import pyarrow as pa
from pydantic import Field

from classifiers.advertising import salesmanship
from classifiers.rubric import DANGERS
from datagen.stage import Outcome, Phase, RowStage

if TYPE_CHECKING:
    from datagen.task import Task

REFUSED = ("hidden_instructions", "retracted", "superseded", "model_flagged", *DANGERS)
NO_DEPARTMENT = "none"


class Screen(RowStage):
    """Drops advertisements, and records that carry a refused safety label: retracted, superseded or dangerous ones.

    An advertisement does several things close together that sell (calls to order, names a channel, offers, claims,
    testifies and so on), as `classifiers.advertising` weighs them: one alone also occurs in honest text. With
    `keep_dropped` what is dropped survives as rejected examples. The stage's results say how many of every department
    were dropped, and why: a department that loses many, such as toxicology, should be looked at.
    """

    version: ClassVar[str] = "5"
    reads: ClassVar[tuple[str, ...]] = ("text", "safety", "department")

    cues: float = Field(2, gt=0, description="salesmanship that makes an advertisement, about one for each act")
    refuse: tuple[str, ...] = Field(REFUSED, description="safety labels to drop")

    def phases(self) -> tuple[Phase, ...]:
        (rows,) = super().phases()
        return rows, Phase("departments", lambda job: [0], self._departments)

    def _run(self, task: "Task") -> dict[str, Any]:
        counts: Counter[tuple[str, str]] = Counter()
        for batch in task.read(task.part):
            outcome = self.apply(batch)
            for identity, department in zip(batch["id"].to_pylist(), batch["department"].to_pylist(), strict=True):
                counts[department or NO_DEPARTMENT, outcome.dropped.get(identity, "kept")] += 1
            task.settle(batch, outcome)
        return {"counts": [[*key, count] for key, count in sorted(counts.items())]}

    def _departments(self, task: "Task") -> dict[str, Any]:
        found: dict[str, Counter[str]] = {}
        for commit in task.commits("rows"):
            for department, outcome, count in commit.result["counts"]:
                found.setdefault(department, Counter())[outcome] += count
        return {
            department: {"share_dropped": round(1 - counts["kept"] / counts.total(), 6), **dict(sorted(counts.items()))}
            for department, counts in sorted(found.items())
        }

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
