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
    not look at most texts: `cues` are lower-case literals, near one of which a match must lie (None: anywhere), and a
    rule for `long` numbers looks only near digits that could be one."""

    kind: str
    cues: tuple[str, ...] | None
    pattern: re.Pattern
    check: Callable[[str], bool] | None
    long: bool = False

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
) -> Rule:
    """A rule whose pattern is given in pieces. It looks at a bounded stretch only, so that no text makes it slow."""
    return Rule(kind, cues, re.compile("".join(pattern), flags), check, long)


def written_in_ascii(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """The rules that can match a text of ASCII alone, with such cues alone."""
    kept = [rule._replace(cues=rule.cues and tuple(filter(str.isascii, rule.cues))) for rule in rules]
    return tuple(rule for rule in kept if rule.cues is None or rule.cues)


_LONG_NUMBER = re.compile(r"\d(?:[ .()/-]{0,2}\d){6,40}")
_MARGIN = 70
"""Characters around a number that its rule may look at: cues stand before it."""


def _near_numbers(text: str) -> list[tuple[int, int]]:
    windows: list[tuple[int, int]] = []
    for match in _LONG_NUMBER.finditer(text):
        start, end = max(0, match.start() - _MARGIN), match.end() + _MARGIN
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


_BEFORE_CUE, _AFTER_CUE = 120, 240
"""Characters before and after a cue that its rule looks at."""


def applied(rules: tuple[Rule, ...], text: str) -> list[Span]:
    """What rules find in a text, in the order of the rules; spans may overlap."""
    lowered = lower(text)
    numbers = _near_numbers(text) if any(one.long for one in rules) else []
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
        elif one.cues is None or len(places[number]) * (_BEFORE_CUE + _AFTER_CUE) > len(text):
            windows = [(0, len(text))]
        else:
            windows = _around(places[number])
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


def _around(places: list[int]) -> list[tuple[int, int]]:
    windows: list[tuple[int, int]] = []
    for place in places:
        start, end = max(0, place - _BEFORE_CUE), place + _AFTER_CUE
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
