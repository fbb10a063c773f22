"""Proximal policy optimization: answers are sampled, judged, and learnt from a few times over."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from training_bridge.align.actor_critic import ActorCritic, Lesson, PPOLoss
from training_bridge.align.aligner import Given, usable
from training_bridge.align.batch import Packed, assemble_said, spoken
from training_bridge.align.config import PPOConfig
from training_bridge.align.dialogue import encode, question
from training_bridge.align.losses import gae
from training_bridge.align.rollout import Rollout
from training_bridge.align.sampling import Sampling
from training_bridge.batches import Batch
from training_bridge.distributed import whole
from training_bridge.m1 import BaichuanM1ForCausalLM

KL_RANGE, KL_HORIZON = 0.2, 0.1
"""Of the proportional controller (Ziegler et al., arXiv 1909.08593, section 2.2)."""


class Asked(NamedTuple):
    """`row` is of the view `verifiable`, or a question without a checker."""

    id: str
    prompt: np.ndarray
    row: dict[str, Any]
    end: None = None


class PPO(Sampling[Asked]):
    """Questions of the train split. A step samples and judges `batch` times `samples` answers and takes `epochs` times
    `minibatches` updates; checkpoints lie between steps.

    The reward of an answer, less `length_penalty` as far as it is too long, sits on its last token (EOS, where it
    found an end); every token pays `kl` times log pi - log pi_ref.
    """

    name = "ppo"

    def __init__(self, config: PPOConfig, given: Given) -> None:
        policy, dtype = ActorCritic.of(given.policy()), getattr(torch, config.precision)
        loss = PPOLoss(policy, given.reference(config), config, dtype)
        found, self.data = questions(config, given)
        super().__init__(loss, config, given, found)
        self.kl = config.kl
        if config.batch % (config.minibatches * config.micro_batch * self.ranks.world):
            raise ValueError(
                f"batch {config.batch} is not a multiple of {config.minibatches} minibatches of micro_batch "
                f"{config.micro_batch} on {self.ranks.world} ranks"
            )

    def step(self) -> tuple[dict[str, Any], np.ndarray]:
        config = self.config
        asked, first = self.asked()
        rollouts, rewards = self.answers(asked, first, self._rewards)
        # Every minibatches-th question is of the same minibatch, on however many ranks; whole minibatches in a row.
        order = [
            n * config.samples + k
            for m in range(config.minibatches)
            for n in range(m, len(asked), config.minibatches)
            for k in range(config.samples)
        ]
        rollouts, rewards = [rollouts[n] for n in order], [rewards[n] for n in order]
        rows = [_row(rollout) for rollout in rollouts]
        size = config.micro_batch * config.samples
        parts = [rows[start : start + size] for start in range(0, len(rows), size)]
        batches = [assemble_said(part, self.pad) for part in parts]
        penalties = [self._penalty(rollout) for rollout in rollouts]
        worth = np.array(rewards) - penalties
        lessons, divergence = self._lessons(batches, worth)

        lengths = self.everyone([len(row.ids) for row in rows]).astype(np.int64)
        lr = self.advance(lengths)
        told = self._updates(lessons, lr)
        figures = {
            "reward": self.everyone(rewards).mean(),
            "penalty": self.everyone(penalties).mean(),
            "kl": divergence,
            "kl_weight": self.kl,
            "length": self.everyone([len(rollout.response) for rollout in rollouts]).mean(),
            "ended": self.everyone([rollout.ended for rollout in rollouts]).mean(),
        }
        if config.kl_target is not None:
            error = np.clip(divergence / config.kl_target - 1, -KL_RANGE, KL_RANGE)
            self.kl *= float(1 + KL_HORIZON * error)
        return self.described(told.pop("loss"), lr, told.pop("norm"), told.pop("skipped"), figures | told), lengths

    def _rewards(self, asked: Sequence[Asked], rollouts: Sequence[Rollout], texts: Sequence[str]) -> list[float]:
        return [verdict.value for verdict in self.given.judge([a.row for a in asked], texts)]

    def _penalty(self, rollout: Rollout) -> float:
        """Nothing up to `soft_tokens`, all of it at the end of the room."""
        config = self.config
        over = (len(rollout.response) - config.soft_tokens) / (config.max_new_tokens - config.soft_tokens)
        return config.length_penalty * min(1.0, max(0.0, over))

    def _lessons(self, batches: Sequence[Batch], worth: np.ndarray) -> tuple[list[Lesson], float]:
        """What is known of the answers before they are learnt from, advantages with mean 0 and deviation 1 over all
        ranks; and how far, in nats per answer, they are from the reference's."""
        config, found, total, first = self.config, [], 0.0, 0
        for batch in batches:
            batch = batch.to(self.ranks.device)
            with torch.no_grad():
                logprobs, values, reference = self.loss(Lesson(batch, None))
            rows, places, _ = spoken(batch.targets)
            apart = logprobs - reference
            total += apart.double().sum().item()
            rewards = torch.zeros_like(batch.targets, dtype=torch.float32)
            rewards[rows, places] = -self.kl * apart
            last = places.new_zeros(len(batch.targets)).scatter_reduce(0, rows, places, "amax")
            mine = torch.from_numpy(worth[first : first + len(last)]).to(rewards)
            rewards[torch.arange(len(last), device=last.device), last] += mine
            first += len(last)
            table = torch.zeros_like(rewards)
            table[rows, places] = values
            mask = torch.zeros_like(rewards, dtype=torch.bool)
            mask[rows, places] = True
            advantages, returns = (t[rows, places] for t in gae(rewards, table, mask, config.gamma, config.lam))
            found.append(Lesson(batch, torch.stack([logprobs, values, advantages, returns])))
        known = torch.cat([lesson.known[2] for lesson in found]).double()
        counted = torch.stack([torch.ones_like(known).sum(), known.sum(), known.square().sum()])
        count, mean, square = self.ranks.totals(counted).tolist()
        mean, deviation = mean / count, max(square / count - (mean / count) ** 2, 1e-8) ** 0.5
        for lesson in found:
            lesson.known[2].sub_(mean).div_(deviation)
        answers = self.ranks.total(torch.tensor(float(len(worth)), device=self.ranks.device))
        return found, self.ranks.total(torch.tensor(total, device=self.ranks.device)) / answers

    def _updates(self, lessons: list[Lesson], lr: float) -> dict[str, Any]:
        """All updates of a step; means over them, and what the first one found, when nothing had changed yet."""
        config, rows = self.config, []
        size = len(lessons) // config.minibatches
        for _ in range(config.epochs):
            for start in range(0, len(lessons), size):
                part = lessons[start : start + size]
                mine = torch.tensor(float(sum(lesson.known.shape[1] for lesson in part)), device=self.ranks.device)
                tokens = self.ranks.total(mine)
                sums = self.ranks.totals(self.accumulate(part, self.ranks.world / tokens)) / tokens
                rows.append([*sums.tolist(), *self.apply(lr)])
        loss, policy, value, _, clipped, moved, norm, skipped = np.mean(np.array(rows, float), axis=0).tolist()
        return {
            "loss": loss,
            "norm": norm,
            "skipped": skipped == 1,
            "policy_loss": policy,
            "value_loss": value,
            "clip_fraction": clipped,
            "kl_old": moved,
            "first_ratio": rows[0][3],
            "first_clip_fraction": rows[0][4],
        }

    def state(self) -> dict[str, Any]:
        return super().state() | {"kl": self.kl}

    def load_state(self, state: dict[str, Any]) -> None:
        super().load_state(state)
        self.kl = state["kl"]

    def finished(self) -> BaichuanM1ForCausalLM | None:
        complete = whole(self.model, self.ranks)
        return None if complete is None else complete.policy()


def _row(rollout: Rollout) -> Packed:
    ids = np.concatenate([rollout.prompt, rollout.response])
    return Packed(ids, np.array([len(ids)]), np.arange(len(ids)) >= len(rollout.prompt))


def questions(config: PPOConfig, given: Given) -> tuple[list[Asked], dict[str, int]]:
    """Those of the train split that can be judged and leave room for an answer: all with a checker and, where there is
    a reward model, those of the view `sft` without one."""
    rows = given.rows("verifiable")
    if given.judge.scorer is not None:
        known = {row["prompt"] for row in rows}
        open_ = (row for row in given.rows("sft") if len(row["messages"]) == 2)
        asked = ({"id": row["id"], "prompt": row["messages"][0]["content"]} for row in open_)
        rows += [row for row in asked if row["prompt"] not in known]
    given.judge.require(rows)

    def encoded(row: dict[str, Any]) -> Asked | None:
        prompt = encode(given.tokenizer, question(row["prompt"]), answered=False).ids
        return Asked(row["id"], prompt, row) if len(prompt) + config.max_new_tokens <= config.max_tokens else None

    return usable(rows, encoded, "question that can be judged and fits")
