"""Names in Latin script by their place in a patient's record: before age and sex, before a bed or a birth, after a
role's abbreviation, at the head of a turn of speech, with a nickname.

In these places a word may be a name that means something else as well (Baker, Christmas).
"""

from collections.abc import Iterator

import regex

from collectors.privacy.identifiers.eponyms import EPONYM, PLACE_HEADS
from collectors.privacy.identifiers.name_cues_en import PARTICLE, RELATIVES
from collectors.privacy.identifiers.names_en import class_of
from collectors.privacy.identifiers.rule import Span

_WORD = r"\p{Lu}(?:['\u2019]\p{Lu})?\p{L}+(?:[-'\u2019]\p{Lu}\p{L}+)*"
_PARTS = rf"(?:(?i:{PARTICLE}) )?{_WORD}(?: (?:\p{{Lu}}\.?|(?i:{PARTICLE})(?= )))?(?: {_WORD})?"
_NAME = rf"{_PARTS}(?:, {_WORD}(?: \p{{Lu}}\b\.?)?)?"
_AGED = r"\(?\d{1,3} ?(?:[MF]\b|yo\b|y/?o\b|y\.o\.|yr|year)"
_DETAIL = (
    rf"(?:{_AGED}|\(?(?i:bed|bay|rm|room|d\.?o\.?b\.?|mrn|nhs|nhi|hosp|uhid|ssn|born|aged?|id no|pt id|patient id)\b"
    r"|(?i:passed (?:peacefully|away)|was born|died|self-discharged|dna'?d|attended|was admitted|was discharged))"
)
_DETAILED = regex.compile(rf"(?<![\p{{L}}\d])(?P<value>{_NAME})(?:,? [-\u2013]? ?| ?\(|,| {{2,12}}){_DETAIL}")
_LISTED = regex.compile(
    rf"(?m)(?:^|(?<=\n))[ \t]*(?:[-*\u2022]|\(?\d{{1,2}}[.):])?[ \t]*(?P<value>{_NAME})[ \t,]{{1,3}}{_AGED}"
)
_ROLES = (
    r"d/w|D/W|disc(?:ussed)? w(?:/|ith)|spoke w(?:/|ith)|handed over to|signed out to|sign-?out to|endorsed to"
    r"|c/o|seen w(?:/|ith)"
    r"|MW|HCA|RMN|RGN|SHO|SpR|StR|FY[12]|F[12]|CT[1-3]|ST[1-8]|CNS|ANP|ACP|HV|CPN|AHP|CRNA|CNM|PA-C|APRN|NP|RN|LPN|CNA|MSW|LCSW"
    r"|PharmD|Att(?:ending)?|Res(?:ident)?|Consultant|Cons|Reg|Anaes|Anes|Surg|Scrub|Circ|Tech|Perfusionist|Tel"
    r" contact|NOK|PoA|POA"
    r"|Proxy|HCP|Interp(?:reter)?|Name as printed|Name on card|Cardholder|Signed|Witness(?:ed by)?|e-?signed(?:"
    r" by)?|Employee"
)
_ROLE = regex.compile(
    rf"(?<![\p{{L}}\d])(?:{_ROLES}|(?:{_ROLES.upper()})):? (?P<value>{_PARTS}(?:, {_WORD}| {_WORD},"
    rf" {_WORD})?)(?![\p{{L}}\d@_])"
)
_TURN = regex.compile(
    rf"(?m)(?:^|(?<=\n)|(?<=\d\] ))[ \t]*(?:\p{{Lu}}[\p{{L}}-]{{1,14}} (?:\((?P<within>{_WORD}(?: {_WORD})?)\)"
    rf"|(?P<behind>{_WORD})):"
    rf"|(?P<alone>{_WORD}):)"
)
_NICKNAMED = regex.compile(
    rf"(?<![\p{{L}}\d])(?P<value>{_WORD} (?:\p{{Lu}}\.? )?[\"\u201c\u2018'(]{_WORD}[\"\u201d\u2019')] {_WORD}(?:"
    rf" {_WORD})?)(?!\p{{L}})"
)
_CAPITALS_FIRST = regex.compile(
    r"(?<![\p{L}\d,] ?)(?P<value>\p{Lu}[\p{Lu}'\u2019-]+(?: \p{Lu}[\p{Lu}'\u2019-]+){0,2},"
    r" (?:\p{Lu}\p{Ll}+|\p{Lu}{3,})"
    r"(?:[ -]\p{Lu}\p{L}*\.?)?)(?=[ \t]{2}|[.;)|\n]|$)"
)
"""TE RANGI, Aroha"""
_BEDDED = regex.compile(
    rf"(?m)(?:^|(?<=\n))[ \t]*(?:[-*\u2022][ \t]*)?(?:(?i:bed|bay|room|rm) )?"
    rf"(?=[A-Z]{{0,2}}\d)[A-Z\d]{{1,4}}(?:-[A-Z\d]{{1,3}})?:? (?P<value>{_WORD}(?: {_WORD})?)(?=:|,? {_AGED})"
)
"""Behind the number of a bed, in a list of a ward's patients."""
_OF_FAMILY = regex.compile(
    rf"(?<![\p{{L}}-])(?P<value>{_WORD}) (?:family|wife|husband|daughter|son|mother|father|mom|dad|sister|brother)"
    r" (?:here|in room|at (?:the )?bedside|is|are|was|were|aware|updated|present|notified|called|calling|wants?|asking"
    r"|asks|declin(?:ed|es)|requests?|arrived|visiting)\b"
)
_CALLED = regex.compile(
    rf"\b(?:assistant|nurse|lady|man|woman|carer|caregiver|girl|boy|doctor|person|someone|midwife|neighbou?r|friend|{'|'.join(RELATIVES)})"
    rf" (?:called|named) (?P<value>{_WORD}(?: {_WORD})?)"
)
_LABELS = (
    "pt patient male female bed bay ward room age aged sex dob mrn the a an this that he she they his her i we"
    " you day date"
    " time note notes plan assessment history exam labs impression diagnosis allergies meds medications vitals"
    " hpi pmh psh fh"
    " sh ros cc ap dx rx hx id name address phone tel fax email subject from to re sent question answer q"
    " clinician doctor"
    " nurse bot chatbot agent customer caller operator interviewer respondent speaker user system admin guest"
    " child infant"
    " baby boy girl twin man woman gentleman lady adult teen newborn neonate fetus mother father mom dad white"
    " black hispanic"
    " asian caucasian african american sbar situation background recommendation dear hi hello intervention"
    " procedure findings"
    " technique comparison conclusion summary objective subjective disposition gravida para status post"
)
_NO_NAMES = frozenset(_LABELS.split())


