"""Places finer than a state in text of Latin script: streets, boxes, address blocks, towns, hospitals beside their
doctors."""

from collections.abc import Iterator

import regex

from collectors.privacy.identifiers.address_blocks_en import find_blocks
from collectors.privacy.identifiers.address_ends_en import reach
from collectors.privacy.identifiers.address_forms_en import RULES
from collectors.privacy.identifiers.address_parts_en import STREET
from collectors.privacy.identifiers.rule import Span, applied
from collectors.privacy.identifiers.words import ordinary_words, with_capitals

_STREET_WORDS = regex.compile(
    rf"(?i)\b(?:{STREET[3:].partition(')')[0]}|Bypass|Turnpike|Suite|Apt|Apartment|Unit|Flat|Box|First|Second|Third"
    rf"|Fourth|Fifth"
    r"|North|South|East|West)\b"
)
_STOP = regex.compile(
    r"(?:\b(?P<word>\p{L}+)|[\p{L}\d)])(?P<stop>[.!?]+)\s{1,3}(?=(?P<next>\p{Lu}\p{L}*)(?P<small>(?:'\w+)? \p{Ll})?)"
)
_ABBREVIATIONS = (
    "st ave av rd dr ln ct blvd pl sq hwy pkwy cres ter terr cir apt ste no bldg rm fl mt ft ne nw se sw ul al os str"
    " rte"
    " rt co jr sr van"
)
_ABBREVIATED = frozenset(_ABBREVIATIONS.split())
"""Words of addresses that end in a point."""


def find_addresses(text: str) -> Iterator[Span]:
    """Addresses, and the addressee above an address block (NAME)."""
    if text.islower() or text.isupper():
        text = _STREET_WORDS.sub(lambda match: match[0].title(), with_capitals(text))
    for start, end, kind in applied(RULES, text):
        if kind == "ADDRESS":
            start, end = reach(text, start, end)
            end = _within_sentence(text, start, end)
        yield Span(start, end, kind)
    if text.count("\n") >= 2:
        yield from find_blocks(text)


def _within_sentence(text: str, start: int, end: int) -> int:
    """Where an address ends at the latest: before the next sentence, and not inside a word."""
    for stop in _STOP.finditer(text, start, end + 40):  # with what follows the next sentence's first word
        if stop.start("stop") >= end:
            break
        written_out = stop["word"] is not None and len(stop["word"]) > 1 and stop["word"].lower() not in _ABBREVIATED
        if written_out or (stop["small"] is not None and stop["next"].lower() in ordinary_words()):
            return stop.start("stop")
    while start < end < len(text) and text[end - 1].isalnum() and text[end].isalnum():
        end = start + len(text[start:end].rpartition(" ")[0])
    return end
