"""What a policy says of tokens: their log-probabilities and its divergence from a reference, a chunk of positions at a
time, so that the logits of 133,120 entries to a token never exist for all of them."""

from typing import Any, NamedTuple

import torch
from torch.autograd.function import once_differentiable

from training_bridge.m1.modeling_baichuan_m1 import EPS

ROWS = 8192
"""Of the head, that are normalised at a time."""


class Scores(NamedTuple):
    """Of n tokens: log pi(token), log pi_ref(token) and KL(pi_ref || pi) over the vocabulary, in nats, at least fp32;
    the last two are zero without a reference. Gradients flow through the first and the third, to the policy alone."""

    logprobs: torch.Tensor
    reference: torch.Tensor
    divergence: torch.Tensor


def head_scores(
    hidden: torch.Tensor,
    weight: torch.Tensor,
    targets: torch.Tensor,
    reference: tuple[torch.Tensor, torch.Tensor] | None = None,
    *,
    chunk_tokens: int,
) -> Scores:
    """Scores of `targets` [n] under a NormHead: logits are hidden @ normalised(weight).T.

    `hidden` [n, hidden], `weight` [vocabulary, hidden] raw; `reference` the same two of the reference. Logits are taken
    again on the way back: until then nobody knows how much each token counts.
    """
    device = hidden.device.type
    dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else hidden.dtype
    others = (None, None) if reference is None else (tensor.detach() for tensor in reference)
    with torch.autocast(device, enabled=False):
        return Scores(*_HeadScores.apply(hidden, weight, targets, *others, chunk_tokens, dtype))


def logit_scores(
    logits: torch.Tensor,
    reference: torch.Tensor | None,
    where: tuple[torch.Tensor, torch.Tensor],
    targets: torch.Tensor,
    *,
    chunk_tokens: int,
) -> Scores:
    """Scores of `targets` [n] under logits [rows, time, vocabulary] at (row, time) `where`."""
    return Scores(*_LogitScores.apply(logits, reference, *where, targets, chunk_tokens))


class _HeadScores(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, hidden, weight, targets, other_hidden, other_weight, chunk_tokens, dtype) -> tuple:
        ctx.save_for_backward(hidden, weight, targets, other_hidden, other_weight)
        ctx.chunk_tokens, ctx.dtype = chunk_tokens, dtype
        policy, reference = _Head(hidden, weight, dtype), _Head(other_hidden, other_weight, dtype)
        found = _scored(policy, reference, targets, chunk_tokens)
        ctx.mark_non_differentiable(found[1])
        return found

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, by_logprob: torch.Tensor, _: Any, by_divergence: torch.Tensor) -> tuple:
        hidden, weight, targets, other_hidden, other_weight = ctx.saved_tensors
        policy, reference = _Head(hidden, weight, ctx.dtype), _Head(other_hidden, other_weight, ctx.dtype)
        d_hidden = torch.empty_like(hidden)
        # By the normalised rows; what the normalisation takes from it comes once, at the end.
        d_rows = torch.zeros_like(weight, dtype=policy.wide)
        for here in _chunks(len(targets), ctx.chunk_tokens):
            d_logits = _logit_gradient(
                policy(here), reference(here), targets[here], by_logprob[here], by_divergence[here]
            )
            narrow = d_logits.to(ctx.dtype)
            d_rows += narrow.T @ policy.states[here]
            d_hidden[here] = d_logits.mul_(policy.scale).to(ctx.dtype) @ policy.matrix
        for here in _chunks(len(weight), ROWS):
            scale, part = policy.scale[here, None], d_rows[here]
            unit = weight[here].to(policy.wide) * scale
            part.sub_(unit * torch.linalg.vecdot(unit, part)[:, None]).mul_(scale)
        return d_hidden, d_rows.to(weight.dtype), None, None, None, None, None


