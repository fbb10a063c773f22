"""Supervised fine-tuning: dialogues packed with sample masks, the loss on what the assistant says alone."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from training_bridge.align.aligner import Aligner, Given, usable
from training_bridge.align.batch import Packed, assemble_said
from training_bridge.align.config import SFTConfig
from training_bridge.align.dialogue import Tokens, encode, text_ids
from training_bridge.batches import Shuffled
from training_bridge.losses import PackedLoss
from training_bridge.packing import plan

BREAK = "\n\n"
TRIES = 16


class SFT(Aligner):
    """Baichuan-M1 report, section 5.1. The mean is over the assistant's tokens of the whole step."""

    name = "sft"

    def __init__(self, config: SFTConfig, given: Given) -> None:
        dtype = getattr(torch, config.precision)
        super().__init__(PackedLoss(given.policy(), chunk_tokens=config.loss_chunk_tokens, dtype=dtype), config, given)
        found, self.data = dialogues(config, given)
        self.rows = packed(found, config.max_tokens)
        self.order = Shuffled(len(self.rows), (config.seed,))
        self.steps = math.ceil(config.rounds * len(self.rows) / config.batch)

    def step(self) -> tuple[dict[str, Any], np.ndarray]:
        config = self.config
        first = self.progress.step * config.batch
        rows = [self.rows[self.order[n]] for n in range(first, first + config.batch)]
        targets = max(1, sum(row.targets for row in rows))
        mine, micro = self.ranks.share(rows), config.micro_batch
        batches = (
            assemble_said(mine[start : start + micro], self.pad, config.max_tokens)
            for start in range(0, len(mine), micro)
        )
        loss = self.ranks.total(self.accumulate(batches, self.ranks.world / targets)) / targets
        return self.finish(loss, np.concatenate([row.lengths for row in rows]), learnt=targets)


def dialogues(config: SFTConfig, given: Given) -> tuple[list[Tokens], dict[str, int]]:
    """The train split's, those that fit; a share of them with random documents before and behind the question, up to
    `max_tokens`, as the report makes long samples."""
    draw = np.random.default_rng([config.seed, 1])
    paragraph = text_ids(given.tokenizer, BREAK)

    def encoded(row: dict[str, Any]) -> Tokens | None:
        dialogue = encode(given.tokenizer, row["messages"])
        room = config.max_tokens - len(dialogue.ids)
        if room < 0 or not given.documents or draw.random() >= config.surrounded:
            return None if room < 0 else dialogue
        ahead = int(draw.integers(room + 1))
        before = _filled(draw, given.documents, ahead, lambda document: [document, paragraph])
        after = _filled(draw, given.documents, room - ahead, lambda document: [paragraph, document])
        return encode(given.tokenizer, row["messages"], around=(before, after))

    return usable(given.rows("sft"), encoded, f"dialogue of at most {config.max_tokens} tokens")


def packed(documents: Sequence[Tokens], sequence_length: int) -> list[Packed]:
    """Documents, none longer than `sequence_length`, in as few rows as best fit finds."""
    layout = plan([len(d.ids) for d in documents], sequence_length)
    together: list[list[Tokens]] = [[] for _ in range(layout.sequences)]
    for document, sequence in zip(layout.document, layout.sequence, strict=True):
        together[sequence].append(documents[document])
    return [Packed.of(found) for found in together]


def _filled(draw: np.random.Generator, documents: Sequence[np.ndarray], room: int, joined: Any) -> np.ndarray:
    """Random documents, whole, one after the other, as many of some tries as there is room for."""
    found: list[np.ndarray] = [np.empty(0, np.int32)]
    for number in draw.integers(len(documents), size=TRIES):
        parts = joined(documents[number])
        size = sum(map(len, parts))
        if size <= room:
            found += parts
            room -= size
    return np.concatenate(found)
