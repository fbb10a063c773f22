"""The text of a JATS article as Markdown: headings, paragraphs, lists, tables, captions, formulas, in reading order."""

import html
import re
from collections.abc import Iterator

from lxml import etree

from collectors.papers.markdown import table_markdown
from collectors.papers.mathml import to_latex

_NAMESPACED = etree.XPath("descendant-or-self::*[namespace-uri()]")
HEADINGS = {"zh": {"abstract": "摘要", "glossary": "缩略语", "appendix": "附录"}}
TEASERS = ("graphical", "teaser", "toc", "short", "web-summary", "video")
"""Types of abstracts that are left out of the text."""
_SILENT = frozenset(
    ("graphic", "media", "inline-graphic", "object-id", "permissions", "index-term", "alt-text", "long-desc")
)
"""Elements without running text."""
_NAMED_BY_OTHERS = frozenset(("label", "title", "caption", "def", "ref-list"))
"""Elements that the block they belong to writes in its own place."""
BACK_MATTER = re.compile(
    r"(?:\d+\W+)?(?:(?:conflicts?|declarations?) of (?:competing )?interests?|competing (?:financial )?interests?"
    r"|authors?['’]?s? contributions?|(?:credit )?author(?:ship)? contribution|acknowledge?ments?|funding"
    r"|(?:data|code) (?:availability|sharing)|availability of data(?: and materials?)?"
    r"|利益冲突|作者贡献|致谢|基金(?:项目|资助))"
    r"(?: statement|声明)?s?\W*",
    re.IGNORECASE,
)
"""Titles of sections about the article rather than its subject; some journals put them into the body."""
_LATEX_DOCUMENT = re.compile(r"\\begin\{document\}(.*?)\\end\{document\}", re.DOTALL)
_FILE_NOTE = re.compile(r"\(?\s*(?:[A-Z0-9]{2,5}|[Cc]lick here for additional data file)\.?\s*\)?\.?")
_NOTE = re.compile(r"[\w*†‡§¶#‖]{1,3}(?:[,\s]+[\w*†‡§¶#‖]{1,3})*")
_CITED = re.compile("(.?)(\ufdd0[^\ufdd1]*\ufdd1(?:[\\s,;–—-]*\ufdd0[^\ufdd1]*\ufdd1)*)")
"""Numeric citations and marks of notes, each between two characters that no text has (Unicode's noncharacters)."""
_MARKS = str.maketrans("", "", "\ufdd0\ufdd1")
MAX_MARGINS = 12
_CITATIONS = ("bibr", "ref")
_NOTES = ("fn", "table-fn", "author-notes")
_ORDINAL = frozenset(("st", "nd", "rd", "th", "®", "™", "©"))


def article_text(article: etree._Element, language: str | None = None) -> str:
    """Title, abstracts, body, appendices, glossary and floating figures of an `article` without namespaces.

    Left out: the reference list, author notes, acknowledgements, funding and other back matter (in the body too, by its
    title), translated and graphical abstracts, sub-articles. A citation by number becomes `[12]`, the mark of a
    note `[a]`; another superscript has a caret (10^9); a subscript runs on where it is a number (CO2), else it has an
    underscore (C_max).
    """
    words = HEADINGS.get(language or "", {})
    blocks: list[str] = []
    meta = article.find("front/article-meta")
    if meta is not None:
        if title := article_title(meta):
            blocks.append(f"# {title}")
        for abstract in meta.iterfind("abstract"):
            if abstract.get("abstract-type") not in TEASERS:
                blocks += _section(abstract, 2, words.get("abstract", "Abstract"))
    if (body := article.find("body")) is not None:
        blocks += _blocks(body, 2)
    for appendix in article.iterfind("back/app-group/app"):
        blocks += _section(appendix, 2, words.get("appendix", "Appendix"))
    for glossary in article.iterfind("back/glossary"):
        blocks += _section(glossary, 2, words.get("glossary", "Abbreviations"))
    for floats in article.iterfind("floats-group"):
        blocks += _blocks(floats, 2)
    return "\n\n".join(blocks)


def article_title(meta: etree._Element) -> str:
    group = meta.find("title-group")
    if group is None:
        return ""
    parts = [inline(e) for e in (group.find("article-title"), group.find("subtitle")) if e is not None]
    return ": ".join(filter(None, parts))


def without_namespaces(root: etree._Element) -> None:
    """Give every element its plain name, in place."""
    for element in _NAMESPACED(root):
        element.tag = element.tag.rpartition("}")[2]


def inline(element: etree._Element) -> str:
    """The running text of an element on one line, without its tail."""
    if not len(element) and element.tag not in _INLINE and element.tag not in _SILENT:
        return " ".join((element.text or "").split())
    return _line(_running(element))


def _line(running: str) -> str:
    """Runs of blanks folded; citations by number in brackets, whether they had them or were superscripts."""
    line = " ".join(running.split())
    return _CITED.sub(_bracketed, line) if "\ufdd0" in line else line


