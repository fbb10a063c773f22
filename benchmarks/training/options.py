"""What the options of a step change: loss and weights after six steps (the largest difference from plain fp32's, and
the norm of the difference over theirs), seconds and peak memory of each. Preset 5m, two micro-batches of 4 x 512, one
thread; each way in a process of its own."""

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file

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
    print(f"{'way':<20}{'loss':>12}{'max |w - w0|':>14}{'|w - w0| / |w0|':>17}{'ms a step':>11}{'peak, MB':>10}")
    for name in WAYS:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "weights.safetensors"
            command = [sys.executable, "-m", "benchmarks.training.options", name, str(file)]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
            weights = torch.cat([tensor.double().flatten() for _, tensor in sorted(load_file(file).items())])
        loss, milliseconds, peak = done.stdout.split()[-3:]
        plain = weights if plain is None else plain
        apart = weights - plain
        share = (apart.norm() / plain.norm()).item()
        print(
            f"{name:<20}{loss:>12}{apart.abs().max().item():>14.1e}{share:>17.1e}{milliseconds:>11}{peak:>10}",
            flush=True,
        )


def once(name: str, file: str) -> None:
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
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    save_file({name: p.detach().contiguous() for name, p in trainer.model.named_parameters()}, file)
    print(f"{metrics['loss']:.6f} {statistics.median(seconds[2:]) * 1000:.0f} {peak:.0f}")


if __name__ == "__main__":
    once(*sys.argv[1:])
