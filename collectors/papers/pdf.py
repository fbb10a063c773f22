"""Papers as PDF: their running text in the order it is read."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, ClassVar

from collectors.document import Document, DocumentSource
from collectors.papers.jats_text import BACK_MATTER
from collectors.papers.pdf_layout import HYPHEN, Line, columns, page_lines, without_furniture
from collectors.papers.pdf_pages import read_pages
from datagen.archives import RawFile
from datagen.errors import InputError

_ABSTRACT = re.compile(r"\W*(?:structured )?(?:abstract|summary|synopsis|摘\s*要|内容提要)\b.{0,3}", re.IGNORECASE)
_REFERENCES = re.compile(
    r"(?:\d+\W+)?(?:references?(?: and notes)?|bibliography|literature cited|works cited|参\s*考\s*文\s*献)\W*",
    re.IGNORECASE,
)
_CAPTION = re.compile(
    r"((?:Supplementary |Appendix )?(?:Fig(?:ure|\.)?|Table|Box|Scheme)\s*S?\d+[A-Z]?|[图表]\s*\d+)\b[.:：|]?\s*",
    re.IGNORECASE,
)
_SMALL_HEADING = re.compile(r"(?:list of )?abbreviations|缩略语", re.IGNORECASE)
_ABOUT_PAPER = re.compile(
    r"(?:supplementary information|additional files?|author details|authors?['’]? information|publisher\s?['’]s note"
    r"|declarations|ethics approval and consent to participate|consent for publication)\W*",
    re.IGNORECASE,
)
"""Headings of back matter that stand in the body's type in no paper's body."""
_LEFT_OUT = re.compile(
    r"\W*(?:key\s?words?|abbreviations: |©|copyright |this is an open.access |received:|publisher.s note"
    r"|correspond(?:ence|ing author)|doi\b|关键词|中图分类号|文献标识码|文章编号|通信作者|收稿日期|基金项目)",
    re.IGNORECASE,
)
"""Paragraphs that say something about the paper."""
_CONTINUED = re.compile(r"\(?continued (?:on|from) .{0,20}page\)?", re.IGNORECASE)
_SENTENCE_END = tuple(".!?:;。！？：；")
_CJK = re.compile("[\u2e80-\u9fff\uff00-\uffef]")
_WORD = re.compile(r"[\w-]+")
MAX_LINES = 300_000


class PDF(DocumentSource):
    """Papers as PDF (`.pdf`); each file becomes a record.

    The text is Markdown: title, abstract and body with their headings, columns in the order they are read, words that
    the line ends broke made whole, captions as paragraphs of their own after the paragraph they interrupt. Left out:
    running heads and page numbers, authors and affiliations, footnotes, the cells of tables, keywords, acknowledgements
    and other back matter, the reference list and what follows it. White text, which no reader sees, is left out too.
    Each file is a family of its own. Scanned pages have no text: they are `no_text`.

    The file, of 128 MB at most, is read in a process of its own, within 6 s of processor time and 10 s a megabyte, and
    384 MB beside the file.

    Quarantined: no_text, bad_pdf, encrypted, too_large, timeout, pdf_crash, and what can't be unpacked.
    """

    version: ClassVar[str] = "5"
    suffixes: ClassVar[tuple[str, ...]] = (".pdf",)

    def documents(self, file: RawFile) -> Iterator[Document | InputError]:
        paper = read_paper(file.stream)
        if not paper.text:
            raise InputError("no_text")
        yield Document(file.position, paper.text, meta={"pages": paper.pages, "title": paper.title})


@dataclass(frozen=True)
class Paper:
    """The text of a PDF file as Markdown, and its title where it has one."""

    title: str
    text: str
    pages: int


def read_paper(stream: BinaryIO) -> Paper:
    """Read a PDF file. Raises InputError as `read_pages` does, and too_large over `MAX_LINES`."""
    pages = []
    count = 0
    for page in read_pages(stream):
        pages.append((page.height, page_lines(page)))
        count += len(pages[-1][1])
        if count > MAX_LINES:
            raise InputError("too_large", f"over {MAX_LINES} lines")
    lines = without_furniture(pages)
    body = _body_type(lines)
    ordered = list(columns(lines, body[0]))
    title = _title([line for column in ordered[0] for line in column]) if ordered else []
    vocabulary = _vocabulary([line.text for page in lines for line in page])
    blocks: list[str] = []
    for has_started in (False, True):  # a text that has no abstract and no long line begins at once
        writer = _Writer(body, frozenset(title), vocabulary, has_started)
        blocks = blocks or writer.written([column for page in ordered for column in page])
    name = writer.joined([line.text for line in title])
    return Paper(name, "\n\n".join([f"# {name}", *blocks] if name and blocks else blocks), len(pages))


def _body_type(pages: list[list[Line]]) -> tuple[float, str]:
    """Size and font of the running text: the largest size that much of the text has, for long lists of references and
    of authors are set smaller."""
    sizes: Counter[float] = Counter()
    fonts: Counter[tuple[float, str]] = Counter()
    for line in (line for page in pages for line in page):
        sizes[line.size] += len(line.text)
        fonts[line.size, line.font] += len(line.text)
    if not sizes:
        return 0.0, ""
    most = max(sizes.values())
    size = max(size for size, letters in sizes.items() if letters >= 0.35 * most)
    return max((key for key in fonts if key[0] == size), key=fonts.__getitem__)


def _title(lines: list[Line]) -> list[Line]:
    """The lines of the largest type on the first page that has more than a word or two in it."""
    for size in sorted({line.size for line in lines}, reverse=True):
        found = [line for line in lines if line.size == size]
        if 15 <= sum(_width(line.text) for line in found) <= 400:
            return found if size > min(line.size for line in lines) else []
    return []


def _vocabulary(lines: list[str]) -> frozenset[str]:
    """The words that stand unbroken in a document: they tell how to join the broken ones."""
    found: set[str] = set()
    was_broken = False
    for line in lines:
        is_broken = line.endswith((HYPHEN, "-", "\u2010"))
        words = _WORD.findall(line.lower())
        found.update(words[was_broken : len(words) - is_broken])
        was_broken = is_broken
    return frozenset(found)


@dataclass
class _Writer:
    """Lines in reading order on their way to paragraphs."""

    body: tuple[float, str]
    title: frozenset[Line]
    vocabulary: frozenset[str]
    _started: bool
    _blocks: list[str] = field(default_factory=list)
    _paragraph: list[Line] = field(default_factory=list)
    _floats: list[list[str]] = field(default_factory=list)
    _in_abstract: bool = False
    _silent: bool = False
    _caption: Line | None = None
    _previous: Line | None = None
    _heading: Line | None = None

    def written(self, ordered: list[list[Line]]) -> list[str]:
        """The blocks of Markdown that columns make."""
        for column in ordered:
            if not self._add(column):
                break
        self._flush()
        while self._blocks and self._blocks[-1].startswith("## "):
            self._blocks.pop()
        return [block for block in self._blocks if block]

    def _add(self, column: list[Line]) -> bool:
        """Take a column; False where the reference list begins."""
        self._caption = self._previous = None
        left = _usual([line.left for line in column if self._is_body(line)])
        right = max((line.right for line in column if self._is_body(line)), default=0.0)
        rows = Counter(round(line.baseline) for line in column)
        for line in column:
            if line in self.title or _CONTINUED.fullmatch(line.text):
                continue
            if _REFERENCES.fullmatch(line.text) and self._started:
                return False
            self._take(line, left, right, rows[round(line.baseline)] > 2)
            self._previous = line
        return True

    def _take(self, line: Line, left: float, right: float, is_cell: bool) -> None:
        if _ABSTRACT.match(line.text) and not self._started:
            self._started = self._in_abstract = True
        elif self._is_body(line) and line.font == self.body[1] and _width(line.text) > 40:
            self._started = True
        if not self._started:
            return
        if self._continues_caption(line):
            self._floats[-1].append(line.text)
            self._caption = line
            return
        self._caption = None
        if _CAPTION.match(line.text) and (line.size, line.font) != self.body:
            self._floats.append([line.text])
            self._caption = line
        elif self._is_heading(line):
            self._head(line)
        elif self._is_text(line) and not is_cell and not self._silent:
            if self._starts_paragraph(line, left, right):
                self._flush()
            self._paragraph.append(line)
            self._heading = None

    def _continues_caption(self, line: Line) -> bool:
        last = self._caption
        return last is not None and line.size == last.size and _is_below(line, last)

    def _is_body(self, line: Line) -> bool:
        return abs(line.size - self.body[0]) <= 0.15

    def _is_text(self, line: Line) -> bool:
        """Whether a line is running text: of the body's size, or in the type of the section it continues."""
        if self._is_body(line):
            self._in_abstract = self._in_abstract and line.font != self.body[1]
            return True
        if self._in_abstract:
            return 0.8 * self.body[0] <= line.size <= 1.25 * self.body[0]
        if self._heading is not None:
            return _is_below(line, self._heading) and line.size > 0.7 * self.body[0]
        return bool(self._paragraph) and self._paragraph[-1].size == line.size and _is_below(line, self._paragraph[-1])

    def _is_heading(self, line: Line) -> bool:
        if line.font == self.body[1]:
            return False
        if _is_about_paper(line.text) or _SMALL_HEADING.fullmatch(line.text):
            return True
        if line.size < 0.92 * self.body[0] or len(line.text) > (40 if self._in_abstract else 120):
            return False
        if _LEFT_OUT.match(line.text) or line.text[-1] in ".,;-" + HYPHEN:
            return False
        return line.text[0].isalnum() and not line.text[0].islower()

    def _head(self, line: Line) -> None:
        last = self._heading
        self._flush()
        if last is not None and last.font == line.font and _is_below(line, last):
            self._blocks[-1] = self.joined([self._blocks[-1], line.text])
        else:
            self._silent = _is_about_paper(line.text)
            if not self._silent:
                self._blocks.append(f"## {line.text}")
        self._heading = line

    def _starts_paragraph(self, line: Line, left: float, right: float) -> bool:
        last = self._previous
        if not self._paragraph or _LEFT_OUT.match(line.text):
            return True
        if last is None:
            return self._ends_sentence()
        if last.baseline - line.baseline > 1.9 * line.size:
            return self._ends_sentence()
        is_indented = 0.7 * line.size < line.left - left < 4 * line.size
        is_short = last.right < right - 2 * line.size
        return self._ends_sentence() and (is_indented or is_short)

    def _ends_sentence(self) -> bool:
        return self._paragraph[-1].text.rstrip("\"'”’)]0123456789[,–").endswith(_SENTENCE_END)

    def _flush(self) -> None:
        if self._paragraph:
            text = self.joined([line.text for line in self._paragraph])
            if not _LEFT_OUT.match(text):
                self._blocks.append(text)
            self._paragraph = []
        self._blocks += [_captioned(self.joined(lines)) for lines in self._floats]
        self._floats = []

    def joined(self, lines: list[str]) -> str:
        """Lines as one, broken words made whole."""
        text = ""
        for line in lines:
            if not text:
                text = line
            elif text[-1] in (HYPHEN, "-", "\u2010"):
                text = self._whole(text, line)
            elif _CJK.match(text[-1]) and _CJK.match(line):
                text += line
            else:
                text += f" {line}"
        return text.replace(HYPHEN, "-")

    def _whole(self, text: str, line: str) -> str:
        before, after = re.search(r"[\w-]*$", text[:-1])[0].lower(), re.match(r"[\w-]*", line)[0].lower()
        if not after or not before:
            return f"{text[:-1]}-{line}"
        if before + after in self.vocabulary:
            return text[:-1] + line
        is_compound = f"{before}-{after}" in self.vocabulary or (before in self.vocabulary and after in self.vocabulary)
        if is_compound or not (before[-1].isalpha() and line[0].islower()):
            return f"{text[:-1]}-{line}"
        return text[:-1] + line


def _width(text: str) -> int:
    """Letters, a Chinese one counted as two."""
    return len(text) + len(_CJK.findall(text))


def _is_about_paper(heading: str) -> bool:
    return (BACK_MATTER.fullmatch(heading) or _ABOUT_PAPER.fullmatch(heading)) is not None


def _captioned(text: str) -> str:
    label = _CAPTION.match(text)
    return f"**{label[1]}** {text[label.end() :]}".rstrip()


def _is_below(line: Line, last: Line) -> bool:
    """Whether a line is the next one of the same column."""
    return 0 <= last.baseline - line.baseline < 1.8 * max(line.size, last.size) and line.left < last.right


def _usual(values: list[float]) -> float:
    return Counter(map(round, values)).most_common(1)[0][0] if values else 0.0
