"""Where the chapters of a text begin: plain text in English and Chinese, Markdown, and the marks of TCM classics."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

MAX_CHAPTER = 30_000
"""Characters of a chapter of small sections; more of them begin another part of it."""
MIN_CHAPTERS = 2
MAX_HEADING = 60

_NUMBER = r"(?:[一二三四五六七八九十百千零〇两\d]+|[首上中下末])"
_UPPER = rf"(?:第{_NUMBER}[卷部编集篇章回]|卷之?{_NUMBER}|[上中下]篇|附[录篇][一二三四五六七八九十]?)"
_ALONE = r"(?:自?序言?|[原重]序|前言|引言|绪[论言]|导[论言]|凡例|跋|后记|结[语论])"
_LOWER = rf"第{_NUMBER}节"
_CHINESE = re.compile(rf"(?:正文)?\s*(?:{_UPPER})(?:$|[\s　:：、.·].{{0,40}}|[^\s，。；,;]{{1,25}})")
_CHINESE_LOWER = re.compile(rf"{_LOWER}(?:$|[\s　:：、.·].{{0,40}}|[^\s，。；,;]{{1,25}})")
_WORDS = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|twenty"
_COUNT = rf"(?:\d{{1,3}}|[ivxlc]{{1,7}}|{_WORDS})"
_ENGLISH = re.compile(
    rf"(?:chapter|part|book|unit|lecture|lesson)\s+{_COUNT}(?:$|\s*[:.—–-].*|\s+[^\W\d_].*)", re.IGNORECASE
)
_AROUND = re.compile(
    rf"{_ALONE}|preface|foreword|introduction|prologue|epilogue|conclusions?|appendix(?:\s+[a-z\d]+)?(?:[:.].*)?",
    re.IGNORECASE,
)
"""What stands before and after numbered chapters; where there are none it is a heading like others."""
_FENCE = re.compile(r"\s{0,3}(```+|~~~+)")
_HEADING = re.compile(r"(#{1,6})\s+(.*?)(?:\s+#+)?\s*$")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_FRONT = re.compile(r"\A---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)", re.DOTALL)
_FRONT_TITLE = re.compile(r"^title:\s*[\"']?(.+?)[\"']?\s*$", re.MULTILINE)

_PART = re.compile(r"^<目录>(.*)$", re.MULTILINE)
_SECTION = re.compile(r"^<篇名>(.*)$", re.MULTILINE)
_FACT = re.compile(r"^(书名|作者|朝代|年份)：\s*(.+?)\s*$", re.MULTILINE)
_FACTS = {"书名": "book", "作者": "author", "朝代": "dynasty", "年份": "year"}
_LABEL = re.compile(r"(?:内容|属性)：")
_IMAGE = re.compile(r"\\p[\w-]{1,30}\.(?:bmp|gif|jpe?g|png)\\r", re.IGNORECASE)
_MARK = re.compile(r"\\[a-z]")
_LOST = re.compile(r"(?<![A-Za-z])KT(?![A-Za-z])")
_SENTENCE_END = tuple("。！？；：.!?;:”’』」）)】》")
_HAN = re.compile("[\u4e00-\u9fff]")
MIN_WRAPPED = 20
MAX_WRAPPED = 80
"""Characters of the lines of Chinese text that was broken to a fixed width."""


@dataclass(frozen=True)
class Chapter:
    """A chapter: its titles, from the outermost to its own, and its text as Markdown."""

    path: tuple[str, ...]
    text: str


def plain_chapters(text: str) -> list[Chapter]:
    """Chapters of a plain text by lines that name one (`第一章 绪论`, `卷上`, `CHAPTER II. The Heart`) and stand alone;
    sections below (`第一节`) become headings. A text with less than two is one chapter without a title.

    Lines of Chinese that were broken to a fixed width are joined. A table of contents, whose entries have no text below
    them, begins no chapter.
    """
    lines = [line.strip() for line in text.split("\n")]
    starts = [n for n, line in enumerate(lines) if _begins_chapter(line) and _has_text_below(lines, n)]
    if len(starts) < MIN_CHAPTERS:
        return [chapter for chapter in (Chapter((), _joined(lines)),) if chapter.text]
    starts = sorted(
        {*starts, *(n for n, line in enumerate(lines) if _AROUND.fullmatch(line) and len(line) <= MAX_HEADING)}
    )
    chapters = [Chapter((), _joined(lines[: starts[0]]))]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        title = " ".join(lines[start].split())
        chapters.append(Chapter((title,), f"# {title}\n\n{_joined(lines[start + 1 : end])}"))
    return [chapter for chapter in chapters if chapter.text]


def _begins_chapter(line: str) -> bool:
    return 0 < len(line) <= MAX_HEADING and bool(_CHINESE.fullmatch(line) or _ENGLISH.fullmatch(line))


def _has_text_below(lines: list[str], number: int) -> bool:
    """Whether the next line with anything on it is no heading too, as it is in a table of contents."""
    below = next((line for line in lines[number + 1 :] if line), "")
    return bool(below) and not _begins_chapter(below)


def _joined(lines: list[str]) -> str:
    """Lines with those of broken Chinese paragraphs joined, and sections as headings."""
    lengths = sorted(len(line) for line in lines if line)
    wrapped = bool(lengths) and lengths[int(0.98 * (len(lengths) - 1))] <= MAX_WRAPPED
    found: list[str] = []
    open_ = False
    for line in lines:
        if _CHINESE_LOWER.fullmatch(line) and len(line) <= MAX_HEADING:
            found += ["", f"## {' '.join(line.split())}", ""]
            open_ = False
            continue
        if open_ and line:
            found[-1] += line
        else:
            found.append(line)
        long = wrapped and len(line) >= MIN_WRAPPED and not line.endswith(_SENTENCE_END)
        open_ = long and _HAN.search(line) is not None and not line.startswith("|")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(found)).strip()


def markdown_chapters(text: str) -> list[Chapter]:
    """Chapters of a Markdown text: its headings of the first level, where there are several; else all of it, under its
    first heading or the title of its front matter. Comments and front matter are left out."""
    front = _FRONT.match(text)
    stated = _FRONT_TITLE.search(front[1]) if front else None
    text = text[front.end() :] if front else text
    lines = _without_comments(text).split("\n")
    headings = list(_headings(lines))
    starts = [(n, title) for n, level, title in headings if level == 1]
    if len(starts) < MIN_CHAPTERS:
        title = stated[1] if stated else starts[0][1] if starts else headings[0][2] if headings else ""
        body = "\n".join(lines).strip()
        return [Chapter((title,) if title else (), body)] if body else []
    chapters = [Chapter((), "\n".join(lines[: starts[0][0]]).strip())]
    for (start, title), end in zip(starts, [*(n for n, _ in starts[1:]), len(lines)], strict=True):
        chapters.append(Chapter((title,), "\n".join(lines[start:end]).strip()))
    return [chapter for chapter in chapters if chapter.text]


def _headings(lines: list[str]) -> Iterator[tuple[int, int, str]]:
    """(line, level, title) of headings that are not in a fenced block."""
    fence = ""
    for number, line in enumerate(lines):
        if mark := _FENCE.match(line):
            if not fence:
                fence = mark[1]
            elif mark[1].startswith(fence):
                fence = ""
        elif not fence and (heading := _HEADING.match(line)):
            yield number, len(heading[1]), heading[2].strip()


def _without_comments(text: str) -> str:
    """Markdown without HTML comments, except in fenced blocks, where they are code."""
    if "<!--" not in text:
        return text
    parts, fence, plain = [], "", []
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if mark and not fence and "".join(plain).count("<!--") == "".join(plain).count("-->"):
            parts.append(_COMMENT.sub("", "\n".join(plain)))
            plain, fence = [], mark[1]
            parts.append(line)
        elif fence:
            parts.append(line)
            fence = "" if mark and mark[1].startswith(fence) else fence
        else:
            plain.append(line)
    return "\n".join([*parts, _COMMENT.sub("", "\n".join(plain))])


def is_classic(text: str) -> bool:
    """Whether a text has the marks of the digital editions of TCM classics."""
    return text.lstrip("\ufeff \r\n").startswith("<篇名>") and "<目录>" in text


def classic_chapters(text: str) -> tuple[dict[str, str], list[Chapter]]:
    """Facts (book, author, dynasty, year) and chapters of a TCM classic: the sections (`<篇名>`) that stand under the
    same titles (`<目录>`), each with its own as a heading. A character that the edition lost (`KT`) becomes □."""
    text = _LOST.sub("□", _MARK.sub("", _IMAGE.sub("", text.replace("\r", ""))))
    head, *parts = _PART.split(text)
    facts = {_FACTS[name]: value for name, value in _FACT.findall(head)}
    chapters: list[Chapter] = []
    held: tuple[str, ...] | None = None
    sections: list[str] = []

    def flush() -> None:
        if sections:
            title = f"# {held[-1]}\n\n" if held else ""
            chapters.append(Chapter(held or (), title + "\n\n".join(sections)))
            sections.clear()

    size = 0
    for titles, body in zip(parts[::2], parts[1::2], strict=True):
        path = tuple(filter(None, (part.strip() for part in titles.split("\\"))))
        if path != held or size > MAX_CHAPTER:
            flush()
            held, size = path, 0
        found = _SECTION.search(body)
        title = found[1].strip() if found else ""
        content = _LABEL.sub("", body[found.end() if found else 0 :].strip(), count=1)
        written = _joined([line.strip() for line in content.split("\n")])
        if written:
            sections.append(f"## {title}\n\n{written}" if title else written)
            size += len(written)
    flush()
    return facts, chapters
