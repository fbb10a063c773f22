"""What an alignment is told; importable without torch, so that recipes are checked fast."""

from typing import Literal

from pydantic import Field, model_validator

from training_bridge.config import LearningConfig

CONCLUSIONS = ("Answer", "Diagnosis", "Conclusion", "答案", "诊断", "结论")


class AlignConfig(LearningConfig):
    """What the four methods share. Learning rate: linear warm-up, then half a cosine from `peak_lr` to `final_lr`."""

    peak_lr: float = Field(2e-5, gt=0, description="the report's for SFT, where pretraining ended")
    final_lr: float = Field(1e-6, ge=0, description="learning rate of the last step")
    warmup_steps: int = Field(0, ge=0, description="steps over which the learning rate rises from 0")
    weight_decay: float = Field(0.0, ge=0, description="AdamW's, of matrices but the last")
    guard: Literal["m1_skip", "norm", "zclip"] = Field("norm", description="what is done about gradient spikes")
    batch: int = Field(gt=0, description="sequences, pairs or questions of a step, over all ranks")
    micro_batch: int = Field(gt=0, description="of those, in one forward and backward pass of one rank")
    checkpoint_every: int = Field(20, gt=0, description="steps")
    max_tokens: int = Field(512, gt=1, description="longest dialogue that is learnt from, longer ones are left out")
    heldout: int = Field(64, ge=0, description="held-out questions that are answered when the method ends, at most")
    max_new_tokens: int = Field(128, gt=0, description="longest answer, when one is sampled or measured")
    generation_batch: int = Field(32, gt=0, description="answers that are written at the same time")

    @model_validator(mode="after")
    def _divides(self) -> "AlignConfig":
        if self.batch % self.micro_batch:
            raise ValueError(f"batch {self.batch} is not a multiple of micro_batch {self.micro_batch}")
        return self


class SFTConfig(AlignConfig):
    """Supervised fine-tuning (report, section 5.1): dialogues packed with sample masks, five rounds, cosine from 2e-5;
    a share of long samples is made by putting other documents around the question."""

    batch: int = Field(16, gt=0, description="packed sequences of a step, over all ranks")
    micro_batch: int = Field(4, gt=0, description="of those, in one forward and backward pass of one rank")
    rounds: int = Field(5, gt=0, description="times that every dialogue is seen")
    surrounded: float = Field(0.1, ge=0, le=1, description="share of dialogues that get documents around the question")


class SampledConfig(AlignConfig):
    """Methods that learn from what the policy writes itself."""

    batch: int = Field(16, gt=0, description="questions of a step, over all ranks")
    micro_batch: int = Field(4, gt=0, description="of those, in one forward and backward pass of one rank")
    steps: int = Field(200, gt=0, description="rounds of writing answers and learning from them")
    peak_lr: float = Field(1e-5, gt=0, description="highest learning rate, at the end of the warm-up")
    samples: int = Field(4, gt=0, description="answers to each question")
    kl: float = Field(0.05, ge=0, description="weight of the divergence from the model that the method began with")


class ELOConfig(SampledConfig):
    """Exploratory Log-likelihood Optimization (report, section 5.2.2): chains of thought are sampled, and rewarded by
    the log-likelihood of the reference answer behind them."""

    samples: int = Field(4, ge=2, description="chains of thought to each question")
    pathwise: float = Field(1.0, ge=0, description="weight of the gradient that the report's equation 3 leaves out")
    per_token: bool = Field(True, description="divide an answer's log-likelihood by its length")
    conclusions: tuple[str, ...] = Field(
        CONCLUSIONS,
        min_length=1,
        description="words that open, before a colon, the line of the answer behind a thought",
    )


class TDPOConfig(AlignConfig):
    """Token-level direct preference optimization (arXiv 2404.11999); defaults are its authors'."""

    batch: int = Field(32, gt=0, description="pairs of a step, over all ranks")
    micro_batch: int = Field(4, gt=0, description="of those, in one forward and backward pass of one rank")
    rounds: int = Field(1, gt=0, description="times that every pair is seen")
    peak_lr: float = Field(5e-6, gt=0, description="highest learning rate, at the end of the warm-up")
    beta: float = Field(0.1, gt=0, description="how strongly the policy is held to the model it began with")
    alpha: float = Field(0.5, ge=0, description="TDPO2's weight of the divergence; 0 is DPO")
    variant: Literal[1, 2] = Field(2, description="1 at low learning rates, 2 at higher ones, say its authors")


class PPOConfig(SampledConfig):
    """Proximal policy optimization (arXiv 1707.06347) with a value head on the policy, GAE and a controlled KL."""

    samples: int = Field(1, gt=0, description="answers to each question")
    epochs: int = Field(2, gt=0, description="times that the answers of a step are learnt from")
    minibatches: int = Field(2, gt=0, description="parts of the answers, each with an update of its own")
    clip: float = Field(0.2, gt=0, description="how far the ratio of new to old probability counts, from 1")
    value_clip: float | None = Field(0.2, gt=0, description="how far a value counts from the old one; null: any")
    value_weight: float = Field(0.1, ge=0, description="of the value's loss beside the policy's")
    gamma: float = Field(1.0, gt=0, le=1, description="discount of later rewards, per token")
    lam: float = Field(0.95, ge=0, le=1, description="GAE's lambda: 0 trusts the value head, 1 the rewards alone")
    kl_target: float | None = Field(None, gt=0, description="nats per answer that the KL's weight is steered to")
    length_penalty: float = Field(1.0, ge=0, description="taken from the reward of an answer that finds no end")
    soft_tokens: int = Field(96, gt=0, description="beyond these, up to max_new_tokens, that penalty grows from 0")

    @model_validator(mode="after")
    def _parts(self) -> "PPOConfig":
        if self.batch % (self.minibatches * self.micro_batch):
            raise ValueError(f"batch {self.batch} is not a multiple of minibatches * micro_batch")
        if self.soft_tokens >= self.max_new_tokens:
            raise ValueError("soft_tokens must be below max_new_tokens")
        return self
