"""The stage that leaves one of each set of records with equal text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from datagen.record import ids_as_bytes
from datagen.stage import Phase
from dedup.bands import equal_edges
from dedup.columns import CONTENT, Writer, fixed
from dedup.edges import pack, write_edges
from dedup.merging import Merging

if TYPE_CHECKING:
    from datagen.task import Job, Task

EQUAL_BYTES = 80
"""What a document takes while equal keys are looked for."""
_CONTENT = pa.schema([pa.field(CONTENT, pa.binary(16), False)])


class ExactDedup(Merging):
    """Merges records whose text is equal but for case, width and white space, across all inputs.

    Of equal records the best stays (value, then length, then id) with `duplicates` counting all copies; the others are
    merged into it. Records equal to one in the test split are test, then validation.
    """

    def edges(self) -> tuple[tuple[Phase, ...], tuple[tuple[str, str], ...]]:
        finding = (Phase("keys", lambda job: job.part_keys(), self._keys), equal_phase(self, CONTENT))
        return finding, (("equal", CONTENT),)

    def _keys(self, task: Task) -> int:
        with task.open_file("keys.arrow") as file:
            writer = Writer(file, _CONTENT)
            for rows in task.read(task.part, ["content"]):
                writer.write(pa.table([fixed(ids_as_bytes(rows["content"]))], schema=_CONTENT))
            writer.close()
        return writer.rows


def equal_phase(stage: Merging, *names: str) -> Phase:
    """Finds documents of which a column of 128 bits is equal, in ranges of its values."""

    def plan(job: Job) -> list[list]:
        pieces = 1 + len(stage.columns(job)) * EQUAL_BYTES // stage.memory
        return [[name, piece, pieces] for name in names for piece in range(pieces)]

    def run(task: Task) -> None:
        name, piece, pieces = task.shard
        columns = stage.columns(task.job)
        keys, documents = [np.empty((0, 2), np.uint64)], [np.empty(0, np.int64)]
        for first, values in columns.chunks(name):
            mine = np.flatnonzero(in_piece(values[:, 0], piece, pieces) & stage.comparable(name, values))
            keys.append(values[mine])
            documents.append(first + mine)
        packed = pack(equal_edges(np.concatenate(keys).T, np.concatenate(documents)))
        packed.sort()
        write_edges(task, name, packed, len(columns))

    return Phase("equal", plan, run)


def in_piece(keys: np.ndarray, piece: int, pieces: int) -> np.ndarray:
    """Which keys, uint64, lie in one of the equal ranges that all keys are cut into."""
    return (keys >> np.uint64(32)) * np.uint64(pieces) >> np.uint64(32) == piece
