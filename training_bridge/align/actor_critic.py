"""A policy with a value head, and what PPO takes from it."""

from typing import NamedTuple

import torch
from torch import nn

from training_bridge.align.batch import spoken
from training_bridge.align.config import PPOConfig
from training_bridge.align.losses import policy_terms, value_terms
from training_bridge.align.scores import head_scores
from training_bridge.batches import Batch
from training_bridge.losses import PolicyLoss, hidden_states
from training_bridge.m1 import BaichuanM1Config, BaichuanM1ForCausalLM

VALUE = "value_head.weight"


class ActorCritic(BaichuanM1ForCausalLM):
    """A policy with a value head on the states below its own: fp32, zero at first."""

    def __init__(self, config: BaichuanM1Config) -> None:
        super().__init__(config)
        self.value_head = nn.Linear(config.hidden_size, 1, bias=False)

    @staticmethod
    def of(policy: BaichuanM1ForCausalLM) -> "ActorCritic":
        """With the weights of `policy` themselves."""
        with torch.device("meta"):
            model = ActorCritic(policy.config)
        zeros = torch.zeros(1, policy.config.hidden_size, device=policy.device)
        model.load_state_dict(policy.state_dict() | {VALUE: zeros}, assign=True)
        model.generation_config = policy.generation_config
        return model

    def policy(self) -> BaichuanM1ForCausalLM:
        """The same weights without the value head."""
        with torch.device("meta"):
            policy = BaichuanM1ForCausalLM(self.config)
        policy.load_state_dict({n: value for n, value in self.state_dict().items() if n != VALUE}, assign=True)
        policy.generation_config = self.generation_config
        return policy


class Lesson(NamedTuple):
    """A batch of answers; what was known of each of their n tokens, row by row, when they were written (null: nothing
    yet): log-probability, value, advantage, return, fp32 [4, n]."""

    batch: Batch
    known: torch.Tensor | None

    def to(self, device: torch.device) -> "Lesson":
        return Lesson(self.batch.to(device), None if self.known is None else self.known.to(device))


class PPOLoss(PolicyLoss):
    """A lesson to the sums over tokens of: loss, its policy's and value's parts, ratios, clipped ratios, the estimate
    (ratio - 1) - log ratio of KL(old || new). A lesson with nothing known to what is to be known of its tokens:
    log-probability, value, log-probability under the reference, [3, n]."""

    def __init__(
        self, model: ActorCritic, reference: BaichuanM1ForCausalLM, config: PPOConfig, dtype: torch.dtype
    ) -> None:
        super().__init__(model, chunk_tokens=config.loss_chunk_tokens, dtype=dtype)
        self.reference = reference
        self.config = config

    def forward(self, lesson: Lesson) -> torch.Tensor:
        batch, config = lesson.batch, self.config
        rows, places, targets = spoken(batch.targets)
        with self.products():
            hidden = hidden_states(self.model, batch)[rows, places]
            weight = self.model.lm_head.weight
            logprobs = head_scores(hidden, weight, targets, chunk_tokens=self.chunk_tokens).logprobs
            with torch.autocast(hidden.device.type, enabled=False):
                values = self.model.value_head(hidden.float())[:, 0]
            if lesson.known is None:
                compared = hidden_states(self.reference, batch)[rows, places]
                weight = self.reference.lm_head.weight
                theirs = head_scores(compared, weight, targets, chunk_tokens=self.chunk_tokens).logprobs
                return torch.stack([logprobs, values, theirs])
        old_logprobs, old_values, advantages, returns = lesson.known
        policy = policy_terms(logprobs, old_logprobs, advantages, config.clip).double().sum()
        value = value_terms(values, old_values, returns, config.value_clip).double().sum()
        change = (logprobs - old_logprobs).detach().double()
        ratio = change.exp()
        figures = [policy, value, ratio.sum(), ((ratio - 1).abs() > config.clip).double().sum()]
        moved = (ratio - 1 - change).sum()
        return torch.stack([policy + config.value_weight * value, *(f.detach() for f in figures), moved])
