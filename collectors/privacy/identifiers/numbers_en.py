"""Numbers that English text announces by a label: of records, papers, accounts, badges."""

import re
from collections.abc import Iterator

from collectors.privacy.identifiers.rule import Near, Span, holds

_THINGS = (
    r"med(?:ical)?\.? rec(?:ord)?s?|record|chart|hospital|patient|pt|unit|encounter|visit|admission|account|acct"
    r"|guarantor|specimen"
    r"|sample|case|pathology|cytology|report|requisition|order|invoice|bill|job|dict(?:ation)?|transcription"
    r"|document|confirmation"
    r"|tracking|ticket|reference|referral|auth(?:ori[sz]ation)?|prior auth|pre-?cert(?:ification)?|prescription|rx"
    r"|script|badge|employee"
    r"|staff|personnel|payroll|student|file|episode|donor|recipient|voucher|contract|loan|receipt|locker|bed|member"
    r"|subscriber"
    r"|beneficiary|policy|plan|group|claim|insurance|certificate|permit|licen[cs]e|registration|passport|visa|green"
    r" card|identity card"
    r"|id card|identification|national id|tax|taxpayer|social security|ss|medicare|medicaid|health card|health plan"
    r"|nhs|chi|national insurance|ni"
    r"|inmate|prisoner|school|run|block|incident|dispatch|docket|warrant|military|service|veteran|va|bank|checking"
    r"|savings|routing|sort|swift|bic|debit"
    r" card|credit card|card"
    r"|gift card|library card|serial|lot|batch|device|implant|model|kit|bag|tag|parcel|flight|booking|dea|npi|upin|dl"
    r"|driver'?s?"
)
"""What people, their papers and their things are numbered by."""
_SELVES = (
    r"EMS run|case(?= [A-Z]{1,3}\d)|group(?= \d{5})|school id|block|MRN|CSN|FIN|HAR|SSN?|NPI|UPIN|DEA|DL|EIN|ITIN"
    r"|TIN|NIN|NINO|IMEI|passport|medicaid|medicare|accession|requisition|acc"
    r"|(?:medical |nursing |state |driver['\u2019]?s? )?licen[cs]e|policy|badge|job|claim|dictation|docket|account"
    r"|acct|social security|UDI|lot|batch"
)
"""Labels that need no word for `number`."""
_CODE = (
    r"(?P<value>[A-Z]{2}(?: \d\d){3} [A-Z]\b|\d{2,5}(?:[ ]\d{1,6}){1,4}\b|[A-Z]{1,4}[ ]\d{4,12}\b"
    r"|(?:[xX*]{2,5}[- ]?){1,3}\d{3,6}\b"
    r"|\(\d\d\)\d{8,16}(?:\(\d\d\)\w{1,20}){0,3}"
    r"|(?=[A-Za-z]{0,8}[-:/]?\d|[A-Za-z]-[A-Za-z]{0,4}-?\d)[A-Za-z\d]{1,28}(?:[-/:._][A-Za-z\d]{1,14}){0,5}(?:(?<=-\d\d\d),\d{3})?)"
)
_UNIT = (
    r"(?![A-Za-z\d%]|[-.,]\d| ?(?:mg|mcg|g|kg|ml|dl|cc|mm|cm|units?|patients?|subjects?|cases|participants|women|men"
    r"|days?|weeks?|months?"
    r"|years?|hours?|times|of|to|and \d)\b)"
)
_IS = r"(?:\s?[:=#]|\.(?= )| is\b| was\b| it is\b|,(?= ))?\s{0,2}(?:#\s?)?"
_QUALIFIED = re.compile(
    rf"(?:(?<![A-Za-z])(?:numbers?|num|no|nbr|nr|id|code)\b\.?|#|\u2116)(?:s?\)?){_IS}{_CODE}{_UNIT}", re.IGNORECASE
)
_THING = re.compile(
    rf"(?<![A-Za-z-])(?:{_THINGS})\b\.?(?: (?:id|account|policy|record|card|plate))?\s?\(?$", re.IGNORECASE
)
_ACCESSION = re.compile(r"(?<![A-Za-z])(?:accession|acc)\b\.?\s?$", re.IGNORECASE)
_SELF = re.compile(
    rf"(?<![A-Za-z-])(?:{_SELVES})\b(?:\s?[:#=]|\.(?= )| is| was){{0,2}}\s{{0,2}}(?:#\s?)?{_CODE}{_UNIT}", re.IGNORECASE
)
_BARE = re.compile(
    r"(?<![A-Za-z-])(?:NRIC|FIN No|IC No|Emirates ID|CNIC|CURP|Alien(?: no)?|UNOS|PIN|MBI|HICN?|CIN|BIN"
    r"|PCN|Rx(?:BIN|PCN|Grp|Group)|GMC|NMC(?: PIN)?|GDC|HCPC|AHPRA|CPSO|CLIA|CDL"
    r"|UMRN|URN?|UR No|PID|EMPI|CRN"
    r"|HRN?|HN|IHI|PHN|NHI|CHI|NHS|HCN|OHIP|BSN|CPF|DNI|NIF|Aadhaar|PAN|routing|ABA|lic|cert|acct|account|claim"
    r"|member|subscriber|policy"
    r"|case|docket|badge|accession|encounter|order|invoice|receipt|ticket|referral|auth|permit|ref|file|chart"
    r"|hosp|record|tracking"
    r"|booking|incident|subject|participant|screening|enrollment|locker|pass|token|study id|UID|employee"
    r"|staff)\b\.?(?: ?(?:no|id|number)\.?)?[ :#]{1,3}"
    r"(?P<value>(?!(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:[0-2]\d"
    r"|3[01])\b)(?=[A-Za-z\d-]*\d[A-Za-z-]*\d[A-Za-z-]*\d)(?:(?=[A-Za-z\d]*[A-Z-])[A-Z\d]{1,10}(?:-[A-Z\d]{1,10}){1,4}|\d{1,4}[A-Z]\d{3,8}[A-Z]?|[A-Z]{1,5}\d[A-Z\d]{3,14}"
    rf"|\d{{6,14}}|\d{{3}} \d{{3}} \d{{4}})){_UNIT}"
)
"""Labels before codes that are no words and no years."""
_MEDICARE = re.compile(r"(?<![A-Za-z\d-])[1-9][A-Z][A-Z\d]\d-?[A-Z][A-Z\d]\d-?[A-Z]{2}\d\d(?![A-Za-z\d-])")
_NRIC = re.compile(r"(?<![A-Za-z\d])[STFGM]\d{7}[A-Z](?![A-Za-z\d])")
"""Singapore's identity cards."""
_LABELLED = re.compile(rf"[:#]\s{{0,2}}{_CODE}{_UNIT}", re.IGNORECASE)
_LABEL = re.compile(rf"(?<![A-Za-z-])(?:{_THINGS})[^\S\n]?$", re.IGNORECASE)
_ENDING = re.compile(
    r"\b(?:last (?:four|4|5|five)(?: digits)?(?: of)?(?: \w+){0,3}?(?: is| are|:)?|end(?:ing|s)(?: in| with)?) "
    r"(?P<value>\d{3,5})\b(?! ?%)",
    re.IGNORECASE,
)
_CALLED = re.compile(
    r"(?<![A-Za-z])(?:(?:ext(?:ension|\.)?|pager|beeper|bleep)(?: ?(?:no\.?|number|#))?[\s:#]{1,2}(?P<value>\d{3,6})\b"
    r"|(?:HP|H/P|mob|hp no\.?|M/P)[.:]? (?P<mobile>[3689]\d{3} ?\d{4})\b)",
    re.IGNORECASE,
)
_BANK = re.compile(
    r"(?<![A-Za-z])(?:(?:sort code)[\s:]{1,2}(?P<sort>\d\d-\d\d-\d\d)|(?:SWIFT|BIC)(?: code)?[\s:]{1,2}"
    r"(?P<bic>[A-Z]{6}[A-Z\d]{2}(?:[A-Z\d]{3})?))\b"
)
_PUBLIC = re.compile(r"G(?:SE|SM|DS|PL)\d|[SED]R[APRSX]\d|PRJ|[NX][CGMPRTW]_|NCT|ISRCTN|CRD\d|E-[A-Z]", re.IGNORECASE)
"""How accessions of databases begin that nothing else begins with."""
_SEQUENCE = re.compile(r"[A-Z]{1,6}\d{5,10}(?:\.\d+)?$|[OPQ]\d[A-Z\d]{3}\d\b")
_DATABASE = re.compile(
    r"genbank|embl|ddbj|uniprot|swiss-?prot|ncbi|pdb|protein data|database|repositor|archive|sequence|deposited|genome"
    r"|mrna|cdna|clone|reference strain",
    re.IGNORECASE,
)
_DIGITS = Near(re.compile(r"\d[A-Za-z/.: -]{0,2}\d"), 80, 80)
"""Around digits that are not alone: where a label and its number can be."""
_DATE_OR_YEAR = re.compile(r"(?:19|20)\d\d(?:[-/.]\d{1,2}[-/.]\d{1,2})?|\d{1,2}([/.-])\d{1,2}\1(?:\d\d|(?:19|20)\d\d)")
_DECIMAL = re.compile(r"\d{1,3}\.\d{1,2}[A-Za-z%]{0,4}")
_CUES = ("number", "no", "id", "#", "code", "num", "nbr", "\u2116")
_SELF_CUES = (
    *(
        "mrn",
        "case",
        "group",
        "run",
        "block",
        "school",
        "csn",
        "fin",
        "har",
        "ss",
        "npi",
        "upin",
        "dea",
        "dl",
        "ein",
        "tin",
        "nin",
        "imei",
        "passport",
        "medica",
        "acc",
    ),
    *(
        "requisition",
        "licen",
        "policy",
        "badge",
        "job",
        "claim",
        "dictation",
        "docket",
        "account",
        "acct",
        "social sec",
        "udi",
        "lot ",
        "batch",
    ),
)


