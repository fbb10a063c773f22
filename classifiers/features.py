"""Text to a line of fastText tokens: words, Chinese characters and pairs of them, departments of known terms."""

import re
import unicodedata
from itertools import pairwise

from classifiers.terms import MEDICAL, find_terms

HEAD = 2000
TAIL = 500
"""Characters read from the start and the end of a text: where it says what it is about."""
TELLING = 60
"""Tokens from which on it tells something that no medical word is among them: shorter medical texts do without."""

_RUNS = re.compile(r"([\u3400-\u4dbf\u4e00-\u9fff]+)|([^\W\d_]+(?:['’-][^\W\d_]+)*)")


def features(text: str) -> str:
    """The tokens of a text joined by spaces.

    A term of the lexicon adds its department as a token (`@CARD`), so that a few labelled rows teach what hundreds of
    terms mean. A text of some length without a single medical word says so (`@PLAIN`), and the louder the longer it
    is. No token can be taken for a fastText label.
    """
    folded = fold(clip(text))
    tokens = []
    for han, word in _RUNS.findall(folded):
        if han:
            tokens += han
            tokens += [a + b for a, b in pairwise(han)]
        else:
            tokens.append(word)
    codes = [code for _, code in find_terms(folded)]
    tokens += [f"@{code}" for code in codes]
    if MEDICAL not in codes and len(tokens) >= TELLING:
        tokens += ["@PLAIN"] * (len(tokens) // 10)
    return " ".join(tokens)


def fold(text: str) -> str:
    """Compatibility forms and letter case made one."""
    return unicodedata.normalize("NFKC", text).lower()


def clip(text: str) -> str:
    """What is read of a text; a clipped text is clipped no further."""
    return text if len(text) <= HEAD + TAIL else f"{text[: HEAD - 1]}\n{text[-TAIL:]}"
