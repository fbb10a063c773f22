"""The part that ELO and PPO share: questions in their order, and the policy's answers to them."""

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import numpy as np
import torch

from training_bridge.align.aligner import Aligner, Given
from training_bridge.align.config import SampledConfig
from training_bridge.align.rollout import Rollout, generate, keep, kept
from training_bridge.batches import Shuffled
from training_bridge.distributed import whole
from training_bridge.export import ends_of_turn
from training_bridge.losses import PolicyLoss

Q = TypeVar("Q")
"""A question: has `id`, `prompt` (int32) and `end` (the line that ends an answer, beside the end tokens; or null)."""
Reward = Callable[[Sequence[Q], Sequence[Rollout], Sequence[str]], Sequence[float]]


class Sampling(Aligner, Generic[Q]):
    """Each step asks `batch` questions `samples` times; a rank asks and learns from its share of them."""

    def __init__(self, loss: PolicyLoss, config: SampledConfig, given: Given, questions: Sequence[Q]) -> None:
        super().__init__(loss, config, given)
        self.questions = questions
        self.order = Shuffled(len(questions), (config.seed,))
        self.steps = config.steps
        self.stops = ends_of_turn(self.model, given.tokenizer)

    def asked(self) -> tuple[list[Q], int]:
        """This rank's questions of the step, and the number of the first of them in the whole run."""
        config = self.config
        first = self.progress.step * config.batch
        numbers = self.ranks.share(list(range(first, first + config.batch)))
        return [self.questions[self.order[n]] for n in numbers], numbers[0]

    def answers(
        self, questions: Sequence[Q], first: int, reward: Reward | None = None
    ) -> tuple[list[Rollout], list[float | None]]:
        """`samples` answers to each question, one question's after the other's, and their rewards. Those that a killed
        attempt at this step left are taken again: the policy, and so the answers, are the same."""
        config, count = self.config, self.config.samples
        asked = [question for question in questions for _ in range(count)]
        # In FSDP's case all ranks must gather, so they gather before anyone looks for files.
        policy = whole(self.model, self.ranks, everywhere=True)
        rollouts: list[Rollout] = []
        rewards: list[float | None] = []
        for start in range(0, len(asked), config.generation_batch):
            these = asked[start : start + config.generation_batch]
            name = f"step-{self.progress.step + 1:08d}/{first * count + start:010d}-{len(these):05d}.parquet"
            path = self.given.rollouts / name
            found = kept(path)
            if found is None:
                seeds = [(config.seed, 2, first * count + start + n) for n in range(len(these))]
                found = self._written(policy, these, seeds, reward)
                ids, texts = [question.id for question in these], self.texts(found[0])
                keep(path, ids, found[0], texts, found[1])
            rollouts += found[0]
            rewards += found[1]
        return rollouts, rewards

    def _written(
        self, policy: Any, asked: Sequence[Q], seeds: Sequence[tuple[int, ...]], reward: Reward | None
    ) -> tuple[list[Rollout], Sequence[float | None]]:
        with self.products():
            rollouts = generate(
                policy,
                self.given.tokenizer,
                [question.prompt for question in asked],
                max_new_tokens=self.config.max_new_tokens,
                stops=self.stops,
                ends=[question.end for question in asked],
                seeds=seeds,
                batch=len(asked),
            )
        rewards = [None] * len(asked) if reward is None else reward(asked, rollouts, self.texts(rollouts))
        return rollouts, rewards

    def products(self) -> Any:
        inner = getattr(self.loss, "module", self.loss)
        return inner.products()

    def everyone(self, values: Sequence[float]) -> np.ndarray:
        """Those of all ranks, in their order; each has as many."""
        found = torch.zeros(self.ranks.world, len(values), dtype=torch.float64, device=self.ranks.device)
        found[self.ranks.rank] = torch.tensor(values, dtype=torch.float64)
        return self.ranks.totals(found).flatten().cpu().numpy()

    def texts(self, rollouts: Sequence[Rollout]) -> list[str]:
        return self.given.tokenizer.batch_decode([r.response for r in rollouts], skip_special_tokens=True)
