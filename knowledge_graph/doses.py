"""Doses in text: amounts with their units, made comparable."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

NUMBER = r"(\d++(?:,\d{3})*+(?:\.\d++)?)"
MASS, VOLUME, UNITS = "mg", "mL", "IU"
SCALES = {
    **dict.fromkeys(("kg", "千克", "公斤"), (MASS, 1e6)),
    **dict.fromkeys(("g", "gram", "grams", "克"), (MASS, 1e3)),
    **dict.fromkeys(("mg", "milligram", "milligrams", "毫克"), (MASS, 1.0)),
    **dict.fromkeys(("mcg", "ug", "µg", "μg", "microgram", "micrograms", "微克"), (MASS, 1e-3)),
    **dict.fromkeys(("ng", "纳克"), (MASS, 1e-6)),
    **dict.fromkeys(("l", "升"), (VOLUME, 1e3)),
    **dict.fromkeys(("ml", "毫升"), (VOLUME, 1.0)),
    **dict.fromkeys(("iu", "u", "unit", "units", "国际单位", "单位"), (UNITS, 1.0)),
    **dict.fromkeys(("万单位", "万国际单位"), (UNITS, 1e4)),
}
"""What a unit measures, and how many milligrams, millilitres or units it is."""
AMOUNT = re.compile(
    rf"(?<![A-Za-z0-9.]){NUMBER}(?:\s*(?:-|–|~|～|to|至|到)\s*{NUMBER})?\s*"
    rf"({'|'.join(sorted(SCALES, key=len, reverse=True))})(?![A-Za-z])"
    r"(\s*/\s*kg|\s+per\s+kg|/千克|/公斤|每千克|每公斤)?(?!\s*/\s*(?:d|m|µ|μ)?[lL]\b)",
    re.I,
)
TIMES = {"once": 1, "twice": 2, "two": 2, "three": 3, "four": 4, "thrice": 3, "qd": 1, "bid": 2, "tid": 3, "qid": 4}
TIMES |= {"一": 1, "两": 2, "二": 2, "三": 3, "四": 4}
DAILY = re.compile(
    r"\s*(?:(?P<total>(?:/|per|a|every)\s*(?:day|d)\b|daily(?!\s+in))|(?P<word>once|twice|thrice|(?:two|three|four)\s+times)"
    r"\s*(?:daily|a day|per day|every day)|(?P<latin>qd|bid|tid|qid)\b|every\s+(?P<hours>\d{1,2})\s*h(?:ours?)?\b"
    r"|[，,]?\s*(?:每[日天])\s*(?P<count>[\d一两二三四])\s*次|(?P<zh>/[日天]|每[日天](?!\S次)))",
    re.I,
)
TIMES_ZH = re.compile(r"(?:每[日天])\s*([\d一两二三四])\s*次[，,]?\s*(?:每次|一次)?\s*$")
FIRST_ZH = re.compile(r"(?P<total>每[日天]|日服)(?:总量|剂量)?(?:为|用)?\s*$")
EQUAL = 0.1
PLAUSIBLE = 5.0
"""A dose more than so many times the largest, or less than that part of the smallest, is a mistake: of ten, or of a
unit."""


@dataclass(frozen=True)
class Dose:
    """`low` to `high` mg, mL or IU (`measure`), per kilogram of the patient or not, `daily` times a day (1 for a total
    per day, None where the text doesn't say)."""

    start: int
    end: int
    low: float
    high: float
    measure: str
    per_kg: bool
    daily: float | None


def doses(text: str) -> Iterator[Dose]:
    """Doses in a text, in order. Concentrations (mg/dL) are none."""
    for found in AMOUNT.finditer(text):
        measure, scale = SCALES[found[3].lower()]
        low = float(found[1].replace(",", "")) * scale
        high = float(found[2].replace(",", "")) * scale if found[2] else low
        daily = _daily(text, found)
        yield Dose(found.start(), found.end(), min(low, high), max(low, high), measure, bool(found[4]), daily)


def compared(dose: Dose, known: Dose) -> int | None:
    """1 where a dose lies in the known range, -1 where it can't be meant, 0 between, None where they don't compare."""
    if dose.measure != known.measure or dose.per_kg != known.per_kg:
        return None
    if dose.daily and known.daily:
        ours, theirs = ((d.low * d.daily, d.high * d.daily) for d in (dose, known))
    else:
        ours, theirs = ((d.low, d.high) for d in (dose, known))
    if theirs[0] * (1 - EQUAL) <= ours[0] and ours[1] <= theirs[1] * (1 + EQUAL):
        return 1
    return -1 if ours[1] > PLAUSIBLE * theirs[1] or ours[0] < theirs[0] / PLAUSIBLE else 0


def _daily(text: str, amount: re.Match[str]) -> float | None:
    found = DAILY.match(text, amount.end())
    if found is None:
        before = text[max(0, amount.start() - 12) : amount.start()]
        if times := TIMES_ZH.search(before):
            return float(TIMES.get(times[1]) or int(times[1]))
        return 1.0 if FIRST_ZH.search(before) else None
    if found["word"] or found["latin"]:
        return float(TIMES[(found["word"] or found["latin"]).lower().split()[0]])
    if found["hours"]:
        return 24.0 / int(found["hours"]) if int(found["hours"]) else None
    if found["count"]:
        return float(TIMES.get(found["count"]) or int(found["count"]))
    return 1.0
