"""Parsing XML that nobody vouches for: no entities, no external files, no network, bounded depth and size."""

from collections.abc import Iterator
from typing import Any, BinaryIO

from lxml import etree

from datagen.errors import InputError
from datagen.unpack import chunks

MAX_NODES = 2_000_000
"""Elements and attributes held at a time, counted generously: a node of four bytes takes over a hundred in memory."""
MAX_ELEMENT_BYTES = 64 << 20
"""Of a document that is parsed whole, or from the end of one element that is asked for to the end of the next."""
CHUNK_BYTES = 256 << 10

_SAFE: dict[str, Any] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}
_Codes = etree.ErrorTypes
_REASONS = {
    _Codes.ERR_RESOURCE_LIMIT: "xml_limits",
    _Codes.ERR_UNKNOWN_ENCODING: "bad_encoding",
    _Codes.ERR_UNSUPPORTED_ENCODING: "bad_encoding",
    _Codes.ERR_INVALID_ENCODING: "bad_encoding",
}


def parse_xml(data: bytes) -> etree._Element:
    """The root element, without comments and processing instructions.

    Raises InputError: empty, bad_xml, bad_encoding, xml_entities (a document that declares its own), xml_limits
    (nesting over 256 elements, a text node or an attribute over 10 MB, over `MAX_ELEMENT_BYTES` or `MAX_NODES`).
    """
    if not data.strip():
        raise InputError("empty")
    if len(data) > MAX_ELEMENT_BYTES or _nodes(data) > MAX_NODES:
        raise InputError("xml_limits", f"over {MAX_ELEMENT_BYTES} bytes or {MAX_NODES} nodes")
    try:
        root = etree.fromstring(data, etree.XMLParser(**_SAFE))
    except etree.XMLSyntaxError as error:
        raise _refusal(error, data) from None
    _refuse_entities(root)
    return root


def iter_elements(stream: BinaryIO, *tags: str) -> Iterator[etree._Element]:
    """Elements of these names (`{*}page`: in any namespace) out of a file of any size, each whole, in order; one inside
    another is part of that. An element is emptied when the next is asked for, so that memory stays flat.

    Raises InputError as `parse_xml` does, bytes and nodes counted from one element to the next.
    """
    parser = etree.XMLPullParser(events=("end",), tag=tags, **_SAFE)
    prolog, held, nodes = b"", 0, 0
    try:
        for chunk in chunks(stream, CHUNK_BYTES):
            prolog = prolog or chunk
            new = _nodes(chunk)
            held, nodes = held + len(chunk), nodes + new
            if held > MAX_ELEMENT_BYTES or nodes > MAX_NODES:
                raise InputError("xml_limits", f"over {MAX_ELEMENT_BYTES} bytes or {MAX_NODES} nodes in one element")
            try:
                parser.feed(chunk)
            finally:  # what came before the damage is whole
                for _, element in parser.read_events():
                    if next(element.iterancestors(*tags), None) is None:
                        held, nodes = len(chunk), new
                        _refuse_entities(element)
                        yield element
                        _forget(element)
        if not prolog.strip() and held < CHUNK_BYTES:
            raise InputError("empty")
        _refuse_entities(parser.close())
        for _, element in parser.read_events():
            if next(element.iterancestors(*tags), None) is None:
                yield element
    except etree.XMLSyntaxError as error:
        raise _refusal(error, prolog) from None


def text_of(element: etree._Element, path: str) -> str | None:
    """Text of the first element at a path below, without surrounding blanks; None where there is none."""
    found = element.find(path)
    text = (found.text or "").strip() if found is not None else ""
    return text or None


def _nodes(data: bytes) -> int:
    """No fewer than the elements and attributes in a piece of XML."""
    return data.count(b"<") + data.count(b"=")


def _forget(element: etree._Element) -> None:
    """Empty an element, and drop what was before it. Its tail stays: the parser may be about to add to it."""
    element.clear(keep_tail=True)
    for done in (element, *element.iterancestors()):
        while done.getprevious() is not None:
            del done.getparent()[0]


def _refuse_entities(element: etree._Element) -> None:
    declared = element.getroottree().docinfo.internalDTD
    if declared is not None and any(True for _ in declared.iterentities()):
        raise InputError("xml_entities")


def _refusal(error: etree.XMLSyntaxError, beginning: bytes) -> InputError:
    reason = "xml_entities" if b"<!ENTITY" in beginning else _REASONS.get(error.code, "bad_xml")
    return InputError(reason, f"line {error.lineno}")
