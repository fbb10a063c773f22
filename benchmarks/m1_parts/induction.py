"""Copying from context with one layer: random tokens repeated with a random period, accuracy where the answer has
been seen before (KV Shifting Attention, arXiv 2411.19574, section 3.2, made small)."""

import time
from pathlib import Path

import torch
from torch.nn import functional as F

from benchmarks.m1_parts._models import adamw, without_convolution
from training_bridge.m1 import BaichuanM1Config, BaichuanM1ForCausalLM

VOCABULARY, TIME, BATCH, STEPS = 128, 128, 32, 200
SHORTEST, LONGEST = 16, 48
CONTENDERS = (("1 layer", 1, True), ("1 layer, no convolution", 1, False), ("2 layers, no convolution", 2, False))
TARGETS = {"1 layer": ">= 99 %", "1 layer, no convolution": "<= 20 %"}


def measure(data: Path) -> None:
    torch.set_num_threads(1)
    print(f"{'model':<26}{'seed':>5}{'step 100':>10}{'step 200':>10}{'seconds':>9}{'target':>10}")
    for name, layers, convolution in CONTENDERS:
        for seed in (0, 1):
            started = time.perf_counter()
            half, whole = train(layers, convolution, seed)
            took = time.perf_counter() - started
            print(f"{name:<26}{seed:>5}{half:>10.1%}{whole:>10.1%}{took:>9.0f}{TARGETS.get(name, ''):>10}", flush=True)


def train(layers: int, convolution: bool, seed: int) -> tuple[float, float]:
    torch.manual_seed(seed)
    config = BaichuanM1Config(
        vocab_size=VOCABULARY,
        hidden_size=128,
        intermediate_size=256,
        num_hidden_layers=layers,
        num_attention_heads=2,
        num_key_value_heads=2,
        num_swa_attention_heads=4,
        num_swa_key_value_heads=4,
        sliding_window_layers=[],
        max_position_embeddings=TIME,
    )
    model = BaichuanM1ForCausalLM(config)
    if not convolution:
        without_convolution(model)
    optimizer = adamw(model, 5e-3)
    draw = torch.Generator().manual_seed(seed)
    found = []
    for step in range(1, STEPS + 1):
        for group in optimizer.param_groups:
            group["lr"] = 5e-3 * min(1.0, step / 20)
        ids, repeated = batch(draw)
        logits = model(ids, use_cache=False).logits
        F.cross_entropy(logits[:, :-1][repeated[:, 1:]], ids[:, 1:][repeated[:, 1:]]).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        if step in (STEPS // 2, STEPS):
            found.append(accuracy(model, torch.Generator().manual_seed(10_000 + seed)))
    return found[0], found[1]


def batch(draw: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids [batch, time] and which of them have been said by the period before."""
    rows, seen = [], []
    for period in torch.randint(SHORTEST, LONGEST + 1, (BATCH,), generator=draw).tolist():
        # As in the paper a token has one successor: drawn with repeats, a tenth of the answers would be a guess.
        segment = 3 + torch.randperm(VOCABULARY - 3, generator=draw)[:period]
        rows.append(segment.repeat(TIME // period + 1)[:TIME])
        # The first repeated token can't be foreseen: nothing says that the period is over.
        seen.append(torch.arange(TIME) > period)
    return torch.stack(rows), torch.stack(seen)


@torch.no_grad()
def accuracy(model: BaichuanM1ForCausalLM, draw: torch.Generator) -> float:
    right, asked = 0, 0
    for _ in range(4):
        ids, repeated = batch(draw)
        hit = model(ids, use_cache=False).logits[:, :-1].argmax(-1) == ids[:, 1:]
        right += int(hit[repeated[:, 1:]].sum())
        asked += int(repeated[:, 1:].sum())
    return right / asked
