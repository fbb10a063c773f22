"""HTML elements as Markdown blocks, in reading order: headings, paragraphs, lists, tables, code, quotations."""

import re
from collections.abc import Callable

from lxml import etree

from collectors.papers.markdown import table_markdown

MAX_MARGINS = 12
MAX_CELL = 2000
"""Characters: a table with more in a cell is there for the layout of a page."""
_LEFT_OUT = frozenset(
    (
        *("script", "style", "template", "noscript", "iframe", "object", "embed", "svg", "canvas", "audio", "video"),
        *("head", "map", "select", "option", "textarea", "button", "input", "datalist", "rt", "rp"),
    )
)
"""Elements without running text; `rt` and `rp` say how the characters before them are pronounced."""
_ASIDE = frozenset(("nav", "header", "footer", "aside", "form", "dialog", "menu"))
"""What a page has around its text. In a section or an article, `header` and `footer` belong to it."""
_TWO_BREAKS = re.compile(r"\n{2,}")
_ORDINALS = ("st", "nd", "rd", "th")


def blocks(element: etree._Element, level: int = 0) -> list[str]:
    """Blocks of a container such as body, div or li; text that stands directly in it is a paragraph too."""
    found: list[str] = []
    running = [element.text or ""]

    def flush() -> None:
        found.extend(_paragraphs("".join(running)))
        running.clear()

    for child in element:
        if writer := _WRITERS.get(child.tag):
            flush()
            found.extend(writer(child, level))
        elif _has_blocks(child):
            flush()
            found.extend(blocks(child, level))
        else:
            running.append(_running(child))
        running.append(child.tail or "")
    flush()
    return found


def inline(element: etree._Element) -> str:
    """The running text of an element on one line, without its tail."""
    return " ".join(_content(element).split())


def _has_blocks(element: etree._Element) -> bool:
    """Whether what looks like running text (`a`, `span`, an unknown element) holds blocks."""
    return element.tag not in _LEFT_OUT and next(element.iter(*_WRITERS), None) is not None


def _paragraphs(text: str) -> list[str]:
    """Running text with the blanks and line ends of the source folded; line breaks stay, two begin a paragraph."""
    lines = (" ".join(line.split()) for line in text.split("\u2028"))
    return [part.strip("\n") for part in _TWO_BREAKS.split("\n".join(lines)) if part.strip()]


def _running(element: etree._Element) -> str:
    if not isinstance(element.tag, str) or element.tag in _LEFT_OUT:
        return ""
    if special := _INLINE.get(element.tag):
        return special(element)
    return _content(element)


def _content(element: etree._Element) -> str:
    parts = [element.text or ""]
    for child in element:
        separate = " " if child.tag in _WRITERS else ""
        parts += (separate, _running(child), separate, child.tail or "")
    return "".join(parts)


def _superscript(element: etree._Element) -> str:
    text = inline(element).replace("\u2212", "-")
    if not text or not any(c.isalnum() or c in "+-*\u2020\u2021\u00a7" for c in text) or text in _ORDINALS:
        return text
    return f"^{text}" if re.fullmatch(r"[\w+*/.-]+|\W", text) else f"^({text})"


def _subscript(element: etree._Element) -> str:
    text = inline(element).replace("\u2212", "-")
    if not text or text[0].isdigit() or not any(map(str.isalnum, text)):
        return text
    return f"_{text}" if re.fullmatch(r"[\w+*/.-]+", text) else f"_({text})"


def _code_span(element: etree._Element) -> str:
    text = inline(element)
    return f"`{text}`" if text and "`" not in text else text


_INLINE: dict[str, Callable[[etree._Element], str]] = {
    "sup": _superscript,
    "sub": _subscript,
    "code": _code_span,
    "kbd": _code_span,
    "samp": _code_span,
    "br": lambda _: "\u2028",
}


def _heading(element: etree._Element, level: int) -> list[str]:
    text = inline(element)
    return [f"{'#' * int(element.tag[1])} {text}"] if text else []


