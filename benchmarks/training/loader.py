"""Share of a training step that reading sequences and assembling batches takes: preset 5m, batch 4 x 512, one thread,
fp32, the smallest model and so the worst case. Target: under 2 %."""

import statistics
import time
from pathlib import Path

import numpy as np
import torch

from training_bridge.batches import Batches, Mixture, assemble
from training_bridge.config import CurriculumStage, TrainConfig
from training_bridge.distributed import Ranks
from training_bridge.m1 import BaichuanM1Config
from training_bridge.packing import pack
from training_bridge.trainer import Trainer

LENGTH, ROWS, STEPS, WARM_UP = 512, 4, 9, 2


def measure(data: Path) -> None:
    torch.set_num_threads(1)
    draw = np.random.default_rng(0)
    lengths = draw.lognormal(4.5, 1.0, 4000).astype(int) + 2
    documents = [draw.integers(3, 4096, n) for n in lengths]
    parts = {
        name: Batches(pack(documents, LENGTH, name)[0], sequence_length=LENGTH, vocab_size=4096, seed=(0, place))
        for place, name in enumerate(("general", "basic"))
    }
    stream = Mixture(parts, {"general": 0.5, "basic": 0.5}, seed=(0,))
    stage = CurriculumStage(name="general", tokens=10**9, sequence_length=LENGTH)
    config = TrainConfig(stages=(stage,), batch_tokens=ROWS * LENGTH, micro_batch_tokens=ROWS * LENGTH)
    trainer = Trainer(config, BaichuanM1Config.preset("5m"), Ranks.here())
    steps, loads = [], []
    for step in range(STEPS + WARM_UP):
        started = time.perf_counter()
        trainer.step(stage, stream)
        steps.append(time.perf_counter() - started)
        started = time.perf_counter()
        assemble(stream.rows(step * ROWS, ROWS), LENGTH, 0)
        loads.append(time.perf_counter() - started)
    step, load = (statistics.median(found[WARM_UP:]) for found in (steps, loads))
    print(f"a step {step * 1000:,.0f} ms, of which reading {load * 1000:.2f} ms: {load / step:.2%} (target < 2 %)")
