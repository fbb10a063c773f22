"""Values of FHIR R4's data types, of resources whose shape nobody vouches for."""

import re
from decimal import Decimal
from typing import Any

import lxml.html
from lxml.etree import LxmlError

from collectors.clinical.nested import at, objects, string
from datagen.errors import InputError

Resource = dict[str, Any]

DECIMALS = 3
"""Longer fractions are the residue of a calculation, not a measured precision."""
_DATE = re.compile(r"\d{4}(?:-\d\d){0,2}")
_SNOMED_TAG = re.compile(
    r" \((?:finding|disorder|procedure|situation|regime/therapy|observable entity|substance|product|body structure"
    r"|morphologic abnormality|physical object|record artifact|event|person|qualifier value|clinical drug)\)$"
)
_BLOCKS = {"p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "pre", "section"}


def day(value: Any) -> str | None:
    """The day of a FHIR date, dateTime or instant, or of the beginning of a period; as exact as it is given."""
    value = at(value, "start") if isinstance(value, dict) else value
    found = _DATE.match(value) if isinstance(value, str) else None
    return found[0] if found else None


def is_wrong(resource: Resource) -> bool:
    """Marked as entered in error: it never was true."""
    states = (string(resource, "status"), string(resource, "verificationStatus", "coding", 0, "code"))
    return "entered-in-error" in states


def concept(value: Any) -> str | None:
    """A CodeableConcept or Coding in words: what its author wrote, else a code's name, else the code."""
    codings = [*objects(value, "coding"), *([value] if isinstance(value, dict) else [])]
    names = [string(value, "text"), *(string(c, "display") for c in codings), *(string(c, "code") for c in codings)]
    name = next((name for name in names if name), None)
    return _SNOMED_TAG.sub("", name) if name else None


def concepts(resource: Resource, key: str) -> list[str]:
    return [name for item in objects(resource, key) if (name := concept(item))]


def number(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    if isinstance(value, Decimal):
        if not value.is_finite() or abs(value.adjusted()) > 30:
            return None
        if -value.as_tuple().exponent > DECIMALS:
            value = round(value, 2 if abs(value) >= 1 else 2 - value.adjusted()).normalize()
        return f"{value:f}"
    return str(value) if abs(value) < 10**30 else None


def plain(markup: str) -> str:
    """XHTML as lines of text."""
    try:
        root = lxml.html.fromstring(markup, parser=lxml.html.HTMLParser(no_network=True, huge_tree=False))
    except (LxmlError, ValueError):
        raise InputError("bad_attachment") from None
    for hidden in list(root.iter("head", "script", "style", lxml.etree.Comment, lxml.etree.ProcessingInstruction)):
        if hidden is not root:
            hidden.drop_tree()
    for element in root.iter(*_BLOCKS, "td", "th"):
        space = "\n" if element.tag in _BLOCKS else " "
        element.text, element.tail = f"{space}{element.text or ''}", f"{space}{element.tail or ''}"
    lines = (" ".join(line.split()) for line in str(root.text_content()).split("\n"))
    return "\n".join(line for line in lines if line)
