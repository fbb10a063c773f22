"""Reading a source without a cluster: what its shards would settle."""

from dataclasses import dataclass
from pathlib import Path

from collectors.document import DocumentSource
from datagen.task import Job, Task

WIDE = str.maketrans(",:;()?!", "\uff0c\uff1a\uff1b\uff08\uff09\uff1f\uff01")
"""ASCII punctuation -> the full-width forms that Chinese text has."""


@dataclass(frozen=True)
class Read:
    """Everything that a source made of its input."""

    rows: list[dict]
    dropped: dict[str, str]
    quarantined: dict[str, str]

    @property
    def texts(self) -> list[str]:
        return [row["text"] for row in self.rows]


def read(source: DocumentSource, folder: Path) -> Read:
    """Read all items of a source, as one worker would. `folder` takes the work files."""
    items = tuple(source.items())
    job = Job(
        "here", source, "test", str(folder / "run"), "0", None, items=items, settings={"split": {}}, secret=b"key"
    )
    task = Task(job, "rows", 0, list(range(len(items))), folder / "scratch")
    rows, dropped, quarantined = [], {}, {}
    for item in items:
        for outcome in source.read(item, task):
            outcome.rows.validate(full=True)
            rows += outcome.rows.to_pylist()
            dropped |= outcome.dropped
            quarantined |= outcome.quarantined
    return Read([row for row in rows if row["id"] not in dropped], dropped, quarantined)
