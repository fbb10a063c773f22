"""XML of sources that nobody vouches for: no entities, no external files, no network, bounded depth."""

from lxml import etree

from datagen.errors import InputError

MAX_NODES = 20_000_000
"""Elements and attributes, counted generously: a graph's source is one file, read once."""


def parse_xml(data: bytes) -> etree._Element:
    """The root element. Raises InputError: bad_xml, xml_entities (a document that declares its own), xml_limits."""
    if data.count(b"<") + data.count(b"=") > MAX_NODES:
        raise InputError("xml_limits", f"over {MAX_NODES} nodes")
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
    except (etree.XMLSyntaxError, ValueError) as error:
        raise InputError("bad_xml", f"line {getattr(error, 'lineno', 1)}") from None
    declared = root.getroottree().docinfo.internalDTD
    if declared is not None and any(True for _ in declared.iterentities()):
        raise InputError("xml_entities")
    return root


def text_of(element: etree._Element, path: str) -> str | None:
    """Text of the first element at a path below, without surrounding blanks; None where there is none."""
    found = element.find(path)
    text = (found.text or "").strip() if found is not None else ""
    return text or None
