"""Memory of a TDPO step, policy and reference, beside SFT's, at the report's vocabulary and 4,096 tokens: gradients,
optimizer and all, fp32, one thread, each in a process of its own. SFT has one row of 4,096 tokens, TDPO a pair of two
rows of 2,048; logits exist for 128 tokens at a time."""

import resource
import subprocess
import sys
import time
from pathlib import Path

TOKENS, VOCABULARY, CHUNK = 4096, 133_120, 128


def measure(data: Path) -> None:
    found = {}
    for way in ("sft", "tdpo"):
        command = [sys.executable, "-m", "benchmarks.alignment.memory", way]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
        found[way] = [float(figure) for figure in done.stdout.split()]
    print(f"{'':6}{'peak, MB':>10}{'seconds':>9}")
    for way, (peak, seconds) in found.items():
        print(f"{way:6}{peak:>10,.0f}{seconds:>9.1f}")
    print(f"TDPO needs {found['tdpo'][0] / found['sft'][0]:.2f} times SFT's memory (target: at most 1.3)")


def once(way: str) -> None:
    import numpy as np
    import torch

    from training_bridge.align.batch import Packed, assemble_said
    from training_bridge.align.config import SFTConfig, TDPOConfig
    from training_bridge.align.tdpo import TDPOLoss
    from training_bridge.distributed import Ranks
    from training_bridge.losses import PackedLoss
    from training_bridge.m1 import BaichuanM1Config, BaichuanM1ForCausalLM
    from training_bridge.trainer import Learner

    torch.set_num_threads(1)
    torch.manual_seed(0)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    shape = BaichuanM1Config.preset("25m", vocab_size=VOCABULARY, num_hidden_layers=2)
    model = BaichuanM1ForCausalLM(shape)
    rows = 1 if way == "sft" else 2
    if way == "sft":
        config = SFTConfig(loss_chunk_tokens=CHUNK)
        loss = PackedLoss(model, chunk_tokens=CHUNK)
    else:
        config = TDPOConfig(loss_chunk_tokens=CHUNK)
        reference = BaichuanM1ForCausalLM(shape).requires_grad_(False)
        loss = TDPOLoss(model, reference, config, torch.float32)
    learner = Learner(loss, config, Ranks(0, 1, torch.device("cpu")))
    draw = np.random.default_rng(0)
    length = TOKENS // rows
    ids = [draw.integers(3, VOCABULARY, length).astype(np.int32) for _ in range(rows)]
    said = np.arange(length) > length // 8
    started = time.perf_counter()
    batch = assemble_said([Packed(each, np.array([length]), said) for each in ids], 0)
    learner.accumulate([batch], 1 / TOKENS)
    learner.apply(1e-5)
    seconds = time.perf_counter() - started
    print(f"{(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024:.0f} {seconds:.1f}")


if __name__ == "__main__":
    once(sys.argv[1])
