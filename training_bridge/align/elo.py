"""Exploratory Log-likelihood Optimization: the policy's own chains of thought, worth what they make of the answer."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from training_bridge.align.aligner import Given, usable
from training_bridge.align.batch import Packed, assemble_said, spoken
from training_bridge.align.config import ELOConfig
from training_bridge.align.dialogue import encode, text_ids
from training_bridge.align.losses import by_row, elo_loss
from training_bridge.align.rollout import Rollout
from training_bridge.align.sampling import Sampling
from training_bridge.align.scores import head_scores
from training_bridge.batches import Batch
from training_bridge.losses import PolicyLoss, hidden_states
from training_bridge.m1 import BaichuanM1ForCausalLM


class Asked(NamedTuple):
    """A question with its reference answer, from the colon on, and the word before it, which ends a thought; all but id
    and word are tokens, int32."""

    id: str
    prompt: np.ndarray
    end: str
    forced: np.ndarray
    """The word on a line of its own, for a thought that did not come to it."""
    answer: np.ndarray


class Thoughts(NamedTuple):
    """A batch of sequences question, thought, separator, answer: K to a question. `answering` marks the targets that
    belong to the answer: bool, the shape of the batch."""

    batch: Batch
    answering: torch.Tensor

    def to(self, device: torch.device) -> "Thoughts":
        return Thoughts(self.batch.to(device), self.answering.to(device))


class ELOLoss(PolicyLoss):
    """Thoughts to the sums over questions of: loss, reward (log-likelihood of the answer) and the thoughts' KL from the
    reference, both a question's mean."""

    def __init__(
        self,
        model: BaichuanM1ForCausalLM,
        reference: BaichuanM1ForCausalLM | None,
        config: ELOConfig,
        dtype: torch.dtype,
    ) -> None:
        super().__init__(model, chunk_tokens=config.loss_chunk_tokens, dtype=dtype)
        self.reference = reference
        self.config = config

    def forward(self, thoughts: Thoughts) -> torch.Tensor:
        config, batch = self.config, thoughts.batch
        rows, places, targets = spoken(batch.targets)
        with self.products():
            compared = None
            if self.reference is not None:
                with torch.no_grad():
                    compared = (hidden_states(self.reference, batch)[rows, places], self.reference.lm_head.weight)
            hidden = hidden_states(self.model, batch)[rows, places]
            scores = head_scores(hidden, self.model.lm_head.weight, targets, compared, chunk_tokens=self.chunk_tokens)
        answering = thoughts.answering[rows, places]
        count, shape = len(batch.targets), (-1, config.samples)
        thought = by_row(scores.logprobs * ~answering, rows, count)
        reference = by_row(scores.reference * ~answering, rows, count)
        reward = by_row(scores.logprobs * answering, rows, count)
        if config.per_token:
            reward = reward / by_row(answering.float(), rows, count).clamp_min(1)
        loss = elo_loss(
            thought.view(shape),
            reward.view(shape),
            pathwise=config.pathwise,
            reference_logprobs=reference.view(shape),
            kl=config.kl,
        )
        questions = count // config.samples
        divergence = (thought - reference if self.reference is not None else torch.zeros_like(thought)).detach()
        return torch.stack(
            [loss * questions, reward.detach().sum() / config.samples, divergence.sum() / config.samples]
        )


class ELO(Sampling[Asked]):
    """Rows of the train split's `sft` view whose last answer reasons first and then concludes."""

    name = "elo"

    def __init__(self, config: ELOConfig, given: Given) -> None:
        reference = given.reference(config) if config.kl else None
        loss = ELOLoss(given.policy(), reference, config, getattr(torch, config.precision))
        found, self.data = questions(config, given)
        super().__init__(loss, config, given, found)

    def step(self) -> tuple[dict[str, Any], np.ndarray]:
        config = self.config
        asked, first = self.asked()
        rollouts, _ = self.answers(asked, first)
        thoughts = [(asked[n // config.samples], rollout) for n, rollout in enumerate(rollouts)]
        size = config.micro_batch * config.samples
        batches = (self._assembled(thoughts[start : start + size]) for start in range(0, len(thoughts), size))
        sums = self.ranks.totals(self.accumulate(batches, self.ranks.world / config.batch)) / config.batch
        loss, reward, divergence = sums.tolist()
        figures = {
            "reward": reward,
            "kl": divergence,
            "length": self.everyone([len(rollout.response) for rollout in rollouts]).mean(),
            "ended": self.everyone([rollout.ended for rollout in rollouts]).mean(),
        }
        lengths = self.everyone([sum(map(len, _parts(*thought, self.stops))) for thought in thoughts])
        return self.finish(loss, lengths.astype(np.int64), **figures)

    def _assembled(self, thoughts: Sequence[tuple[Asked, Rollout]]) -> Thoughts:
        rows, answering = [], []
        for thought in thoughts:
            parts = _parts(*thought, self.stops)
            sizes = [len(part) for part in parts]
            ids = np.concatenate(parts)
            rows.append(Packed(ids, np.array([len(ids)]), np.repeat([False, True, False, True], sizes)))
            answering.append(np.repeat([False, False, False, True], sizes))
        batch = assemble_said(rows, self.pad)
        marks = np.zeros(batch.targets.shape, bool)
        for row, mark in enumerate(answering):
            marks[row, : len(mark) - 1] = mark[1:]
        return Thoughts(batch, torch.from_numpy(marks))


def _parts(asked: Asked, rollout: Rollout, stops: Sequence[int]) -> tuple[np.ndarray, ...]:
    """Question; thought as it was drawn; what is put in where the thought did not come to its end word; answer.

    A thought that stopped without the word keeps its stop token: it was drawn too, and so the estimate stays exact.
    """
    concluded = rollout.ended and rollout.response[-1] not in stops
    return asked.prompt, rollout.response, asked.forced[: 0 if concluded else None], asked.answer


def questions(config: ELOConfig, given: Given) -> tuple[list[Asked], dict[str, int]]:
    """The train split's, those that fit with a thought of `max_new_tokens`."""
    conclusion = re.compile(rf"(?:^|\n)({'|'.join(map(re.escape, config.conclusions))})(?=\s*[:：])")

    def encoded(row: dict[str, Any]) -> Asked | None:
        *before, last = row["messages"]
        found = list(conclusion.finditer(last["content"]))
        if last["role"] != "assistant" or not found or not last["content"][: found[-1].start()].strip():
            return None
        word = found[-1]
        told = text_ids(given.tokenizer, last["content"][word.end() :])
        asked = Asked(
            row["id"],
            encode(given.tokenizer, before, answered=False).ids,
            word[1],
            text_ids(given.tokenizer, f"\n{word[1]}"),
            np.append(told, given.tokenizer.eos_token_id).astype(np.int32),
        )
        size = sum(map(len, (asked.prompt, asked.forced, asked.answer))) + config.max_new_tokens
        return asked if size <= config.max_tokens else None

    return usable(given.rows("sft"), encoded, "answer that fits and reasons before it concludes")
