"""CNXML, the XML of OpenStax textbooks: modules as Markdown, collections as the order of their modules."""

from dataclasses import dataclass

from lxml import etree

from collectors.papers.mathml import to_latex
from collectors.web.blocks import blocks, inline
from datagen.errors import InputError
from datagen.licence import UNKNOWN, from_text

_HTML = {
    "para": "p",
    "item": "li",
    "quote": "blockquote",
    "preformat": "pre",
    "newline": "br",
    "row": "tr",
    "entry": "td",
    **dict.fromkeys(("term", "emphasis", "link", "foreign", "cite", "cite-title", "meaning"), "span"),
    **dict.fromkeys(("note", "example", "exercise", "problem", "solution", "commentary", "definition"), "div"),
    **dict.fromkeys(("rule", "statement", "proof", "figure", "subfigure", "injected", "content", "tgroup"), "div"),
}
"""Elements of CNXML -> those of HTML that are written the same way."""
_SILENT = ("media", "image", "iframe", "object", "label", "metadata", "colspec")
_NAMES = {"figure": "Figure", "table": "Table", "equation": "Equation", "example": "Example"}
_TITLED = ("note", "example", "list", "exercise", "problem", "solution", "para", "rule", "definition")
"""Elements whose title is a line before them; a section's is a heading, a figure's and a table's a caption."""


@dataclass(frozen=True)
class Module:
    """A module: its number among all modules, title, and text as Markdown."""

    identity: str
    title: str
    text: str


@dataclass(frozen=True)
class Book:
    """A collection: title, language, licence (SPDX), and where in it each module stands: the titles above it."""

    title: str
    language: str | None
    license: str | None
    paths: dict[str, tuple[str, ...]]


def read_module(root: etree._Element) -> Module:
    """A `document` without namespaces. Its figures and tables are numbered, and references to them name the number; the
    learning objectives come first, the glossary last. Raises InputError: no_text, xml_limits."""
    title = inline(root.find("title")) if root.find("title") is not None else ""
    metadata = root.find("metadata")
    metadata = etree.Element("metadata") if metadata is None else metadata
    content, glossary, abstract = root.find("content"), root.find("glossary"), metadata.find("abstract")
    if content is None:
        raise InputError("no_text")
    try:
        parts = [f"# {title}"] if title else []
        _number(root)
        for part in (abstract, content):
            if part is not None:
                _as_html(part)
                parts += blocks(part)
        if glossary is not None and (lines := _definitions(glossary)):
            parts += ["## Glossary", "\n".join(lines)]
    except RecursionError:
        raise InputError("xml_limits", "nested too deeply") from None
    return Module((metadata.findtext("content-id") or "").strip(), title, "\n\n".join(parts))


def read_collection(root: etree._Element) -> Book:
    """A `collection` without namespaces."""
    paths: dict[str, tuple[str, ...]] = {}
    for module in root.iter("module"):
        above = [_title(e) for e in module.iterancestors("subcollection")]
        paths.setdefault(module.get("document", ""), tuple(filter(None, reversed(above))))
    metadata = root.find("metadata")
    metadata = etree.Element("metadata") if metadata is None else metadata
    license = metadata.find("license")
    stated = from_text(" ".join([license.get("url", ""), license.text or ""])) if license is not None else UNKNOWN
    language = (metadata.findtext("language") or "").strip() or None
    return Book(_title(metadata), language, None if stated == UNKNOWN else stated, paths)


def _title(element: etree._Element) -> str:
    found = element.find("title")
    return inline(found) if found is not None else ""


def _number(root: etree._Element) -> None:
    """Give figures, tables and the like their numbers, and links to them their names."""
    names: dict[str, str] = {}
    for tag, name in _NAMES.items():
        for number, element in enumerate(root.iter(tag), 1):
            element.set("name", f"{name} {number}")
            names[element.get("id", "")] = f"{name} {number}"
    for link in root.iter("link"):
        if not len(link) and not (link.text or "").strip():
            link.text = names.get(link.get("target-id", ""), "")


