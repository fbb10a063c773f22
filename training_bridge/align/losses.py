"""The losses of alignment as pure functions, each as its paper writes it."""

from typing import Literal

import torch
from torch.nn import functional as F

from training_bridge.align.scores import logit_scores
from training_bridge.batches import IGNORED

Variant = Literal[1, 2]


def tdpo_loss(
    policy_logits: torch.Tensor,
    reference_logits: torch.Tensor,
    labels: torch.Tensor,
    beta: float = 0.1,
    alpha: float = 0.5,
    variant: Variant = 2,
    *,
    chunk_tokens: int = 256,
) -> torch.Tensor:
    """Token-level direct preference optimization (Zeng et al., arXiv 2404.11999), in nats, the mean over pairs.

    Logits [2B, T, V], the B chosen rows first, then the rejected; labels [2B, T] aligned with the inputs, -100 outside
    the response; that logits at t are of the label at t + 1 is seen to here. With m(y) the sum of log pi - log pi_ref
    over the response and SeqKL(y) that of KL(pi_ref || pi) over the vocabulary (equation 9):

    TDPO1 (equation 14): -log sigmoid(beta (m(w) - m(l) - (SeqKL(l) - SeqKL(w))))
    TDPO2 (equation 17): -log sigmoid(beta (m(w) - m(l) - alpha (SeqKL(l) - stopgrad SeqKL(w))))

    `alpha` belongs to TDPO2; alpha = 0 is DPO, as its policy at the reference is worth ln 2. Softmaxes are taken of
    `chunk_tokens` positions at a time, in fp32 at least, whatever the logits are in.

    Raises ValueError for shapes that don't fit and an unknown variant.
    """
    if policy_logits.shape != reference_logits.shape or policy_logits.shape[:2] != labels.shape or len(labels) % 2:
        raise ValueError(
            f"need logits [2B, T, V] twice and labels [2B, T], got {tuple(policy_logits.shape)}, "
            f"{tuple(reference_logits.shape)}, {tuple(labels.shape)}"
        )
    rows, times = (labels[:, 1:] != IGNORED).nonzero(as_tuple=True)
    scores = logit_scores(
        policy_logits, reference_logits.detach(), (rows, times), labels[rows, times + 1], chunk_tokens=chunk_tokens
    )
    margins = by_row(scores.logprobs - scores.reference, rows, len(labels))
    return tdpo_objective(margins, by_row(scores.divergence, rows, len(labels)), beta, alpha, variant).mean()


def tdpo_objective(
    margins: torch.Tensor, divergences: torch.Tensor, beta: float, alpha: float, variant: Variant
) -> torch.Tensor:
    """Each pair's loss [B] from m(y) and SeqKL(y), both [2B], chosen first: see `tdpo_loss`."""
    if variant not in (1, 2):
        raise ValueError(f"TDPO has variants 1 and 2, not {variant!r}")
    chosen, rejected = margins.chunk(2)
    of_chosen, of_rejected = divergences.chunk(2)
    binding = of_rejected - of_chosen if variant == 1 else alpha * (of_rejected - of_chosen.detach())
    return -F.logsigmoid(beta * (chosen - rejected - binding))


def elo_loss(
    thought_logprobs: torch.Tensor,
    answer_logprobs: torch.Tensor,
    *,
    pathwise: float = 1.0,
    baseline: bool = True,
    reference_logprobs: torch.Tensor | None = None,
    kl: float = 0.0,
) -> torch.Tensor:
    """Exploratory Log-likelihood Optimization (Baichuan-M1 report, section 5.2.2), in nats, the mean over questions.

    Of each question Q, K >= 2 chains of thought were sampled from the policy: `thought_logprobs` [Q, K] is log pi of
    each of them given the question, `answer_logprobs` [Q, K] log pi of the reference answer given question and thought
    (divided by the answer's length, if rewards of long and short answers are to weigh the same). Both with gradient.

    The bound that is minimised is the report's equation 2, L = -E_thought log pi(A | Q, thought). Its gradient has two
    terms, one for how thoughts are drawn and one for the answer behind them:

        -E[(log pi(A | Q, thought) - b) grad log pi(thought | Q)] - E[grad log pi(A | Q, thought)]

    Equation 3 of the report has the first alone, which is `pathwise=0`; the gradient of the bound needs both
    (`pathwise=1`). `baseline`: b is the mean reward of the question's other thoughts, which leaves the gradient's mean
    and cuts its variance. `kl` adds kl * KL(pi || pi_ref) over thoughts, by `reference_logprobs` [Q, K], as LaTRO does
    (arXiv 2411.04282).

    The value is the estimate of the bound (and of the KL), so that it can be read; its gradient is the above.

    Raises ValueError for shapes that differ, K < 2 with a baseline, or `kl` without a reference.
    """
    if thought_logprobs.shape != answer_logprobs.shape or thought_logprobs.ndim != 2:
        raise ValueError(
            f"need two tensors [questions, thoughts], got {tuple(thought_logprobs.shape)}, "
            f"{tuple(answer_logprobs.shape)}"
        )
    if kl and reference_logprobs is None:
        raise ValueError("a KL needs the thoughts' log-probabilities under the reference")
    reward = answer_logprobs.detach()
    if kl:
        reward = reward - kl * (thought_logprobs.detach() - reference_logprobs.detach())
    advantage = reward
    if baseline:
        count = reward.shape[1]
        if count < 2:
            raise ValueError("a leave-one-out baseline needs at least two thoughts to a question")
        advantage = reward - (reward.sum(1, keepdim=True) - reward) / (count - 1)
    # Worth nothing, but for its gradient.
    drawn = advantage * (thought_logprobs - thought_logprobs.detach())
    after = pathwise * (answer_logprobs - answer_logprobs.detach())
    return -(reward + drawn + after).mean()


