"""Two views of a paper that no reader of this project has touched: the PDF as PDFium gives it, and the raw XML."""

import difflib
import re
import unicodedata
from collections import Counter
from pathlib import Path

import pypdfium2 as pdfium
import pypdfium2.raw as c
from lxml import etree

_START = re.compile(r"\W*(?:abstract|summary)\b", re.IGNORECASE)
_END = re.compile(
    r"\W*(?:references|acknowledge?ments?|author contributions|conflicts? of interests?( statement)?|funding)\W*",
    re.IGNORECASE,
)
_ABOUT = re.compile(r"\W*(?:key\s?words|abbreviations)\b", re.IGNORECASE)
_NOT_PROSE = ("table-wrap", "fig", "fig-group", "supplementary-material", "fn", "fn-group", "disp-formula")
_BLOCKS = ("article-title", "title", "p")
_NOT_BODY = ("data sharing", "supplementary information")


def pdf_body(data: bytes) -> str:
    """The running text of a paper, by type size alone: lines in the largest size that much of the text has, in the
    order of the file, from the abstract to the reference list.

    So captions, the cells of tables, affiliations and references, which are set smaller, are out. Taken out besides:
    running heads (lines that come back on other pages, numbers apart), keywords, lists of abbreviations, and from the
    acknowledgements on; no reader of articles counts those as body.
    """
    pages = [_lines(page) for page in pdfium.PdfDocument(data)]
    lines = [line for page in pages for line in page]
    sizes: Counter[float] = Counter()
    for text, size, _ in lines:
        sizes[size] += len(text)
    body = max(size for size, letters in sizes.items() if letters >= 0.35 * max(sizes.values()))
    repeated = Counter(key for page in pages for key in {_key(text) for text, _, _ in page})
    kept, started, silent_font = [], False, None
    for number, (text, size, font) in enumerate(lines):
        started = started or _START.match(text) is not None
        if started and number > len(lines) / 2 and _END.fullmatch(text):
            break
        if _ABOUT.match(text):
            silent_font = lines[min(number + 1, len(lines) - 1)][2]
        elif font != silent_font:
            silent_font = None
        if started and silent_font is None and abs(size - body) <= 0.25 and repeated[_key(text)] < 3:
            kept.append(text)
    text = "\n".join(kept)
    return re.sub(r"(\w)-\n(?=\w)", r"\1-", re.sub("[\ufffe\x02]\n?", "-", text))


def _key(text: str) -> str:
    return re.sub(r"\d+", "#", text.strip())


def _lines(page: pdfium.PdfPage) -> list[tuple[str, float, str]]:
    """(text, size in points, font) of the lines that PDFium finds."""
    text, matrix, name = page.get_textpage(), c.FS_MATRIX(), c.ctypes.create_string_buffer(64)
    found, letters, kinds = [], [], Counter()
    for index in range(c.FPDFText_CountChars(text)):
        letter = chr(c.FPDFText_GetUnicode(text, index) or 32)
        if letter == "\n":
            found.append(("".join(letters), *(kinds.most_common(1)[0][0] if kinds else (0.0, ""))))
            letters, kinds = [], Counter()
            continue
        letters.append(letter)
        if not letter.isspace():
            c.FPDFText_GetMatrix(text, index, matrix)
            c.FPDFText_GetFontInfo(text, index, name, 64, c.ctypes.c_int())
            size = round(c.FPDFText_GetFontSize(text, index) * abs(matrix.d or matrix.b), 1)
            kinds[size, name.value.decode("latin-1")] += 1
    if letters:
        found.append(("".join(letters), *(kinds.most_common(1)[0][0] if kinds else (0.0, ""))))
    return [(line, size, font) for line, size, font in found if line.strip()]


def xml_body(data: bytes) -> str:
    """Title, abstracts, body and abbreviations as the raw text of their paragraphs and headings. Left out: what floats,
    footnotes, and the sections about the paper (contributions, funding, ...) that some journals put into the body."""
    root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    for element in list(root.iter(*_NOT_PROSE)):
        if element.getparent() is not None:
            etree.strip_elements(element.getparent(), element.tag, with_tail=False)
    for section in [s for s in root.iter("sec") if _is_not_body("".join(s.xpath("string(title)")))]:
        section.getparent().remove(section)
    parts = [root.find("front//title-group/article-title"), *root.findall("front//abstract"), *root.findall("body")]
    parts += root.findall("back/glossary")
    blocks = [e for part in parts if part is not None for e in part.iter(*_BLOCKS, "term", "def")]
    outer = [e for e in blocks if next(e.iterancestors(*_BLOCKS, "def"), None) is None]
    return "\n".join("".join(block.itertext()) for block in outer)


def _is_not_body(title: str) -> bool:
    return _END.fullmatch(title) is not None or title.strip().lower() in _NOT_BODY


def words(text: str) -> list[str]:
    """Words in small letters, in one form of Unicode; hyphens don't count, since line ends make and hide them."""
    return re.findall(r"\w+", re.sub("[-\u00ad\u2010\u2011^_\ufffe]", "", unicodedata.normalize("NFKC", text)).lower())


def share_found(wanted: list[str], text: list[str]) -> tuple[int, int]:
    """(letters of `wanted` found in `text` in the same order, letters of `wanted`), whole words only."""
    blocks = difflib.SequenceMatcher(None, wanted, text, autojunk=False).get_matching_blocks()
    return sum(len(word) for i, _, size in blocks for word in wanted[i : i + size]), sum(map(len, wanted))


def pairs(data: Path) -> list[tuple[str, bytes, bytes]]:
    """(name, PDF, XML) of the paired papers."""
    folders = sorted(path.parent for path in (data / "paper_pdf_pmc_trials").glob("*/fulltext.pdf"))
    return [(f.name, (f / "fulltext.pdf").read_bytes(), (f / "fulltext.xml").read_bytes()) for f in folders]
