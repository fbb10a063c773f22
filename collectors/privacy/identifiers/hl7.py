"""Messages of HL7 version 2: the fields that the standard gives to persons, by segment and number.

HL7 v2.8.2, chapters 3 (PID, NK1, PV1, PD1, MRG), 4 (ORC, OBR), 6 (GT1, IN1, IN2), 7 (OBX) and 9 (TXA).
"""

import re
from collections.abc import Iterator

from collectors.privacy.identifiers.rule import Span

_PERSONS = (
    ("RECORD", "PID:2,3,4,18,20,21 PV1:5,19,50 MRG:1,2,3,4 IN1:36,49 IN2:6,61 GT1:2,19 OBR:2,3 ORC:2,3 TXA:12 PD1:4"),
    ("SSN", "PID:19 GT1:12 IN2:2"),
    ("NAME", "PID:5,6,9 NK1:2,30 MRG:7 GT1:3,4,42 IN1:16 IN2:3,40 PD1:12"),
    ("STAFF", "PV1:7,8,9,17,52 ORC:10,11,12,19 OBR:10,16,28,32,33,34,35 OBX:16 TXA:5,9,10,11 PD1:4"),
    ("ADDRESS", "PID:11 NK1:4,32 GT1:5 IN1:19 ORC:24"),
    ("PHONE", "PID:13,14 NK1:5,6,31 GT1:6,7 ORC:14 OBR:17"),
    ("PLACE", "PV1:3,6,11"),
    ("DAY", "PID:7 GT1:8 IN1:18"),
)
_KINDS = {
    (segment, int(number)): kind
    for kind, fields in _PERSONS
    for segment, _, numbers in (field.partition(":") for field in fields.split())
    for number in numbers.split(",")
}
_SEGMENT = re.compile(
    r"(?:^|(?<=[\n\r]))[ \t]*(?P<name>PID|PD1|NK1|PV1|MRG|GT1|IN1|IN2|ORC|OBR|OBX|TXA)\|[^\n\r]{0,4000}"
)
_COMPONENT = re.compile(r"[^^~&]+")
_REPETITION = re.compile("[^~]+")
_PERSON = re.compile(r"[^\W\d_][^~^&|\d]+(?:\^[^\W\d_][^~^&|\d]*){0,2}")
"""Family name, given name, further names."""
_AFFIXES = frozenset(("MD", "DO", "RN", "NP", "PA", "DR", "NPI", "DN", "MRN", "AN", "VN", "PI", "SS", "MR"))


def is_message(text: str) -> bool:
    return "PID|" in text or "PV1|" in text or "OBR|" in text


def find_fields(text: str) -> Iterator[Span]:
    for segment in _SEGMENT.finditer(text):
        start = segment.end("name") + 1
        for number, field in enumerate(text[start : segment.end()].split("|"), 1):
            kind = _KINDS.get((segment["name"], number))
            if kind and field.strip():
                yield from _in_field(kind, field, start)
            start += len(field) + 1


def _in_field(kind: str, field: str, start: int) -> Iterator[Span]:
    if kind == "ADDRESS":
        for repeated in _REPETITION.finditer(field):
            yield from _in_address(repeated[0], start + repeated.start())
    elif kind in ("NAME", "STAFF"):
        for name in _PERSON.finditer(field):
            if name[0].upper() not in _AFFIXES:
                yield Span(start + name.start(), start + name.end(), "NAME")
        for part in _COMPONENT.finditer(field) if kind == "STAFF" else ():
            if sum(map(str.isdigit, part[0])) > 3:
                yield Span(start + part.start(), start + part.end(), "RECORD")
    elif kind == "PLACE":
        parts = field.split("^")
        if len(parts) > 1 and parts[1]:
            begin = start + len(parts[0]) + 1
            yield Span(begin, begin + len("^".join(parts[1:3]).rstrip("^")), "RECORD")
    elif kind == "DAY":
        yield Span(start, start + len(field), "DATE")
    else:
        value = field.split("^")[0]
        if any(c.isdigit() for c in value):
            yield Span(start, start + len(value), kind)


def _in_address(address: str, start: int) -> Iterator[Span]:
    """An extended address: street, designation, town and state are one, the code is another; then county and parish."""
    components = address.split("^")
    place = "^".join(components[:4]).rstrip("^")
    if place.strip("^ "):
        yield Span(start, start + len(place), "ADDRESS")
    start += len("^".join(components[:4])) + 1
    for number, component in enumerate(components[4:]):
        if len(component.strip()) > 2:
            yield Span(start, start + len(component), "ADDRESS" if number else "ZIP")
        start += len(component) + 1