def _as_html(root: etree._Element) -> None:
    """Rename elements, in place, to those of HTML."""
    for element in list(root.iter()):
        tag = element.tag
        if tag in _SILENT:
            element.clear(keep_tail=True)
            element.tag = "template"
        elif tag == "math":
            latex = " ".join(to_latex(element).split())
            element.clear(keep_tail=True)
            element.tag, element.text = "span", f"${latex}$" if latex else ""
        elif tag == "equation":
            element.tag = "div"
        elif tag == "footnote":
            element.tag, element.text = "span", f" ({element.text or ''}"
            _append(element, ")")
        elif tag == "table":
            _table(element)
        elif tag == "list":
            element.tag = "ol" if element.get("list-type") == "enumerated" else "ul"
            _lead(element, before=True)
        elif tag == "section" and (title := element.find("title")) is not None:
            title.tag = f"h{min(2 + sum(1 for _ in element.iterancestors('section')), 6)}"
        elif tag == "figure":
            _caption(element)
        elif tag in _TITLED:
            _lead(element, before=tag == "para")
        if tag == "solution" and (first := next(element.iter("para", "p"), None)) is not None:
            first.text = f"Answer: {first.text or ''}"
        element.tag = _HTML.get(element.tag, element.tag)


def _lead(element: etree._Element, before: bool) -> None:
    """Make the title a bold line at the beginning of an element, or before it."""
    if (title := element.find("title")) is None:
        return
    line = etree.Element("p")
    line.text = f"**{inline(title)}**"
    title.clear(keep_tail=True)
    title.tag = "template"
    if before and element.getparent() is not None:
        element.addprevious(line)
    else:
        element.insert(0, line)


def _caption(figure: etree._Element) -> None:
    """Number, title and caption of a figure as one paragraph."""
    title, caption = figure.find("title"), figure.find("caption")
    named = ". ".join(filter(None, (figure.get("name", ""), inline(title) if title is not None else "")))
    parts = [f"**{named}**" if named else "", inline(caption) if caption is not None else ""]
    for child in figure.iterchildren("title", "caption"):
        child.clear(keep_tail=True)
        child.tag = "template"
    line = etree.Element("p")
    line.text = " ".join(filter(None, parts))
    figure.insert(0, line)


def _table(table: etree._Element) -> None:
    """A CALS table (OASIS TR 9503) as one of HTML: named columns that an entry spans, and rows, become numbers."""
    named = ". ".join(filter(None, (table.get("name", ""), _title(table))))
    for child in table.iterchildren("title"):
        child.clear(keep_tail=True)
        child.tag = "template"
    for group in table.iter("tgroup"):
        columns = {spec.get("colname", f"c{n}"): n for n, spec in enumerate(group.iterchildren("colspec"), 1)}
        for entry in group.iter("entry"):
            first, last = columns.get(entry.get("namest", "")), columns.get(entry.get("nameend", ""))
            if first and last and last > first:
                entry.set("colspan", str(last - first + 1))
            if (rows := entry.get("morerows", "")).isdecimal():
                entry.set("rowspan", str(int(rows[:6]) + 1))
    caption = table.find("caption")
    if caption is None:
        caption = etree.SubElement(table, "caption")
        caption.text = named
    elif named:
        caption.text = f"{named}. {caption.text or ''}"


def _append(element: etree._Element, text: str) -> None:
    if len(element):
        element[-1].tail = (element[-1].tail or "") + text
    else:
        element.text = (element.text or "") + text


def _definitions(glossary: etree._Element) -> list[str]:
    lines = []
    for definition in glossary.iter("definition"):
        term = definition.find("term")
        meanings = []
        for meaning in definition.iterchildren("meaning"):
            _as_html(meaning)
            meanings.append(inline(meaning))
        name = inline(term) if term is not None else ""
        if name or any(meanings):
            lines.append(f"- {': '.join(filter(None, (name, '; '.join(filter(None, meanings)))))}")
    return lines