def ppo_policy_loss(
    logprobs: torch.Tensor,
    old_logprobs: torch.Tensor,
    advantages: torch.Tensor,
    mask: torch.Tensor | None = None,
    clip: float = 0.2,
) -> torch.Tensor:
    """The clipped surrogate of PPO (Schulman et al., arXiv 1707.06347, equation 7), negated: the mean over the tokens
    that `mask` marks (null: all). All [B, T]; gradients flow through `logprobs` alone.

        -mean min(ratio * advantage, clamp(ratio, 1 - clip, 1 + clip) * advantage), ratio = pi / pi_old
    """
    mask, found = _marked(mask, logprobs, old_logprobs, advantages)
    return policy_terms(*found, clip).sum() / mask.sum().clamp_min(1)


def policy_terms(
    logprobs: torch.Tensor, old_logprobs: torch.Tensor, advantages: torch.Tensor, clip: float
) -> torch.Tensor:
    """Each token's part of `ppo_policy_loss`."""
    ratio = (logprobs - old_logprobs.detach()).exp()
    advantages = advantages.detach()
    return -torch.minimum(ratio * advantages, ratio.clamp(1 - clip, 1 + clip) * advantages)


def ppo_value_loss(
    values: torch.Tensor,
    old_values: torch.Tensor,
    returns: torch.Tensor,
    mask: torch.Tensor | None = None,
    clip: float | None = 0.2,
) -> torch.Tensor:
    """Half the squared error of the value function, the mean over the tokens that `mask` marks (null: all); all [B, T].

    With `clip`, the larger of the errors of the value and of the value held within `clip` of the old one, as in
    OpenAI's implementation; null: the value's own. Gradients flow through `values` alone.
    """
    mask, found = _marked(mask, values, old_values, returns)
    return value_terms(*found, clip).sum() / mask.sum().clamp_min(1)


def value_terms(
    values: torch.Tensor, old_values: torch.Tensor, returns: torch.Tensor, clip: float | None
) -> torch.Tensor:
    """Each token's part of `ppo_value_loss`."""
    old, returns = old_values.detach(), returns.detach()
    error = (values - returns).square()
    if clip is not None:
        held = old + (values - old).clamp(-clip, clip)
        error = torch.maximum(error, (held - returns).square())
    return error / 2


@torch.no_grad()
def gae(
    rewards: torch.Tensor,
    values: torch.Tensor,
    mask: torch.Tensor | None = None,
    gamma: float = 1.0,
    lam: float = 0.95,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Generalized advantage estimation (Schulman et al., arXiv 1506.02438, equation 16) over each row's response.

    All [B, T]; `mask` marks the response (null: all of the row), one stretch of it, behind whose end there is nothing
    to come. Returns advantages and returns (advantages + values), zero outside of the response:

        advantage[t] = sum_l (gamma lam)^l delta[t + l], delta[t] = reward[t] + gamma value[t + 1] - value[t]
    """
    mask, (rewards, values) = _marked(mask, rewards, values)
    inside = mask.to(values.dtype)
    advantages = torch.zeros_like(values)
    later, later_value = values.new_zeros(2, len(values))
    for t in reversed(range(values.shape[1])):
        delta = rewards[:, t] + gamma * later_value - values[:, t]
        later = (delta + gamma * lam * later) * inside[:, t]
        later_value = values[:, t]
        advantages[:, t] = later
    return advantages, advantages + values


def _marked(mask: torch.Tensor | None, *tensors: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """The mask, and tensors that are zero where it doesn't mark, so that nothing there, not even NaN, reaches a loss or
    a gradient."""
    marked = torch.ones_like(tensors[0], dtype=torch.bool) if mask is None else mask.bool()
    return marked, [torch.where(marked, tensor, 0) for tensor in tensors]


def by_row(values: torch.Tensor, rows: torch.Tensor, count: int) -> torch.Tensor:
    """Sums of `values` [n] over the rows [n] that they belong to: fp64 [count]."""
    return values.new_zeros(count, dtype=torch.float64).index_add(0, rows, values.double())
