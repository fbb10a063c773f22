"""How far reviewers agree beyond chance."""

from collections import Counter
from collections.abc import Sequence


def kappa(one: Sequence[str], other: Sequence[str]) -> float:
    """Cohen's kappa (1960) of two reviewers' labels of the same items: 1 is full agreement, 0 chance. 1 where both gave
    everything the same single label. Raises ValueError for no items."""
    if len(one) != len(other) or not one:
        raise ValueError(f"labels of the same items are needed, not {len(one)} and {len(other)}")
    size = len(one)
    agreed = sum(a == b for a, b in zip(one, other, strict=True)) / size
    first, second = Counter(one), Counter(other)
    chance = sum(first[label] * second[label] for label in first) / size**2
    return 1.0 if chance == 1 else (agreed - chance) / (1 - chance)


def weighted_kappa(one: Sequence[int], other: Sequence[int], highest: int) -> float:
    """Cohen's kappa (1968) for ratings from 0 to `highest`, by which disagreement weighs as its square."""
    if len(one) != len(other) or not one:
        raise ValueError(f"ratings of the same items are needed, not {len(one)} and {len(other)}")
    size = len(one)
    seen = sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) / size
    first, second = Counter(one), Counter(other)
    grades = range(highest + 1)
    chance = sum(first[a] * second[b] * (a - b) ** 2 for a in grades for b in grades) / size**2
    return 1.0 if chance == 0 else 1 - seen / chance
