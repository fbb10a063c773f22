"""Training on one GPU: tokens a second, MFU and peak memory of presets 1.5b and 3b, bf16, compiled, rows of 8,192
packed tokens, with and without the convolution; and the same rows as single documents.

MFU is by `training_bridge.flops.training_flops` (6 x matrix weights x tokens + 12 x hidden x visible pairs, by window
and document) over the data sheet's dense bf16 figure. Targets: MFU >= 50 %, convolution <= 1 % of a step.
"""

import statistics
import sys
from pathlib import Path

import numpy as np
import torch

from benchmarks.m1_parts._models import size, without_convolution
from training_bridge.batches import Batches, Mixture
from training_bridge.config import CurriculumStage, TrainConfig
from training_bridge.distributed import Ranks
from training_bridge.flops import peak_flops, training_flops
from training_bridge.m1 import BaichuanM1Config
from training_bridge.packing import pack
from training_bridge.trainer import Trainer

LENGTH, ROWS, STEPS, WARM_UP = 8192, 2, 10, 4
DOCUMENTS = {"packed": (600, 2000, 1092, 3400, 1100), "single": (LENGTH,)}


def measure(data: Path) -> None:
    if not torch.cuda.is_available():
        sys.exit("no GPU here")
    torch.set_float32_matmul_precision("high")
    print(f"{'preset':<8}{'convolution':<13}{'rows':<8}{'parameters':>15}{'tokens/s':>10}{'MFU':>7}{'peak, GB':>10}")
    for preset in ("1.5b", "3b"):
        for convolution in (True, False):
            for kind in DOCUMENTS:
                _one(preset, convolution, kind)


def _one(preset: str, convolution: bool, kind: str) -> None:
    torch.manual_seed(0)
    architecture = BaichuanM1Config.preset(preset)
    tokens = ROWS * LENGTH
    stage = CurriculumStage(name="general", tokens=10**12, sequence_length=LENGTH)
    config = TrainConfig(
        stages=(stage,),
        batch_tokens=tokens,
        micro_batch_tokens=tokens,
        precision="bfloat16",
        compile=True,
        activation_checkpointing=preset == "3b",
    )
    draw = np.random.default_rng(0)
    documents = [draw.integers(3, architecture.vocab_size, n) for n in DOCUMENTS[kind] * 64]
    rows = Batches(
        pack(documents, LENGTH, "general")[0], sequence_length=LENGTH, vocab_size=architecture.vocab_size, seed=(0,)
    )
    stream = Mixture({"general": rows}, {"general": 1.0}, seed=(0,))
    torch.cuda.reset_peak_memory_stats()
    trainer = Trainer(config, architecture, Ranks.here())
    if not convolution:
        without_convolution(trainer.model)
    begun, ended = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    seconds, flops = [], 0
    for _ in range(STEPS + WARM_UP):
        begun.record()
        _, read = trainer.step(stage, stream)
        ended.record()
        torch.cuda.synchronize()
        seconds.append(begun.elapsed_time(ended) / 1000)
        flops = training_flops(architecture, np.concatenate([lengths for _, lengths in read]))
    middle = statistics.median(seconds[WARM_UP:])
    mfu = flops / middle / peak_flops(torch.device("cuda"), torch.bfloat16)
    memory = torch.cuda.max_memory_allocated() / 1e9
    print(
        f"{preset:<8}{'yes' if convolution else 'no':<13}{kind:<8}{size(trainer.model):>15,}{tokens / middle:>10,.0f}"
        f"{mfu:>7.1%}{memory:>10.1f}",
        flush=True,
    )
