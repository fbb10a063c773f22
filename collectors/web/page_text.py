"""The main text of a web page as Markdown."""

import logging

import trafilatura
from lxml import etree

from collectors.web.blocks import blocks
from collectors.web.page_furniture import is_furniture
from collectors.web.page_shape import reshape
from datagen.errors import InputError

MIN_SHARE = 0.5
"""Of the text found without care for precision: where care leaves less, it has taken the text itself for boilerplate.
Chosen on a random half of 181 hand-annotated pages (benchmarks/intake/pages.py)."""
MIN_PLAIN = 250
"""Characters: what is shorter, and found without care alone, is what a page without text has around it."""

_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_RUNNING = ("p", "li", "dt", "dd", "td", "span", "pre", *_HEADINGS)
_HTML = {"row": "tr", "cell": "td", "quote": "blockquote", "lb": "br", "graphic": "template"}
_HTML |= dict.fromkeys(("del", "ref"), "span")

logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # its messages hold addresses and text


def main_text(root: etree._Element) -> str:
    """Text of a parsed page, which is changed, without navigation, comments and boilerplate; empty where there is none.

    What trafilatura finds with its care for precision; where that is under half of what it finds without, the latter.
    Both without its generic fallbacks, one of which takes quadratic time. Raises InputError: html_limits, bad_html.
    """
    reshape(root)
    try:
        found, plain = _extract(root, favor_precision=True), _extract(root, favor_precision=False)
        if _size(plain) >= MIN_PLAIN and _size(found) < MIN_SHARE * _size(plain):
            found = plain
        written = blocks(_as_html(found)) if found is not None else []
    except RecursionError:
        raise InputError("html_limits", "nested too deeply") from None
    except Exception as error:  # trafilatura raises whatever an odd tree makes it stumble over
        raise InputError("bad_html", type(error).__name__) from None
    return "\n\n".join(block for block in written if not is_furniture(block))


def _extract(root: etree._Element, favor_precision: bool) -> etree._Element | None:
    found = trafilatura.bare_extraction(
        root, fast=True, favor_precision=favor_precision, include_comments=False, include_formatting=True
    )
    return found.body if found else None


def _size(body: etree._Element | None) -> int:
    return 0 if body is None else len("".join(body.itertext()))


def _as_html(body: etree._Element) -> etree._Element:
    """Rename elements, in place, from trafilatura's form of TEI to HTML."""
    for element in list(body.iter()):
        tag, form = element.tag, element.get("rend", "")
        if tag == "head":
            element.tag = form if form in _HEADINGS else "h3"
        elif tag == "list":
            element.tag = form if form in ("ol", "dl") else "ul"
        elif tag == "item":
            element.tag = form[:2] if form[:2] in ("dt", "dd") else "li"
        elif tag == "hi":
            element.tag = form[1:] if form in ("#sup", "#sub") else "span"
        elif tag == "code":
            element.tag = "code" if element.getparent().tag in _RUNNING else "pre"
        elif tag == "table":
            _name_caption(element)
        elif tag in _HTML:
            element.tag = _HTML[tag]
    return body


def _name_caption(table: etree._Element) -> None:
    """A caption comes as a first row with one cell that says something."""
    first = next(table.iterchildren("row"), None)
    if first is not None and len(first) > 1 and sum(bool("".join(cell.itertext()).strip()) for cell in first) == 1:
        first.tag = "caption"
        for cell in first:
            cell.tag = "div"
