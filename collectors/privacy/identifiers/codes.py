"""Codes without a label that is known: among other identifiers, a long number is one too."""

import re
from collections.abc import Iterator

from collectors.privacy.identifiers.rule import Span

_CODE = re.compile(
    r"(?<![A-Za-z\d_.:/%+-])(?P<value>(?!(?:BP|HR|RR|SPO2|P|R|T|PR|SAO2|FIO2|GCS|BMI)\d)(?=[A-Z/-]{0,8}\d)[A-Z\d](?:[A-Z\d]|[-/](?=[A-Z\d])){5,27})"
    r"(?![A-Za-z\d_%]|\.\d|[-/][A-Za-z\d]| ?(?:mg|mcg|ug|g|kg|ml|l|iu|u|units?|cells|copies|mm|cm|ms|bpm|hz|kcal"
    r"|kj|mmhg"
    r"|cmh2o|kpa|mmol|umol|nmol|pmol|ng|pg|mgy|gy|cgy|msv|kg/m2|fl)(?![A-Za-z])"
    r"|\s?[年个张元人次例级粒支分页项倍万天岁步]|\s?(?:[μµ单国][gl位际])|[×x*^]\s?\d)",
    re.IGNORECASE,
)
_GROUPS = re.compile(
    r"(?<![\w.,:/%+-])(?P<value>\d{2,5}(?:[ -]\d{2,6}){1,4}(?: [A-Z])?)(?![\w.%]|[,/-]\d| ?(?:mg|ml|mm|cm|kg)\b)"
)
_DATE = re.compile(r"(?:19|20)\d\d(?:[-/]?\d{1,2}){1,2}|\d{1,2}[-/]\d{1,2}[-/](?:\d\d|(?:19|20)\d\d)|\d{4}[-/]\d{4}")
_MOMENT = re.compile(r"(?:19|20)\d\d-\d\d?-\d\d? \d\d?$|\d{1,2}-\d{1,2} \d\d?$")
"""A day and an hour."""
_OF_GOODS = re.compile(r"(?:批号|批准文号|国药准字|生产日期|[Ll]ot(?: no\.?| number)?|LOT|[Bb]atch)[:：#\s]{0,2}$")
"""Before the number of a product of many pieces."""
_GENE_OR_REGISTER = re.compile(
    r"rs\d|(?:NM|NP|NC|NG|XM|ENS[A-Z]*)_?\d|[A-Z]\d\d-[A-Z]\d\d|COVID|SARS|\d{1,4}-\d{1,4}$", re.IGNORECASE
)
"""Variants, sequences, ranges of ICD-10, ranges of numbers."""


_LABELLED = re.compile(
    r"(?<![A-Za-z])(?P<label>(?:numbers?|no|num|nr|id|ids|ref|reference|registry|registration|pin|user|username|login"
    r"|userid|account|acct|serial|processor|subject|specimen|chart|slide|lic|licen[cs]e|cert|certificate|token|tag|badge"
    r"|ticket|claim|policy|member|unos|donor|recipient|sample|accession|alien|visa|passport|mrn|csn|enc|req|requisition)"
    r"\b\.?(?:\s?(?:[:=#]|is|was|no\.?|number))?\s{0,2}#?|#)"
    r"(?P<value>(?=[A-Za-z/-]{0,8}\d)[A-Z\d][A-Za-z\d]{0,20}(?:[-/][A-Za-z\d]{1,12}){0,4}"
    r"|[A-Z]{1,3} ?\d{3}(?: \d{3}){1,2}|[A-Z]{1,3} \d{4,10}|[a-z]{2,12}_?\d{1,6})"
    r"(?![\w%]|\.\d|[-/]\w| ?(?:mg|ml|mm|cm|kg|patients?|subjects?|cases|days?|weeks?|months?|years?|women|men)\b)",
    re.IGNORECASE,
)
_NO_LABEL = re.compile(
    r"(?:lot|batch|exp|version|model|icd|cpt|drg|ndc|page|table|figure|question|grade|stage)[ -]?$", re.IGNORECASE
)


_QUANTITY = re.compile(
    r"\d+x10\d{1,2}/[a-z]+$|q?\d+(?:[-/]\d+)*(?:mm ?hg|cmh2o|kpa|bpm|i?u/ml|i?u/l|mg(?:/dl)?|mcg|ug|g/l"
    r"|ml(?:/min)?|mmol/l|umol/l"
    r"|c?gy(?:/\d+fx?)?|cm|mm|kg"
    r"|min|ms|mv|hz|ma|kcal|fps|rpm|nm|iu|u|g|l|h|d|s|x)$",
    re.IGNORECASE,
)


_INSURED = re.compile(
    r"\b(?:insurance|insurer|insured|policy|member|subscriber|medicare|medicaid|medibank|bupa|VHI|BCBS|aetna|cigna|humana|kaiser"
    r"|anthem|UHC|tricare|group|HICN?|health card|HCN|OHIP|RAMQ|AHCIP|MSP|PHN|payer|payor|coverage)\b[^\d\n]{0,30}?"
    r"(?P<value>(?<![A-Za-z\d])[A-Z]{0,5}[ -]?\d[A-Z\d]{0,14}(?:[ -][A-Z\d]{1,8}){0,4})"
    r"(?![A-Za-z\d%]|\.\d| ?(?:patients?|subjects?|cases|mg|years?|days?|months?|adults|women|men)\b)",
    re.IGNORECASE,
)
"""Numbers of the insured, in the groups that cards set them in."""


def _find_labelled(text: str) -> Iterator[Span]:
    """Codes of three digits and more beside a word for a number."""
    for match in _LABELLED.finditer(text):
        value = match["value"]
        if sum(c.isdigit() for c in value) < 3 and not (
            match["label"].lower().startswith(("user", "login")) and any(c.isdigit() for c in value)
        ):
            continue
        if (
            _QUANTITY.match(value)
            or _DATE.fullmatch(value)
            or re.fullmatch(r"(?:19|20)\d\d", value)
            or _GENE_OR_REGISTER.match(value)
        ):
            continue
        if not _NO_LABEL.search(text, max(0, match.start() - 12), match.start()):
            yield Span(*match.span("value"), "RECORD")


def find_codes(text: str) -> Iterator[Span]:
    """Numbers of four digits and a letter, or of six digits, that are no quantity and no date."""
    for match in _CODE.finditer(text):
        value = match["value"]
        digits = sum(c.isdigit() for c in value)
        lettered = any(c.isalpha() for c in value)
        if digits < (4 if lettered else 8 if "/" in value else 6) or value.endswith("0000") or not (lettered or digits):
            continue
        if _QUANTITY.match(value) or _OF_GOODS.search(text, max(0, match.start() - 16), match.start()):
            continue
        if _DATE.fullmatch(value) or _GENE_OR_REGISTER.match(value):
            continue
        yield Span(*match.span("value"), "RECORD")
    yield from _find_labelled(text)
    for match in _INSURED.finditer(text):
        if sum(c.isdigit() for c in match["value"]) > 5 and not _DATE.fullmatch(match["value"]):
            yield Span(*match.span("value"), "RECORD")
    for match in _GROUPS.finditer(text):
        if _MOMENT.match(match["value"]) and text[match.end() : match.end() + 1] in tuple(":：时点"):
            continue
        if sum(c.isdigit() for c in match["value"]) >= 8 and not _DATE.fullmatch(match["value"]):
            yield Span(*match.span("value"), "RECORD")
