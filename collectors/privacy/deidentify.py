"""De-identification by pattern, checksum, word list and context, English and Chinese, one document at a time."""

import re
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Literal

from collectors.privacy.identifiers import (
    accounts,
    address_grammar_en,
    addresses_en,
    addresses_zh,
    ages,
    codes,
    columns,
    dates,
    hl7,
    keyed,
    names_again,
    names_en,
    names_placed_en,
    names_zh,
    numbers_en,
    numbers_zh,
    online,
    phones,
    postcodes,
    records,
    spaced,
)
from collectors.privacy.identifiers.public import is_public
from collectors.privacy.identifiers.rule import Span, applied, merged, written_in_ascii

if TYPE_CHECKING:
    import opencc

Level = Literal["none", "light", "full"]
DENSE_COUNT, DENSE_SHARE = 10, 0.2
"""From this many identifiers on, and this share of the characters, a document is about identifiers, not medicine."""
_INDIRECT = frozenset(("DATE", "AGE"))
_LIGHT_RULES = (*online.LIGHT, *accounts.LIGHT, *phones.LIGHT, *records.LIGHT)
_LIGHT = (_LIGHT_RULES, written_in_ascii(_LIGHT_RULES))
_FULL_RULES = (
    *(*_LIGHT_RULES, *records.FULL, *accounts.FULL, *phones.FULL, *online.FULL, *postcodes.FULL),
    *(*numbers_zh.RULES, *addresses_zh.RULES, *ages.RULES),
)
_FULL = (_FULL_RULES, written_in_ascii(_FULL_RULES))
_DIGIT_OR_AT = re.compile(r"[\d@]")
_LATIN = re.compile(r"[A-Za-z]{2}")
_HAN = re.compile("[\u4e00-\u9fff]")
_TRADITIONAL = re.compile("[醫護電話號歲門學國為後來對個們這說請問聯體檢記錄證碼張陳劉黃楊趙吳孫鄭許葉]")
_FULL_WIDTH = re.compile("[０-９Ａ-Ｚａ-ｚ＋－．／＠＿]")
_HALF_WIDTH = {wide: wide - 0xFEE0 for wide in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}
_HALF_WIDTH |= {ord(wide): ord(narrow) for wide, narrow in zip("＋－．／＠＿", "+-./@_", strict=True)}
"""Full-width letters, digits and signs of numbers, to the characters that the rules know."""

_AMONG_IDENTIFIERS, _APART, _SHORT = 2, 2000, 400
"""Identifiers in a text from which on less evidence makes another, if there are so few characters to each; in so short
a text one is enough."""


