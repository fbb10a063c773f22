"""Bytes of the key-value cache at 32K tokens, counted on the tensors of the 14B shape (on the meta device), beside a
40-layer Llama with 8 key-value heads of 128 (bf16)."""

from pathlib import Path

import torch
from transformers import DynamicCache

from training_bridge.m1 import BaichuanM1Config

LENGTHS = (8192, 16_384, 32_768)


def measure(data: Path) -> None:
    config = BaichuanM1Config.preset("14b")
    print(f"{'tokens':>7}{'M1, MiB':>10}{'formula, MiB':>14}{'Llama, MiB':>12}{'share':>8}   target at 32K: 37 %")
    for length in LENGTHS:
        llama = 2 * 2 * 40 * 8 * 128 * length
        found = tensors(config, length)
        print(
            f"{length:>7,}{found / 2**20:>10,.2f}{formula(config, length) / 2**20:>14,.2f}{llama / 2**20:>12,.0f}"
            f"{found / llama:>8.1%}"
        )


def tensors(config: BaichuanM1Config, length: int) -> int:
    cache = DynamicCache(config=config)
    for i in range(config.num_hidden_layers):
        _, heads, size = config.heads(i)
        state = torch.empty(1, heads, length, size, dtype=torch.bfloat16, device="meta")
        cache.update(state, state, i)
        for number in range(config.number_of_conv_states):
            cache.update_conv_state(state[:, :, -1:].transpose(2, 3), i, state_idx=number, conv_kernel_size=1)
    found = [t for layer in cache.layers for t in (layer.keys, layer.values, *layer.conv_states.values())]
    return sum(t.numel() * t.element_size() for t in found)


def formula(config: BaichuanM1Config, length: int) -> int:
    """2 b sum over layers of heads size (kept + 1): keys and values, and the raw last of each."""
    total = 0
    for i in range(config.num_hidden_layers):
        _, heads, size = config.heads(i)
        windowed = config.layer_types[i] == "hybrid_sliding"
        total += 2 * 2 * heads * size * ((min(length, config.sliding_window - 1) if windowed else length) + 1)
    return total
