"""Token-level direct preference optimization: pairs of answers, and a reference that the policy stays near."""

import math
from typing import Any, NamedTuple

import numpy as np
import torch

from training_bridge.align.aligner import Aligner, Given, usable
from training_bridge.align.batch import Packed, assemble_said, spoken
from training_bridge.align.config import TDPOConfig
from training_bridge.align.dialogue import Tokens, answer, encode, text_ids
from training_bridge.align.losses import by_row, tdpo_objective
from training_bridge.align.scores import head_scores
from training_bridge.batches import Batch, Shuffled
from training_bridge.losses import PolicyLoss, hidden_states
from training_bridge.m1 import BaichuanM1ForCausalLM


class Pair(NamedTuple):
    chosen: Packed
    rejected: Packed


class TDPOLoss(PolicyLoss):
    """A batch of pairs, chosen rows first, to the sums over pairs of: loss, whether the chosen one is preferred, the
    implicit reward's margin, SeqKL of chosen and of rejected answers."""

    def __init__(
        self, model: BaichuanM1ForCausalLM, reference: BaichuanM1ForCausalLM, config: TDPOConfig, dtype: torch.dtype
    ) -> None:
        super().__init__(model, chunk_tokens=config.loss_chunk_tokens, dtype=dtype)
        self.reference = reference
        self.config = config

    def forward(self, batch: Batch) -> torch.Tensor:
        rows, places, targets = spoken(batch.targets)
        with self.products():
            with torch.no_grad():
                compared = hidden_states(self.reference, batch)[rows, places]
            scores = head_scores(
                hidden_states(self.model, batch)[rows, places],
                self.model.lm_head.weight,
                targets,
                (compared, self.reference.lm_head.weight),
                chunk_tokens=self.chunk_tokens,
            )
        count, config = len(batch.targets), self.config
        margins = by_row(scores.logprobs - scores.reference, rows, count)
        divergences = by_row(scores.divergence, rows, count)
        losses = tdpo_objective(margins, divergences, config.beta, config.alpha, config.variant)
        better = config.beta * (margins[: count // 2] - margins[count // 2 :])
        figures = [(better > 0).double(), better, *divergences.chunk(2)]
        return torch.stack([losses.sum(), *(figure.detach().sum() for figure in figures)])


class TDPO(Aligner):
    """Pairs of the train split, each answer with its prompt by the chat template; plain texts as pretraining has them.
    The reference is the model that the method began with."""

    name = "tdpo"

    def __init__(self, config: TDPOConfig, given: Given) -> None:
        dtype = getattr(torch, config.precision)
        super().__init__(TDPOLoss(given.policy(), given.reference(config), config, dtype), config, given)
        self.pairs, self.data = pairs(config, given)
        self.order = Shuffled(len(self.pairs), (config.seed,))
        self.steps = math.ceil(config.rounds * len(self.pairs) / config.batch)

    def step(self) -> tuple[dict[str, Any], np.ndarray]:
        config = self.config
        first = self.progress.step * config.batch
        found = [self.pairs[self.order[n]] for n in range(first, first + config.batch)]
        mine, micro = self.ranks.share(found), config.micro_batch
        batches = (_assembled(mine[start : start + micro], self.pad) for start in range(0, len(mine), micro))
        sums = self.ranks.totals(self.accumulate(batches, self.ranks.world / config.batch)) / config.batch
        loss, accuracy, margin, of_chosen, of_rejected = sums.tolist()
        lengths = np.concatenate([answer.lengths for pair in found for answer in pair])
        figures = {"accuracy": accuracy, "margin": margin, "kl": of_chosen, "kl_rejected": of_rejected}
        return self.finish(loss, lengths, **figures)


def pairs(config: TDPOConfig, given: Given) -> tuple[list[Pair], dict[str, int]]:
    """The train split's, those of which both answers fit."""

    def encoded(row: dict[str, Any]) -> Pair | None:
        answers = [_encoded(given, row["prompt"], row[side]) for side in ("chosen", "rejected")]
        fits = max(len(tokens.ids) for tokens in answers) <= config.max_tokens
        return Pair(*(Packed.of([tokens]) for tokens in answers)) if fits else None

    return usable(given.rows("preference"), encoded, f"pair of answers of at most {config.max_tokens} tokens")


def _encoded(given: Given, prompt: str, response: str) -> Tokens:
    if prompt:
        return encode(given.tokenizer, answer(prompt, response))
    bos, eos = given.tokenizer.bos_token_id, given.tokenizer.eos_token_id
    ids = np.concatenate([[bos], text_ids(given.tokenizer, response), [eos]]).astype(np.int32)
    return Tokens(ids, np.arange(len(ids)) > 0)


def _assembled(found: list[Pair], pad: int) -> Batch:
    return assemble_said([*(pair.chosen for pair in found), *(pair.rejected for pair in found)], pad)
