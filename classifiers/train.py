"""The stage that trains a classifier."""

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from classifiers.examples import CONFIDENCE, gather, merge
from classifiers.learn import learn
from classifiers.model import TAXONOMIES
from datagen.stage import Phase, Stage
from datagen.taxonomy import load_taxonomy

if TYPE_CHECKING:
    from datagen.task import Task

COLUMNS = ("id", "group", "split", "text", "language", "license", "access", "synthetic")


class TrainClassifier(Stage):
    """Trains a fastText classifier on rows of the train split that carry a label from their source.

    Departments are also learnt from rows whose terms point one way, and from the terms themselves, so that all of them
    are known in English and Chinese before the first labelled row. Calibrated by cross-fitting and measured on the
    validation split: the model's `card.md` says how well it does. Synthetic rows are not used.
    """

    publishes: ClassVar[str] = "classifier"
    reads: ClassVar[tuple[str, ...]] = COLUMNS

    target: Literal["department", "content_type"] = Field(
        "department", description="the column whose labels are learnt"
    )
    weak_labels: bool = Field(True, description="for departments: also learn from unlabelled rows with clear terms")
    per_label: int = Field(1000, ge=1, description="most rows used per label and language")
    threshold: float = Field(0.3, ge=0, lt=1, description="confidence below which the classifier abstains (UNK)")
    seed: int = Field(0, ge=0, description="of the choice of rows, their order and the first weights")

    def phases(self) -> tuple[Phase, ...]:
        return (
            Phase("gather", lambda job: job.part_keys(), self._gather),
            Phase("train", lambda job: [0], self._train, publishes=True),
        )

    def _gather(self, task: "Task") -> None:
        departments = self.target == "department"
        there = task.job.store.parquet(task.part.path).schema_arrow.names
        columns = [*COLUMNS, self.target, *([CONFIDENCE] if departments and CONFIDENCE in there else [])]
        codes = frozenset(load_taxonomy(TAXONOMIES[self.target]).codes)
        rows = task.read(task.part, columns)
        examples = gather(rows, self.target, codes, self.weak_labels and departments, self.per_label, self.seed)
        task.write("examples", examples)

    def _train(self, task: "Task") -> dict[str, Any]:
        paths = [path for commit in task.commits("gather") for path in commit.paths("examples")]
        tables = (task.job.store.parquet(path).read() for path in paths)
        chosen = merge(tables, self.per_label, self.seed)
        learnt = learn(chosen, self.target, self.threshold, self.seed)
        for name, data in learnt.files.items():
            task.write_file(name, data)
        counts = {kind: len(rows) for kind, rows in chosen.items()}
        return {"rows": counts, "held_out": learnt.held_out, "confusion": learnt.confusion}
