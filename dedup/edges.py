"""Edges between documents as single numbers: the later document in the upper 32 bits, the earlier one in the lower."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from dedup.partitions import read_partition, write_partitions

if TYPE_CHECKING:
    from datagen.task import Job, Task

MOST = 1 << 32  # documents that can be numbered
_HALF = np.uint64(32)
_LOWER = np.uint64(MOST - 1)


def pack(edges: np.ndarray) -> np.ndarray:
    """uint64 (edges,) of int64 (edges, 2)."""
    return edges[:, 0].astype(np.uint64) << _HALF | edges[:, 1].astype(np.uint64)


def unpack(packed: np.ndarray) -> np.ndarray:
    """int64 (edges, 2) of uint64 (edges,)."""
    return np.stack([packed >> _HALF, packed & _LOWER], axis=1).astype(np.int64)


def distinct(numbers: np.ndarray) -> np.ndarray:
    """The different numbers in ascending order, sorted in place: numpy.unique hashes, which takes ten times as long."""
    numbers.sort()
    fresh = np.ones(len(numbers), bool)
    fresh[1:] = numbers[1:] != numbers[:-1]
    return numbers[fresh]


def write_edges(task: Task, name: str, packed: np.ndarray, documents: int, count: int = 1) -> None:
    """Write edges for `count` shards, each of which has an equal range of the later ones of all documents."""
    addressee = (packed >> _HALF).astype(np.int64) * count // max(documents, 1)
    write_partitions(task, name, pa.table({"edge": packed}), addressee, count)


def read_edges(job: Job, phase: str, name: str, addressee: int = 0) -> list[np.ndarray]:
    """Packed edges for one shard, an array from each shard of the phase that wrote some."""
    return [batch["edge"].to_numpy() for batch in read_partition(job, phase, name, addressee)]
