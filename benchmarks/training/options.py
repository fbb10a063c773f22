"""What the options of a step change: loss and weights after six steps, seconds and peak memory of each, beside plain
fp32. Preset 5m, two micro-batches of 4 x 512, one thread; each way in a process of its own."""

import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import torch

from training_bridge.batches import Batches, Mixture
from training_bridge.config import CurriculumStage, TrainConfig
from training_bridge.distributed import Ranks
from training_bridge.m1 import BaichuanM1Config
from training_bridge.packing import pack
from training_bridge.trainer import Trainer

WAYS = {
    "plain fp32": {},
    "recomputed layers": {"activation_checkpointing": True},
    "compiled layers": {"compile": True},
    "bfloat16": {"precision": "bfloat16"},
}
STEPS = 6


def measure(data: Path) -> None:
    plain = None
    print(f"{'way':<20}{'loss':>12}{'weights differ by':>19}{'ms a step':>11}{'peak, MB':>10}")
    for name in WAYS:
        command = [sys.executable, "-m", "benchmarks.training.options", name]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
        loss, norm, milliseconds, peak = done.stdout.split()[-4:]
        plain = plain or float(norm)
        print(f"{name:<20}{loss:>12}{abs(float(norm) / plain - 1):>19.1e}{milliseconds:>11}{peak:>10}", flush=True)


def once(name: str) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    stage = CurriculumStage(name="general", tokens=10**9, sequence_length=512)
    config = TrainConfig(stages=(stage,), batch_tokens=4096, micro_batch_tokens=2048, peak_lr=1e-3, **WAYS[name])
    draw = np.random.default_rng(0)
    documents = [draw.integers(3, 4096, n) for n in draw.lognormal(4.5, 1.0, 400).astype(int) + 2]
    rows = Batches(pack(documents, 512, "general")[0], sequence_length=512, vocab_size=4096, seed=(0,))
    trainer = Trainer(config, BaichuanM1Config.preset("5m"), Ranks.here())
    stream = Mixture({"general": rows}, {"general": 1.0}, seed=(0,))
    seconds = []
    for _ in range(STEPS):
        started = time.perf_counter()
        metrics, _ = trainer.step(stage, stream)
        seconds.append(time.perf_counter() - started)
    norm = sum(parameter.double().square().sum().item() for parameter in trainer.model.parameters())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{metrics['loss']:.6f} {norm!r} {statistics.median(seconds[2:]) * 1000:.0f} {peak:.0f}")


if __name__ == "__main__":
    once(sys.argv[1])
