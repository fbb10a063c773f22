"""Codes without a label that is known: among other identifiers, a long number is one too."""

import re
from collections.abc import Iterator

from collectors.privacy.identifiers.rule import Span

_CODE = re.compile(
    r"(?<![\w.:/%+-])(?P<value>(?=[A-Z/-]{0,8}\d)[A-Z\d](?:[A-Z\d]|[-/](?=[A-Z\d])){5,27})"
    r"(?![\w%.]|[-/]\w| ?(?:mg|mcg|ug|g|kg|ml|l|iu|u|units?|cells|copies|mm|cm|ms|bpm|hz|kcal|kj)(?![A-Za-z])"
    r"|\s?[年个张元人次例级粒支分页项倍万天岁步]|\s?(?:[μµ单国][gl位际])|[×x*^]\s?\d)",
    re.IGNORECASE,
)
_GROUPS = re.compile(
    r"(?<![\w.,:/%+-])(?P<value>\d{2,5}(?:[ -]\d{2,6}){1,4}(?: [A-Z])?)(?![\w.%]|[,/-]\d| ?(?:mg|ml|mm|cm|kg)\b)"
)
_DATE = re.compile(r"(?:19|20)\d\d(?:[-/]?\d{1,2}){1,2}|\d{1,2}[-/]\d{1,2}[-/](?:\d\d|(?:19|20)\d\d)|\d{4}[-/]\d{4}")
_GENE_OR_REGISTER = re.compile(
    r"rs\d|(?:NM|NP|NC|NG|XM|ENS[A-Z]*)_?\d|[A-Z]\d\d-[A-Z]\d\d|COVID|SARS|\d+-\d+$", re.IGNORECASE
)
"""Variants, sequences, ranges of ICD-10, ranges of numbers."""


def find_codes(text: str) -> Iterator[Span]:
    """Numbers of five digits and a letter, or of seven digits, that are no quantity and no date."""
    for match in _CODE.finditer(text):
        value = match["value"]
        digits = sum(c.isdigit() for c in value)
        lettered = any(c.isalpha() for c in value)
        if digits < (4 if lettered else 7) or value.endswith("0000") or not (lettered or digits):
            continue
        if _DATE.fullmatch(value) or _GENE_OR_REGISTER.match(value):
            continue
        yield Span(*match.span("value"), "RECORD")
    for match in _GROUPS.finditer(text):
        if sum(c.isdigit() for c in match["value"]) >= 8 and not _DATE.fullmatch(match["value"]):
            yield Span(*match.span("value"), "RECORD")
