"""What a recogniser is made of: a pattern, the cues that make it worth trying, a check of what it found."""

import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

import ahocorasick


class Span(NamedTuple):
    """Characters `start` to `end` of a text name something of this kind (NAME, PHONE, ...)."""

    start: int
    end: int
    kind: str


class Rule(NamedTuple):
    """One form. The group `value` of `pattern` is what gets replaced, if `check` accepts it. So that most rules need
    not look at most texts: `cues` are lower-case literals, near one of which a match must lie (None: anywhere), within
    `reach` characters before and after it; a rule for `long` numbers looks only near digits that could be one, and a
    rule for a `house` near those that could be its number."""

    kind: str
    cues: tuple[str, ...] | None
    pattern: re.Pattern
    check: Callable[[str], bool] | None
    long: bool = False
    reach: tuple[int, int] = (120, 240)
    house: bool = False

    def spans(self, text: str, start: int = 0, end: int = sys.maxsize) -> Iterator[Span]:
        for match in self.pattern.finditer(text, start, end):
            if self.check is None or self.check(match["value"]):
                yield Span(*match.span("value"), self.kind)


def rule(
    kind: str,
    cues: tuple[str, ...] | None,
    *pattern: str,
    check: Callable[[str], bool] | None = None,
    flags: int = 0,
    long: bool = False,
    reach: tuple[int, int] = (120, 240),
) -> Rule:
    """A rule whose pattern is given in pieces. It looks at a bounded stretch only, so that no text makes it slow."""
    return Rule(kind, cues, re.compile("".join(pattern), flags), check, long, reach)


def written_in_ascii(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """The rules that can match a text of ASCII alone, with such cues alone."""
    kept = [rule._replace(cues=rule.cues and tuple(filter(str.isascii, rule.cues))) for rule in rules]
    return tuple(rule for rule in kept if rule.cues is None or rule.cues)


_LONG_NUMBER = re.compile(r"\d(?:[ .()/-]{0,2}\d){6,40}")
_HOUSE_NUMBER = re.compile(r"(?<![\w.,/%-])\d{1,5}[A-Za-z]?(?:[-/]\w{1,4})?(?![\w%]|[.,]\d)")
_AROUND_LONG, _AROUND_HOUSE = (70, 70), (100, 200)
"""Characters before and after a number that its rule may look at."""


def _near(number: re.Pattern, around: tuple[int, int], text: str) -> list[tuple[int, int]]:
    windows: list[tuple[int, int]] = []
    for match in number.finditer(text):
        start, end = max(0, match.start() - around[0]), match.end() + around[1]
        if windows and start <= windows[-1][1]:
            windows[-1] = (windows[-1][0], end)
        else:
            windows.append((start, end))
    return windows


def holds(text: str, cues: tuple[str, ...]) -> bool:
    """Whether a lower-case text holds one of the cues."""
    for cue in cues:  # noqa: SIM110 (three times as fast as any())
        if cue in text:
            return True
    return False


def applied(rules: tuple[Rule, ...], text: str) -> list[Span]:
    """What rules find in a text, in the order of the rules; spans may overlap."""
    lowered = lower(text)
    numbers = _near(_LONG_NUMBER, _AROUND_LONG, text) if any(one.long for one in rules) else []
    houses = _near(_HOUSE_NUMBER, _AROUND_HOUSE, text) if any(one.house for one in rules) else []
    places: dict[int, list[int]] = {}
    cues = _automaton(rules)
    for end, owners in cues.iter(lowered) if len(cues) else ():
        for owner in owners:
            places.setdefault(owner, []).append(end)
    found: list[Span] = []
    for number, one in enumerate(rules):
        if one.cues is not None and number not in places:
            continue
        if one.long:
            windows = numbers
        elif one.house:
            windows = houses
        elif one.cues is None or len(places[number]) * sum(one.reach) > len(text):
            windows = [(0, len(text))]
        else:
            windows = _around(places[number], one.reach)
        for start, end in windows:
            found += one.spans(text, start, end)
    return found


@cache
def _automaton(rules: tuple[Rule, ...]) -> ahocorasick.Automaton:
    """Finds the cues of rules, and says to which rules each belongs."""
    owners: dict[str, list[int]] = {}
    for number, one in enumerate(rules):
        for cue in one.cues or ():
            owners.setdefault(cue, []).append(number)
    automaton = ahocorasick.Automaton()
    for cue, numbers in owners.items():
        automaton.add_word(cue, tuple(numbers))
    automaton.make_automaton()
    return automaton


def _around(places: list[int], reach: tuple[int, int]) -> list[tuple[int, int]]:
    windows: list[tuple[int, int]] = []
    for place in places:
        start, end = max(0, place - reach[0]), place + reach[1]
        if windows and start <= windows[-1][1]:
            windows[-1] = (windows[-1][0], end)
        else:
            windows.append((start, end))
    return windows


def lower(text: str) -> str:
    """A text in lower case, of the same length."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(small if len(small := c.lower()) == 1 else c for c in text)


def merged(spans: list[Span]) -> list[Span]:
    """Disjoint spans in order: those that overlap become one, of the kind that covers most (the first, if equal)."""
    joined: list[list[Span]] = []
    for span in sorted(spans, key=lambda span: span.start):
        if joined and span.start < max(part.end for part in joined[-1]):
            joined[-1].append(span)
        else:
            joined.append([span])
    whole = []
    for parts in joined:
        kind = max(parts, key=lambda part: part.end - part.start).kind
        whole.append(Span(parts[0].start, max(part.end for part in parts), kind))
    return whole
