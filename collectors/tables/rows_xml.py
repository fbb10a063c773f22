"""Rows of XML tables: one element each."""

from collections.abc import Iterator
from typing import Any, BinaryIO

from lxml import etree

from datagen.xml import iter_elements

Row = dict[str, Any]

SPARQL = "{http://www.w3.org/2005/sparql-results#}"


def xml_rows(stream: BinaryIO, element: str) -> Iterator[Row]:
    """Every element of that name (in any namespace) as a row: attributes and children by name, a child with neither as
    its text, children of one name as a list, an element's own text beside them as `text`. Where text goes on after a
    child, all of it is the element's text, and its children are no columns. A `result` of SPARQL
    (W3C SPARQL 1.1 Query Results XML) has its variables as columns."""
    for found in iter_elements(stream, f"{{*}}{element}"):
        yield _bindings(found) if found.tag == f"{SPARQL}result" else _row(found)


def _row(element: etree._Element) -> Row:
    value = _value(element)
    return value if isinstance(value, dict) else {"text": value}


def _value(element: etree._Element) -> Row | str:
    """What an element holds. Depth is bounded by the parser."""
    is_mixed = any((child.tail or "").strip() for child in element)
    text = " ".join("".join(element.itertext()).split()) if is_mixed else (element.text or "").strip()
    if not element.attrib and (is_mixed or not len(element)):
        return text
    row: Row = {etree.QName(name).localname: value for name, value in element.attrib.items()}
    if text:
        row["text"] = text
    if is_mixed:
        return row
    children: dict[str, list[Any]] = {}
    for child in element:
        if isinstance(child.tag, str):
            children.setdefault(etree.QName(child).localname, []).append(_value(child))
    return row | {name: values[0] if len(values) == 1 else values for name, values in children.items()}


def _bindings(result: etree._Element) -> Row:
    return {b.get("name", ""): "".join(b.itertext()).strip() for b in result.iterfind(f"{SPARQL}binding")}
