"""Packed sequences as training batches, in an order whose whole state is one integer."""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import torch

from training_bridge.packing import PACKED_SCHEMA

IGNORED = -100


class Batch(NamedTuple):
    """Three int64 tensors [sequences, sequence_length]: positions restart at each document and at the
    padding, targets are the next token and `IGNORED` at a document's last token and on padding.
    """

    input_ids: torch.Tensor
    position_ids: torch.Tensor
    targets: torch.Tensor


def assemble(rows: Sequence[tuple[np.ndarray, np.ndarray]], sequence_length: int, pad: int) -> Batch:
    """Rows of (tokens, document lengths), padded on the right to `sequence_length`."""
    ids = np.full((len(rows), sequence_length), pad, dtype=np.int64)
    positions = np.zeros_like(ids)
    targets = np.full_like(ids, IGNORED)
    for row, (tokens, lengths) in enumerate(rows):
        spans = np.append(lengths, sequence_length - len(tokens))
        ends = np.cumsum(spans)
        positions[row] = np.arange(sequence_length) - np.repeat(ends - spans, spans)
        ids[row, : len(tokens)] = tokens
        targets[row, : len(tokens) - 1] = tokens[1:]
        targets[row, ends[:-1] - 1] = IGNORED
    return Batch(*(torch.from_numpy(array) for array in (ids, positions, targets)))


class Batches:
    """The rows of one stage. Row `n` of the endless stream is the (n mod rows)-th of epoch n // rows, whose
    order is a permutation seeded by `seed` and the epoch: nothing to save but `n`.

    Raises ValueError for a table that is not of `PACKED_SCHEMA`, is empty, or does not fit `sequence_length`
    and `vocab_size`.
    """

    def __init__(
        self, table: pa.Table, *, sequence_length: int, vocab_size: int, pad: int, seed: Sequence[int]
    ) -> None:
        if not table.schema.equals(PACKED_SCHEMA):
            raise ValueError(f"packed sequences need the schema\n{PACKED_SCHEMA}\nand have\n{table.schema}")
        if not len(table):
            raise ValueError("there are no packed sequences to train on")
        self.sequence_length = sequence_length
        self.pad = pad
        self.seed = tuple(seed)
        self.tokens, self.token_offsets = _flat(table["input_ids"])
        self.lengths, self.length_offsets = _flat(table["document_lengths"])
        row_tokens = np.diff(self.token_offsets)
        covered = np.concatenate([[0], np.cumsum(self.lengths, dtype=np.int64)])[self.length_offsets]
        if row_tokens.max() > sequence_length:
            raise ValueError(f"a sequence has {row_tokens.max()} tokens, the stage's length is {sequence_length}")
        if (np.diff(covered) != row_tokens).any() or (self.lengths < 1).any():
            raise ValueError("document_lengths don't add up to the tokens of their sequence")
        if self.tokens.min() < 0 or self.tokens.max() >= vocab_size:
            raise ValueError(f"token ids reach {self.tokens.max()}, the model has {vocab_size}")
        self._epoch, self._order = -1, np.empty(0, dtype=np.int64)

    def __len__(self) -> int:
        return len(self.token_offsets) - 1

    @property
    def sha256(self) -> str:
        digest = hashlib.sha256()
        for array in (self.tokens, self.token_offsets, self.lengths, self.length_offsets):
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()

    def rows(self, first: int, count: int) -> list[tuple[np.ndarray, np.ndarray]]:
        """Rows `first` to `first + count` of the stream."""
        return [self._row(n) for n in range(first, first + count)]

    def _row(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        epoch, place = divmod(n, len(self))
        if epoch != self._epoch:
            self._order = np.random.default_rng([*self.seed, epoch]).permutation(len(self))
            self._epoch = epoch
        row = self._order[place]
        return (
            self.tokens[self.token_offsets[row] : self.token_offsets[row + 1]],
            self.lengths[self.length_offsets[row] : self.length_offsets[row + 1]],
        )


def _flat(column: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """Values and offsets, offsets from 0."""
    array = column.combine_chunks()
    if array.null_count or array.flatten().null_count:
        raise ValueError("packed sequences may not hold nulls")
    offsets = array.offsets.to_numpy()
    return array.flatten().to_numpy(), offsets - offsets[0]
