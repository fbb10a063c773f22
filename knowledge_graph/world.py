"""What compiled loops see of a graph, as one argument: arrays that all workers share, and memory of a call's own."""

from typing import NamedTuple

import numpy as np
from numba.core import types
from numba.core.types import float64, int8, int16, int32, int64, uint64

from datagen.compiled import read, write

SHARED_BY = 256
"""What more nodes than this share says nothing about which of them resemble each other."""


class World(NamedTuple):
    """What of a graph bundles are dealt from, over N nodes, E edges and R relations; lists of each node begin where
    its `starts` say. Arrays are read-only."""

    subject: np.ndarray
    object: np.ndarray
    relation: np.ndarray
    polarity: np.ndarray
    key: np.ndarray
    out: np.ndarray
    """Where each node's edges begin, which are sorted by object."""
    above_starts: np.ndarray
    above: np.ndarray
    """Nodes one step up by is_a."""
    below_starts: np.ndarray
    below: np.ndarray
    finding: np.ndarray
    """int8[R]: 1 for relations to what is found in a patient."""
    sharers: np.ndarray
    """int32[N]: how many edges show this node."""
    shown_starts: np.ndarray
    shown_by: np.ndarray
    """Subjects of the edges that show a node, where no more than SHARED_BY do."""
    telling_starts: np.ndarray
    telling: np.ndarray
    """Findings of each node by which it is compared with others: those that the fewest share."""
    kind: np.ndarray
    bits: np.ndarray
    """uint64[N]: who a node is, wherever it stands."""
    weight: np.ndarray
    peer_starts: np.ndarray
    peers: np.ndarray
    """Nodes of each kind that may be dealt for."""
    yes_starts: np.ndarray
    yes: np.ndarray
    """Affirmed edges of each anchor."""
    no_starts: np.ndarray
    no: np.ndarray
    """Excluded ones."""


_LIST = (read(int64), read(int32))
WORLD = types.NamedTuple(
    (
        *(read(int32), read(int32), read(int16), read(int8), read(uint64), read(int64)),
        *(*_LIST, *_LIST, read(int8), read(int32), *_LIST, *_LIST),
        *(read(int16), read(uint64), read(float64), *_LIST, *_LIST, *_LIST),
    ),
    World,
)


class Scratch(NamedTuple):
    """Memory of one call at a time, over N nodes: `seen` (int32) holds the stamp of the last search that met a node,
    `stamp` (int32[1]) the last one given out, `queue` (int32) is any, `score` (float64) is 0 between searches."""

    seen: np.ndarray
    stamp: np.ndarray
    queue: np.ndarray
    score: np.ndarray


SCRATCH = types.NamedTuple((write(int32), write(int32), write(int32), write(float64)), Scratch)
