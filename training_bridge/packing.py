"""Documents to sequences of a fixed length: best-fit-decreasing, nothing truncated, boundaries kept."""

from collections.abc import Sequence
from dataclasses import dataclass

import numba
import numpy as np
import pyarrow as pa

from datagen.record import CURRICULA

PACKED_SCHEMA = pa.schema(
    [
        pa.field("input_ids", pa.list_(pa.int32()), nullable=False),
        pa.field("document_lengths", pa.list_(pa.int32()), nullable=False),
        pa.field("curriculum", pa.string(), nullable=False),
    ]
)


@dataclass(frozen=True, slots=True)
class Packing:
    """Where each piece of each document goes; int64 arrays of one length, ordered by sequence, then position.

    `document` indexes the input, `start` and `length` are tokens within it, `sequence` counts from 0.
    """

    document: np.ndarray
    start: np.ndarray
    length: np.ndarray
    sequence: np.ndarray
    sequence_length: int

    @property
    def sequences(self) -> int:
        return int(self.sequence[-1]) + 1 if len(self.sequence) else 0

    @property
    def tokens(self) -> int:
        return int(self.length.sum())

    @property
    def continuations(self) -> int:
        """Pieces that begin inside a document, because the document is longer than a sequence."""
        return int((self.start > 0).sum())

    @property
    def utilisation(self) -> float:
        """Tokens over the capacity of the sequences, 1.0 for no documents."""
        return self.tokens / (self.sequences * self.sequence_length) if self.sequences else 1.0


def plan(lengths: Sequence[int] | np.ndarray, sequence_length: int) -> Packing:
    """Places documents of the given lengths (in tokens) into as few sequences as best-fit-decreasing finds.

    Documents that fit stay whole; longer ones are cut at multiples of `sequence_length`. Pieces are taken
    longest first (ties by input order) and each goes to the fullest sequence with room for it: Ding et al.,
    "Fewer Truncations Improve Language Modeling" (ICML 2024). Takes O(pieces * log sequence_length); depends
    on nothing but its arguments.

    Raises ValueError for an empty document or a sequence length below 2.
    """
    lengths = np.asarray(lengths, dtype=np.int64)
    if sequence_length < 2:
        raise ValueError(f"sequence_length must be at least 2, got {sequence_length}")
    if (lengths < 1).any():
        raise ValueError(f"document {int(np.argmax(lengths < 1))} has no tokens")
    pieces = -(-lengths // sequence_length)
    document = np.repeat(np.arange(len(lengths)), pieces)
    number = np.arange(len(document)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    start = number * sequence_length
    length = np.minimum(lengths[document] - start, sequence_length)

    longest_first = np.argsort(-length, kind="stable")
    sequence = _best_fit(length[longest_first], sequence_length)
    by_sequence = np.argsort(sequence, kind="stable")
    order = longest_first[by_sequence]
    return Packing(document[order], start[order], length[order], sequence[by_sequence], sequence_length)


@numba.njit(cache=True)
def _best_fit(length: np.ndarray, capacity: int) -> np.ndarray:
    """Sequence number of each piece: the open sequence with the least sufficient room, else a new one."""
    leaves = 1
    while leaves <= capacity:
        leaves *= 2
    # A tree over rooms 0..capacity: tree[node] is the number of open sequences below the node. Those of one
    # room form a stack: top[room] is the newest, below[sequence] the one under it.
    tree = np.zeros(2 * leaves, dtype=np.int64)
    top = np.full(leaves, -1, dtype=np.int64)
    below = np.full(len(length), -1, dtype=np.int64)
    placed = np.empty(len(length), dtype=np.int64)
    opened = 0
    for piece in range(len(length)):
        need = length[piece]
        node = need + leaves
        if tree[node] == 0:
            # Climb until a right sibling has an open sequence, then descend to its smallest room.
            while node > 1 and (node % 2 == 1 or tree[node + 1] == 0):
                node //= 2
            if node > 1:
                node += 1
                while node < leaves:
                    node = 2 * node if tree[2 * node] > 0 else 2 * node + 1
        if node > 1:
            room = node - leaves
            sequence = top[room]
            top[room] = below[sequence]
            while node > 0:
                tree[node] -= 1
                node //= 2
        else:
            room = capacity
            sequence = opened
            opened += 1
        placed[piece] = sequence
        room -= need
        if room > 0:
            below[sequence] = top[room]
            top[room] = sequence
            node = room + leaves
            while node > 0:
                tree[node] += 1
                node //= 2
    return placed


def pack(documents: Sequence[np.ndarray], sequence_length: int, curriculum: str) -> tuple[pa.Table, Packing]:
    """Packs token arrays (1-D integers, int32 range) into a table of `PACKED_SCHEMA`, one row per sequence.

    Returns the table and the plan, whose `utilisation`, `tokens` and `continuations` are the figures to
    report. A continuation piece is a document of its own to the model: attention and convolution restart
    there. Raises ValueError for an unknown curriculum and as `plan` does.
    """
    if curriculum not in CURRICULA:
        raise ValueError(f"curriculum must be one of {', '.join(CURRICULA)}, got {curriculum!r}")
    packing = plan([len(document) for document in documents], sequence_length)
    ids = np.empty(packing.tokens, dtype=np.int32)
    ends = np.cumsum(packing.length)
    placements = zip(packing.document, packing.start, packing.length, ends, strict=True)
    for document, start, length, end in placements:
        ids[end - length : end] = documents[document][start : start + length]

    pieces_per_sequence = np.bincount(packing.sequence, minlength=packing.sequences)
    first_piece = np.concatenate([[0], np.cumsum(pieces_per_sequence)])
    first_token = np.concatenate([[0], ends])[first_piece]
    columns = [
        _list_array(first_token, ids),
        _list_array(first_piece, packing.length),
        pa.array([curriculum] * packing.sequences, pa.string()),
    ]
    return pa.table(columns, schema=PACKED_SCHEMA), packing


def _list_array(offsets: np.ndarray, values: np.ndarray) -> pa.ListArray:
    if len(values) > np.iinfo(np.int32).max:
        raise ValueError(f"{len(values)} tokens exceed one Arrow list array; pack in several calls")
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(values, pa.int32()))
