"""Abbreviations that a text defines itself, after Schwartz and Hearst (PSB 2003): "long form (LF)" and "LF (long
form)", and in Chinese 长名称（简称）."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from knowledge_graph.fold import fold
from knowledge_graph.model import Graph

BRACKET = re.compile(r"[(（]\s*+([^()（）\n,，;；]{2,80})[)）,，;；]")
SHORT = re.compile(
    r"(?:以下)?(?:简称|缩写为?|英文缩写|abbreviated(?: as)?|hereafter)?\s*[“\"]?"
    r"([A-Za-z0-9]+(?:[-/][A-Za-z0-9]+)*)[”\"]?\s*"
)
BEFORE = re.compile(r"(?:^|.*[^A-Za-z0-9-])([A-Z][A-Z0-9-]{1,9})", re.S)
CALLED = re.compile(r"(?:以下|下文)?简称(?:为)?\s*+[“\"]?([\u3400-\u9fff]{2,6})")
BEFORE_CALLED = ",，(（"
HAN_FROM = "\u3400"
HAN = re.compile(r"[\u3400-\u9fff]")
PLAIN = frozenset(
    word[:5] for word in ("disease", "disorder", "syndrome", "deficiency", "type", "with", "acute", "chronic")
)
"""How words begin that tell nothing about a name."""
WORD_START = re.compile(r"(?<![^\W_])[^\W_]")
LONGEST = 10
"""Characters of an abbreviation."""
BOUNDARY = re.compile(r"[.;:!?。；：！？]\s|\n")


@dataclass(frozen=True)
class Definition:
    """`short` stands for `text[start:end]` from `at` on."""

    short: str
    start: int
    end: int
    at: int


def definitions(text: str) -> Iterator[Definition]:
    """Definitions in a text. The long form begins where the letters of the short one are matched."""
    for found in BRACKET.finditer(text):
        inner, end = found[1], _stripped(text, found.start())
        if short := SHORT.fullmatch(inner):
            if 2 <= len(short[1]) <= LONGEST and not short[1].islower() and not short[1].isdigit():
                start = _long_form(text, end, short[1])
                if start is not None:
                    yield Definition(short[1], start, end, found.start(1) + short.start(1))
        elif inner[0].islower() and (short := BEFORE.fullmatch(text, max(0, end - LONGEST - 1), end)):
            close = found.start(1) + len(inner.rstrip())
            if _long_form(text, close, short[1]) == found.start(1):
                yield Definition(short[1], found.start(1), close, short.start(1))
    for found in CALLED.finditer(text) if "简称" in text else ():
        end = _stripped(text, found.start(), BEFORE_CALLED)
        yield Definition(found[1], max(0, end - 3 * LONGEST), end, found.start(1))


def stands_for(short: str, name: str) -> bool:
    """Whether a folded abbreviation begins and ends like a folded name, its head included: COPD is a disease, G6PD an
    enzyme, whatever deficiency has it for a synonym. A Chinese name has any."""
    words = name.replace(",", " ").split()
    if not words or words[0] >= HAN_FROM:
        return bool(words)
    initials = [word[0] for word in words]
    if not short.isalpha() or short[0] not in initials:
        return False
    words = words[initials.index(short[0]) :]
    if len(words) == 1:
        return short[-1] in words[0][1:]
    rest = iter(" ".join(words))
    return short[-1] == initials[-1] and all(letter in rest for letter in short)


def alike(graph: Graph, row: int, long: str) -> bool:
    """Whether a long form could be a spelling of a name of the node at `row`: it shares how a telling word begins."""
    return bool(_beginnings(long) & _beginnings_at(graph, row))


@lru_cache(maxsize=1 << 14)
def _beginnings_at(graph: Graph, row: int) -> frozenset[str]:
    node = graph.node(graph.ids[row])
    return frozenset().union(*(_beginnings(name) for name in (*node.names("en"), *node.names("zh"))))


def _beginnings(name: str) -> frozenset[str]:
    return frozenset(word[:5] for word in fold(name)[0].split() if len(word) > 3 and word[:5] not in PLAIN)


def _stripped(text: str, end: int, marks: str = "") -> int:
    """`end` without the blanks and marks before it. A pattern that begins with them would take quadratic time."""
    while end and (text[end - 1].isspace() or text[end - 1] in marks):
        end -= 1
    return end


def _long_form(text: str, end: int, short: str) -> int | None:
    """Where the words before `end` begin that the letters of `short` stand for; None where they don't."""
    letters = [c.lower() for c in short if c.isalnum()]
    if end and HAN.match(text[end - 1]):
        return max(0, end - 3 * LONGEST)
    reach = max(0, end - 12 * (len(letters) + 5))
    window = text[reach:end]
    breaks = [b.end() for b in BOUNDARY.finditer(window)]
    low = reach + (breaks[-1] if breaks else 0)
    words = [m.start() for m in WORD_START.finditer(text[low:end])][-min(len(letters) + 5, 2 * len(letters)) :]
    if not words:
        return None
    at = end - 1
    floor = low + words[0]
    for number, letter in enumerate(reversed(letters)):
        first = number == len(letters) - 1
        while at >= floor and (text[at].lower() != letter or (first and at > 0 and text[at - 1].isalnum())):
            at -= 1
        if at < floor:
            return None
        at -= 1
    return at + 1
