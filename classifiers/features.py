"""A text as counts of hashed features, read once for all that is to be said of it."""

from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

import numpy as np
from numba import njit

from classifiers.shape import SHAPES, shape, traits
from classifiers.terms import CUES, LEXICONS, MEDICAL, find_terms
from datagen.taxonomy import NOT_MEDICAL, load_lexicon
from knowledge_graph.fold import codes_of, fold_codes

HEAD = 2000
TAIL = 500
"""Characters read from the start and the end of a text: where it says what it is about."""
SELLS = "sells"
"""The group of cues that sell."""
TELLING = 60
"""Tokens from which on it tells something that no medical word is among them: shorter medical texts do without."""
BLANK, BREAK, ZERO, NINE = ord(" "), ord(","), ord("0"), ord("9")
HAN = 0x3400
"""Han characters, and nothing before this, stand for themselves; what lies before are letters of words."""
HAN_WORD = 0.6
OFFSET, PRIME = np.uint32(0x811C9DC5), np.uint32(0x01000193)


class Features(NamedTuple):
    """Distinct features of a text in ascending order, and how often each of them occurs."""

    keys: np.ndarray  # uint32[n]
    counts: np.ndarray  # uint8[n]


class Reading(NamedTuple):
    """All that is seen in a text: its features; its words (a Han character counts as 0.6 of one) and the share of them
    that are Han; how often each group of cues occurs; how many different cues sell; how many different terms of
    medicine; and its traits (shape.py).
    """

    features: Features
    words: float
    han: float
    cues: Counter
    selling: int
    terms: int
    traits: dict[str, int]


def read(text: str) -> Reading:
    """Features are words and pairs of neighbouring words, Han characters and pairs of them; for every term of a lexicon
    its label, so that a few labelled rows teach what hundreds of terms mean; and the text's shape. A text of some
    length without a single medical word says so.

    Case, width, accents and Chinese script make no difference, and all digits are one. Features are 32-bit hashes, so
    that what a model was taught can't be read off it.
    """
    text = clip(text)
    folded, _ = fold_codes(codes_of(text))
    hashes = np.empty(2 * len(folded) + 2, np.uint32)
    count, words, han = _hash(folded, hashes)
    found = list(find_terms(text))
    codes = [f"{place}{code}" for _, named in found for place, code in enumerate(named) if code]
    if f"0{MEDICAL}" not in codes and count >= TELLING:
        codes.append("PLAIN")
    seen = traits(text)
    return Reading(
        features=tally(hashes[:count], [*codes, *shape(text, seen)]),
        words=words + HAN_WORD * han,
        han=HAN_WORD * han / max(words + HAN_WORD * han, 1),
        cues=Counter(named[CUES] for _, named in found if named[CUES]),
        selling=len({term for term, named in found if named[CUES] == SELLS}),
        terms=len({term for term, named in found if named[0] not in ("", NOT_MEDICAL)}),
        traits=seen,
    )


def features(text: str) -> Features:
    return read(text).features


def tally(hashes: np.ndarray, codes: Iterable[str] = ()) -> Features:
    """Hashes (uint32), and marks for codes, in order and counted (at most 255)."""
    marks = np.array([mark(code) for code in codes], np.uint32)
    keys, counts = np.unique(np.concatenate([hashes, marks]), return_counts=True)
    return Features(keys, np.minimum(counts, 255).astype(np.uint8))


@cache
def mark(code: str) -> int:
    """The feature that stands for a term's label or a trait of the text."""
    value = int(OFFSET)
    for byte in f"@{code}".encode():
        value = ((value ^ byte) * int(PRIME)) & 0xFFFFFFFF
    return value


@cache
def term_marks() -> np.ndarray:
    """The features that stand for labels of terms (uint32[n])."""
    codes = [f"{place}{code}" for place, name in enumerate(LEXICONS[:CUES]) for code in load_lexicon(name).terms]
    return np.array([mark(code) for code in codes], np.uint32)


@cache
def shape_marks() -> np.ndarray:
    """The features that tell how a text is written, not what it is about (uint32[n])."""
    return np.array(
        [mark(code) for code in (*SHAPES, *(f"{CUES}{code}" for code in load_lexicon("cues").terms))], np.uint32
    )


def clip(text: str) -> str:
    """What is read of a text; a clipped text is clipped no further."""
    return text if len(text) <= HEAD + TAIL else f"{text[: HEAD - 1]}\n{text[-TAIL:]}"


@njit("UniTuple(int64, 3)(uint32[::1], uint32[::1])", cache=True, nogil=True, error_model="numpy")
def _hash(folded, hashes):
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
