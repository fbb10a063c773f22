"""What learns: model, optimizer and guard, and one step of them."""

import copy
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from training_bridge.batches import Batch, Mixture, assemble
from training_bridge.checkpoint import MOMENTS
from training_bridge.config import CurriculumStage, LearningConfig, TrainConfig
from training_bridge.distributed import Ranks, full, parallelise, reduced
from training_bridge.guard import GradientGuard
from training_bridge.losses import PackedLoss, PolicyLoss
from training_bridge.m1 import BaichuanM1Config, BaichuanM1ForCausalLM
from training_bridge.schedule import wsd


@dataclass
class Progress:
    """Where a run stands; with weights, moments and guard all there is to resume."""

    step: int = 0
    applied: int = 0
    tokens: int = 0
    stage: int = 0
    stage_tokens: int = 0
    stage_sequences: int = 0


class Learner:
    """A model that learns by `loss`, and all that changes as it does: what pretraining and alignment share."""

    def __init__(self, loss: PolicyLoss, config: LearningConfig, ranks: Ranks) -> None:
        self.config = config
        self.ranks = ranks
        self.model = loss.model
        if config.activation_checkpointing:
            self.model.activation_checkpointing_enable()
        if config.compile:
            for layer in self.model.model.layers:
                layer.compile()
        self.loss = parallelise(loss, config.parallel, ranks)
        self.optimizer = adamw(self.model, config)
        self.guard = GradientGuard(config.guard, config.max_grad_norm)
        self.progress = Progress()

    def accumulate(self, batches: Iterable[Batch], scale: float) -> torch.Tensor:
        """Adds the gradient of `scale` times the loss, summed over this rank's micro-batches and averaged over ranks.

        Returns what the loss module returns, summed over the micro-batches: fp64, the loss first.
        """
        total = torch.zeros((), dtype=torch.float64, device=self.ranks.device)
        for batch, last in _with_last(batches):
            with reduced(self.loss, last=last):
                values = self.loss(batch.to(self.ranks.device))
                (values.view(-1)[0] * scale).backward()
            total = total + values.detach()
        return total

    def apply(self, lr: float, *, active: bool = True) -> tuple[float, bool]:
        """Clips the gradients and takes a step with them, or drops them, as the guard says; returns their norm before
        clipping and whether the step was skipped."""
        parameters = [parameter for parameter in self.model.parameters() if parameter.requires_grad]
        norm = full(nn.utils.get_total_norm([parameter.grad for parameter in parameters]))
        limit = self.guard.limit(norm.item(), active=active)
        if limit is not None:
            nn.utils.clip_grads_with_norm_(parameters, limit, norm)
            for group in self.optimizer.param_groups:
                group["lr"] = lr
            self.optimizer.step()
            self.progress.applied += 1
        self.optimizer.zero_grad()
        return norm.item(), limit is None

    def state(self) -> dict[str, Any]:
        return {"progress": vars(self.progress).copy(), "guard": self.guard.state_dict()}

    def load_state(self, state: dict[str, Any]) -> None:
        self.progress = Progress(**state["progress"])
        self.guard.load_state_dict(state["guard"])
        for moments in self.optimizer.state.values():
            moments["step"].fill_(self.progress.applied)


class Trainer(Learner):
    """Pretraining of a model from scratch, its weights drawn from torch's generator."""

    def __init__(self, config: TrainConfig, architecture: BaichuanM1Config, ranks: Ranks) -> None:
        model = BaichuanM1ForCausalLM(copy.deepcopy(architecture)).train().to(ranks.device)
        dtype = getattr(torch, config.precision)
        super().__init__(PackedLoss(model, chunk_tokens=config.loss_chunk_tokens, dtype=dtype), config, ranks)
        self.pad = architecture.pad_token_id

    def enter(self, stage: CurriculumStage) -> None:
        """All that a new stage changes, beside data and length; weights and moments go on."""
        self.model.config.rope_theta = stage.rope_theta

    def step(self, stage: CurriculumStage, stream: Mixture) -> tuple[dict[str, Any], np.ndarray]:
        """One optimizer step; returns its metrics and the lengths of the documents it read, of all ranks."""
        config, progress = self.config, self.progress
        rows = stream.rows(progress.stage_sequences, config.batch_tokens // stage.sequence_length)
        # The mean is over the targets of all ranks (each token but a document's first), so that neither accumulation
        # nor the number of ranks changes anything. DDP and FSDP average gradients where the sum is wanted.
        targets = max(1, sum(len(ids) - len(lengths) for ids, lengths in rows))
        mine = self.ranks.share(rows)
        micro = config.micro_batch_tokens // stage.sequence_length
        batches = (
            assemble(mine[start : start + micro], stage.sequence_length, self.pad)
            for start in range(0, len(mine), micro)
        )
        loss = self.ranks.total(self.accumulate(batches, self.ranks.world / targets)) / targets

        active = config.guard_tokens is None or progress.tokens < config.guard_tokens
        tokens = sum(len(ids) for ids, _ in rows)
        progress.step += 1
        progress.tokens += tokens
        progress.stage_tokens += tokens
        progress.stage_sequences += len(rows)
        lr = wsd(
            progress.tokens,
            peak=config.peak_lr,
            final=config.final_lr,
            warmup_tokens=config.warmup_tokens,
            decay_start=config.decay_start,
            total_tokens=config.total_tokens,
        )
        norm, skipped = self.apply(lr, active=active)
        metrics = {
            "step": progress.step,
            "stage": stage.name,
            "loss": finite(loss),
            "lr": lr,
            "grad_norm": finite(norm),
            "skipped": skipped,
            "tokens": progress.tokens,
        }
        return metrics, np.concatenate([lengths for _, lengths in rows])


def adamw(model: BaichuanM1ForCausalLM, config: LearningConfig) -> torch.optim.AdamW:
    """Matrices decay. Norms and taps don't, nor does the head: its rows are normalised, so that decay would
    only raise its effective learning rate (our choice, the report does not say).

    The moments are there from the start, zero as AdamW would make them, so that every checkpoint has them all.
    """
    decayed, kept = [], []
    for name, parameter in model.named_parameters():
        (decayed if parameter.ndim == 2 and name != "lm_head.weight" else kept).append(parameter)
    groups = [
        {"params": decayed, "weight_decay": config.weight_decay},
        {"params": kept, "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=config.peak_lr, betas=config.betas, fused=True)
    for parameter in model.parameters():
        moments = {kind: torch.zeros_like(parameter) for kind in MOMENTS}
        optimizer.state[parameter] = {"step": torch.zeros((), device=parameter.device)} | moments
    return optimizer


def finite(value: float) -> float | None:
    """JSON has no NaN."""
    return value if math.isfinite(value) else None


def _with_last(batches: Iterable[Batch]) -> Iterator[tuple[Batch, bool]]:
    waiting = None
    for batch in batches:
        if waiting is not None:
            yield waiting, False
        waiting = batch
    if waiting is not None:
        yield waiting, True
