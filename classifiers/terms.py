"""Finding the terms of all lexicons in text, in one pass."""

import hashlib
from collections.abc import Iterator
from functools import cache

from classifiers.shape import SHAPES, vocabulary
from datagen.taxonomy import LANGUAGES, load_lexicon
from knowledge_graph.kernels import ANY
from knowledge_graph.matcher import Matcher

MEDICAL = "MED"
"""Stands for words of any medical text, which name no department."""
LEXICONS = ("departments", "categories", "cues")
CUES = LEXICONS.index("cues")


def find_terms(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Terms in a text, in order: the number of the term, and for every lexicon the code it points to, `""` for none.

    Of overlapping terms the first and longest counts: a kidney stone is no kidney. Words count in every spelling and in
    the plural, and only whole; Chinese has no word boundaries.
    """
    matcher, codes = _matcher()
    for found in matcher.find(text)[2]:
        yield found >> 1, codes[found >> 1]


@cache
def terms_digest() -> str:
    """Names the set of terms and traits: a model that counts them serves only with the ones it was trained with."""
    known = [*(load_lexicon(name) for name in LEXICONS), SHAPES, vocabulary()]
    return hashlib.sha256(repr(known).encode()).hexdigest()[:12]


@cache
def _matcher() -> tuple[Matcher, dict[int, tuple[str, ...]]]:
    terms: dict[str, list[str]] = {}
    for place, name in enumerate(LEXICONS):
        lexicon = load_lexicon(name)
        for language in LANGUAGES:
            medical = () if place == CUES else lexicon.medical[language]
            for code, own in ((MEDICAL, medical), *((code, found[language]) for code, found in lexicon.terms.items())):
                for term in own:
                    terms.setdefault(term, [""] * len(LEXICONS))[place] = code
    matcher = Matcher(list(terms), [ANY] * len(terms))
    codes: dict[int, tuple[str, ...]] = {}
    for state, found in zip(matcher.states.tolist(), terms.values(), strict=True):
        before = codes.get(state, ("",) * len(LEXICONS))
        codes[state] = tuple(old or new for old, new in zip(before, found, strict=True))
    return matcher, codes
