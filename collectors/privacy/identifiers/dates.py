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

from collectors.privacy.identifiers.rule import holds, rule

_NAMES = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October")
_NAMES += ("November", "December")
_CUES = tuple(name[:3].lower() for name in _NAMES)
_MONTH = (
    r"(?P<name>Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?"
    r"|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?|JAN(?:UARY)?|FEB(?:RUARY)?|MAR(?:CH)?|APR(?:IL)?|MAY|JUNE?|JULY?|AUG(?:UST)?|SEPT?(?:EMBER)?"
    r"|OCT(?:OBER)?|NOV(?:EMBER)?|DEC(?:EMBER)?)\.?"
)
_YEAR = r"(?P<year>(?:18|19|20)\d\d)"
_DAY = r"(?P<day>3[01]|[12]\d|0?[1-9])"
_NUMBER = r"(?P<month>1[0-2]|0?[1-9])"
_YEAR_ZH = r"(?P<year>[一二][零〇一二三四五六七八九]{3})"
_MONTH_ZH = r"(?<![一二三四五六七八九十几])(?P<month>十[一二]|[一二三四五六七八九十正])"
_DAY_ZH = (
    r"(?P<day>廿[一二三四五六七八九]?"
    r"|三十一?|二十[一二三四五六七八九]?|十[一二三四五六七八九]|初?[一二三四五六七八九十])"
)
_FORMS = (
    (
        ("民国",),
        rf"民国 ?(?P<republic>\d{{2,3}}|[一二三四五六七八九十百]{{1,4}}) ?年 ?{_NUMBER} ?月(?: ?{_DAY} ?[日号])?",
    ),
    (("民国",), rf"民国(?P<republic>[一二三四五六七八九十]{{1,4}})年{_MONTH_ZH}月(?:{_DAY_ZH}[日号])?"),
    (("年",), rf"(?<!\d){_YEAR} ?年 ?{_NUMBER} ?月(?: ?{_DAY} ?[日号])?"),
    (("月",), rf"(?<!\d)(?:(?P<year>\d\d)年|(?<!\d年)){_NUMBER} ?月 ?{_DAY} ?[日号]"),
    (("月",), rf"{_YEAR_ZH}年{_MONTH_ZH}月(?:{_DAY_ZH}[日号])?"),
    (("月",), rf"(?<!年){_MONTH_ZH}月{_DAY_ZH}[日号]"),
    (
        ("腊月", "冬月", "正月", "月初", "月廿"),
        r"(?<![一二三四五六七八九十几个])(?P<month>[正二三四五六七八九十冬腊])月"
        r"(?P<day>初[一二三四五六七八九十]|廿[一二三四五六七八九]?)",
    ),
    (("/",), r"(?<![\d/.])(?P<month>1[0-2]|0?[1-9])/(?P<day>3[01]|[12]\d|0?[1-9])(?=\s\d{1,2}[:：]\d\d)"),
    (
        (".",),
        r"(?<=[：:于在至期])(?P<year>1\d|2[0-9])\.(?P<month>1[0-2]|0?[1-9])\.(?P<day>3[01]|[12]\d"
        r"|0?[1-9])(?![\d.])",
    ),
    (("农历", "阴历"), rf"(?<=[农阴]历){_MONTH_ZH}月{_DAY_ZH}"),
    (("19", "20"), rf"(?<![\d.-]){_YEAR}(?P<sign>[-/.]){_NUMBER}(?P=sign){_DAY}(?![\d-])"),
    (
        ("19", "20"),
        rf"(?<![A-Za-z0-9_.-]){_YEAR}(?P<month>1[0-2]|0[1-9])(?P<day>3[01]|[12]\d|0[1-9])(?![A-Za-z0-9_-]|\.\d)",
    ),
    (
        ("/", "-", "."),
        r"(?<![\d/.-])(?P<first>\d{1,2})(?P<sign>[/.-])(?P<second>\d{1,2})(?P=sign)(?P<year>(?:18|19"
        r"|20)\d\d)(?![\d/-])",
    ),
    (("/",), r"(?<![\d/.])(?P<first>\d{1,2})/(?P<second>\d{1,2})/(?P<year>\d\d)(?![\d/])"),
    (
        ("/",),
        r"(?:\b(?:on|by|from|since|until|til|for|meeting|line|placed|started|appt|next|due|seen|dated|d/c|IJ|Mon|Tue|Wed"
        r"|Thu|Fri|Sat|Sun|Tues|Weds|Thurs)\.? |[约次于至] ?)(?<![\d/.])(?P<month>1[0-2]|0?[1-9])/"
        r"(?P<day>3[01]|[12]\d|0?[1-9])(?![\d/.%]| ?(?:strength|doses?|tabs?|of|times))",
    ),
    (("-",), r"(?<![\d.-])(?P<month>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12]\d|3[01])(?=\s\d{1,2}[:：]\d\d)"),
    (("-",), r"(?:^|(?<=\n))(?P<month>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12]\d|3[01])(?=[\t\u3000]| [^\d\s])"),
    (
        ("-",),
        r"(?:(?<=下次)|(?<=下次：)|(?<=下次:)|(?<=有效期)|(?<=日期)|(?<=日期：)|(?<=日期:)|(?<=\d-\d\d至)|(?<=于))"
        r"(?P<month>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12]\d|3[01])(?![\d.-])",
    ),
    (
        (".",),
        r"(?:(?<=日)|(?<=日 )|(?<=日期：)|(?<=期 ))(?P<month>1[0-2]|0?[1-9])\.(?P<day>3[01]|[12]\d"
        r"|0?[1-9])(?=[:：，,。；\s])",
    ),
    (
        (".",),
        r"(?<![\dA-Za-z.\u4e00-\u9fff+-])(?P<month>1[0-2]|0?[1-9])\.(?P<day>3[01]|[12]\d|0?[1-9])"
        r"(?=生日|号|查|复查|手术|入院|出院|住院|来院|出生|门诊)",
    ),
    (
        (".",),
        r"(?:^|(?<=[\n，。；,;、于后至约 ]))(?P<month>1[0-2]|0?[1-9])\.(?P<day>3[01]|[12]\d|0?[1-9])"
        r"(?=转[^为氨移]|家属|患者|入院|出院|来院|来诊|外院|我院|拆线|会诊|心内|心衰|门诊|急诊|再次|复诊|行[^经])",
    ),
    (("/",), r"(?<=\| )(?P<month>1[0-2]|0?[1-9])/(?P<day>3[01]|[12]\d|0?[1-9])(?= \|)"),
    (
        (".",),
        r"(?<![\d.])(?P<year>[12]\d)\.(?P<month>1[0-2]|0[1-9])\.(?P<day>3[01]|[12]\d|0[1-9])(?= \d{1,2}[:：]\d\d)",
    ),
    (_CUES, rf"(?<![\dA-Za-z]){_DAY}{_MONTH}{_YEAR}(?!\d)"),
    (_CUES, rf"\b{_MONTH} {_DAY}(?i:st|nd|rd|th)?\b(?:,? {_YEAR})?(?![\d/])"),
    (_CUES, rf"(?<![\d.])\b{_DAY}(?i:st|nd|rd|th)?[ -](?:of )?{_MONTH}\b(?:,?[ -]{_YEAR})?(?!\d)"),
    (_CUES, rf"\b{_MONTH},? {_YEAR}(?!\d)"),
)
_MONTH_AT = re.compile(r"(?<![A-Za-z])" + _MONTH.replace("(?P<name>", "(?:", 1))
_DIGITS_OF_DAY = re.compile(r"\d{1,4} ?[年月/.-] ?\d{1,2}|\d{8}|\d{1,4} ?[年月]")
_PATTERNS = tuple((cues, re.compile(pattern), "十" not in pattern) for cues, pattern in _FORMS)
"""Cues, form, and whether it is of digits."""
_BIRTH = re.compile(
    r"(?:\b(?:born|birth|DOB|D\.O\.B\.?|birthday|birthdate)\b[^\d\n]{0,20}|(?:出生|生日|生于)[^\d\n]{0,8})$",
    re.IGNORECASE,
)
_OF_THINGS = re.compile(
    r"(?:每年|(?:有效期|失效|生产日期|批准日期|保质期|出版|印刷|发布|修订|实施|施行|颁布|上市)(?:日期|时间)?(?:至|到|于"
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
_REFERENCE_YEAR = 2001
"""For days named without a year, before any year was named."""

_NINETIES = r"(?:ninety|(?:one|a) hundred(?: and)?)(?:[ -](?:one|two|three|four|five|six|seven|eight|nine))?"
AGE = (
    rule(
        "AGE",
        ("ninety", "one hundred", "a hundred"),
        rf"\b(?P<value>{_NINETIES})(?=[- ]years?[- ](?:old|of age))",
        flags=re.IGNORECASE,
    ),
    rule(
        "AGE",
        ("ninety", "one hundred", "a hundred"),
        rf"\b(?:he|she|I|who|patient|father|mother|mom|mum|dad|gran\w{{0,6}}|nana?|husband|wife|aunt|uncle)"
        rf"(?:['\u2019][sm]| is| was| am| turn(?:s|ed)| will be)(?: now| nearly| almost"
        rf"| about)? (?P<value>{_NINETIES})\b"
        r"(?! ?(?:%|percent|kg|kilo|pounds?|cm|mg|days?|weeks?|months?|degrees|over|patients|people))",
        flags=re.IGNORECASE,
    ),
    rule(
        "AGE",
        ("th birthday", "st birthday", "nd birthday", "rd birthday"),
        r"(?<!\d)(?P<value>9\d|1[0-2]\d)(?=(?:st|nd|rd|th) birthday)",
    ),
    rule(
        "AGE",
        ("9", "10"),
        r"(?<![\d.°/-])(?:(?<=\b[A-Z][a-z]{2}, )|(?<=[a-z]{3}, ))?(?P<value>9\d|10\d)"
        r"(?=[ -]?(?:M|F|yoM|yoF|yo [MF])\b(?= (?:with|who|presents?|presenting|c/o|s/p|here|found|brought|p/w|h/o"
        r"|w/)|[,)]))",
    ),
    rule("AGE", (", also",), r", also (?P<value>9\d|10\d)(?=,)"),
    rule("AGE", ("turning 9", "turning 1", "turns 9", "turns 1"), r"\bturn(?:ing|s) (?P<value>9\d|1[0-2]\d)(?![\d.%])"),
    rule("AGE", (", 9", ", 10"), r"(?:[A-Z][a-z\u2019'-]{2,20}), (?P<value>9\d|10\d)(?=, [a-z])"),
    rule(
        "AGE",
        ("s 9", "s 1", "m 9", "m 1", "turned 9", "turned 1"),
        r"\b(?:he|she|I|patient|who|father|mother|mom|mum|dad|gran\w{0,6}|nana?|husband|wife|aunt|uncle)"
        r"(?:['\u2019][sm]| is| was| am| turn(?:s|ed)) (?:now |already |nearly |almost )?"
        r"(?P<value>9\d|1[0-2]\d)"
        r"(?=[.,;]? |[.,;]?$)(?! ?(?:%|kg|kilo|lb|pounds?|cm|mm|beats|bpm|percent|over|mg|days?|weeks?|months?))",
        flags=re.IGNORECASE,
    ),
    rule(
        "AGE",
        ("9", "1"),
        r"(?<![\d.])(?P<value>9\d|1[0-2]\d)",
        r"(?=[- ]?(?:years?[- ]olds?|years? of age|year-old|yrs?[- ]old|y\.?/?o\b|yo\b|[\u5468]?岁(?!(?:及"
        r"|或)?以上|(?:老)?人群)))",
        flags=re.IGNORECASE,
    ),
    rule(
        "AGE",
        ("age", "turned", "年龄", "享年", "寿"),
        r"(?:\b(?:aged?|turned|age(?: is|:| of))[: ]{1,2}|(?:年龄|享年)[:\uff1a\s]{0,2})(?P<value>9\d"
        r"|1[0-2]\d)(?![\d.%/-])",
        r"(?! ?(?:days?|weeks?|months?|hours?|minutes?|天|月|小时|周|(?:years? )?(?:and|or) (?:over|older"
        r"|above)|岁?及?以上))",
        flags=re.IGNORECASE,
    ),
    rule(
        "AGE",
        ("十", "百"),
        r"(?P<value>九十(?:有?[一二三四五六七八九])?|一百[零一二三四五六七八九十]{0,3})(?=[多余]?[周]?岁|高龄"
        r"|[多余]?高龄)",
    ),
)


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
    months = [(max(0, match.start() - 16), match.end() + 20) for match in _MONTH_AT.finditer(text)]
    numbers = _stretches(text)
    for cues, pattern, is_numeric in _PATTERNS:
        if cues is _CUES:
            windows = months
        elif not holds(lowered, cues):
            continue
        else:
            windows = numbers if is_numeric else [(0, len(text))]
        for start, end in windows:
            for match in pattern.finditer(text, start, end):
                if (found := _day(text, match)) is not None:
                    yield found


def _stretches(text: str) -> list[tuple[int, int]]:
    """Where digits stand as in a date, with what its forms look at on both sides."""
    stretches: list[tuple[int, int]] = []
    for match in _DIGITS_OF_DAY.finditer(text):
        start, end = max(0, match.start() - 24), min(len(text), match.end() + 24)
        if stretches and start <= stretches[-1][1]:
            stretches[-1] = (stretches[-1][0], end)
        else:
            stretches.append((start, end))
    return stretches


def day_at(text: str, start: int, end: int) -> Day | None:
    """The date that fills a span."""
    for _, pattern, _ in _PATTERNS:
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
        month = next(n for n, name in enumerate(_NAMES, 1) if groups["name"].lower()[:3] == name[:3].lower())
    else:
        month = _number(groups["month"])
    year, day = groups.get("year"), groups.get("day")
    if groups.get("republic"):
        year, where["year"] = str(1911 + _number(groups["republic"])), (match.start(), match.end("republic"))
    if year is not None:
        year = _number(year) if len(year) > 2 else int(year) + (2000 if int(year) < 69 else 1900)
    day = _number(day) if day else None
    try:
        date(year or 2000, month, day or 1)
    except ValueError:
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
        name = _NAMES[moved.month - 1]
        name = name if len(written) > 4 or written in ("June", "July") else name[:3]
        return name.upper() if written.isupper() else name
    number = {"year": moved.year, "month": moved.month, "day": moved.day}[part]
    if part == "year":
        return str(number) if len(written) > 2 else f"{number % 100:02d}"
    return f"{number:02d}" if padded and len(written) == 2 else str(number)
