import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from tests.training_bridge.tiny import tiny_config, tiny_model
from training_bridge.flops import peak_flops, training_flops, visible_pairs


@pytest.mark.parametrize("window", [None, 1, 5, 40])
def test_visible_pairs_by_counting(window):
    lengths = np.array([1, 4, 5, 6, 23])
    pairs = sum(min(t + 1, window or t + 1) for n in lengths for t in range(n))
    assert visible_pairs(lengths, window) == pairs


def test_formula_against_torchs_counter():
    model, ids = tiny_model().train(), torch.randint(3, 97, (1, 48))
    model.set_attn_implementation("eager")
    with FlopCounterMode(display=False) as counter:
        model(ids, use_cache=False).logits.sum().backward()
    # Eager attention multiplies all pairs, masked or not.
    config = tiny_config()
    pairs = [visible_pairs(np.array([48]), config.sliding_window if i % 2 else None) for i in range(4)]
    masked = 12 * config.hidden_size * sum(48 * 48 - seen for seen in pairs)
    assert training_flops(config, np.array([48])) + masked == pytest.approx(counter.get_total_flops(), rel=0.02)


def test_a_machines_peak_is_measured():
    assert 1e8 < peak_flops(torch.device("cpu"), torch.float32) < 1e14
