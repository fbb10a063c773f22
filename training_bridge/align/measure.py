"""What a model answers to held-out questions: accuracy, reward, length, how far it went, and samples."""

import math
from typing import Any

import numpy as np
import torch

from training_bridge.align.aligner import Given, load
from training_bridge.align.batch import Packed, assemble_said, spoken
from training_bridge.align.config import AlignConfig
from training_bridge.align.dialogue import encode, question
from training_bridge.align.rollout import Rollout, generate
from training_bridge.align.scores import head_scores
from training_bridge.export import ends_of_turn
from training_bridge.losses import hidden_states
from training_bridge.m1 import BaichuanM1ForCausalLM

SPLIT = "validation"
SAMPLES = 8
Z = 1.96


def measure(model: BaichuanM1ForCausalLM, config: AlignConfig, given: Given) -> dict[str, Any]:
    """The likeliest answers to at most `heldout` questions of the validation split that a checker knows, those whose
    ids come first: ids are hashes. Intervals are of 95 %: Wilson's of shares, normal of means.

    `kl` is that of the answers' tokens under this model from the model that the method began with, nats per answer.
    """
    rows = given.rows("verifiable", SPLIT)[: config.heldout]
    prompts = [encode(given.tokenizer, question(row["prompt"]), answered=False).ids for row in rows]
    fitting = [n for n, prompt in enumerate(prompts) if len(prompt) + config.max_new_tokens <= config.max_tokens]
    rows, prompts = [rows[n] for n in fitting], [prompts[n] for n in fitting]
    if not rows:
        return {"questions": 0}
    rollouts = generate(
        model,
        given.tokenizer,
        prompts,
        max_new_tokens=config.max_new_tokens,
        stops=ends_of_turn(model, given.tokenizer),
        batch=config.generation_batch,
    )
    texts = given.tokenizer.batch_decode([rollout.response for rollout in rollouts], skip_special_tokens=True)
    verdicts = given.judge(rows, texts)
    right = [verdict.right for verdict in verdicts]
    return {
        "questions": len(rows),
        "accuracy": sum(right) / len(right),
        "accuracy_interval": wilson(sum(right), len(right)),
        "reward": float(np.mean([verdict.value for verdict in verdicts])),
        "reward_interval": interval([verdict.value for verdict in verdicts]),
        "length": float(np.mean([len(rollout.response) for rollout in rollouts])),
        "length_interval": interval([len(rollout.response) for rollout in rollouts]),
        "ended": float(np.mean([rollout.ended for rollout in rollouts])),
        "kl": divergence(model, load(given.model).eval().to(model.device), rollouts, config),
        "samples": [
            {"id": row["id"], "prompt": row["prompt"], "response": text, "right": verdict.right}
            for row, text, verdict in zip(rows[:SAMPLES], texts, verdicts, strict=False)
        ],
    }


@torch.no_grad()
def divergence(
    model: BaichuanM1ForCausalLM, start: BaichuanM1ForCausalLM, rollouts: list[Rollout], config: AlignConfig
) -> float:
    """KL(model || start) over the whole vocabulary at each token of the answers: nats, the mean over answers."""
    total = 0.0
    for first in range(0, len(rollouts), config.generation_batch):
        rows = []
        for rollout in rollouts[first : first + config.generation_batch]:
            ids = np.concatenate([rollout.prompt, rollout.response])
            rows.append(Packed(ids, np.array([len(ids)]), np.arange(len(ids)) >= len(rollout.prompt)))
        batch = assemble_said(rows, model.config.pad_token_id).to(model.device)
        where, places, targets = spoken(batch.targets)
        ours, theirs = (hidden_states(each, batch)[where, places] for each in (model, start))
        # The divergence is of the reference's distribution: here that is the model's.
        scores = head_scores(
            theirs,
            start.lm_head.weight,
            targets,
            (ours, model.lm_head.weight),
            chunk_tokens=config.loss_chunk_tokens,
        )
        total += scores.divergence.double().sum().item()
    return total / len(rollouts)


def wilson(hits: int, count: int) -> list[float]:
    share = hits / count
    middle = (share + Z * Z / (2 * count)) / (1 + Z * Z / count)
    half = Z * math.sqrt(share * (1 - share) / count + Z * Z / (4 * count * count)) / (1 + Z * Z / count)
    return [max(0.0, middle - half), min(1.0, middle + half)]


def interval(values: list[float]) -> list[float]:
    half = Z * float(np.std(values, ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else 0.0
    mean = float(np.mean(values))
    return [mean - half, mean + half]
