"""Compiled counts over the words of a text: what repeats, and where sentences end."""

import numpy as np
from numba import njit

from classifiers.words import ALPHABETIC, ENDS, MARK, PLAIN, STOP_SHIFT

TOP = (2, 3, 4)
DUPLICATED = (5, 6, 7, 8, 9, 10)
"""Lengths of n-grams of the repetition rules (Rae et al. 2021, table A1)."""
COUNTS = 5
"""Words, plain words, characters of those, words with a letter, stop words; the n-grams' characters follow."""
FIBONACCI = np.uint64(0x9E3779B97F4A7C15)


@njit(cache=True, nogil=True, error_model="numpy")
def sentences(chunks, spans, pieces, bounds, flags):
    """How many sentences begin in spans (int64[n, 2]) of chunks: each starts one, as does a word after a mark that ends
    one and the marks that follow it (spaCy's sentencizer)."""
    count = 0
    for span in range(len(spans)):
        first, ended = True, False
        for chunk in chunks[spans[span, 0] : spans[span, 1]]:
            for at in range(bounds[chunk], bounds[chunk + 1]):
                flag = flags[pieces[at]]
                if first or (ended and not flag & (ENDS | MARK)):
                    count += 1
                    first = ended = False
                ended |= flag & ENDS > 0
    return count


@njit(cache=True, nogil=True, error_model="numpy")
def measure(chunks, pieces, bounds, lengths, flags, out):
    """Fill `out` (float64[COUNTS + 9]) for a text given as chunks (int32)."""
    n = 0
    for chunk in chunks:
        n += bounds[chunk + 1] - bounds[chunk]
    words = np.empty(n, np.int32)
    stops = np.int64(0)
    at = 0
    for chunk in chunks:
        for piece in range(bounds[chunk], bounds[chunk + 1]):
            word = pieces[piece]
            words[at] = word
            at += 1
            flag = flags[word]
            stops |= flag >> STOP_SHIFT
            if flag & PLAIN:
                out[1] += 1
                out[2] += lengths[word]
            if flag & ALPHABETIC:
                out[3] += 1
    out[0] = n
    while stops:
        out[4] += stops & 1
        stops >>= 1
    ends = np.zeros(n + 1, np.int64)
    for i in range(n):
        ends[i + 1] = ends[i] + lengths[words[i]]
    size = 16
    while size < 2 * n:
        size *= 2
    keys, stamps, seen = np.empty(size, np.uint64), np.zeros(size, np.int32), np.empty(size, np.int32)
    for number, length in enumerate(TOP):
        out[COUNTS + number] = _top(words, ends, length, keys, stamps, seen, number + 1)
    for number, length in enumerate(DUPLICATED):
        out[COUNTS + 3 + number] = _duplicated(words, ends, length, keys, stamps, number + 4)


@njit(inline="always", error_model="numpy")
def _place(words, start, length, keys, stamps, stamp):
    """Where an n-gram is, or is to be put, in the table; whether it is there."""
    key = np.uint64(0)
    for i in range(start, start + length):
        key = (key ^ np.uint64(words[i] + 1)) * FIBONACCI
        key ^= key >> np.uint64(29)
    mask = len(keys) - 1
    at = np.int64(key & np.uint64(mask))
    while stamps[at] == stamp and keys[at] != key:
        at = (at + 1) & mask
    there = stamps[at] == stamp
    keys[at], stamps[at] = key, stamp
    return at, there


@njit(error_model="numpy")
def _top(words, ends, length, keys, stamps, seen, stamp):
    """Characters in the most frequent n-gram, joined by spaces, times its count; of equals the first one counts."""
    counts, first = np.zeros(len(keys), np.int32), len(words)
    most = 0
    for start in range(len(words) - length + 1):
        at, there = _place(words, start, length, keys, stamps, stamp)
        if not there:
            seen[at] = start
        counts[at] += 1
        most = max(most, counts[at])
    if not most:
        return 0
    for at in range(len(keys)):
        if stamps[at] == stamp and counts[at] == most:
            first = min(first, seen[at])
    return (ends[first + length] - ends[first] + length - 1) * most


@njit(error_model="numpy")
def _duplicated(words, ends, length, keys, stamps, stamp):
    """Characters in n-grams seen before, none counted twice."""
    characters, start = 0, 0
    while start < len(words) - length + 1:
        _, there = _place(words, start, length, keys, stamps, stamp)
        if there:
            characters += ends[start + length] - ends[start]
            start += length
        else:
            start += 1
    return characters
