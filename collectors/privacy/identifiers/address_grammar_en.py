"""Addresses of English-speaking countries by their grammar: a house, a box or a lot, then street, town, state and code,
parted by commas or lines. For texts that hold other identifiers: alone, a house's name may be anything's.
"""

from collections.abc import Iterator

import regex

from collectors.privacy.identifiers.address_parts_en import STATE_NAMES, STATES, STREET, SUFFIX
from collectors.privacy.identifiers.rule import Span
from collectors.privacy.identifiers.words import ordinary_words

_WORD = r"(?:\p{Lu}[\p{L}'\u2019-]*\.?|\d{1,3}(?:st|nd|rd|th|ST|ND|RD|TH))"
_NUMBER = r"\d{1,5}(?:[A-Za-z]\b)?(?:[-/\u2013]\d{1,5}[A-Za-z]?)?(?: ?1/2)?"
_SIDE = r"(?:(?:N|S|E|W|NE|NW|SE|SW)\b\.?|(?i:North|South|East|West)\b)"
_TYPE = (
    rf"(?:(?i:{STREET}|{SUFFIX}|Bypass|Esplanade|Parade|Promenade|Strand|Cct|Circuit|Nagar|Marg|Mead|Croft|Wynd"
    r"|Vale|Fold|Bank)\b\.?)"
)
_WAY = (
    r"(?i:rue|avenida|avenue|av|calle|via|viale|piazza|camino|paseo|rua|chemin|boulevard|boul|quai|plaza|carrer|calzada"
    r"|callej[o\u00f3]n|route|chaussee|impasse|ul|ulica|allee)\b\.?"
)
_LINKED = r"(?i:d[eu]s?|de la|de los|de las|del|d'|la|las|los|le|el|da|do|dos|di|san|santa)"
_ROAD = (
    r"(?i:county (?:road|rd|route|highway)|CR|state (?:road|route|highway)|SR|US|u\.s\.|highway|hwy|route|rte|farm"
    r" (?:road|to market)|FM|township road|private road|national highway|NH|R\.?R\.?)\b\.?"
)
_UNIT = (
    r"(?:(?i:apt|apartment|unit|suite|ste|flat|room|rm|floor|fl|lot|space|spc|trlr|trailer|site|plot|pad|slip|bldg"
    r"|building|block|blk|tower|wing|door|shop|villa|house no|h\.? ?no|door no|no)\b\.?"
    r" ?#?[A-Za-z]?-?\d{0,5}[A-Za-z]?\b|#\d{1,5}[A-Za-z]?"
    r"|\d{1,2}(?:st|nd|rd|th) [Ff]loor|(?:Ground|First|Second|Third|Top|Basement) [Ff](?:loor|lat))"
)
_BOX = (
    r"(?i:p\.? ?o\.? box|post office box|gpo box|private bag|locked bag|box|rr ?#? ?\d{1,3},? box|rural route"
    r" \d{1,3},? box|hc"
    r" \d{1,3},? box|star route,? box) ?#?\d{1,6}[A-Za-z]?\b"
)
_HOUSE = (
    r"(?i:cottage|house|farm|farmhouse|lodge|barn|granary|mill|hall|manor|villa|croft|grange|rectory|vicarage|bungalow"
    r"|stables|forge|chalet|cabin|homestead|station|estate|towers?|mansions?|heights|apartments|residences?|court|gardens"
    r"|mobile (?:home )?park|trailer park|caravan park|park|village|almshouses|priory|abbey|schoolhouse|coach house)\b"
)
_STREET = (
    rf"(?:{_NUMBER},? (?:{_SIDE} )?(?:{_WORD} ){{1,4}}?{_TYPE}(?: {_SIDE})?"
    rf"|{_NUMBER},? (?:{_SIDE} )?{_WAY} (?:{_LINKED} ?){{0,3}}{_WORD}(?: {_LINKED})?(?: {_WORD}){{0,2}}"
    rf"|{_NUMBER},? (?:{_SIDE} )?{_ROAD} ?\d{{1,5}}[A-Za-z]?(?: {_SIDE})?)"
)
_NAMED = rf"(?:(?:The )?(?:{_WORD} ){{1,3}}?{_HOUSE}|The (?:Old |New )?{_HOUSE})"
_BY_NAME = rf"(?:{_NUMBER} )?(?:{_WORD} ){{1,3}}?{_TYPE}"
_COMMA = r"(?:,[ \t]?|,?[ \t]*\n[ \t>]*)"
_ZIP = (
    r"(?:\d{5}(?:-\d{4})?|(?i:[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-Z]\d[A-Z] ?\d[A-Z]\d|[A-Z]\d\d ?[A-Z\d]{4})"
    r"|\d{3} ?\d{3}|\d{4})\b(?![.,]?\d)"
)
_STATE = rf"(?:{STATES}|{STATE_NAMES}|NSW|VIC|QLD|TAS|ACT|NT|ON|QC|BC|AB|MB|SK|NS|NB|NL|PE|Co\.? {_WORD})\b"
_TOWN = rf"{_WORD}(?:[ -](?:{_WORD}|on|upon|in|le|the|of|under)){{0,3}}"
_TAIL = (
    rf"(?:{_COMMA}{_UNIT}|[ ]{_UNIT})?(?:{_COMMA}(?:{_BY_NAME}|{_TOWN})(?=[,.;:)\n]|$|[ ](?:{_STATE}|{_ZIP})))"
    rf"{{0,4}}(?:(?:{_COMMA}|[ ])(?:{_STATE}))?(?:(?:{_COMMA}|[ ]{{1,2}}){_ZIP})?"
)
_PLACE = rf"{_COMMA}(?:{_BY_NAME}|(?:{_UNIT}{_COMMA})?{_STREET}|{_TOWN},? (?:{_STATE}))"
_FORMS = tuple(
    regex.compile(rf"(?<![\w.,/:-])(?P<value>{pattern})(?![\w])")
    for pattern in (
        rf"(?:{_UNIT}{_COMMA}|{_UNIT} )?{_STREET}{_TAIL}",
        rf"{_BOX}{_TAIL}",
        rf"{_NAMED}{_PLACE}{_TAIL}",
        rf"{_UNIT}{_COMMA}(?:{_NAMED}|{_STREET}|{_BY_NAME}){_TAIL}",
    )
)
_SIGN = regex.compile(
    rf"(?i)\b(?:{STREET}|{SUFFIX}|box|cottage|house|farm|lodge|barn|granary|mill|hall|apt|unit|lot|flat|suite|room|rue|avenida"
    r"|calle|via|camino|road|county|rural|park|court|towers?|nagar|marg|villa)\b"
)
"""Words without which no form matches."""
_MEASURED = regex.compile(r"\d+ (?:mg|ml|mm|cm|mcg|units?|years?|days?|weeks?|months?|hours?|x)\b", regex.IGNORECASE)
_BEFORE, _AFTER = 60, 120


def find_addresses(text: str) -> Iterator[Span]:
    """Addresses, from house to code."""
    for start, end in _windows(text):
        for form in _FORMS:
            for match in form.finditer(text, start, end):
                value = match["value"].rstrip(" .,\n")
                if _is_address(value):
                    yield Span(match.start("value"), match.start("value") + len(value), "ADDRESS")


def _windows(text: str) -> list[tuple[int, int]]:
    windows: list[tuple[int, int]] = []
    for match in _SIGN.finditer(text):
        start, end = max(0, match.start() - _BEFORE), match.end() + _AFTER
        if windows and start <= windows[-1][1]:
            windows[-1] = (windows[-1][0], end)
        else:
            windows.append((start, end))
    return windows


def _is_address(value: str) -> bool:
    """Whether it holds a number or three parts, a word that is no ordinary one or a full line, and no measure."""
    if _MEASURED.search(value):
        return False
    words = [word.strip(".,'\u2019").lower() for word in regex.findall(r"\p{Lu}[\p{L}'\u2019]+", value)]
    rare = any(len(word) > 2 and word not in ordinary_words() for word in words)
    return rare or "," in value or "\n" in value