def _list(element: etree._Element, level: int) -> list[str]:
    number = _start(element) if element.tag == "ol" else None
    lines = []
    for item in element:
        if item.tag != "li":  # some pages put lists directly into lists
            lines += blocks(item, level) if isinstance(item.tag, str) and item.tag not in _LEFT_OUT else []
            continue
        mark = "-" if number is None else f"{number}."
        if text := "\n".join(blocks(item, level + 1)):
            margin = " " * (len(mark) + 1) if level < MAX_MARGINS else ""
            lines.append(f"{mark} " + text.replace("\n", f"\n{margin}"))
            number = None if number is None else number + 1
    return ["\n".join(lines)] if lines else []


def _start(element: etree._Element) -> int:
    value = element.get("start", "1").strip()
    return int(value) if value.isdecimal() and len(value) < 6 else 1


def _definitions(element: etree._Element, level: int) -> list[str]:
    lines, term = [], ""
    for part in element.iter("dt", "dd"):
        text = " ".join(blocks(part, level + 1)) if part.tag == "dd" else inline(part)
        if part.tag == "dt":
            lines += [f"- {term}"] if term else []
            term = text.rstrip(":\uff1a")
        elif text:
            lines.append(f"- {term}: {text}" if term else f"- {text}")
            term = ""
    lines += [f"- {term}"] if term else []
    return ["\n".join(lines)] if lines else []


def _table(element: etree._Element, level: int) -> list[str]:
    """A table of data as one block, with its caption before it; the cells of any other as blocks of their own."""
    caption = element.find("caption")
    if _is_layout(element):
        parts = ([caption] if caption is not None else []) + _cells(element)
        return [block for part in parts for block in blocks(part, level)]
    named = inline(caption) if caption is not None else ""
    return [block for block in (f"**{named}**" if named else "", table_markdown(element, inline)) if block]


def _is_layout(table: etree._Element) -> bool:
    rows = [[cell for cell in row if cell.tag in ("td", "th")] for row in table.iter("tr")]
    if max(map(len, rows), default=0) < 2 or len(rows) < 2:
        return True
    if next((t for t in table.iter("table") if t is not table), None) is not None:
        return True
    return any(
        next(cell.iter("h1", "h2", "h3", "h4", "ul", "ol", "pre"), None) is not None or len(inline(cell)) > MAX_CELL
        for row in rows
        for cell in row
    )


def _cells(table: etree._Element) -> list[etree._Element]:
    return [c for c in table.iter("td", "th") if next(c.iterancestors("table"), None) is table]


def _preformatted(element: etree._Element, level: int) -> list[str]:
    for br in element.iter("br"):
        br.tail = "\n" + (br.tail or "")
    text = "".join(element.itertext()).strip("\n")
    return [f"```\n{text}\n```"] if text.strip() else []


def _quotation(element: etree._Element, level: int) -> list[str]:
    inner = "\n\n".join(blocks(element, level + 1))
    return ["> " + (inner.replace("\n", "\n> ") if level < MAX_MARGINS else inner)] if inner else []


def _around(element: etree._Element, level: int) -> list[str]:
    if element.tag in ("header", "footer") and next(element.iterancestors("article", "section"), None) is not None:
        return blocks(element, level)
    return []


_WRITERS: dict[str, Callable[[etree._Element, int], list[str]]] = {
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), _heading),
    **dict.fromkeys(("p", "div", "section", "article", "main", "body", "figure", "figcaption", "center"), blocks),
    **dict.fromkeys(("details", "summary", "address"), blocks),
    **dict.fromkeys(("fieldset", "hgroup", "tr", "td", "th", "tbody", "thead", "tfoot", "li", "dd", "dt"), blocks),
    **dict.fromkeys(("ul", "ol"), _list),
    **dict.fromkeys(sorted(_ASIDE), _around),
    "dl": _definitions,
    "table": _table,
    "pre": _preformatted,
    "blockquote": _quotation,
    "hr": lambda element, level: [],
}