def _bracketed(match: re.Match) -> str:
    cited = match[2].translate(_MARKS)
    return match[1] + (cited if match[1] in ("[", "(") else f"[{cited}]")


def _blocks(element: etree._Element, level: int) -> list[str]:
    """Blocks of a container such as body, sec or list-item; text that stands directly in it is a paragraph too."""
    found: list[str] = []
    running = [element.text or ""]

    def flush() -> None:
        if text := _line("".join(running)):
            found.append(text)
        running.clear()

    for child in element:
        if writer := _WRITERS.get(child.tag):
            flush()
            found.extend(writer(child, level))
        elif child.tag not in _NAMED_BY_OTHERS:
            running.append(_running(child))
        running.append(child.tail or "")
    flush()
    return found


def _running(element: etree._Element) -> str:
    if not isinstance(element.tag, str):  # an entity that only an external DTD would declare
        return html.unescape(element.text or "")
    if special := _INLINE.get(element.tag):
        return special(element)
    return "" if element.tag in _SILENT else _content(element)


def _content(element: etree._Element) -> str:
    if not len(element):
        return element.text or ""
    parts = [element.text or ""]
    for child in element:
        separate = " " if child.tag in _WRITERS or child.tag in _NAMED_BY_OTHERS else ""
        parts += (separate, _running(child), separate, child.tail or "")
    return "".join(parts)


# Running text


def _superscript(element: etree._Element) -> str:
    text = " ".join(_content(element).split())
    if any(x.get("ref-type") in (*_CITATIONS, *_NOTES) for x in element.iter("xref")):
        return text
    if not text or text in _ORDINAL or not any(c.isalnum() or c in "+-−*†‡§" for c in text):
        return text
    text = text.replace("−", "-")
    return f"^{text}" if re.fullmatch(r"[\w+*/.-]+|\W", text) else f"^({text})"


def _subscript(element: etree._Element) -> str:
    text = " ".join(_content(element).split()).replace("−", "-")
    if not text or text[0].isdigit() or not any(map(str.isalnum, text)):
        return text
    return f"_{text}" if re.fullmatch(r"[\w+*/.-]+", text) else f"_({text})"


def _cross_reference(element: etree._Element) -> str:
    text = " ".join(_content(element).split())
    if element.get("ref-type") in _CITATIONS:
        number = text.lstrip("^").strip("()[]")
        if number[:1].isdigit() and len(number) < 12:
            return text.replace("^", "").replace(number, f"\ufdd0{number}\ufdd1")
    mark = text.lstrip("^").strip("()[]")
    if element.get("ref-type") in _NOTES and _NOTE.fullmatch(mark):
        return f"\ufdd0{mark}\ufdd1"  # a number that it stands behind must stay what it is
    return text


def _formula(element: etree._Element) -> str:
    if latex := _latex(element):
        return f"${latex}$"
    text = _content(element)
    return text if text.strip() else "[formula]"


def _latex(element: etree._Element) -> str:
    """The formula in an element: its TeX where it has some, else its MathML."""
    if (tex := _first(element, "tex-math")) is not None:
        source = "".join(tex.itertext())
        document = _LATEX_DOCUMENT.search(source)
        return " ".join((document[1] if document else source).strip().strip("$").split())
    if (math := _first(element, "math")) is not None:
        return " ".join(to_latex(math).split())
    return ""


def _first(element: etree._Element, tag: str) -> etree._Element | None:
    return next(element.iter(tag), None)


def _footnote(element: etree._Element) -> str:
    text = _inline_children(element)
    return f" ({text})" if text else ""


def _inline_children(element: etree._Element, left_out: str = "label") -> str:
    return " ".join(filter(None, (inline(child) for child in element if child.tag != left_out)))


def _inline_or_empty(element: etree._Element | None) -> str:
    return inline(element) if element is not None else ""


_INLINE = {
    "sup": _superscript,
    "sub": _subscript,
    "xref": _cross_reference,
    "inline-formula": _formula,
    "disp-formula": _formula,
    "tex-math": _formula,
    "math": _formula,
    "fn": _footnote,
    "break": lambda _: " ",
}

# Blocks


def _section(element: etree._Element, level: int, title: str = "") -> list[str]:
    heading = _labelled(element) or title
    if BACK_MATTER.fullmatch(heading):
        return []
    inner = _blocks(element, level + 1)
    return [f"{'#' * min(level, 6)} {heading}", *inner] if heading and inner else inner


def _labelled(element: etree._Element) -> str:
    """Label and title of an element itself."""
    return " ".join(filter(None, (inline(e) for e in element.iterchildren("label", "title"))))


