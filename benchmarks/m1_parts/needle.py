"""A value found by its key in noise, at one to four times the length trained on; convolution and windows on and off.

Four layers, 64 tokens of training length and windows of 32. A row is noise with one pair KEY VALUE somewhere in it and
the same KEY at its end; the answer is VALUE. Accuracy over 512 rows; the target is that the convolution isn't worse.
"""

from pathlib import Path

import torch
from torch.nn import functional as F

from benchmarks.m1_parts._models import adamw, without_convolution
from training_bridge.m1 import BaichuanM1Config, BaichuanM1ForCausalLM

LENGTH, STEPS, BATCH, SEEDS = 64, 800, 64, (0, 1)
KEYS, VALUES, NOISE = range(3, 35), range(35, 67), range(67, 131)
LENGTHS = (LENGTH, 2 * LENGTH, 4 * LENGTH)


def measure(data: Path) -> None:
    torch.set_num_threads(1)
    print(f"{'convolution':<13}{'windows':<9}{'seed':>5}" + "".join(f"{n:>8}" for n in LENGTHS))
    for windows in (True, False):
        for convolution in (True, False):
            for seed in SEEDS:
                model = train(convolution, windows, seed)
                found = "".join(f"{accuracy(model, length, seed):>8.1%}" for length in LENGTHS)
                print(
                    f"{'yes' if convolution else 'no':<13}{'yes' if windows else 'no':<9}{seed:>5}{found}", flush=True
                )


def train(convolution: bool, windows: bool, seed: int) -> BaichuanM1ForCausalLM:
    torch.manual_seed(seed)
    config = BaichuanM1Config(
        vocab_size=NOISE.stop,
        hidden_size=64,
        intermediate_size=192,
        num_hidden_layers=4,
        num_attention_heads=2,
        num_key_value_heads=1,
        num_swa_attention_heads=4,
        num_swa_key_value_heads=2,
        sliding_window=LENGTH // 2,
        sliding_window_layers=None if windows else [],
        max_position_embeddings=LENGTHS[-1],
    )
    model = BaichuanM1ForCausalLM(config)
    if not convolution:
        without_convolution(model)
    optimizer = adamw(model, 3e-3)
    draw = torch.Generator().manual_seed(seed)
    for step in range(STEPS):
        for group in optimizer.param_groups:
            group["lr"] = 3e-3 * min(1.0, (step + 1) / 50, 2 - 2 * step / STEPS)
        ids, answers = batch(draw, LENGTH, BATCH)
        F.cross_entropy(model(ids, use_cache=False, logits_to_keep=1).logits[:, 0], answers).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
    return model.eval()


def batch(draw: torch.Generator, length: int, rows: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids [rows, length] and the values asked for [rows]."""
    ids = torch.randint(NOISE.start, NOISE.stop, (rows, length), generator=draw)
    keys = torch.randint(KEYS.start, KEYS.stop, (rows,), generator=draw)
    values = torch.randint(VALUES.start, VALUES.stop, (rows,), generator=draw)
    places = torch.randint(0, length - 3, (rows,), generator=draw)
    row = torch.arange(rows)
    ids[row, places], ids[row, places + 1], ids[:, -1] = keys, values, keys
    return ids, values


@torch.no_grad()
def accuracy(model: BaichuanM1ForCausalLM, length: int, seed: int) -> float:
    ids, answers = batch(torch.Generator().manual_seed(10_000 + seed), length, 512)
    return (model(ids, use_cache=False, logits_to_keep=1).logits[:, 0].argmax(-1) == answers).float().mean().item()
