"""Learning rate as a pure function of tokens: warm-up, constant, cosine decay (WSD)."""

import math


def wsd(tokens: int, *, peak: float, final: float, warmup_tokens: int, decay_start: int, total_tokens: int) -> float:
    """Learning rate of the step that brings the run to `tokens` training tokens.

    Linear from 0 to `peak` over `warmup_tokens`, constant until `decay_start`, then half a cosine down to
    `final` at `total_tokens` and `final` after it. Warmup-Stable-Decay is MiniCPM's (arXiv 2404.06395); the
    cosine decay and its use over the last curriculum stage are Baichuan-M1's (report section 4.2). Because
    only tokens count, the schedule has no state and does not depend on the batch size.

    Raises ValueError unless 0 <= warmup_tokens <= decay_start < total_tokens.
    """
    if not 0 <= warmup_tokens <= decay_start < total_tokens:
        raise ValueError(
            f"need 0 <= warmup_tokens <= decay_start < total_tokens, got {warmup_tokens}, {decay_start}, {total_tokens}"
        )
    if tokens < warmup_tokens:
        return peak * tokens / warmup_tokens
    if tokens < decay_start:
        return peak
    progress = min(1.0, (tokens - decay_start) / (total_tokens - decay_start))
    return final + (peak - final) * 0.5 * (1.0 + math.cos(math.pi * progress))
