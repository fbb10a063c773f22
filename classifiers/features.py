"""A text as counts of hashed features, read once for all that is to be said of it."""

from collections import Counter
from functools import cache
from typing import NamedTuple

import numpy as np

from classifiers.scanning import hash_words, mark, tally_hashes
from classifiers.shape import SHAPES, TRAITS, shape, traits
from classifiers.terms import CUES, LEXICONS, MEDICAL, find_terms
from datagen.taxonomy import NOT_MEDICAL, load_lexicon
from knowledge_graph.fold import codes_of, fold_codes

HEAD = 2000
TAIL = 500
"""Characters read from the start and the end of a text: where it says what it is about."""
TELLING = 60
"""Tokens from which on it tells something that no medical word is among them: shorter medical texts do without."""
HAN_WORD = 0.6
DENSE = (0.0, 0.4, 1.0, 2.0, 4.0, 8.0)
"""Different medical terms in a hundred words, in steps: a text has a feature for every step that it is beyond."""
SHORT = 20
"""Words that a text is taken to have at least, so that one term in a line is no flood."""


class Features(NamedTuple):
    """Distinct features of a text, and how often each of them occurs."""

    keys: np.ndarray  # uint32[n]
    counts: np.ndarray  # uint8[n]


class Reading(NamedTuple):
    """All that is seen in a text: its features; its words (a Han character counts as 0.6 of one) and the share of them
    that are Han; how often each group of cues occurs; how many different terms of medicine; and its traits (shape.py).
    """

    features: Features
    words: float
    han: float
    cues: Counter
    terms: int
    traits: dict[str, int]


def read(text: str) -> Reading:
    """Features are words and pairs of neighbouring words, Han characters and pairs of them; for every term of a lexicon
    its label, so that a few labelled rows teach what hundreds of terms mean; how dense it is with medical terms, which
    no source's style hides; and the text's shape. A text of some length without a single medical word says so.

    Case, width, accents and Chinese script make no difference, and all digits are one. Features are 32-bit hashes, so
    that what a model was taught can't be read off it.
    """
    text = clip(text)
    codes = codes_of(text)
    folded, _ = fold_codes(codes)
    hashes = np.empty(2 * len(folded) + 2, np.uint32)
    count, latin, han = hash_words(folded, hashes)
    words = latin + HAN_WORD * han
    found = list(find_terms(text))
    marks = [own for _, named in found for own in marks_of(named)]
    if count >= TELLING and not any(named[0] == MEDICAL for _, named in found):
        marks.append(mark("PLAIN"))
    terms = len({term for term, named in found if named[0] not in ("", NOT_MEDICAL)})
    beyond = sum(100 * terms / max(words, SHORT) > step for step in DENSE)
    marks += medicine_marks()[:beyond].tolist()
    counted = tally(np.concatenate([hashes[:count], np.array(marks, np.uint32)]))
    seen = traits(codes, *counted)
    lines = shape(len(text), text.count("\n") + 1, seen, words)
    once = np.ones(len(lines), np.uint8)
    return Reading(
        features=Features(np.concatenate([counted.keys, lines]), np.concatenate([counted.counts, once])),
        words=words,
        han=HAN_WORD * han / max(words, 1),
        cues=Counter(named[CUES] for _, named in found if named[CUES]),
        terms=terms,
        traits=dict(zip(TRAITS, seen.tolist(), strict=True)),
    )


@cache
def marks_of(named: tuple[str, ...]) -> tuple[int, ...]:
    """Features of a term that points to these codes, one for every lexicon."""
    return tuple(mark(f"{place}{code}") for place, code in enumerate(named) if code)


def features(text: str) -> Features:
    return read(text).features


def tally(hashes: np.ndarray) -> Features:
    """Hashes (uint32) counted, at most 255."""
    keys, counts = np.empty(len(hashes), np.uint32), np.empty(len(hashes), np.uint8)
    found = tally_hashes(hashes, keys, counts)
    return Features(keys[:found], counts[:found])


@cache
def term_marks() -> np.ndarray:
    """The features that stand for labels of terms (uint32[n])."""
    codes = [f"{place}{code}" for place, name in enumerate(LEXICONS[:CUES]) for code in load_lexicon(name).terms]
    return np.array([mark(code) for code in codes], np.uint32)


@cache
def medicine_marks() -> np.ndarray:
    """The features that say how dense a text is with medical terms, by step (uint32[len(DENSE)])."""
    return np.array([mark(f"medicine:{step}") for step in range(len(DENSE))], np.uint32)


@cache
def shape_marks() -> np.ndarray:
    """The features that tell how a text is written, not what it is about (uint32[n])."""
    return np.array(
        [mark(code) for code in (*SHAPES, *(f"{CUES}{code}" for code in load_lexicon("cues").terms))], np.uint32
    )


def clip(text: str) -> str:
    """What is read of a text; a clipped text is clipped no further."""
    return text if len(text) <= HEAD + TAIL else f"{text[: HEAD - 1]}\n{text[-TAIL:]}"