def _list(element: etree._Element, level: int) -> list[str]:
    numbered = element.get("list-type") in ("order", "ordered", "arabic")
    lines = [_heading_line(element)] if element.find("title") is not None else []
    for number, item in enumerate(element.iterchildren("list-item"), 1):
        mark = f"{number}." if numbered else "-"
        blocks = _blocks(item, level + 1)
        label = item.findtext("label")
        if label and not numbered and label.strip(" •-–·*◦○●") and blocks:
            blocks[0] = f"{label.strip()} {blocks[0]}"
        text = "\n".join(blocks)
        if text:
            lines.append(f"{mark} {_indented(text, ' ' * (len(mark) + 1), level)}")
    return ["\n".join(lines)] if lines else []


def _heading_line(element: etree._Element) -> str:
    return f"**{_labelled(element)}**"


def _definitions(element: etree._Element, level: int) -> list[str]:
    lines = [_heading_line(element)] if element.find("title") is not None else []
    for item in element.iterchildren("def-item"):
        term = _inline_children(item, "def")
        meaning = " ".join(filter(None, (inline(d) for d in item.iterchildren("def"))))
        if term or meaning:
            lines.append(f"- {term}: {meaning}" if term and meaning else f"- {term or meaning}")
    return ["\n".join(lines)] if lines else []


def _display_formula(element: etree._Element, level: int) -> list[str]:
    latex = _latex(element)
    label = element.findtext("label", "").strip()
    if not latex:
        text = " ".join((element.text or "").split()) or _inline_children(element) or "[formula]"
        return [f"{text} {label}".strip()]
    return [f"$$ {latex} $$ {label}".strip()]


def _captioned(element: etree._Element, level: int) -> list[str]:
    """Figures, tables and supplements: what names them, then what they hold."""
    found = [_caption_line(element)]
    for child in element:
        if child.tag in ("table", "alternatives"):
            tables = [child] if child.tag == "table" else child.iterchildren("table")
            found += [table_markdown(table, inline) for table in tables]
        elif child.tag == "table-wrap-foot":
            found.append("\n".join(_foot_lines(child)))
        elif writer := _WRITERS.get(child.tag):
            found += [block for block in writer(child, level) if not _FILE_NOTE.fullmatch(block)]
    return [block for block in found if block]


def _caption_line(element: etree._Element) -> str:
    label = _inline_or_empty(element.find("label")).rstrip(".:\uff1a")
    title, rest = "", []
    for part in (c for caption in element.iterchildren("caption") for c in caption):
        text = inline(part)
        if part.tag == "title" and not title:
            title = text
        elif text and not _FILE_NOTE.fullmatch(text):
            rest.append(text)
    named = ". ".join(filter(None, (label, title)))
    if element.tag == "supplementary-material" and not title and not rest:
        return ""
    return " ".join(filter(None, (f"**{named}**" if named else "", *rest)))


def _foot_lines(foot: etree._Element) -> Iterator[str]:
    for part in foot:
        label = _inline_or_empty(part.find("label")) if isinstance(part.tag, str) else ""
        text = _inline_children(part) if part.tag == "fn" else inline(part)
        if text:
            yield f"{label} {text}".strip()


def _quote(element: etree._Element, level: int) -> list[str]:
    blocks = _blocks(element, level + 1)
    return ["> " + _indented("\n\n".join(blocks), "> ", level)] if blocks else []


def _indented(text: str, margin: str, level: int) -> str:
    """Lines after the first with a margin; not in the depths, where margins alone would fill the memory."""
    return text.replace("\n", "\n" + margin) if level < MAX_MARGINS else text


def _box(element: etree._Element, level: int) -> list[str]:
    line = _caption_line(element) or _labelled(element)
    if line and not line.startswith("**"):
        line = f"**{line}**"
    return [block for block in (line, *_blocks(element, level)) if block]


def _verses(element: etree._Element, level: int) -> list[str]:
    lines = [inline(line) for line in element.iterchildren("verse-line")]
    return ["\n".join(lines)] if any(lines) else []


def _code(element: etree._Element, level: int) -> list[str]:
    text = "".join(element.itertext()).strip("\n")
    return [f"```\n{text}\n```"] if text.strip() else []


def _array(element: etree._Element, level: int) -> list[str]:
    text = table_markdown(element, inline)
    return [text] if text else []


_WRITERS = {
    "p": _blocks,
    "sec": _section,
    "list": _list,
    "def-list": _definitions,
    "disp-formula": _display_formula,
    "disp-formula-group": _blocks,
    "fig": _captioned,
    "fig-group": _captioned,
    "table-wrap": _captioned,
    "table-wrap-group": _captioned,
    "supplementary-material": _captioned,
    "array": _array,
    "table": _array,
    "boxed-text": _box,
    "statement": _box,
    "disp-quote": _quote,
    "speech": _blocks,
    "verse-group": _verses,
    "code": _code,
    "preformat": _code,
    "def": _blocks,
    "list-item": _blocks,
    "glossary": _section,
    "app": _section,
}