class Deidentifier:
    """Replaces identifiers in the texts of one document by surrogates.

    Equal values get the same surrogate (`[PHONE-1]`) throughout the document, numbered as they are found, so that a
    surrogate says nothing about what it stands for. An age over 89 becomes `90+`; a date becomes its year, or with
    `shift_days` the date so many days later, a birth `[DATE-1]` in either case. A person's name that was found in one
    place is replaced in all others, its rare parts too.

    `light` finds e-mail addresses, telephone, identity, card, record, device, messenger and number-plate numbers.
    `full` adds names, addresses, dates finer than a year, ages over 89, web and IP addresses, postal codes. What has
    neither a form of its own nor a cue beside it, nor is on a list of names, is not found: this is a filter, not a
    guarantee.

    >>> clean = Deidentifier("light")
    >>> clean("Write to ann@example.org.", "请联系 ann@example.org"), clean.status
    (['Write to [EMAIL-1].', '请联系 [EMAIL-1]'], 'redacted')
    """

    def __init__(self, level: Level, known: Iterable[str] = (), shift_days: int | None = None):
        """`known` are names from the family's other documents, to be replaced here too, cue or not."""
        self._level = level
        self._known = frozenset(known)
        self._calendar = dates.Calendar(shift_days)
        self._numbers: dict[str, dict[str, int]] = {}
        self._parts: dict[str, str] = {}
        self._seen: set[str] = set()
        self._changed = False
        self._identifiers = self._hidden = self._characters = 0

    @property
    def status(self) -> str:
        """The `phi_status` of what was seen so far. Without rules it is unknown: only a person can call it exempt."""
        if self._level == "none":
            return "unknown"
        return "redacted" if self._changed else "clean"

    @property
    def names(self) -> set[str]:
        """Names of persons that mean nothing else, of those found so far."""
        return set(self._parts)

    @property
    def dense(self) -> bool:
        """Whether what was seen so far has too many identifiers to be worth keeping, or to be safe: at least
        DENSE_COUNT, dates and ages aside, that made up DENSE_SHARE of the characters."""
        return self._identifiers >= DENSE_COUNT and self._hidden >= DENSE_SHARE * self._characters

    def __call__(self, *texts: str) -> list[str]:
        if self._level == "none":
            return list(texts)
        return [self._rewritten(text, spans) for text, spans in zip(texts, self.find(*texts), strict=True)]

    def find(self, *texts: str) -> list[list[Span]]:
        """What would be replaced in each text, in order, none overlapping another."""
        found = [self._in_one(text) for text in texts]
        for text, spans in zip(texts, found, strict=True):
            names = {text[span.start : span.end] for span in spans if span.kind == "NAME"}
            for part, name in names_again.learnt(sorted(names)).items():
                self._parts.setdefault(part, name)
            self._seen |= names
        if wanted := self._known | self._parts.keys():
            for text, spans in zip(texts, found, strict=True):
                spans[:] = merged([*spans, *names_again.find_known(text, wanted)])
        if self._seen:
            words = self._seen - self._parts.keys()
            for text, spans in zip(texts, found, strict=True):
                if _is_among_identifiers(text, spans):
                    again = (*names_again.find_words(text, words), *names_again.find_speakers(text, self._seen))
                    spans[:] = merged(spans + list(again)) if again else spans
        return found

    def _in_one(self, text: str) -> list[Span]:
        """What a text shows by itself."""
        ascii_only = text.isascii()
        if not ascii_only:
            text = _in_known_characters(text)
            if tight := spaced.closed(text):
                return _where_spaced(self._in_one(tight[0]), tight[1])
        if self._level == "light":
            if not _DIGIT_OR_AT.search(text):
                return []
            return merged(_private(text, applied(_LIGHT[ascii_only], text)))
        spans = applied(_FULL[ascii_only], text)
        if _LATIN.search(text):
            spans += addresses_en.find_addresses(text)
            spans += numbers_en.find_numbers(text)
            spans += names_en.find_names(text)
        spans += (Span(day.start, day.end, "DATE") for day in dates.find_days(text))
        if not ascii_only and _HAN.search(text):
            names = list(names_zh.find_names(text))
            if _is_among_identifiers(text, spans + names):
                names = list(names_zh.find_names(text, names_zh.ENOUGH_AMONG_IDENTIFIERS))
            spans += names
        spans += columns.find_cells(text)
        spans += keyed.find_values(text)
        if hl7.is_message(text):
            spans += hl7.find_fields(text)
        spans += numbers_zh.find_codes(text, [span for span in spans if span.kind == "NAME"])
        if _is_among_identifiers(text, spans):
            spans += codes.find_codes(text)
            spans += (Span(day.start, day.end, "DATE") for day in dates.find_bare(text))
            if _LATIN.search(text):
                spans += names_en.find_unannounced(text)
                spans += names_placed_en.find_names(text)
                spans += address_grammar_en.find_addresses(text)
            spans += columns.find_alike(text, spans)
        return merged(_private(text, spans))

    def _rewritten(self, text: str, spans: list[Span]) -> str:
        self._characters += len(text)
        pieces, end = [], 0
        for span in spans:
            value = text[span.start : span.end]
            replacement = self._replacement(text, span, value)
            if span.kind not in _INDIRECT:
                self._identifiers += 1
                self._hidden += len(value)
            self._changed = self._changed or replacement != value
            pieces += (text[end : span.start], replacement)
            end = span.end
        return "".join((*pieces, text[end:]))

    def _replacement(self, text: str, span: Span, value: str) -> str:
        if span.kind == "AGE":
            return "90+"
        if span.kind == "DATE":
            day = dates.day_at(text, span.start, span.end)
            written = day and self._calendar.rewritten(day, value)
            if written:
                return written
        seen = self._numbers.setdefault(span.kind, {})
        whole = self._parts.get(value, value) if span.kind == "NAME" else value
        return f"[{span.kind}-{seen.setdefault(whole, len(seen) + 1)}]"


def _private(text: str, spans: list[Span]) -> list[Span]:
    return [span for span in spans if not is_public(text, span)]


def _is_among_identifiers(text: str, spans: list[Span]) -> bool:
    count = sum(span.kind != "URL" for span in spans)
    return (count >= _AMONG_IDENTIFIERS and count * _APART >= len(text)) or (count > 0 and len(text) <= _SHORT)


def _where_spaced(spans: list[Span], places: list[int]) -> list[Span]:
    """Spans of a text without blanks, in the text with them."""
    return [Span(places[start], places[end - 1] + 1, kind) for start, end, kind in spans]


def _in_known_characters(text: str) -> str:
    """A text of the same length in the characters that the rules are written in: half-width, simplified."""
    if _FULL_WIDTH.search(text):
        text = text.translate(_HALF_WIDTH)
    if _TRADITIONAL.search(text):
        simplified = _simplifier().convert(text)
        return simplified if len(simplified) == len(text) else "".join(map(_simplifier().convert, text))
    return text


@cache
def _simplifier() -> "opencc.OpenCC":
    import opencc

    return opencc.OpenCC("t2s")
