"""Floating-point operations of training, by one formula; what they are of a machine's best is the MFU."""

import time

import numpy as np
import torch

from training_bridge.m1 import BaichuanM1Config

# Dense bfloat16 with fp32 sums, from the makers' data sheets.
DATA_SHEETS = {"H200": 989e12, "H100": 989e12, "A100": 312e12}


def training_flops(config: BaichuanM1Config, document_lengths: np.ndarray) -> int:
    """Operations of one forward and backward pass over documents of these lengths (tokens).

    6 * (weights of all linear layers and the head) * tokens + 12 * sum over layers of hidden_size * visible pairs: a
    multiplication and an addition count two, the backward pass twice the forward one, recomputation and padding
    nothing. Visible pairs are those of a token with itself and earlier ones of its document, within the window of a
    sliding layer. Norms, rotation, convolution and softmax are left out.
    """
    lengths = np.asarray(document_lengths, np.int64)
    hidden, total = config.hidden_size, 0
    weights = config.vocab_size * hidden
    for layer in range(config.num_hidden_layers):
        heads, key_value_heads, size = config.heads(layer)
        weights += hidden * (heads + 2 * key_value_heads) * size + hidden**2 + 3 * hidden * config.intermediate_size
        window = config.sliding_window if config.layer_types[layer] == "hybrid_sliding" else None
        total += 12 * hidden * visible_pairs(lengths, window)
    return total + 6 * weights * int(lengths.sum())


def visible_pairs(lengths: np.ndarray, window: int | None) -> int:
    """Causal pairs (token, token seen) within documents, each token seeing itself and window - 1 before it."""
    inside = lengths if window is None else np.minimum(lengths, window)
    return int((inside * (inside + 1) // 2 + (lengths - inside) * inside).sum())


def peak_flops(device: torch.device, dtype: torch.dtype) -> float:
    """Operations a second that `device` can do: its data sheet's for bfloat16 on a known GPU, else what a product of
    large matrices reaches here with the threads that are set."""
    if device.type == "cuda" and dtype == torch.bfloat16:
        name = torch.cuda.get_device_name(device)
        for known, peak in DATA_SHEETS.items():
            if known in name:
                return peak
    size = 1024 if device.type == "cpu" else 8192
    matrix = torch.randn(size, size, device=device, dtype=dtype)
    best = float("inf")
    for _ in range(4):
        started = time.perf_counter()
        (matrix @ matrix)[0, 0].item()
        best = min(best, time.perf_counter() - started)
    return 2 * size**3 / best
