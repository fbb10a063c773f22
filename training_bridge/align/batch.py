"""Sequences as batches whose targets are what the assistant says."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from training_bridge.align.dialogue import Tokens
from training_bridge.batches import IGNORED, Batch, assemble


class Packed(NamedTuple):
    """Documents in one row: tokens int32 [n], their lengths, and which tokens the assistant says: bool [n]."""

    ids: np.ndarray
    lengths: np.ndarray
    said: np.ndarray

    @staticmethod
    def of(documents: Sequence[Tokens]) -> "Packed":
        return Packed(
            np.concatenate([d.ids for d in documents]),
            np.array([len(d.ids) for d in documents]),
            np.concatenate([d.said for d in documents]),
        )

    @property
    def targets(self) -> int:
        """Tokens that are learnt: those said, but for a document's first, which nothing goes before."""
        starts = np.cumsum(self.lengths) - self.lengths
        return int(self.said.sum() - self.said[starts].sum())


def assemble_said(rows: Sequence[Packed], pad: int, length: int | None = None) -> Batch:
    """As `batches.assemble`, with targets where the assistant speaks alone; as long as the longest row, or `length`."""
    length = length or max(len(row.ids) for row in rows)
    batch = assemble([(row.ids, row.lengths) for row in rows], length, pad)
    said = np.zeros(batch.targets.shape, bool)
    for number, row in enumerate(rows):
        said[number, : len(row.said) - 1] = row.said[1:]
    batch = batch._replace(targets=torch.where(torch.from_numpy(said), batch.targets, IGNORED))
    if all(len(row.lengths) == 1 for row in rows):
        # What comes behind its only document can't be seen from it: attention needs no mask but the causal one.
        return batch._replace(position_ids=torch.arange(length).expand(len(rows), -1))
    return batch


def spoken(targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Row, place and target of each token that is learnt: three [n], row by row."""
    rows, places = (targets != IGNORED).nonzero(as_tuple=True)
    return rows, places, targets[rows, places]
