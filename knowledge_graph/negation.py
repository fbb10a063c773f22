"""What a text says is absent: scopes of negation in English and Chinese, after NegEx (Chapman et al. 2001).

A cue reaches over the names that follow (or precede) it, through lists, until the sentence ends, another clause begins,
or a gap is too long. Words that only look like negation ("not only", 不明原因) are cues that reach nothing.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from knowledge_graph.cues import BACKWARD, EITHER, FORWARD, LIGHT, MAYBE, MAYBE_BEFORE, WIDE

SENTENCE_END = re.compile(r"[。！？；!?;]|\.(?=\s|$)|\n")
LIST_WORDS = re.compile(
    r"\s*(?:[,，、/]\s*)?(?:\b(?:and|or|nor|and/or|any|other|the|an?)\b\s*)*[及和或与也亦跟者以]*\s*", re.I
)
COMMA = re.compile("[,，]")
ALL = re.compile("[均都皆]")
CLAUSE_END = re.compile(r"\s*(?:[，,。；;、！？!?\n]|\.(?=\s|$)|$)")
MINUS = re.compile(r"\s*[(（]\s*[-－−–—]\s*[)）]")
"""How a finding is noted as absent: 紫绀（-）."""
WORD = re.compile(r"[^\W\d_\u3400-\u9fff]+", re.UNICODE)
HAN = re.compile(r"[\u3400-\u9fff]")
MAX_WORDS, MAX_HAN = 6, 8
MAX_LISTED = 3
MAX_ADVERBS = 2
UNSURE = (MAYBE, MAYBE_BEFORE)


class Event(NamedTuple):
    """Something found in the text: a name (`cue` None) or a cue."""

    start: int
    end: int
    cue: str | None


def negated(text: str, events: Sequence[Event]) -> set[int]:
    """Indices of the names among `events` (sorted, not overlapping) that the text says are absent."""
    found: set[int] = set()
    bracketed = "(" in text or "（" in text
    for i, event in enumerate(events):
        if event.cue is None:
            if bracketed and MINUS.match(text, event.end):
                found.add(i)
        elif event.cue in (FORWARD, WIDE, EITHER):
            if _ends_clause(text, event):
                found |= _backward(text, events, i) or _forward(text, events, i)
            else:
                found |= _forward(text, events, i) or (_backward(text, events, i) if event.cue == EITHER else set())
        elif event.cue == BACKWARD:
            found |= _backward(text, events, i)
    return found


def uncertain(text: str, events: Sequence[Event]) -> set[int]:
    """Indices of the names among `events` that the text leaves open: suspected, possible, to be ruled out."""
    found: set[int] = set()
    for i, event in enumerate(events):
        if event.cue == MAYBE:
            reached = _forward(text, events, i)
            found |= reached if reached or not HAN.match(text, event.start) else _backward(text, events, i)
        elif event.cue == MAYBE_BEFORE:
            found |= _backward(text, events, i)
    return found


def _forward(text: str, events: Sequence[Event], cue: int) -> set[int]:
    reached: set[int] = set()
    at = events[cue].end
    for i in range(cue + 1, len(events)):
        gap, event = text[at : events[i].start], events[i]
        if SENTENCE_END.search(gap):
            break
        if event.cue is None:
            if (reached and gap.startswith("的")) or not _near(gap, bool(reached), events[cue].cue == WIDE):
                break
            reached.add(i)
        elif event.cue == LIGHT:
            if reached or _size(gap) > MAX_ADVERBS or COMMA.search(gap):
                break
        elif event.cue not in UNSURE or COMMA.search(gap):
            break
        at = event.end
    return reached


def _backward(text: str, events: Sequence[Event], cue: int) -> set[int]:
    """A Chinese comma ends a list, unless the cue is said of all: 发热，咳嗽均未见."""
    reached: set[int] = set()
    at, listed = events[cue].start, False
    for i in range(cue - 1, -1, -1):
        gap, event = text[events[i].end : at], events[i]
        if SENTENCE_END.search(gap):
            break
        if event.cue == LIGHT and not reached and _size(gap) <= MAX_ADVERBS and not COMMA.search(gap):
            at = event.start
            continue
        if event.cue is not None:
            break
        if not reached:
            listed = bool(ALL.search(gap))
            if COMMA.search(gap) or not _near(gap, False, False):
                break
        elif not LIST_WORDS.fullmatch(gap) or ("，" in gap and not listed):
            break
        reached.add(i)
        at = event.start
    return reached


def _ends_clause(text: str, cue: Event) -> bool:
    """Whether nothing follows a Chinese cue: what it denies stands before it (耳聋否认。)."""
    return bool(HAN.match(text, cue.start) and CLAUSE_END.match(text, cue.end))


def _near(gap: str, listed: bool, wide: bool) -> bool:
    """Whether a scope reaches over a gap. A comma ends it unless what follows is the next item of a list."""
    head, comma, tail = gap.replace("，", ",").rpartition(",")
    if comma:
        if "，" in gap and not wide:
            return False
        return (listed or wide) and not head.strip() and _size(tail) <= MAX_LISTED
    return _size(gap) <= MAX_WORDS


def _size(gap: str) -> float:
    return len(WORD.findall(gap)) + len(HAN.findall(gap)) * MAX_WORDS / MAX_HAN
