"""What the methods of alignment have in common: a policy that goes on from a model, and a step at a time."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import torch
from transformers import PreTrainedTokenizerBase

from datagen.errors import DatagenError, UsageError
from training_bridge.align.config import AlignConfig
from training_bridge.align.reward import Judge
from training_bridge.distributed import Ranks, whole
from training_bridge.losses import PolicyLoss
from training_bridge.m1 import BaichuanM1ForCausalLM
from training_bridge.schedule import wsd
from training_bridge.trainer import Learner, finite

R, T = TypeVar("R"), TypeVar("T")


@dataclass(frozen=True)
class Given:
    """What a method is given beside its options. `model` is the folder that its policy, and its reference, begin with;
    `pairs` that of `reward_filter.pairs`; `rollouts` one that all ranks share; `documents` are texts as tokens, each
    int32, to put around questions."""

    model: Path
    pairs: Path
    rollouts: Path
    tokenizer: PreTrainedTokenizerBase
    ranks: Ranks
    judge: Judge = field(default_factory=Judge)
    documents: Sequence[np.ndarray] = ()

    def policy(self) -> BaichuanM1ForCausalLM:
        """The model, to learn: fp32."""
        return load(self.model).train().to(self.ranks.device)

    def reference(self, config: AlignConfig) -> BaichuanM1ForCausalLM:
        """The model, to be compared with: it never learns. In `precision`, but where sharding wants one precision for
        all."""
        model = load(self.model).eval().requires_grad_(False).to(self.ranks.device)
        sharded = self.ranks.world > 1 and config.parallel == "fsdp"
        return model if sharded else model.to(getattr(torch, config.precision))

    def rows(self, view: str, split: str = "train") -> list[dict[str, Any]]:
        return read_view(self.pairs, view, split)


def load(folder: Path) -> BaichuanM1ForCausalLM:
    return BaichuanM1ForCausalLM.from_pretrained(folder, use_safetensors=True, dtype=torch.float32)


def read_view(pairs: Path, view: str, split: str) -> list[dict[str, Any]]:
    """A split of a view of `reward_filter.pairs`, ordered by id: the same rows in any order are the same data."""
    rows = pq.read_table(pairs / f"{view}.parquet")
    return rows.filter(pc.equal(rows["split"], split)).sort_by("id").to_pylist()


class Aligner(Learner, ABC):
    """A method of alignment at work. `step` takes one step of `steps`; `model` is what learns."""

    name: ClassVar[str]
    steps: int
    data: dict[str, int]
    """How many rows are learnt from, and how many don't fit or can't be used."""

    def __init__(self, loss: PolicyLoss, config: AlignConfig, given: Given) -> None:
        super().__init__(loss, config, given.ranks)
        self.given = given
        self.pad = self.model.config.pad_token_id
        if config.batch % (config.micro_batch * given.ranks.world):
            raise UsageError(
                f"batch {config.batch} is not a multiple of micro_batch {config.micro_batch} "
                f"on {given.ranks.world} ranks"
            )

    @abstractmethod
    def step(self) -> tuple[dict[str, Any], np.ndarray]:
        """One step; returns its metrics and the lengths of the sequences it learnt from, of all ranks."""

    @property
    def more(self) -> bool:
        return self.progress.step < self.steps

    def finish(self, loss: float, lengths: np.ndarray, **figures: float) -> tuple[dict[str, Any], np.ndarray]:
        """Applies the gradients of a step and describes it."""
        lr = self.advance(lengths)
        norm, skipped = self.apply(lr)
        return self.described(loss, lr, norm, skipped, figures), lengths

    def advance(self, lengths: np.ndarray) -> float:
        """Counts the step, and gives its learning rate."""
        config, progress = self.config, self.progress
        progress.step += 1
        progress.tokens += int(lengths.sum())
        warmup = min(config.warmup_steps, self.steps - 1)
        return wsd(
            progress.step,
            peak=config.peak_lr,
            final=config.final_lr,
            warmup_tokens=warmup,
            decay_start=warmup,
            total_tokens=self.steps,
        )

    def described(
        self, loss: float, lr: float, norm: float, skipped: bool, figures: dict[str, float]
    ) -> dict[str, Any]:
        """A step's row of metrics.jsonl; what is not finite is null."""
        return {
            "step": self.progress.step,
            "stage": self.name,
            "loss": finite(loss),
            "lr": lr,
            "grad_norm": finite(norm),
            "skipped": skipped,
            "tokens": self.progress.tokens,
            **{name: finite(value) for name, value in figures.items()},
        }

    def finished(self) -> BaichuanM1ForCausalLM | None:
        """The model as it is published, on the first rank; null on the others. All ranks call it."""
        return whole(self.model, self.ranks)


def usable(rows: Sequence[R], convert: Callable[[R], T | None], what: str) -> tuple[list[T], dict[str, int]]:
    """What `convert` makes of rows, without those that it has no use for (null, or ValueError: the chat template's
    refusal), and how many of both there are. Raises DatagenError where none is left."""
    found = []
    for row in rows:
        try:
            made = convert(row)
        except ValueError:
            made = None
        if made is not None:
            found.append(made)
    if not found:
        raise DatagenError(
            f"there is no {what} among {len(rows)} rows to align on",
            "raise max_tokens, or look at the results of the stage that made the pairs",
        )
    return found, {"rows": len(found), "left_out": len(rows) - len(found)}
