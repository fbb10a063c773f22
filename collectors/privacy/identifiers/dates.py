"""Dates finer than a year, and ages over 89: found, shifted, or brought down to the year.

Safe Harbor keeps the year alone. Where the records of a patient belong together, all their dates are moved by the same
number of days instead, so that intervals stay what they were.
"""

import hashlib
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from collectors.privacy.identifiers.date_forms import (
    BARE,
    BARE_CUE,
    MONTH_AT,
    MONTH_CUES,
    NAMES,
    NO_DAY,
    PATTERNS,
    REVERSED,
    SHORT,
)
from collectors.privacy.identifiers.rule import Near, holds

_DIGITS_OF_DAY = Near(
    re.compile(
        r"\d{1,4}(?: ?[年月/-] ?\d{1,2}| ?[年月]|\.\d{1,2}(?=[.\u4e00-\u9fff]))|\d{8}"
        r"|[日期][ \uff1a:]?\d{1,2}\.\d"
    ),
    24,
    28,
)
"""Where digits stand as in a date, with what its forms look at on both sides."""
_BIRTH = re.compile(
    r"(?:\b(?:born|birth|DOB|D\.O\.B\.?|birthday|birthdate)\b[^\d\n]{0,20}|(?:出生|生日|生于)[^\d\n]{0,8})$",
    re.IGNORECASE,
)
_OF_THINGS = re.compile(
    r"(?:每年的?|(?:有效期|失效|生产日期|批准日期|保质期|出版|印刷|发布|修订|实施|施行|颁布|上市)(?:日期|时间)?(?:至|到|于"
    r"|为)?"
    r"|\b(?:expir(?:es|y|ation)|exp|use by|best before|manufactured|published|revised|last updated|approved|effective)"
    r"(?: date)?(?: on| in)?)[:：]?\s{0,2}$",
    re.IGNORECASE,
)
"""Before a date of a product or of a publication, which no person's file needs hidden."""
_IN_FORCE = re.compile(r"起?(?:施行|实施|生效|废止)")
_ANNIVERSARY = re.compile(r"(?:\b(?:World|National|International) (?:\w+ ){1,3}Day(?: is|,| on)?|日[为是]) ?$")
_BORN_AFTER = re.compile(r"\s?(?:出?生|birth)")
_ORDINAL = re.compile(r"(?:st|nd|rd|th)\b", re.IGNORECASE)
_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"〇": 0, "正": 1, "冬": 11, "腊": 12}
_OLDEST = 1900
"""Before this year nobody was born whose privacy the law still guards: such a date is history's. Where no 年 says that
the number is a year it may be a time of day (14 May 1830)."""
_REFERENCE_YEAR = 2001
"""For days named without a year, before any year was named."""


@dataclass(frozen=True)
class Day:
    """A date as written: where, what it says (any part may be None), and which characters say it."""

    start: int
    end: int
    year: int | None
    month: int
    day: int | None
    birth: bool
    parts: tuple[tuple[int, int, str], ...]
    """Start and end of year, month and day, relative to `start`, with the name of the part."""


def find_days(text: str) -> Iterator[Day]:
    """Dates finer than a year, form by form. A month or a day that doesn't exist is no date."""
    lowered = text.lower()
    months = [(max(0, match.start() - 16), match.end() + 20) for match in MONTH_AT.finditer(text)]
    numbers = _DIGITS_OF_DAY.windows(text)
    for cues, pattern, is_numeric in PATTERNS:
        if cues is MONTH_CUES:
            windows = months
        elif not holds(lowered, cues):
            continue
        else:
            windows = numbers if is_numeric else [(0, len(text))]
        for start, end in windows:
            for match in pattern.finditer(text, start, end):
                if (found := _day(text, match)) is not None:
                    yield found


def find_bare(text: str) -> Iterator[Day]:
    """Days as month/day in a patient's record, where neither a score nor a fraction can be meant."""
    for match in BARE.finditer(text):
        before = text[max(0, match.start() - 24) : match.start()]
        sure = int(match["day"]) > 12 or "0" in (match["month"][0], match["day"][0])
        ends = match.end() == len(text) or text[match.end()] in "\n)"
        if (sure or ends or BARE_CUE.search(before)) and not NO_DAY.search(before) and (day := _day(text, match)):
            yield day
    for match in SHORT.finditer(text):
        if day := _day(text, match):
            yield day
    for match in REVERSED.finditer(text):
        before = text[max(0, match.start() - 24) : match.start()]
        if not NO_DAY.search(before) and (day := _day(text, match)):
            yield day


