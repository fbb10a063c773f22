"""Rows sent from the shards of one phase to those of the next: an Arrow IPC file, a record batch for each addressee."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from dedup.columns import new_ipc, open_ipc

if TYPE_CHECKING:
    from datagen.task import Commit, Job, Task


def write_partitions(task: Task, name: str, rows: pa.Table, addressee: np.ndarray, count: int) -> None:
    """Write rows for the shards 0 to count - 1 of a later phase; addressee: int64, one per row."""
    order = np.argsort(addressee, kind="stable")
    bounds = np.searchsorted(addressee[order], np.arange(count + 1))
    rows = rows.take(pa.array(order)).combine_chunks()
    with task.open_file(f"{name}.arrow") as file, new_ipc(file, rows.schema) as writer:
        for first, last in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
            here = rows.slice(first, last - first).to_batches()
            writer.write_batch(here[0] if here else pa.RecordBatch.from_pylist([], rows.schema))


def read_partition(job: Job, phase: str, name: str, addressee: int) -> Iterator[pa.RecordBatch]:
    """What the shards of a phase have written for this addressee, in the order of the shards."""
    for commit in job.commits(phase):
        path = written(commit, f"{name}.arrow")
        if path is not None:
            yield open_ipc(job.store, path).get_batch(addressee)


def written(commit: Commit, name: str) -> str | None:
    """The path of a named file of a commit."""
    return next((file["path"] for file in commit.files.get("data", ()) if file["name"] == name), None)
