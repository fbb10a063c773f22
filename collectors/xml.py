"""Parsing XML that nobody vouches for: no entities, no external files, no network, bounded depth and size."""

from lxml import etree

from datagen.errors import InputError

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
    (nesting over 256 elements, a text node over 10 MB).
    """
    if not data.strip():
        raise InputError("empty")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        reason = "xml_entities" if b"<!ENTITY" in data else _REASONS.get(error.code, "bad_xml")
        raise InputError(reason, f"line {error.lineno}") from None
    declared = root.getroottree().docinfo.internalDTD
    if declared is not None and any(True for _ in declared.iterentities()):
        raise InputError("xml_entities")
    return root
