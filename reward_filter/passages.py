"""Which passages of real text name what: evidence for answers about which the graph has nothing to say.

An inverted index. A word of an answer is borne out where the passages that name it are those that name what was asked:
counted over all of them at once, so that what goes with only one word of a question gains little (as in retrieval by
Robertson and Sparck Jones 1976, with inverse document frequency as the weight of a word).
"""

from dataclasses import dataclass
from functools import cached_property

import numba
import numpy as np

from reward_filter.words import AMOUNTS, HAN, WORDS

LENGTH, TITLE = 40, 10
"""Words of a passage, to the end of their sentence; and of a text's first sentence that belong to all its passages."""
COMMON = {False: 3e-3, True: 1e-3}
"""Share of all words (of Chinese ones: True) from which one says nothing."""
ALWAYS = 50
"""A word this rare is never common."""
NAMED = 0.02
"""Share of passages from which a word says nothing."""
FEATURES = ("borne_out", "worst_sentence", "covered", "amounts")
LIMIT = 5.0


@dataclass(frozen=True)
class Passages:
    """For each word the passages that name it: `at[starts[word] : starts[word + 1]]`, int32 rising, of `number`."""

    starts: np.ndarray
    at: np.ndarray
    number: int

    @staticmethod
    def of(ids: np.ndarray, starts: np.ndarray) -> "Passages":
        """From the words int64[terms] of all texts, 0 at the end of each sentence, and where each text starts
        int64[texts + 1]."""
        counts = np.bincount(ids, minlength=WORDS)
        counts[0] = 0
        chinese = np.arange(WORDS) % 4 == HAN
        common = counts < 0
        for script in (False, True):
            here = chinese == script
            common |= here & (counts > max(ALWAYS, COMMON[script] * counts[here].sum()))
        most = len(ids) + TITLE * (len(ids) // LENGTH + 2 * len(starts))
        words, places, made, number = _cut(ids, starts, common, np.empty(most, np.int32), np.empty(most, np.int32))
        words, places = words[:made], places[:made]
        named = np.bincount(words, minlength=WORDS)
        kept = (named >= 2) & (named <= max(ALWAYS, NAMED * number))
        places, words = places[kept[words]], words[kept[words]]
        order = np.argsort(words, kind="stable")
        bounds = np.concatenate([[0], np.cumsum(np.bincount(words, minlength=WORDS))]).astype(np.int64)
        return Passages(bounds, places[order], int(number))

    @staticmethod
    def empty() -> "Passages":
        return Passages(np.zeros(WORDS + 1, np.int64), np.zeros(0, np.int32), 0)

    @cached_property
    def weight(self) -> np.ndarray:
        """Inverse document frequency float32[WORDS], 0 for what says nothing."""
        named = np.diff(self.starts)
        return np.where(named > 0, np.log(max(1, self.number) / np.maximum(named, 1)), 0).clip(0).astype(np.float32)

    @cached_property
    def _scratch(self) -> tuple[np.ndarray, np.ndarray]:
        return np.zeros(max(1, self.number), np.float32), np.full(WORDS, np.nan, np.float32)

    def support(self, asked: np.ndarray, said: np.ndarray) -> list[float]:
        """FEATURES, each about -1 to 1, of an answer int64[terms] to a question int64[terms]: how strongly its words go
        with those asked (log of how many times more of what was asked stands in passages that name them than in all),
        as the mean of all, of the sentence where that is least, and of its amounts; and how much of question and
        answer one passage has. 0 where nothing is known."""
        asked = np.unique(asked[asked > 0])
        found = _support(asked, said, self.starts, self.at, self.weight, *self._scratch)
        return [float(np.clip(x, -LIMIT, LIMIT)) / LIMIT for x in found[:2]] + [found[2], found[3] / LIMIT]


@numba.njit(cache=True)
def _cut(ids, starts, common, words, places):
    """Texts into passages: each word of one once, with the title's."""
    made, passage = 0, -1
    last = np.full(len(common), -1, np.int32)
    title = np.zeros(TITLE, np.int32)
    for text in range(len(starts) - 1):
        titled, entitled, size = 0, True, LENGTH
        fresh = True
        for i in range(starts[text], starts[text + 1]):
            word = ids[i]
            if word == 0:
                entitled &= titled < 3
                fresh |= size >= LENGTH
                continue
            if fresh or size >= 3 * LENGTH:
                passage += 1
                size, fresh = 0, False
                for k in range(titled):
                    words[made], places[made] = title[k], passage
                    last[title[k]] = passage
                    made += 1
            size += 1
            if common[word] or last[word] == passage:
                continue
            words[made], places[made] = word, passage
            last[word] = passage
            made += 1
            if entitled and titled < TITLE:
                title[titled] = word
                titled += 1
    return words, places, made, passage + 1


@numba.njit(cache=True)
def _support(asked, said, starts, at, weight, mass, lift):
    """Leaves `mass` (passages) zero and `lift` (words) nan, as it found them."""
    total, mean = 0.0, 0.0
    for word in asked:
        lift[word] = np.inf  # said again: counts as asked
        total += weight[word]
        mean += weight[word] * (starts[word + 1] - starts[word])
        for i in range(starts[word], starts[word + 1]):
            mass[at[i]] += weight[word]
    mean /= len(mass)
    whole, weights, amounts, counted = 0.0, 0.0, 0.0, 0
    worst, sentences = 0.0, 0
    here, weighed = 0.0, 0.0
    for n in range(len(said) + 1):
        word = said[n] if n < len(said) else 0
        if word == 0:
            if weighed > 0:
                if sentences == 0 or here / weighed < worst:
                    worst = here / weighed
                sentences += 1
            here, weighed = 0.0, 0.0
            continue
        if weight[word] == 0 or mean == 0:
            continue
        if np.isnan(lift[word]):
            seen = 0.0
            for i in range(starts[word], starts[word + 1]):
                seen += mass[at[i]]
            named = starts[word + 1] - starts[word]
            lift[word] = min(LIMIT, max(-LIMIT, np.log((seen + mean) / ((named + 1) * mean))))
            whole += weight[word] * lift[word]
            weights += weight[word]
            if word % 4 == AMOUNTS:
                amounts += lift[word]
                counted += 1
        if lift[word] < np.inf:
            here += weight[word] * lift[word]
            weighed += weight[word]
    best = 0.0
    for word in said:
        if word > 0 and lift[word] < np.inf:
            total += weight[word]
            for i in range(starts[word], starts[word + 1]):
                mass[at[i]] += weight[word]
                best = max(best, mass[at[i]])
            lift[word] = np.inf
    for word in said:
        if word > 0 and not np.isnan(lift[word]):
            lift[word] = np.nan
            for i in range(starts[word], starts[word + 1]):
                mass[at[i]] = 0
    for word in asked:
        lift[word] = np.nan
        for i in range(starts[word], starts[word + 1]):
            best = max(best, mass[at[i]])
            mass[at[i]] = 0
    return (
        whole / weights if weights > 0 else 0.0,
        worst,
        best / total if total > 0 else 0.0,
        amounts / counted if counted > 0 else 0.0,
    )
