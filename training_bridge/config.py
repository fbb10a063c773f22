"""What a training run is told; importable without torch, so that recipes are checked fast."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class CurriculumStage(BaseModel):
    """One stage of the curriculum; defaults are the report's (section 4.2, Table 1) where they don't depend
    on size.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Literal["general", "basic", "advanced"]
    tokens: int = Field(gt=0, description="training tokens; the stage ends with the step that reaches them")
    sequence_length: int = Field(ge=2)
    rope_theta: float = Field(1e5, gt=0)


class TrainConfig(BaseModel):
    """Everything that decides the numbers of a run, apart from data, tokenizer and architecture."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stages: tuple[CurriculumStage, ...] = Field(min_length=1)
    batch_tokens: int = Field(gt=0, description="tokens of an optimizer step at full sequences")
    micro_batch_tokens: int = Field(gt=0, description="tokens of one forward and backward pass")
    peak_lr: float = Field(4e-4, gt=0)
    final_lr: float = Field(2e-5, ge=0)
    warmup_tokens: int = Field(0, ge=0)
    betas: tuple[float, float] = (0.9, 0.95)
    weight_decay: float = Field(0.1, ge=0)
    max_grad_norm: float = Field(1.0, gt=0)
    guard_tokens: int | None = Field(None, ge=0, description="step skipping acts up to here; null: always")
    checkpoint_every: int = Field(100, gt=0, description="steps")
    threads: int = Field(1, gt=0)
    seed: int = Field(0, ge=0)

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
