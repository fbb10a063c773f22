"""A Baichuan-M1 of a few thousand parameters."""

import torch

from training_bridge.m1 import BaichuanM1Config, BaichuanM1ForCausalLM


def tiny_config(**overrides) -> BaichuanM1Config:
    """Both head geometries, and a window shorter than the tests' sequences."""
    fields = {
        "vocab_size": 97,
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 4,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "num_swa_attention_heads": 4,
        "num_swa_key_value_heads": 2,
        "sliding_window": 5,
        "max_position_embeddings": 64,
    }
    return BaichuanM1Config(**(fields | overrides))


def tiny_model(**overrides) -> BaichuanM1ForCausalLM:
    """Weights far from initialisation, so that every term of the architecture shows in the logits."""
    torch.manual_seed(0)
    model = BaichuanM1ForCausalLM(tiny_config(**overrides)).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "conv_" in name:
                parameter.copy_(torch.randn_like(parameter))
            elif "norm" in name:
                parameter.copy_(1 + 0.3 * torch.randn_like(parameter))
            else:
                parameter.copy_(0.15 * torch.randn_like(parameter))
    return model
