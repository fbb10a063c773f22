"""Sums that a text works out, worked out again: 18/20 (90 %), 15 mg/kg × 60 kg = 900 mg."""

import re
from collections.abc import Iterator

NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?"
# A sign before a number is no unit, and nothing is read twice: the time stays linear.
UNIT = r"(?:\s*+(?:(?![xX/]\s*+\d)[A-Za-zµμ%²2/·\u4e00-\u9fff]){1,12}+)?+"
MOST_STEPS = 12
EQUATION = re.compile(
    rf"(?<![A-Za-z0-9.^(/*×÷+])({NUMBER}){UNIT}((?:\s*[+×*xX÷/−–-]\s*{NUMBER}{UNIT}){{1,{MOST_STEPS}}})\s*[=＝]\s*({NUMBER})({UNIT})(?![\w.]*\d)"
)
STEP = re.compile(rf"\s*([+×*xX÷/−–-])\s*({NUMBER})({UNIT})")
SHARE = re.compile(
    r"(?<![A-Za-z0-9./])(\d{1,9})\s*(?:/|of|out of)\s*(?:the\s+|all\s+)?(\d{1,9})(?!\d|\s*/)\s*"
    rf"(?:[A-Za-z]+\s+){{0,3}}[,，]?\s*[(（]?\s*({NUMBER})\s*[%％]",
    re.I,
)
SHARE_ZH = re.compile(
    r"(?<!\d)(\d{1,9})\s*[例名人]\S{0,4}中[^\d。；]{0,6}(\d{1,9})\s*[例名人][^\d。；]{0,6}[(（，,]\s*(?:占)?"
    rf"({NUMBER})\s*[%％]"
)
TIMES, OVER = "×*xX", "÷/"
THOUSAND = 1000.0
ROUNDED, CUT_OFF = 0.5, 1.0
"""How far, in units of its last digit, a result may be off; shares are often cut off rather than rounded."""


def results(text: str) -> Iterator[tuple[int, int, bool]]:
    """(start, end, whether it comes out) of every sum whose result the text states. A result may be rounded in its last
    digit, and stated in a unit a thousand times larger or smaller than its terms'."""
    for found in SHARE.finditer(text):
        yield from _share(found, found[1], found[2])
    for found in SHARE_ZH.finditer(text):
        yield from _share(found, found[2], found[1])
    for found in EQUATION.finditer(text):
        value = _value(found[1], found[2])
        if value is not None:
            yield found.start(), found.end(), _close(value, found[3], ROUNDED, units=bool(found[4].strip()))


def _share(found: re.Match[str], part: str, whole: str) -> Iterator[tuple[int, int, bool]]:
    if 0 < int(whole) >= int(part):
        yield found.start(), found.end(), _close(100 * int(part) / int(whole), found[3], CUT_OFF)


def _value(first: str, rest: str) -> float | None:
    """The value of a sum, products first; None where it divides by zero."""
    terms = [_number(first)]
    for sign, digits, _ in STEP.findall(rest):
        number = _number(digits)
        if sign in TIMES:
            terms[-1] *= number
        elif sign in OVER:
            if number == 0:
                return None
            terms[-1] /= number
        else:
            terms.append(number if sign == "+" else -number)
    return sum(terms)


def _close(value: float, stated: str, within: float, units: bool = False) -> bool:
    number = _number(stated)
    slack = within * 10.0 ** -len(stated.partition(".")[2])
    scales = (1.0, THOUSAND, 1 / THOUSAND) if units else (1.0,)
    return any(abs(value * scale - number) <= slack + 1e-9 * abs(number) for scale in scales)


def _number(digits: str) -> float:
    return float(digits.replace(",", ""))
