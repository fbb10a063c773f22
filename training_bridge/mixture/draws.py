"""Random mixtures that the text at hand allows."""

import numpy as np

from datagen.errors import UsageError

CONCENTRATIONS = (0.25, 4.0)
"""Of the Dirichlet draws, times the number of groups: from mixtures of few groups to ones near the centre."""


def limits(available: np.ndarray, tokens: int, cap: int) -> np.ndarray:
    """Greatest share of each group: its tokens, `cap` times, of a run's `tokens`. Raises UsageError where all together
    don't fill a run."""
    shares = np.asarray(available, float) * cap / tokens
    if shares.sum() < 1:
        raise UsageError(
            f"{cap} times all text is {cap * int(np.sum(available)):,} tokens, a run reads {tokens:,}",
            "lower `tokens`, or add text",
        )
    return np.minimum(shares, 1.0)


def within(weights: np.ndarray, limits: np.ndarray) -> np.ndarray:
    """The mixture with no group above its limit; what is too much goes to the others in proportion.

    weights, limits: float[groups]; weights sum to 1, limits to at least 1.
    """
    weights = np.asarray(weights, float) + 1e-12
    fixed = np.zeros(len(weights), bool)
    found = weights / weights.sum()
    while ((found > limits + 1e-12) & ~fixed).any():
        fixed |= found > limits
        free = ~fixed
        found = np.where(fixed, limits, 0.0)
        if free.any():
            found[free] = (1 - found.sum()) * weights[free] / weights[free].sum()
    return found / found.sum()


def draw(count: int, natural: np.ndarray, limits: np.ndarray, seed: int) -> np.ndarray:
    """float[count, groups]: Dirichlet draws, half of them about the natural mixture and half about the uniform one, of
    concentrations spread evenly on a log scale (RegMix, arXiv 2407.01492, section 3.1, varies it likewise)."""
    rng = np.random.default_rng(seed)
    groups = len(natural)
    # A group of next to no text would never be drawn in any number.
    centres = (np.full(groups, 1 / groups), (np.asarray(natural) + 0.5 / groups) / 1.5)
    found = []
    for number in range(count):
        low, high = np.log(CONCENTRATIONS)
        concentration = groups * np.exp(rng.uniform(low, high))
        found.append(within(rng.dirichlet(concentration * centres[number % 2]), limits))
    return np.array(found)
