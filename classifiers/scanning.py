"""Compiled loops over the characters of a text: hashes of its words, what its lines look like, and its score."""

from enum import IntEnum
from functools import cache

import numpy as np
from numba import njit

BLANK, BREAK, ZERO, NINE = ord(" "), ord(","), ord("0"), ord("9")
HAN = 0x3400
"""Han characters, and nothing before this, stand for themselves; what lies before are letters of words."""
OFFSET, PRIME = np.uint32(0x811C9DC5), np.uint32(0x01000193)
GOLDEN = np.uint32(0x9E3779B1)
NOTHING = -1
kernel = njit(cache=True, nogil=True, error_model="numpy")
inner = njit(inline="always")


class Trait(IntEnum):
    """What is counted in the lines of a text. The rest of the traits are words (shape.py)."""

    question = 0
    options = 1
    turn = 2
    heading = 3
    bullet = 4
    citation = 5
    dose = 6
    percent = 7
    code = 8
    again = 9
    bare = 10
    year = 11
    identifier = 12
    separator = 13
    sentence = 14
    capital = 15


_OPENED = tuple(map(ord, "(（"))
_CLOSED = tuple(map(ord, ")）.、．:："))
_BULLETS = tuple(map(ord, "-*•·●"))
_NUMBERED = tuple(map(ord, ".)、）．"))
_ENDS = tuple(map(ord, ".!?。！？"))
_PAUSES = tuple(map(ord, ",;:，；：、"))
_COLONS = tuple(map(ord, ":："))
_HEADING = tuple(map(ord, " ,/&()-:"))
_COUNTED = tuple(map(ord, "一二三四五六七八九十"))
_CODE_ENDS = tuple(map(ord, "{};"))
_BETWEEN = tuple(map(ord, "|\t"))
_UNITS = tuple(
    sum(ord(letter) << 16 * place for place, letter in enumerate(reversed(unit)))
    for unit in ("mg", "mcg", "µg", "μg", "g", "ml", "mL", "IU", "U", "mmol")
)
_ZH_UNITS = tuple(map(ord, "克升毫微单"))
_MOST_NAME = 25
_MOST_BARE = 60
_LABELS = 32
_MOST_OPTION = ord("E")
_P, _COMPARED = ord("P"), tuple(map(ord, "=<>"))


@cache
def mark(code: str) -> int:
    """The feature that stands for a term's label or a trait of the text."""
    value = int(OFFSET)
    for byte in f"@{code}".encode():
        value = ((value ^ byte) * int(PRIME)) & 0xFFFFFFFF
    return value


@inner
def _is_digit(c):
    return 48 <= c <= 57


@inner
def _is_upper(c):
    return 65 <= c <= 90


@inner
def _is_lower(c):
    return 97 <= c <= 122


@inner
def _is_letter(c):
    return 65 <= c <= 90 or 97 <= c <= 122 or 0xC0 <= c < 0x2000 or 0x3400 <= c < 0xA000


@inner
def _is_gap(c):
    return c == 32 or c == 9


@kernel
def scan_lines(codes, out):
    """Adds to `out` how often each `Trait` occurs in a text."""
    labels, known = np.empty(_LABELS, np.uint32), 0
    size, start = len(codes), 0
    while start < size:
        end = start
        while end < size and codes[end] != 10:
            end += 1
        first, last = start, end - 1
        while first < end and _is_gap(codes[first]):
            first += 1
        while last > first and (_is_gap(codes[last]) or codes[last] == 13):
            last -= 1
        if first < end and codes[first] != 13:
            known = _line(codes, first, last, labels, known, out)
        start = end + 1
    for i in range(size):
        c = codes[i]
        if not (_is_lower(c) or c == 32 or 0x3400 <= c < 0xA000):
            _character(codes, i, size, out)


@kernel
def _line(codes, first, last, labels, known, out):
    """Looks at a line without the white space around it; the number of labels of speakers and sections met so far."""
    size = last - first + 1
    c, ends = codes[first], codes[last]
    at = first + 1 if c in _OPENED and size > 2 else first
    if last - at >= 2 and 65 <= codes[at] <= _MOST_OPTION and codes[at + 1] in _CLOSED:
        out[Trait.options] += 1
    elif _is_letter(c):
        h = OFFSET
        for i in range(first, min(first + _MOST_NAME, last + 1)):
            if codes[i] in _COLONS:
                out[Trait.turn] += 1
                for j in range(known):
                    if labels[j] == h:
                        out[Trait.again] += 1
                        break
                else:
                    if known < _LABELS:
                        labels[known] = h
                        known += 1
                break
            h = np.uint32((h ^ codes[i]) * PRIME)
    digits = 0
    while first + digits <= last and _is_digit(codes[first + digits]):
        digits += 1
    if (c in _BULLETS and size > 2) or (0 < digits < 3 and size > digits + 1 and codes[first + digits] in _NUMBERED):
        out[Trait.bullet] += 1
    if (c == 35 and size > 2) or (c in _COUNTED and size > 2 and codes[first + 1] == 0x3001):
        out[Trait.heading] += 1
    elif _is_upper(c) and 4 <= size <= _MOST_BARE:
        shouted = True
        for i in range(first, last + 1):
            if not (_is_upper(codes[i]) or codes[i] in _HEADING):
                shouted = False
                break
        if shouted:
            out[Trait.heading] += 1
    if size < _MOST_BARE and ends not in _ENDS and ends not in _PAUSES:
        out[Trait.bare] += 1
    if ends in _CODE_ENDS:
        out[Trait.code] += 1
    return known