def find_numbers(text: str) -> Iterator[Span]:
    """Numbers by their labels. Years alone, and entries of public databases, are not taken."""
    for start, end in _DIGITS.windows(text):
        yield from _in_stretch(text, start, end)


def _in_stretch(text: str, start: int, end: int) -> Iterator[Span]:
    lowered = text[start:end].lower()
    if holds(lowered, _CUES):
        for match in _QUALIFIED.finditer(text, start, end):
            before = text[max(0, match.start() - 32) : match.start()]
            accession = _ACCESSION.search(before)
            if (accession or _THING.search(before)) and _is_code(match["value"]):
                if accession and (_PUBLIC.match(match["value"]) or _is_of_database(text, match)):
                    continue
                yield Span(*match.span("value"), "RECORD")
    if holds(lowered, _SELF_CUES):
        for match in _SELF.finditer(text, start, end):
            if _is_code(match["value"]) and len(match["value"]) > 4:
                if match[0][:3].lower() == "acc" and (_PUBLIC.match(match["value"]) or _is_of_database(text, match)):
                    continue
                yield Span(*match.span("value"), "RECORD")
    if ":" in lowered or "#" in lowered:
        for match in _LABELLED.finditer(text, start, end):
            before = text[max(0, match.start() - 32) : match.start()]
            if _is_code(match["value"]) and len(match["value"]) > 4 and _LABEL.search(before):
                yield Span(*match.span("value"), "RECORD")
    for match in _BARE.finditer(text, start, end):
        if not _PUBLIC.match(match["value"]) and not _is_of_database(text, match):
            yield Span(*match.span("value"), "RECORD")
    yield from (Span(*match.span(), "ID") for match in _NRIC.finditer(text, start, end))
    yield from (Span(*match.span(), "RECORD") for match in _MEDICARE.finditer(text, start, end))
    if "last " in lowered or "end" in lowered:
        yield from (Span(*match.span("value"), "RECORD") for match in _ENDING.finditer(text, start, end))
    if holds(lowered, ("ext", "pager", "beeper", "bleep", "hp", "h/p", "mob", "m/p")):
        yield from (Span(*match.span(match.lastgroup), "PHONE") for match in _CALLED.finditer(text, start, end))
    if holds(lowered, ("sort code", "swift", "bic")):
        yield from (Span(*match.span(match.lastgroup), "ACCOUNT") for match in _BANK.finditer(text, start, end))


def _is_code(value: str) -> bool:
    if _DATE_OR_YEAR.fullmatch(value) or _DECIMAL.fullmatch(value):
        return False
    return sum(c.isdigit() for c in value) >= 3


def _is_of_database(text: str, match: re.Match) -> bool:
    around = text[max(0, match.start() - 80) : match.end() + 40]
    return _SEQUENCE.match(match["value"]) is not None and _DATABASE.search(around) is not None