def day_at(text: str, start: int, end: int) -> Day | None:
    """The date that fills a span."""
    for pattern in (*(pattern for _, pattern, _ in PATTERNS), BARE, REVERSED, SHORT):
        match = pattern.match(text, start)
        if match and match.end() == end:
            return _day(text, match)
    return None


def _day(text: str, match: re.Match) -> Day | None:
    groups = match.groupdict()
    where = {name: match.span(name) for name, value in groups.items() if value is not None}
    if "first" in where:
        # The American order first; where that is no date, the other.
        order = ("month", "day") if int(groups["first"]) <= 12 else ("day", "month")
        for name, group in zip(order, ("first", "second"), strict=True):
            groups[name], where[name] = groups[group], where[group]
    if groups.get("name"):
        month = next(n for n, name in enumerate(NAMES, 1) if groups["name"].lower()[:3] == name[:3].lower())
    else:
        month = _number(groups["month"])
    year, day = groups.get("year"), groups.get("day")
    if groups.get("republic"):
        year, where["year"] = str(1911 + _number(groups["republic"])), (match.start(), match.end("republic"))
    if year is not None:
        year = _number(year) if len(year) > 2 else int(year) + (2000 if int(year) < 69 else 1900)
    day = _number(day) if day else None
    try:
        date(year or 2000, month, 1 if day is None else day)
    except ValueError:
        return None
    if year is not None and year < _OLDEST and "年" in match[0]:
        return None
    start = match.start()
    names = [name for name in ("year", "month", "name", "day") if name in where]
    parts = tuple(sorted((where[name][0] - start, where[name][1] - start, name) for name in names))
    if _OF_THINGS.search(text[max(0, start - 24) : start]) or _IN_FORCE.match(text, match.end()):
        return None
    if year is None and _ANNIVERSARY.search(text[max(0, start - 40) : start]):
        return None
    birth = _BIRTH.search(text[max(0, start - 40) : start]) or _BORN_AFTER.match(text, match.end())
    return Day(start, match.end(), year, month, day, birth is not None, parts)


def _number(written: str) -> int:
    """Of digits, Arabic or Chinese: 2021, 二〇二一, 二十一, 十, 初三."""
    if written.isascii():
        return int(written)
    digits = [_DIGITS.get(c, c) for c in written.removeprefix("初").replace("廿", "二十")]
    if "十" in digits:
        tens, _, units = "".join(map(str, digits)).partition("十")
        return 10 * int(tens or 1) + int(units or 0)
    return int("".join(map(str, digits)))


def shift_of(group: str, secret: bytes | None) -> int | None:
    """By how many days the dates of a patient's records are moved: whole weeks, up to a year either way, never none;
    the same for the same group and secret. None without a secret."""
    if secret is None:
        return None
    draw = int.from_bytes(hmac.new(secret, f"dates\0{group}".encode(), hashlib.sha256).digest()[:8], "big") % 104
    return 7 * (draw - 52 if draw < 52 else draw - 51)


class Calendar:
    """Rewrites the dates of one document. Without a shift a date becomes its year."""

    def __init__(self, shift_days: int | None):
        self._shift = shift_days
        self._year = _REFERENCE_YEAR

    def rewritten(self, day: Day, text: str) -> str | None:
        """What to write for a date; None where nothing of it may stay: births, and days without a year that can't be
        shifted."""
        if day.year is not None:
            self._year = day.year
        if day.birth:
            return None
        if self._shift is None:
            return None if day.year is None else f"{day.year}{'年' if '年' in text else ''}"
        try:
            moved = date(day.year or self._year, day.month, day.day or 15) + timedelta(self._shift)
        except (ValueError, OverflowError):  # 29 February of a year that isn't in the text
            return None
        padded = any(text[start] == "0" for start, *_ in day.parts) or re.fullmatch(r"[\d/.-]+", text) is not None
        written, end = "", 0
        for start, stop, name in day.parts:
            written += text[end:start] + _in_style(text[start:stop], name, moved, padded)
            end = stop
            if name == "day" and (ordinal := _ORDINAL.match(text, stop)):
                written, end = written + _ordinal(moved.day), ordinal.end()
        return written + text[end:]


def _ordinal(day: int) -> str:
    return "th" if 11 <= day <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


def _in_style(written: str, part: str, moved: date, padded: bool) -> str:
    if part == "name":
        name = NAMES[moved.month - 1]
        name = name if len(written) > 4 or written in ("June", "July") else name[:3]
        return name.upper() if written.isupper() else name
    number = {"year": moved.year, "month": moved.month, "day": moved.day}[part]
    if part == "year":
        return str(number) if len(written) > 2 else f"{number % 100:02d}"
    return f"{number:02d}" if padded and len(written) == 2 else str(number)
