"""Many names at once in text: a trie over words and Han characters, as flat arrays."""

from collections.abc import Sequence

import numpy as np

from knowledge_graph.characters import BASIC
from knowledge_graph.fold import codes_of, fold_codes
from knowledge_graph.kernels import ABSENT, ANY, CAPITALS, CUE, fill, grow, scan, tokenize
from knowledge_graph.spelling import canonical, spellings

AFTER_ONE_HAN = " ,的及和与或等多常不可是在为受\0"
"""A name of a single Han character counts where one of these follows; elsewhere it is part of a longer word."""
NUL = 0


class Matcher:
    """Finds the longest of many phrases at every place of a text, in one pass from left to right.

    A phrase is a sequence of tokens: words, Han characters, marks. Words count in every spelling (`spelling.py`), whole
    words only. `kinds[i]` says when phrase i counts: ANY, CAPITALS (written in capitals or digits, a final s aside) or
    CUE. `states[i]` is where phrase i ends: phrases spelt alike share one.
    """

    def __init__(self, phrases: Sequence[str], kinds: Sequence[int]):
        folded, _ = fold_codes(codes_of("\0".join(phrases)))
        hashes, starts, ends, count = _tokens(folded)
        _, first, tokens = np.unique(hashes[:count], return_index=True, return_inverse=True)
        words = [_word(folded[starts[i] : ends[i]]) for i in first.tolist()]
        ids, keys, values = _vocabulary(words)
        self._words, self._ids = _table(keys, values)
        tokens = ids[tokens].astype(np.int32)
        gap = ids[words.index("\0")] if "\0" in words else ABSENT
        breaks = np.flatnonzero(tokens == gap)
        lengths = np.diff(np.concatenate([[-1], breaks, [count]])) - 1
        self.states = np.zeros(len(phrases), np.int32)
        if phrases:
            bounds = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
            tokens = np.ascontiguousarray(tokens[tokens != gap])
            size = _power_of_two(2 * len(tokens) + 2)
            self._edges, self._next = np.zeros(size, np.uint64), np.full(size, ABSENT, np.int32)
            total = grow(tokens, bounds, self._edges, self._next, self.states)
        else:
            self._edges, self._next, total = np.zeros(2, np.uint64), np.full(2, ABSENT, np.int32), 1
        self._flags = np.zeros(total, np.uint8)
        for kind in (ANY, CAPITALS, CUE):
            self._flags[self.states[np.asarray(kinds, np.uint8) == kind]] |= kind
        self._flags[0] = 0
        self._after_one = np.zeros(BASIC, bool)
        self._after_one[[ord(c) for c in AFTER_ONE_HAN]] = True

    def find(self, text: str) -> tuple[list[int], list[int], list[int]]:
        """Starts and ends in the text, and twice the state plus one where the match is written in capitals."""
        codes = codes_of(text)
        folded, offsets = fold_codes(codes)
        hashes, starts, ends, count = _tokens(folded)
        low, high, out = np.empty(count, np.int32), np.empty(count, np.int32), np.empty(count, np.int64)
        found = scan(
            *(codes, folded, offsets, hashes, starts, ends, count),
            *(self._words, self._ids, self._edges, self._next, self._flags, self._after_one, low, high, out),
        )
        return low[:found].tolist(), high[:found].tolist(), out[:found].tolist()


def _tokens(folded: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    hashes = np.empty(len(folded), np.uint64)
    starts, ends = np.empty(len(folded), np.int32), np.empty(len(folded), np.int32)
    return hashes, starts, ends, tokenize(folded, hashes, starts, ends)


def _word(codes: np.ndarray) -> str:
    return codes.tobytes().decode("utf-32-le", "replace")


def _vocabulary(words: list[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The id of every word, and hash and id of every spelling. A word of the vocabulary is never another's spelling
    where its own canonical form differs."""
    ids: dict[str, int] = {}
    of_word = np.array([ids.setdefault(canonical(word), len(ids)) for word in words], np.int32)
    spelt = dict(zip(words, of_word.tolist(), strict=True))
    for word, number in ids.items():
        if word.isalnum() and word[0] < "\u3400":
            for form in spellings(word):
                spelt.setdefault(form, number)
    spelt.pop("\0", None)
    forms = list(spelt)
    folded, _ = fold_codes(codes_of("\0".join(forms)))
    all_hashes, starts, _, count = _tokens(folded)
    hashes = all_hashes[:count][folded[starts[:count]] != NUL]
    return of_word, hashes, np.array([spelt[form] for form in forms], np.int32)


def _table(keys: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    size = _power_of_two(2 * len(keys) + 2)
    table, found = np.zeros(size, np.uint64), np.full(size, ABSENT, np.int32)
    fill(np.ascontiguousarray(keys), values, table, found)
    return table, found


def _power_of_two(least: int) -> int:
    return 1 << (least - 1).bit_length()