def find_names(text: str) -> Iterator[Span]:
    """Names by their place."""
    for match in _LISTED.finditer(text):
        if _may_be_name(match["value"], strict=False):
            yield Span(*match.span("value"), "NAME")
    for pattern in (_DETAILED, _ROLE, _CALLED, _BEDDED, _OF_FAMILY):
        for match in pattern.finditer(text):
            if _may_be_name(match["value"], strict=" " not in match["value"]) and not EPONYM.match(
                text, match.end("value")
            ):
                yield Span(*match.span("value"), "NAME")
    for match in _TURN.finditer(text):
        group = match.lastgroup
        if class_of(match[group]) in ("gsu" if group == "alone" else "gsubdfn") and _may_be_name(
            match[group], strict=False
        ):
            yield Span(*match.span(group), "NAME")
    for pattern in (_NICKNAMED, _CAPITALS_FIRST):
        for match in pattern.finditer(text):
            kinds = {class_of(word.title()) for word in regex.findall(_WORD, match["value"])}
            if kinds & set("gsubd") and "m" not in kinds and _may_be_name(match["value"], strict=False):
                yield Span(*match.span("value"), "NAME")


def _may_be_name(value: str, *, strict: bool) -> bool:
    """Whether no word is a label's or medicine's; if `strict`, a word must be known as a name, or not at all."""
    words = [word for word in regex.findall(r"[\p{L}'\u2019-]+", value) if len(word) > 1]
    if any(word.lower() in _NO_NAMES for word in words) or words[-1].lower() in PLACE_HEADS - {"park"}:
        return False
    kinds = [class_of(word.title() if word.isupper() else word) for word in words]
    if any(word.isupper() and len(word) < 5 and kind in "wumc" for word, kind in zip(words, kinds, strict=True)):
        return False
    if "m" in kinds:
        return False
    return not set(kinds) <= set("wc") if strict or len(words) > 1 else True
