"""A web page as bytes, parsed: its encoding found, what is hidden taken out, formulas written as LaTeX."""

import codecs
import re

import lxml.html
from lxml import etree

from collectors.papers.mathml import to_latex
from collectors.text.encoding import detect
from collectors.web.hidden import strip_hidden
from datagen.errors import InputError

MAX_CHARACTERS = 8 << 20
MAX_ELEMENTS = 40_000
"""Most pages have a few thousand."""
MAX_ATTRIBUTES = 500
"""Of one element: the parser walks along all of them to add one."""
MAX_CELLS = 1000
"""Of a row of a table: trafilatura counts all of them for each."""
MAX_DAMAGE = 0.01
"""Share of a page's characters that may be undecodable in the encoding it declares."""

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_META = re.compile(rb"<(?:meta|\?xml)\b[^>]{0,500}?(?:charset|encoding)\s*=\s*[\"']?\s*([\w:.-]{2,40})", re.IGNORECASE)
_WIDER = {
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
}
"""Encodings that pages name, and the supersets that browsers read instead (WHATWG Encoding Standard)."""
_DEFAULT = "cp1252"
_NOT_PAGES = ("utf-7", "unicode_escape", "raw-unicode-escape", "idna", "punycode", "undefined")
_TEX = ("math/tex", "math/tex; mode=display", "math/latex")
_FOREIGN = re.compile("[^\x00-\x7f]")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,500}\?>")


def decode_page(data: bytes, declared: str | None = None) -> str:
    """Text of a page: as Unicode where it is that, in the encoding `declared` (by the server) or stated in its head,
    else in the one detected. Latin-1 is believed last, for servers declare it by default.
    Raises InputError(bad_encoding)."""
    stated = _META.search(data[:4096])
    named = [_codec(name) for name in (declared, stated[1].decode("ascii") if stated else None)]
    if not any(name and name.startswith(("iso2022", "hz")) for name in named):
        text = data.decode("utf-8", "replace")
        damaged = text.count("\ufffd")
        if (
            not data.startswith(_UTF16)
            and "\0" not in text[:1024]
            and (not damaged or 20 * damaged < len(_FOREIGN.findall(text)))
        ):
            return text.removeprefix("\ufeff")
    for name in named:
        if name not in (None, _DEFAULT) and (text := _decoded(data, name)) is not None:
            return text
    try:
        name = detect(data)
    except InputError:
        if _DEFAULT not in named:
            raise
        name = _DEFAULT
    if (text := _decoded(data, name)) is None:
        raise InputError("bad_encoding", name)
    return text


def _decoded(data: bytes, name: str) -> str | None:
    text = data.decode(name, "replace")
    return text.removeprefix("\ufeff") if text.count("\ufffd") <= MAX_DAMAGE * len(text) else None


def _codec(name: str | None) -> str | None:
    """Python's name of an encoding, or of its superset; None for what is none of text."""
    try:
        info = codecs.lookup((name or "").strip())
        "".encode(info.name)  # raises for encodings of bytes, such as base64
    except (LookupError, ValueError):
        return None
    return None if info.name in _NOT_PAGES else _WIDER.get(info.name, info.name)


def parse_page(html: str) -> etree._Element:
    """The root of a page without comments, without what is hidden, and with `$LaTeX$` for its formulas.

    Raises InputError: empty, no_html, html_limits (over `MAX_CHARACTERS`, `MAX_ELEMENTS`, `MAX_ATTRIBUTES` or
    `MAX_CELLS`, nested over 256 deep, a text node over 10 MB).
    """
    if not html or html.isspace():
        raise InputError("empty")
    if len(html) > MAX_CHARACTERS:
        raise InputError("html_limits", f"over {MAX_CHARACTERS} characters")
    html = _DECLARATION.sub("", _ILLEGAL.sub("", html))
    parser = lxml.html.HTMLParser(remove_comments=True, remove_pis=True, no_network=True, huge_tree=False)
    try:
        etree.fromstring(html, lxml.html.HTMLParser(target=_Census(), no_network=True, huge_tree=False))
        root = lxml.html.document_fromstring(html, parser=parser)
    except (etree.LxmlError, ValueError, AssertionError):
        raise InputError("html_limits" if _has_stopped(parser) else "no_html") from None
    if _has_stopped(parser) or any(
        len(row) > MAX_CELLS for row in {cell.getparent() for cell in root.iter("td", "th")}
    ):
        raise InputError("html_limits")
    strip_hidden(root)
    _write_formulas(root)
    return root


class _Census:
    """Counts elements before there is a tree: some trees take the parser hours to build."""

    def __init__(self) -> None:
        self._elements = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if self._elements > MAX_ELEMENTS or len(attributes) > MAX_ATTRIBUTES:
            raise InputError("html_limits", "too many elements or attributes")

    def close(self) -> None:
        if not self._elements:
            raise InputError("no_html")


def _has_stopped(parser: lxml.html.HTMLParser) -> bool:
    """Whether it came upon a limit of its own: it would leave the rest of the page out silently."""
    return any(entry.type == etree.ErrorTypes.ERR_RESOURCE_LIMIT for entry in parser.error_log)


def _write_formulas(root: etree._Element) -> None:
    for element in list(root.iter("math", "script", "span")):
        latex = None
        if element.tag == "math":
            tex = next((a for a in element.iter("annotation") if "tex" in a.get("encoding", "").lower()), None)
            try:
                latex = (tex.text or "") if tex is not None else to_latex(element)
            except RecursionError:
                raise InputError("html_limits", "formula") from None
        elif element.tag == "script" and element.get("type", "").lower() in _TEX:
            latex = element.text or ""
        elif "katex-html" in element.get("class", "").split():
            element.clear(keep_tail=True)  # the same formula again, as it looks
        if latex is not None:
            element.clear(keep_tail=True)
            element.tag, element.text = "span", f"${' '.join(latex.split())}$" if latex.strip() else ""
