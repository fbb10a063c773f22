"""Addresses set as blocks, such as letterheads, and the addressee above them."""

from collections.abc import Iterator

import regex

from collectors.privacy.identifiers.address_forms_en import rare_words
from collectors.privacy.identifiers.address_parts_en import STREET
from collectors.privacy.identifiers.rule import Span
from collectors.privacy.identifiers.words import given_names, ordinary_words

_MARGIN = " \t>?*-"
_BUILDING = regex.compile(rf"\b(?:Apt|Suite|Ste|Unit|Flat|Box|Postbox|PSC|Psc|[AFD]PO)\b\.?|\d.*(?:{STREET})")
_NUMBERED = regex.compile(r"^\W*(?:[\p{L}.'-]+ ){0,3}\d{4,6}\b|^\d+ \p{Lu}.* \d+\b")
_BLOCK_WORD = regex.compile(r"\(?[\p{Lu}\d,#][\p{L}\d.,'\u2019/#()-]*|d\p{L}{1,2}|van|von|la|and|nan|\W")
_WORDS = regex.compile(r"\S+")
_DIGIT = regex.compile(r"\d")
_FIRM = regex.compile(
    r"(?i)\b(?:inc|ltd|corp|corporation|llc|group|services|company|co|plc|bank|systems|technologies|and"
    r"|partners)\b\.?"
)


def find_blocks(text: str) -> Iterator[Span]:
    """Addresses set as blocks, such as letterheads: three short lines or more of names and numbers alone, one of them
    with a house, a box or a postal code."""
    block: list[tuple[int, int]] = []
    position = 0
    for line in text.split("\n"):
        value = line.strip(_MARGIN)
        start = position + line.index(value) if value else position
        position += len(line) + 1
        if _is_block_line(value):
            block.append((start, start + len(value)))
        elif value:
            yield from _in_block(text, block)
            block = []
    yield from _in_block(text, block)


def _is_block_line(value: str) -> bool:
    words = value.split()
    if not words or "|" in value or len(value) > 90 or len(words) > 9 or value[-1] in ":;":
        return False
    odd = sum(_BLOCK_WORD.fullmatch(word) is None for word in words)
    return odd == 0 or (odd <= len(words) // 3 and _is_house(value))


def _in_block(text: str, block: list[tuple[int, int]]) -> Iterator[Span]:
    if len(block) < 3:
        return
    lines = [text[start:end] for start, end in block]
    numbered = [any(c.isdigit() for c in line) for line in lines]
    houses = [number for number, line in enumerate(lines) if numbered[number] and _is_house(line)]
    if not houses or sum(numbered) > 0.8 * len(lines):
        return
    for (start, end), line in zip(block[: houses[0]], lines, strict=False):
        if 1 <= len(line.split()) <= 5 and not _FIRM.search(line) and _begins_like_person(line):
            yield Span(start, end, "NAME")
            break
    for start, end in block[houses[0] :]:
        yield Span(start + _begin_of_address(text[start:end]), end, "ADDRESS")


def _is_house(line: str) -> bool:
    """Whether a line names a house, a box or a postal code; a result (Platelets 15000) or a dose is none."""
    if _BUILDING.search(line):
        return True
    return _NUMBERED.search(line) is not None and bool(rare_words(line))


def _begin_of_address(line: str) -> int:
    """After the words of a sentence that runs into an address."""
    words = [word for word in _WORDS.finditer(line) if _BLOCK_WORD.fullmatch(word[0]) is None and word[0][-1] != "."]
    number = _DIGIT.search(line)
    before = [word.end() + 1 for word in words if number and word.end() < number.start()]
    return max(before, default=0)


def _begins_like_person(line: str) -> bool:
    words = [word.strip(".,") for word in line.lower().split()]
    return words[0] in given_names() or not any(word in ordinary_words() for word in words)
