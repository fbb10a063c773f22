"""The stage that trains a classifier."""

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from classifiers.examples import gather, merge
from classifiers.heads import HEADS, RATER, VALUE, Head
from classifiers.learn import learn
from datagen.stage import Phase, Stage

if TYPE_CHECKING:
    from datagen.task import Task

LABELLED = ("department", "content_type")
COLUMNS = ("id", "group", "split", "text", "language", "source", "license", "access", "synthetic", *LABELLED)


class TrainClassifier(Stage):
    """Trains one classifier for several columns, its heads, on rows of the train split that carry a label from their
    source: `department`, `content_type`, `category` (of world knowledge), and `medical` or not, which follows from the
    others; and `value` from rows that somebody has rated.

    Departments, categories and what is medical are also learnt from rows whose terms point one way, and from the terms
    themselves; content types from skeletons of such texts, each filled with terms of a department, which shows every
    department in every kind of text. So all of them are known in English and Chinese before the first labelled row.
    Calibrated by cross-fitting and measured on the validation split: the model's `card.md` says how well it does,
    `errors.jsonl` lists what it got wrong. Synthetic rows are not used.
    """

    version: ClassVar[str] = "6"
    publishes: ClassVar[str] = "classifier"
    reads: ClassVar[tuple[str, ...]] = COLUMNS

    heads: tuple[Literal["department", "content_type", "category", "medical", "value"], ...] = Field(
        ("department", "content_type", "category", "medical", "value"), min_length=1, description="what is learnt"
    )
    weak_labels: bool = Field(True, description="also learn from unlabelled rows with clear terms")
    per_label: int = Field(1000, ge=1, description="most rows used per label and language")
    coverage: float = Field(
        0.93, gt=0, le=1, description="share of labelled rows to answer for; of the least sure rest it abstains (UNK)"
    )
    seed: int = Field(0, ge=0, description="of the choice of rows and their order")

    def phases(self) -> tuple[Phase, ...]:
        return (
            Phase("gather", lambda job: job.part_keys(), self._gather),
            Phase("train", lambda job: [0], self._train, publishes=True),
        )

    def _gather(self, task: "Task") -> None:
        there = task.job.store.parquet(task.part.path).schema_arrow.names
        extra = ["category", VALUE, RATER, *(head.confidence for head in HEADS.values())]
        rows = task.read(task.part, [*COLUMNS, *(name for name in extra if name in there)])
        found = gather(rows, self._heads, self.weak_labels, self.per_label, self.seed, VALUE in self.heads)
        task.write("examples", found)

    def _train(self, task: "Task") -> dict[str, Any]:
        paths = [path for commit in task.commits("gather") for path in commit.paths("examples")]
        tables = (task.job.store.parquet(path).read() for path in paths)
        chosen = merge(tables, self._heads, self.per_label, self.seed)
        learnt = learn(chosen, self.coverage, self.seed)
        for name, data in learnt.files.items():
            task.write_file(name, data)
        rows = {name: {kind: len(found) for kind, found in kinds.items()} for name, kinds in chosen.items()}
        return {"rows": rows, "held_out": learnt.held_out, "confusion": learnt.confusion}

    @property
    def _heads(self) -> list[Head]:
        return [HEADS[name] for name in self.heads if name != VALUE]
