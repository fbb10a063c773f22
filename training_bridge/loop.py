"""The loop that pretraining and alignment share: steps that are logged and saved, and go on after a kill."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from datagen.errors import UsageError
from training_bridge import checkpoint
from training_bridge.flops import peak_flops, training_flops
from training_bridge.metrics import Log
from training_bridge.progress import OnStep
from training_bridge.trainer import Learner

Step = Callable[[], tuple[dict[str, Any], np.ndarray]]


class Loop:
    """Goes on from the newest checkpoint in the folder `work`, if there is one, and then takes steps of `learner`.

    `run` is a digest of all that decides the numbers. `log` is the first rank's, null on the others. `on_step` sees
    each step's metrics together with its clock fields.

    Raises UsageError when `work` belongs to another run.
    """

    def __init__(self, learner: Learner, work: Path, run: str, *, on_step: OnStep | None = None) -> None:
        self.learner = learner
        self.run = run
        self.on_step = on_step
        self.checkpoints = work / "checkpoints"
        self.checkpoints.mkdir(parents=True, exist_ok=True)
        self.peak = learner.ranks.world * peak_flops(learner.ranks.device, getattr(torch, learner.config.precision))
        sizes: dict[str, int] = {}
        if found := checkpoint.latest(self.checkpoints):
            folder, state = found
            if state["run"] != run:
                raise UsageError(
                    f"{work} holds the checkpoints of another run (options, data or tokenizer differ)",
                    "give this one a `work` of its own, or undo what was changed",
                )
            checkpoint.restore(folder, checkpoint.tensors(learner.model, learner.optimizer))
            learner.load_state(state["trainer"])
            sizes = state["sizes"]
        self.log = Log(work, sizes, learner.progress.step) if learner.ranks.first else None

    def step(self, take: Step, more: Callable[[], bool]) -> None:
        """Takes a step, which gives its metrics and the lengths of the documents it learnt from. Saves, when it is time
        to and there is more to come: who ends a stage saves what comes of it."""
        progress, config = self.learner.progress, self.learner.config
        started, before = time.perf_counter(), progress.tokens
        metrics, lengths = take()
        seconds = time.perf_counter() - started
        if self.log:
            clock = {
                "seconds": seconds,
                "tokens_per_second": (progress.tokens - before) / seconds,
                "mfu": training_flops(self.learner.model.config, lengths) / seconds / self.peak,
            }
            self.log.step(metrics, clock)
            if self.on_step is not None:
                self.on_step(metrics | clock)
        if progress.step % config.checkpoint_every == 0 and more():
            self.save()

    def save(self) -> None:
        learner = self.learner
        state = {"run": self.run, "trainer": learner.state(), "sizes": self.log.sizes() if self.log else {}}
        values = checkpoint.tensors(learner.model, learner.optimizer)
        checkpoint.save(self.checkpoints, learner.progress.step, values, state, learner.ranks)


@contextmanager
def reproducible(threads: int, seed: int) -> Iterator[None]:
    """Sums over threads depend on their number, so a run fixes it; torch's generator starts at `seed`. Both are put
    back after the block."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(before)
