"""Names of persons in Chinese text: by cues, and by surname, given name and what stands around them."""

import re
from collections.abc import Iterator
from functools import lru_cache

import rjieba

from collectors.privacy.identifiers import name_cues_zh as cues
from collectors.privacy.identifiers.rule import Span

_LONG = re.compile(cues.LONG)
_SURE = (cues.NAMED, cues.LABELLED, cues.BEFORE_DETAILS, cues.UNLISTED_BEFORE_DETAILS)
_CUED = (cues.AFTER_ROLE, cues.BEFORE_TITLE, cues.BEFORE_THINGS, cues.FULL_BEFORE_TITLE, cues.FAMILIAR)
_OPEN = (cues.NAMED, cues.LABELLED, cues.AFTER_ROLE)
"""Of these the pattern gives the longest name that there could be, not its end."""


def find_names(text: str) -> Iterator[Span]:
    """Names of persons; titles and cues are not part of a name. Masked names (李某) name nobody."""
    ends = set()
    for sure, patterns in ((True, _SURE), (False, _CUED)):
        for pattern in patterns:
            for match in pattern.finditer(text):
                start, end = match.span(match.lastgroup or "value")
                if pattern in _OPEN:
                    end = _end_of_name(text, start, end, sure)
                elif end in ends or not (end == start + 1 or _is_cued_name(text[start:end], sure)):
                    continue
                if end is not None:
                    ends.add(end)
                    yield Span(start, end, "NAME")
    yield from _in_lists(text)
    for pattern, left, right in cues.BARE:
        for match in pattern.finditer(text):
            value, (start, end) = match["value"], match.span("value")
            before, after = text[max(0, start - 2) : start], text[end : end + 2]
            if left.search(before) and right.match(after) and _may_be_name(value):
                alone = cues.STRICT_LEFT.search(before) and cues.STRICT_RIGHT.match(after)
                if _is_no_word(value, bool(alone and len(value) > 2)):
                    yield Span(start, end, "NAME")


def _end_of_name(text: str, start: int, longest: int, sure: bool) -> int | None:
    """Where a name after a cue ends: before punctuation, or what usually follows names, or a word."""
    if "·" in text[start:longest]:
        return longest
    for end in range(longest, start + 1, -1):
        follows = cues.ENDS.match(text, end) or len(_tagged(text[end : end + 4])[0][0]) > 1
        if follows and _is_cued_name(text[start:end], sure):
            return end
    return None


def is_distinctive(name: str) -> bool:
    """Whether a name can be replaced wherever it stands: it is no word, and hardly ever a part of two."""
    return len(name) > 2 or (name[0] in cues.PLAIN and _may_be_name(name) and not _is_word(name))


def _in_lists(text: str) -> Iterator[Span]:
    """Before "三位患者", if all items of the list can be names."""
    for match in cues.LISTED.finditer(text):
        spans, start = [], match.start("list")
        for separator in (*cues.SEPARATORS.finditer(text, *match.span("list")), None):
            end = separator.start() if separator else match.end("list")
            spans.append(Span(start, end, "NAME"))
            start = separator.end() if separator else end
        if all(_is_cued_name(text[span.start : span.end], True) for span in spans):
            yield from spans


def _is_cued_name(value: str, sure: bool) -> bool:
    """Whether what follows a cue is a name; after a `sure` cue it may be an ordinary word too (高原, 任重)."""
    if "·" in value:
        return True
    surname = _LONG.match(value)
    if not _may_be_name(value) and not (surname and len(value) > 2):
        return False
    given = value[surname.end() if surname else 1 :]
    usual = all(c in cues.GIVEN for c in given)
    if value[0] in cues.FUNCTION and not surname:
        return usual and (sure or (len(given) > 1 and not _is_word(given)))
    if surname or value[0] in cues.PLAIN or sure:
        known = surname or value[0] in cues.SURNAMES
        return known and usual if _is_word(value) else known or _has_no_words(value)
    if _is_word(value):
        return usual and _tagged(value)[0][1] == "ns"
    return usual or _has_no_words(value)


def _has_no_words(value: str) -> bool:
    return all(len(word) == 1 or tag.startswith(("nr", "ns", "x")) for word, tag in _tagged(value))


def _may_be_name(value: str) -> bool:
    return value not in cues.NOT_NAMES and (len(value) > 3 or value[:2] not in cues.NOT_NAMES)


@lru_cache(1 << 16)
def _tagged(value: str) -> tuple[tuple[str, str], ...]:
    return tuple(rjieba.tag(value, False))


def _is_word(value: str) -> bool:
    """The dictionary has the whole value, and not as a name."""
    parts = _tagged(value)
    return len(parts) == 1 and not parts[0][1].startswith("nr")


def _is_no_word(value: str, alone: bool) -> bool:
    """The dictionary has no such word, or knows it as a name; nor does it cut the value into a word and a rest, unless
    the value stands `alone`."""
    parts = _tagged(value)
    if len(parts) == 1:
        return parts[0][1].startswith("nr")
    return len(parts[0][0]) == 1 or parts[0][1].startswith("nr") or len(value) > 3 or (alone and len(parts[1][0]) == 1)
