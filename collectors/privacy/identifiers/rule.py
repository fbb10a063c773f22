"""What a recogniser is made of: a pattern, the cues that make it worth trying, a check of what it found."""

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import NamedTuple

import ahocorasick


class Span(NamedTuple):
    """Characters `start` to `end` of a text name something of this kind (NAME, PHONE, ...)."""

    start: int
    end: int
    kind: str


class Near(NamedTuple):
    """A part of what a rule looks for that is fast to find, and how many characters before and after it count."""

    pattern: re.Pattern
    before: int
    after: int

    def windows(self, text: str) -> list[tuple[int, int]]:
        """Start and end of the stretches around its matches, those that overlap joined."""
        return joined((match.start() - self.before, match.end() + self.after) for match in self.pattern.finditer(text))


LONG_NUMBER = Near(re.compile(r"\d(?:[ .()/-]{0,2}\d){6,40}"), 70, 70)
HOUSE_NUMBER = Near(re.compile(r"(?<![\w.,/%-])\d{1,5}[A-Za-z]?(?:[-/]\w{1,4})?(?![\w%]|[.,]\d)"), 100, 200)


class Rule(NamedTuple):
    """One form. The group `value` of `pattern` is what gets replaced, if `check` accepts it. So that most rules need
    not look at most texts: `cues` are lower-case literals, one of which a match must hold (None: no such literal is
    known); the rule looks within `reach` characters before and after one, or, if it has one, in the windows of
    `near`. A cue that begins with a line break stands at the beginning of the text, too."""

    kind: str
    cues: tuple[str, ...] | None
    pattern: re.Pattern
    check: Callable[[str], bool] | None
    near: Near | None = None
    reach: tuple[int, int] = (120, 240)

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
    near: Near | None = None,
    reach: tuple[int, int] = (120, 240),
) -> Rule:
    """A rule whose pattern is given in pieces. It looks at a bounded stretch only, so that no text makes it slow."""
    return Rule(kind, cues, re.compile("".join(pattern), flags), check, near, reach)


def written_in_ascii(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """The rules that can match a text of ASCII alone, with such cues alone."""
    kept = [rule._replace(cues=rule.cues and tuple(filter(str.isascii, rule.cues))) for rule in rules]
    return tuple(rule for rule in kept if rule.cues is None or rule.cues)


def joined(stretches: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Stretches of a text, given in the order of their starts, with those that touch made one."""
    windows: list[tuple[int, int]] = []
    for start, end in stretches:
        if windows and start <= windows[-1][1]:
            windows[-1] = (windows[-1][0], end)
        else:
            windows.append((max(0, start), end))
    return windows


def holds(text: str, cues: tuple[str, ...]) -> bool:
    """Whether a lower-case text holds one of the cues."""
    for cue in cues:  # noqa: SIM110 (three times as fast as any())
        if cue in text:
            return True
    return False


def applied(rules: tuple[Rule, ...], text: str) -> list[Span]:
    """What rules find in a text, in the order of the rules; spans may overlap."""
    places: dict[int, list[int]] = {}
    cues = _automaton(rules)
    for end, owners in cues.iter(f"\n{lower(text)}") if len(cues) else ():
        for owner in owners:
            places.setdefault(owner, []).append(end - 1)
    windows: dict[Near, list[tuple[int, int]]] = {}
    found: list[Span] = []
    for number, one in enumerate(rules):
        if one.cues is not None and number not in places:
            continue
        if one.near is not None:
            if one.near not in windows:
                windows[one.near] = one.near.windows(text)
            stretches = windows[one.near]
        elif one.cues is None or len(places[number]) * sum(one.reach) > len(text):
            stretches = [(0, len(text))]
        else:
            before, after = one.reach
            stretches = joined((place - before, place + after) for place in places[number])
        for start, end in stretches:
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