class _LogitScores(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, logits, reference, rows, times, targets, chunk_tokens) -> tuple:
        ctx.save_for_backward(logits, reference, rows, times, targets)
        ctx.chunk_tokens = chunk_tokens
        found = _scored(_Given(logits, rows, times), _Given(reference, rows, times), targets, chunk_tokens)
        ctx.mark_non_differentiable(found[1])
        return found

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, by_logprob: torch.Tensor, _: Any, by_divergence: torch.Tensor) -> tuple:
        logits, reference, rows, times, targets = ctx.saved_tensors
        policy, other = _Given(logits, rows, times), _Given(reference, rows, times)
        gradient = torch.zeros_like(logits)
        for here in _chunks(len(targets), ctx.chunk_tokens):
            weights = by_logprob[here], by_divergence[here]
            d_logits = _logit_gradient(policy(here), other(here), targets[here], *weights)
            gradient[rows[here], times[here]] = d_logits.to(logits.dtype)
        return gradient, None, None, None, None, None


class _Head:
    """Logits of positions, from the states below the head; null without them."""

    def __init__(self, hidden: torch.Tensor | None, weight: torch.Tensor | None, dtype: torch.dtype) -> None:
        self.wide = torch.promote_types(dtype, torch.float32)
        self.states = None if hidden is None else hidden.to(dtype)
        if hidden is not None:
            self.matrix = weight.to(dtype)
            self.scale = 1 / weight.to(self.wide).norm(dim=-1).clamp_min(EPS)

    def __call__(self, here: slice) -> torch.Tensor | None:
        if self.states is None:
            return None
        return (self.states[here] @ self.matrix.T).to(self.wide).mul_(self.scale)


class _Given:
    def __init__(self, logits: torch.Tensor | None, rows: torch.Tensor, times: torch.Tensor) -> None:
        self.logits, self.rows, self.times = logits, rows, times
        self.wide = None if logits is None else torch.promote_types(logits.dtype, torch.float32)

    def __call__(self, here: slice) -> torch.Tensor | None:
        if self.logits is None:
            return None
        return self.logits[self.rows[here], self.times[here]].to(self.wide)


def _scored(policy: Any, reference: Any, targets: torch.Tensor, chunk_tokens: int) -> tuple[torch.Tensor, ...]:
    logprobs = torch.zeros(len(targets), dtype=policy.wide, device=targets.device)
    others, divergence = torch.zeros_like(logprobs), torch.zeros_like(logprobs)
    for here in _chunks(len(targets), chunk_tokens):
        chosen = targets[here, None]
        ours = policy(here).log_softmax(-1)
        logprobs[here] = ours.gather(1, chosen)[:, 0]
        if (theirs := reference(here)) is not None:
            theirs = theirs.log_softmax(-1).to(ours.dtype)
            others[here] = theirs.gather(1, chosen)[:, 0]
            surprise = ours.neg_().add_(theirs)
            # Where the reference says never, its share of the divergence is zero, whatever the policy says.
            surprise.masked_fill_(theirs == -torch.inf, 0)
            divergence[here] = torch.einsum("nv,nv->n", theirs.exp_(), surprise)
    return logprobs, others, divergence


def _logit_gradient(
    ours: torch.Tensor,
    theirs: torch.Tensor | None,
    targets: torch.Tensor,
    by_logprob: torch.Tensor,
    by_divergence: torch.Tensor,
) -> torch.Tensor:
    """By logits, overwriting them: of log p[target] it is onehot - p, of KL(r || p) it is p - r."""
    ours = ours.softmax(-1)
    if theirs is None:
        ours.mul_(-by_logprob[:, None])
    else:
        ours.mul_((by_divergence - by_logprob)[:, None])
        ours.addcmul_(theirs.softmax(-1).to(ours.dtype), by_divergence[:, None], value=-1)
    return ours.scatter_add_(1, targets[:, None], by_logprob[:, None])


def _chunks(count: int, size: int) -> list[slice]:
    return [slice(start, start + size) for start in range(0, count, size)]
