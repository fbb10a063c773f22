"""Cross-entropy under a normalised head without ever holding all logits (133,120 to a token at 14B)."""

from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from training_bridge.batches import IGNORED, Batch
from training_bridge.m1 import BaichuanM1ForCausalLM
from training_bridge.m1.modeling_baichuan_m1 import EPS


class PolicyLoss(nn.Module):
    """A batch to its loss, a sum that the trainer divides by what it is a mean of: what DDP and FSDP wrap, so that
    embedding, layers and head are gathered and reduced as one module. `model` is what learns.

    `forward` returns fp64, the loss or, with figures that belong to the log, a vector that begins with it. Parameters
    stay as they are; with `dtype` bfloat16 products are taken in it, sums in fp32.
    """

    def __init__(self, model: BaichuanM1ForCausalLM, *, chunk_tokens: int, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.model = model
        self.chunk_tokens = chunk_tokens
        self.dtype = dtype

    def products(self) -> AbstractContextManager:
        """Around a forward pass: products are taken in `dtype`."""
        device = self.model.device.type
        return torch.autocast(device, self.dtype, enabled=self.dtype != torch.float32)


class PackedLoss(PolicyLoss):
    """The sum of cross-entropies of a batch's targets, in nats."""

    def forward(self, batch: Batch) -> torch.Tensor:
        with self.products():
            hidden = hidden_states(self.model, batch)
            wanted = batch.targets != IGNORED
            return cross_entropy(
                hidden[wanted], self.model.lm_head.weight, batch.targets[wanted], chunk_tokens=self.chunk_tokens
            )


def hidden_states(model: BaichuanM1ForCausalLM, batch: Batch) -> torch.Tensor:
    """[sequences, sequence_length, hidden], each document by itself."""
    return model.model(batch.input_ids, position_ids=batch.position_ids, use_cache=False).last_hidden_state


def cross_entropy(
    hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor, *, chunk_tokens: int
) -> torch.Tensor:
    """Sum over tokens of -log softmax(hidden @ normalised(weight).T)[target], in fp64.

    `hidden` [tokens, hidden], `weight` [vocabulary, hidden] raw as a NormHead has it, `targets` [tokens]. Logits exist
    for `chunk_tokens` tokens at a time; gradients are taken on the way forward, as in Liger Kernel (arXiv 2410.10989),
    so that nothing is computed twice. The normalised matrix is never written: logits are scaled by 1 / norms instead.
    """
    device = hidden.device.type
    dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else hidden.dtype
    with torch.autocast(device, enabled=False):
        return _CrossEntropy.apply(hidden, weight, _scale(weight), targets, chunk_tokens, dtype)


@torch.no_grad()
def token_losses(
    hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor, *, chunk_tokens: int
) -> torch.Tensor:
    """As `cross_entropy`, of each token by itself: fp32 [tokens]."""
    scale, matrix = _scale(weight), weight.to(hidden.dtype)
    parts = [
        F.cross_entropy((h @ matrix.T).float() * scale, t, reduction="none")
        for h, t in zip(hidden.split(chunk_tokens), targets.split(chunk_tokens), strict=True)
    ]
    return torch.cat(parts)


def _scale(weight: torch.Tensor) -> torch.Tensor:
    return 1 / weight.float().norm(dim=-1).clamp_min(EPS)


class _CrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        hidden: torch.Tensor,
        weight: torch.Tensor,
        scale: torch.Tensor,
        targets: torch.Tensor,
        chunk_tokens: int,
        dtype: torch.dtype,
    ) -> torch.Tensor:
        learning = any(ctx.needs_input_grad)
        states, matrix = hidden.to(dtype), weight.to(dtype)
        if learning:
            d_hidden = torch.empty_like(hidden)
            d_weight = torch.zeros_like(weight, dtype=torch.float32)
            d_scale = torch.zeros_like(scale)
        loss = torch.zeros((), dtype=torch.float64, device=hidden.device)
        for start in range(0, len(hidden), chunk_tokens):
            here = slice(start, start + chunk_tokens)
            chosen = targets[here, None]
            products = (states[here] @ matrix.T).float()
            logits = products * scale
            total = logits.logsumexp(-1, keepdim=True)
            loss += (total - logits.gather(1, chosen)).sum(dtype=torch.float64)
            if learning:
                d_logits = logits.sub_(total).exp_()
                d_logits.scatter_add_(1, chosen, d_logits.new_full(chosen.shape, -1.0))
                d_scale += torch.linalg.vecdot(d_logits, products, dim=0)
                d_products = d_logits.mul_(scale).to(dtype)
                d_hidden[here] = d_products @ matrix
                d_weight += d_products.T @ states[here]
        if learning:
            ctx.save_for_backward(d_hidden, d_weight.to(weight.dtype), d_scale)
        return loss

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        return (*(part * gradient.to(part.dtype) for part in ctx.saved_tensors), None, None, None)
