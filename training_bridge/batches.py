"""Packed sequences as training batches, in an order whose whole state is one integer."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import torch

from datagen.errors import UsageError
from training_bridge.packing import PACKED_SCHEMA

IGNORED = -100
BLOCK = 1000
Row = tuple[np.ndarray, np.ndarray]
"""Tokens and document lengths."""


class Batch(NamedTuple):
    """Three int64 tensors [sequences, sequence_length]: positions restart at each document and at the
    padding, targets are the next token and `IGNORED` at a document's last token and on padding.
    """

    input_ids: torch.Tensor
    position_ids: torch.Tensor
    targets: torch.Tensor

    def to(self, device: torch.device) -> "Batch":
        return Batch(*(tensor.to(device, non_blocking=True) for tensor in self))


def assemble(rows: Sequence[Row], sequence_length: int, pad: int) -> Batch:
    """Rows padded on the right to `sequence_length`."""
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


class Shuffled:
    """The numbers 0 to `count`, for ever: the n-th is the (n mod count)-th of epoch n // count, whose order is a
    permutation seeded by `seed` and the epoch."""

    def __init__(self, count: int, seed: Sequence[int]) -> None:
        self.count = count
        self.seed = tuple(seed)
        self._epoch, self._order = -1, np.empty(0, dtype=np.int64)

    def __getitem__(self, n: int) -> int:
        epoch, place = divmod(n, self.count)
        if epoch != self._epoch:
            self._order = np.random.default_rng([*self.seed, epoch]).permutation(self.count)
            self._epoch = epoch
        return int(self._order[place])


class Batches:
    """One table of packed sequences, to be read for ever in the order that `Shuffled` gives its rows. Those that were
    packed for a shorter length are joined, as many as always fit.

    Raises UsageError for a table that is not of `PACKED_SCHEMA`, is empty, or does not fit `sequence_length`
    and `vocab_size`.
    """

    def __init__(self, table: pa.Table, *, sequence_length: int, vocab_size: int, seed: Sequence[int]) -> None:
        if not table.schema.equals(PACKED_SCHEMA):
            raise UsageError(f"packed sequences need the schema\n{PACKED_SCHEMA}\nand have\n{table.schema}")
        if not len(table):
            raise UsageError("there are no packed sequences to train on")
        self.sequence_length = sequence_length
        self.tokens, self.token_offsets = _flat(table["input_ids"])
        self.lengths, self.length_offsets = _flat(table["document_lengths"])
        row_tokens = np.diff(self.token_offsets)
        covered = np.concatenate([[0], np.cumsum(self.lengths, dtype=np.int64)])[self.length_offsets]
        if row_tokens.max() > sequence_length:
            raise UsageError(f"a sequence has {row_tokens.max()} tokens, the stage's length is {sequence_length}")
        if (np.diff(covered) != row_tokens).any() or (self.lengths < 1).any():
            raise UsageError("document_lengths don't add up to the tokens of their sequence")
        if self.tokens.min() < 0 or self.tokens.max() >= vocab_size:
            raise UsageError(f"token ids reach {self.tokens.max()}, the model has {vocab_size}")
        self.joined = sequence_length // int(row_tokens.max())
        self.order = Shuffled(len(row_tokens), seed)

    def __len__(self) -> int:
        return len(self.token_offsets) - 1

    @property
    def sha256(self) -> str:
        digest = hashlib.sha256()
        for array in (self.tokens, self.token_offsets, self.lengths, self.length_offsets):
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()

    def rows(self, first: int, count: int) -> list[Row]:
        """Sequences `first` to `first + count`."""
        return [self._sequence(n) for n in range(first, first + count)]

    def _sequence(self, n: int) -> Row:
        parts = [self._row(n * self.joined + i) for i in range(self.joined)]
        tokens, lengths = zip(*parts, strict=True)
        return parts[0] if len(parts) == 1 else (np.concatenate(tokens), np.concatenate(lengths))

    def _row(self, n: int) -> Row:
        row = self.order[n]
        return (
            self.tokens[self.token_offsets[row] : self.token_offsets[row + 1]],
            self.lengths[self.length_offsets[row] : self.length_offsets[row + 1]],
        )


class Mixture:
    """The sequences of one curriculum stage, drawn from several `Batches` by their shares: nothing to save but how many
    were read.

    Each block of 1,000 holds every part's share of it, to the nearest sequence, in an order seeded by `seed` and the
    block. A part's own sequences come in its own order.
    """

    def __init__(self, parts: Mapping[str, Batches], shares: Mapping[str, float], *, seed: Sequence[int]) -> None:
        self.parts = [parts[name] for name in shares]
        self.seed = tuple(seed)
        # Largest remainders, so that a block is full.
        exact = np.array([share * BLOCK for share in shares.values()])
        self.counts = exact.astype(np.int64)
        missing = BLOCK - int(self.counts.sum())
        self.counts[np.argsort(self.counts - exact, kind="stable")[:missing]] += 1
        self._block, self._part, self._place = -1, np.empty(0, np.int64), np.empty(0, np.int64)

    def rows(self, first: int, count: int) -> list[Row]:
        """Sequences `first` to `first + count`."""
        return [self._sequence(n) for n in range(first, first + count)]

    def _sequence(self, n: int) -> Row:
        block, place = divmod(n, BLOCK)
        if block != self._block:
            parts = np.repeat(np.arange(len(self.parts)), self.counts)
            self._part = np.random.default_rng([*self.seed, block]).permutation(parts)
            self._place = np.empty(BLOCK, np.int64)
            for part, size in enumerate(self.counts):
                self._place[self._part == part] = block * size + np.arange(size)
            self._block = block
        return self.parts[self._part[place]].rows(int(self._place[place]), 1)[0]


def _flat(column: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """Values and offsets, offsets from 0."""
    array = column.combine_chunks()
    if array.null_count or array.flatten().null_count:
        raise ValueError("packed sequences may not hold nulls")
    offsets = array.offsets.to_numpy()
    return array.flatten().to_numpy(), offsets - offsets[0]
