"""A dictionary of Chinese and English words out of names that are given in both languages.

With it, what English text says bears out a Chinese answer, and the other way round.
"""

from collections import Counter
from collections.abc import Iterable

import numpy as np

from reward_filter.words import HAN, WORDS, read

SURE, OFTEN, CERTAIN = 0.5, 3, 0.9
"""Dice coefficient from which two words mean the same, in how many names at least; and that from which once is
enough."""


def meanings(names: Iterable[tuple[str, str]]) -> np.ndarray:
    """For each word its English one where it is a Chinese word with one, else itself: int64[WORDS]. From names in
    English and Chinese, by how often two words stand in names of the same thing (Dice; Smadja et al. 1996)."""
    english, chinese, both = Counter(), Counter(), Counter()
    for name_en, name_zh in names:
        ours, theirs = (set(read(name).words.tolist()) for name in (name_en, name_zh))
        theirs = {word for word in theirs if word % 4 == HAN}
        english.update(ours)
        chinese.update(theirs)
        both.update((word, other) for word in theirs for other in ours)
    best: dict[int, tuple[float, int]] = {}
    for (word, other), count in both.items():
        alike = 2 * count / (chinese[word] + english[other])
        if alike >= CERTAIN or (alike >= SURE and count >= OFTEN):
            best[word] = max(best.get(word, (0.0, 0)), (alike, other))
    found = np.arange(WORDS)
    for word, (_, other) in best.items():
        found[word] = other
    return found