@kernel
def _character(codes, i, size, out):
    """Looks at a character and what follows it."""
    c = codes[i]
    after = codes[i + 1] if i + 1 < size else np.uint32(0)
    if c == 63 or c == 0xFF1F:
        out[Trait.question] += 1
    if c in _ENDS and (c > 127 or after <= 32):
        out[Trait.sentence] += 1
    elif c in _BETWEEN:
        out[Trait.separator] += 1
    elif _is_upper(c):
        if _is_upper(after):
            out[Trait.capital] += 1
        elif c == _P and after in _COMPARED:
            out[Trait.percent] += 1
        elif i + 2 < size and _is_digit(after) and _is_digit(codes[i + 2]):
            out[Trait.identifier] += 1
    elif c == 91 and _is_digit(after):
        out[Trait.citation] += 1
    elif c == 60 and after == 47:
        out[Trait.code] += 1
    elif _is_digit(c) and not _is_digit(after):
        at = i + 2 if after == 32 else i + 1
        unit = codes[at] if at < size else np.uint32(0)
        if unit == 37 or unit == 0xFF05:
            out[Trait.percent] += 1
        elif unit in _ZH_UNITS or _unit(codes, at, size):
            out[Trait.dose] += 1
        elif i >= 3 and (i == 3 or not _is_digit(codes[i - 4])) and _is_digit(codes[i - 1]) and _is_digit(codes[i - 2]):
            century = (codes[i - 3] - 48) * 10 + codes[i - 2] - 48
            if _is_digit(codes[i - 3]) and (century == 19 or century == 20):
                out[Trait.year] += 1
                if after == 41 or after == 59:
                    out[Trait.citation] += 1


@kernel
def _unit(codes, at, size):
    """Whether the word there is a unit of a dose."""
    value, end = np.int64(0), at
    while end < size and end - at < 4 and _is_letter(codes[end]):
        value = (value << 16) | np.int64(codes[end])
        end += 1
    return value in _UNITS and (end == size or not _is_letter(codes[end]))


@kernel
def hash_words(folded, hashes):
    """Hashes (FNV-1a) of the tokens of a normal form, and of neighbours: how many, and how many of them are words and
    Han characters."""
    count, words, han = 0, 0, 0
    at, before = 0, np.uint32(0)
    while at < len(folded):
        code = folded[at]
        h = OFFSET
        if code >= HAN:
            h = (h ^ code) * PRIME
            at += 1
            han += 1
        elif code == BLANK:
            at += 1
            words += 1
            while at < len(folded) and folded[at] < HAN and folded[at] != BLANK and folded[at] != BREAK:
                code = folded[at]
                h = (h ^ (np.uint32(ZERO) if ZERO <= code <= NINE else code)) * PRIME
                at += 1
        else:
            before = np.uint32(0)
            at += 1
            continue
        hashes[count] = h
        count += 1
        if before:
            hashes[count] = (((h ^ np.uint32(BLANK)) * PRIME) ^ before) * PRIME
            count += 1
        before = h
    return count, words, han


@kernel
def tally_hashes(hashes, keys, counts):
    """Writes distinct hashes, in the order in which they were met, and their counts (at most 255); how many."""
    size = 16
    while size < 2 * len(hashes):
        size *= 2
    places, found = np.full(size, NOTHING, np.int32), 0
    for h in hashes:
        at = find(h, places, keys)
        if places[at] == NOTHING:
            places[at], keys[found], counts[found] = found, h, 1
            found += 1
        elif counts[places[at]] < 255:
            counts[places[at]] += 1
    return found


@kernel
def find(key, places, keys):
    """Where in an open hash table of numbers of keys a key is, or is to be put."""
    mask = len(places) - 1
    at = np.int64(((key ^ (key >> np.uint32(15))) * GOLDEN) >> np.uint32(7)) & mask
    while places[at] != NOTHING and keys[places[at]] != key:
        at = (at + 1) & mask
    return at


@kernel
def table_of(keys):
    """An open hash table of the numbers of distinct keys."""
    size = 16
    while size < 2 * len(keys):
        size *= 2
    places = np.full(size, NOTHING, np.int32)
    for number in range(len(keys)):
        places[find(keys[number], places, keys)] = number
    return places


@kernel
def count_words(keys, counts, places, words, numbers, out):
    """Adds to `out` how often words of a table occur among counted features, under their numbers."""
    for i in range(len(keys)):
        at = places[find(keys[i], places, words)]
        if at != NOTHING:
            out[numbers[at]] += counts[i]


@kernel
def product(keys, counts, places, known, rarity, weights, out):
    """Adds to `out` (float32[labels]) the weights of known features, times their tf-idf scaled to length 1."""
    at = np.empty(len(keys), np.int32)
    values = np.empty(len(keys), np.float32)
    n, square = 0, np.float32(0)
    for i in range(len(keys)):
        number = places[find(keys[i], places, known)]
        if number != NOTHING:
            value = (np.float32(1) + np.float32(np.log(np.float32(counts[i])))) * rarity[number]
            at[n], values[n] = number, value
            square += value * value
            n += 1
    if n == 0:
        return
    length = np.float32(np.sqrt(square))
    for i in range(n):
        value = values[i] / length
        row = weights[at[i]]
        for label in range(len(out)):
            out[label] += value * np.float32(row[label])
