"""Shapes of HTML that an extractor of main text trips over, rewritten as what they stand for."""

import re

from lxml import etree

MIN_LOOSE = 25
"""Characters of text standing directly in a container that make it a paragraph; shorter ones are labels of the page.
Between 25 and 80 makes no difference on 181 hand-annotated pages (benchmarks/intake/pages.py)."""
_BODY = re.compile(r"\b(?:article|entry|post|story)[-_]*(?:body|content|text)\b", re.IGNORECASE)
_CONTAINERS = ("div", "section", "article", "main")
_INLINE = frozenset(
    (
        *("a", "abbr", "b", "bdi", "bdo", "big", "br", "cite", "code", "del", "dfn", "em", "font", "i", "ins", "kbd"),
        *("mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr"),
    )
)
_NO_PARAGRAPHS = frozenset(
    (
        *("p", "pre", "li", "dt", "dd", "td", "th", "h1", "h2", "h3", "h4", "h5", "h6", "a", "button", "label"),
        *("figure", "figcaption", "nav", "header", "footer", "aside", "form", "dialog", "menu", *_INLINE),
    )
)
"""Elements inside which loose text is theirs, or none of the page's subject."""


def reshape(root: etree._Element) -> None:
    """Rewrite a page in place: boxes with nothing in them go from running text; text that stands loose in a container
    becomes a paragraph; a list in a cell of a table becomes running text; a body in several parts becomes one."""
    for element in list(root.iter("div")):
        if not len(element) and not (element.text or "").strip() and element.getparent().tag in _NO_PARAGRAPHS:
            element.tail = f" {element.tail or ''}"
            element.drop_tree()
    for element in list(root.iter("ul", "ol")):
        if _is_in_data(element):
            _run_on(element)
    for element in list(root.iter(*_CONTAINERS)):
        if not any(ancestor.tag in _NO_PARAGRAPHS for ancestor in element.iterancestors()):
            _wrap_loose(element)
    _join_parts(root)


def _join_parts(root: etree._Element) -> None:
    """Join the elements of an article that have the same class, one that names its body: of several, between which
    advertisements stand, an extractor takes the first."""
    first: dict[tuple[etree._Element, str], etree._Element] = {}
    for part in list(root.iter("div", "section")):
        name = part.get("class", "")
        if _BODY.search(name) and (article := next(part.iterancestors("article"), None)) is not None:
            body = first.setdefault((article, name), part)
            if body is not part and body not in part.iterancestors():
                body.extend(part)


def _is_in_data(element: etree._Element) -> bool:
    """Whether a list without links stands in a cell of a table of several rows and columns."""
    cell = next(element.iterancestors("td", "th"), None)
    table = next(cell.iterancestors("table"), None) if cell is not None else None
    if table is None or next(element.iter("a", "table"), None) is not None:
        return False
    row = cell.getparent()
    return len(row) > 1 and any(next(row.itersiblings("tr", preceding=before), None) is not None for before in (0, 1))


def _run_on(element: etree._Element) -> None:
    for item in element.iter("li"):
        item.tag = "span"
        item.tail = "; " if item.getnext() is not None else None
    element.tag = "span"
    element.tail = f" {element.tail or ''}"


def _wrap_loose(element: etree._Element) -> None:
    """Put each run of text and inline elements between blocks into a paragraph, where it is long enough."""
    owner, run = element, []
    for child in [*element, None]:
        if child is not None and child.tag in _INLINE:
            run.append(child)
            continue
        lead = (element.text if owner is element else owner.tail) or ""
        if len(lead.strip()) + sum(len((inline.tail or "").strip()) for inline in run) >= MIN_LOOSE:
            paragraph = element.makeelement("p")
            paragraph.text = lead
            if owner is element:
                element.text = None
                element.insert(0, paragraph)
            else:
                owner.tail = None
                owner.addnext(paragraph)
            paragraph.extend(run)
        owner, run = child, []
