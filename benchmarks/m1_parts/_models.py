"""The contenders: Baichuan-M1, the same without its convolution, and the Llama nearest in shape."""

import torch
from torch import nn
from transformers import LlamaConfig, LlamaForCausalLM

from training_bridge.m1 import BaichuanM1Config, BaichuanM1ForCausalLM


def without_convolution(model: BaichuanM1ForCausalLM) -> BaichuanM1ForCausalLM:
    """Taps (0, 1) that don't learn: every key and value is its own, all else is the same."""
    for layer in model.model.layers:
        for taps in (layer.self_attn.conv_k, layer.self_attn.conv_v):
            with torch.no_grad():
                taps.copy_(torch.tensor([0.0, 1.0]).expand_as(taps))
            taps.requires_grad_(False)
    return model


def llama_like(config: BaichuanM1Config) -> LlamaForCausalLM:
    """Same vocabulary, width, depth, rotation base and untied head; the heads of M1's sliding layers in every layer;
    feed-forward width such that the parameters agree within 1 %, which the shape promises and this asserts.
    """
    with torch.device("meta"):
        wanted = size(BaichuanM1ForCausalLM(config))
    heads, key_value_heads = config.num_swa_attention_heads, config.num_swa_key_value_heads
    attention = 2 * config.hidden_size**2 * (1 + key_value_heads / heads)
    fixed = 2 * config.vocab_size * config.hidden_size + config.num_hidden_layers * attention
    width = round((wanted - fixed) / (3 * config.hidden_size * config.num_hidden_layers))
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=config.vocab_size,
            hidden_size=config.hidden_size,
            intermediate_size=width,
            num_hidden_layers=config.num_hidden_layers,
            num_attention_heads=heads,
            num_key_value_heads=key_value_heads,
            max_position_embeddings=config.max_position_embeddings,
            rope_parameters={"rope_type": "default", "rope_theta": config.rope_theta},
            tie_word_embeddings=False,
            pad_token_id=config.pad_token_id,
        )
    )
    assert abs(size(model) / wanted - 1) < 0.01
    return model


def size(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


def adamw(model: nn.Module, lr: float) -> torch.optim.AdamW:
    learning = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    decayed = [p for name, p in learning if p.ndim == 2 and name != "lm_head.weight"]
    kept = [p for name, p in learning if not (p.ndim == 2 and name != "lm_head.weight")]
    groups = [{"params": decayed, "weight_decay": 0.1}, {"params": kept, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=lr, betas=(0.9, 0.95), fused=True)
