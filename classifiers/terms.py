"""Finding the taxonomy's terms in text."""

import hashlib
from collections.abc import Iterator
from functools import cache

import ahocorasick

from datagen.taxonomy import LANGUAGES, load_lexicon

MEDICAL = "MED"
"""Stands for words of any medical text, which name no department."""


def find_terms(folded: str) -> Iterator[tuple[str, str]]:
    """Terms in a text folded to lower case, as (term, department or MEDICAL), in order.

    Of overlapping terms the first and longest counts: a kidney stone is no kidney. Latin terms stand alone or in the
    plural; Chinese has no word boundaries.
    """
    for end, (term, code) in _automaton().iter_long(folded):
        if not term[0].isascii() or _alone(folded, end + 1 - len(term), end + 1):
            yield term, code


@cache
def terms_digest() -> str:
    """Names the set of terms: a model that counts them serves only with the ones it was trained with."""
    return hashlib.sha256(repr(load_lexicon()).encode()).hexdigest()[:12]


def _alone(text: str, start: int, end: int) -> bool:
    if start and text[start - 1].isascii() and text[start - 1].isalnum():
        return False
    following = text[end : end + 2]
    if following[:1] == "s":
        following = following[1:]
    return not (following[:1].isascii() and following[:1].isalnum())


@cache
def _automaton() -> ahocorasick.Automaton:
    lexicon = load_lexicon()
    automaton = ahocorasick.Automaton()
    for language in LANGUAGES:
        for term in lexicon.medical[language]:
            automaton.add_word(term, (term, MEDICAL))
        for code, terms in lexicon.terms.items():
            for term in terms[language]:
                automaton.add_word(term, (term, code))
    automaton.make_automaton()
    return automaton
