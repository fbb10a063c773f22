"""What a training run is told; importable without torch, so that recipes are checked fast."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from datagen.record import CURRICULA, CurriculumName

Preset = Literal["2m", "5m", "25m", "110m", "500m", "1.5b", "3b", "14b"]


class CurriculumStage(BaseModel):
    """One stage of the curriculum; defaults are the report's (section 4.2, Table 1) where they don't depend
    on size.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: CurriculumName
    tokens: int = Field(gt=0, description="training tokens; the stage ends with the step that reaches them")
    sequence_length: int = Field(ge=2)
    rope_theta: float = Field(1e5, gt=0)
    mixture: dict[CurriculumName, float] = Field(
        {}, description="share of sequences by where the packed text belongs; empty: only what has the stage's name"
    )

    @property
    def shares(self) -> dict[str, float]:
        """Of the mixture, by curriculum name in the curriculum's order, adding up to 1."""
        weights = self.mixture or {self.name: 1.0}
        total = sum(weights.values())
        return {name: weights[name] / total for name in CURRICULA if weights.get(name)}

    @model_validator(mode="after")
    def _weighted(self) -> "CurriculumStage":
        if self.mixture and (min(self.mixture.values()) < 0 or not sum(self.mixture.values())):
            raise ValueError(f"the {self.name} stage's mixture needs weights of at least 0, one of them above")
        return self


class LearningConfig(BaseModel):
    """What pretraining and alignment have in common: optimizer, guard, precision, ranks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    peak_lr: float = Field(4e-4, gt=0, description="highest learning rate, at the end of the warm-up")
    final_lr: float = Field(2e-5, ge=0, description="learning rate of the last step")
    betas: tuple[float, float] = Field((0.9, 0.95), description="AdamW's decay of the first and the second moment")
    weight_decay: float = Field(0.1, ge=0, description="AdamW's, of matrices but the last")
    guard: Literal["m1_skip", "norm", "zclip"] = Field("m1_skip", description="what is done about gradient spikes")
    max_grad_norm: float = Field(1.0, gt=0, description="global norm that gradients are clipped to")
    precision: Literal["float32", "bfloat16"] = Field(
        "float32", description="of matrix products; weights, moments, sums and gradients over ranks are always float32"
    )
    parallel: Literal["ddp", "fsdp"] = Field("ddp", description="with several ranks: whole or sharded weights on each")
    activation_checkpointing: bool = Field(False, description="recompute each layer backwards, to save its memory")
    compile: bool = Field(False, description="compile each layer with torch.compile")
    loss_chunk_tokens: int = Field(1024, gt=0, description="tokens whose logits exist at a time")
    checkpoint_every: int = Field(100, gt=0, description="steps")
    threads: int = Field(1, gt=0, description="fixed, because sums over threads depend on their number")
    seed: int = Field(0, ge=0, description="of the order of the data, and of all that is drawn")


class TrainConfig(LearningConfig):
    """Everything that decides the numbers of a pretraining, apart from data, tokenizer, architecture and the number of
    ranks (which changes their rounding alone).
    """

    stages: tuple[CurriculumStage, ...] = Field(min_length=1)
    batch_tokens: int = Field(gt=0, description="tokens of an optimizer step at full sequences, over all ranks")
    micro_batch_tokens: int = Field(gt=0, description="tokens of one forward and backward pass of one rank")
    warmup_tokens: int = Field(0, ge=0, description="tokens over which the learning rate rises from 0")
    guard_tokens: int | None = Field(None, ge=0, description="the guard only clips beyond; null: it never stops")
    prompts: tuple[str, ...] = Field((), description="continued at the end of each stage, as samples")

    @property
    def total_tokens(self) -> int:
        return sum(stage.tokens for stage in self.stages)

    @property
    def decay_start(self) -> int:
        """The last stage anneals; a warm-up that reaches into it delays the decay."""
        return max(self.warmup_tokens, self.total_tokens - self.stages[-1].tokens)

    @model_validator(mode="after")
    def _consistent(self) -> "TrainConfig":
        names = [stage.name for stage in self.stages]
        if len(set(names)) < len(names):
            raise ValueError(f"each stage may occur once, got {', '.join(names)}")
        if self.warmup_tokens >= self.total_tokens:
            raise ValueError("warmup_tokens must be smaller than the stages' tokens together")
        for stage in self.stages:
            if self.micro_batch_tokens % stage.sequence_length:
                raise ValueError(f"micro_batch_tokens is not a multiple of the {stage.name} stage's sequence_length")
        if self.batch_tokens % self.micro_batch_tokens:
            raise ValueError("batch_tokens is not a multiple of micro_batch_tokens")
        return self


class Run(BaseModel):
    """A training as a file states it, for `datagen train` and torchrun: paths beside the options."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tokens: Path = Field(description="folder that training_bridge.pack published")
    out: Path = Field(description="where the model goes")
    work: Path = Field(description="checkpoints and running metrics; a folder that all ranks share")
    preset: Preset = Field("2m", description="shape of the model")
    config: TrainConfig
