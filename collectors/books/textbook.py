"""Textbooks and guidelines: a record per chapter, with its book and the titles above it."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from lxml import etree
from pydantic import Field, PrivateAttr

from collectors.books.chapters import Chapter, classic_chapters, is_classic, markdown_chapters, plain_chapters
from collectors.books.cnxml import Book, read_collection, read_module
from collectors.document import Document, DocumentSource
from collectors.text.encoding import decode
from collectors.web.blocks import blocks
from collectors.web.page import decode_page, parse_page
from collectors.web.page_facts import page_facts, page_licence
from datagen.archives import ARCHIVES, RawFile, stem
from datagen.errors import InputError
from datagen.files import open_item
from datagen.stage import Item, Outcome
from datagen.xml import parse_xml

if TYPE_CHECKING:
    from datagen.task import Task

_COLLECTION = (".collection.xml",)
_ACCOMPANYING = re.compile(
    r"(?:(?i:licen[cs]e|copying|notice|readme|change_?log|contributing|code_of_conduct)|SOURCES?)(?:[._-]\w+)*"
)
"""Names of files that come with a book, and say nothing of its subject."""


class Textbook(DocumentSource):
    """Textbooks and guidelines as CNXML (modules and collections of OpenStax), Markdown, HTML or plain text.

    CNXML: a record per module, its figures and tables numbered, formulas as LaTeX, exercises with their answers, its
    glossary at the end; book, licence and language are those of the collection it stands in, found in the same archive
    or folder. Markdown: a record per heading of the first level, or per file. HTML: the same, of all that the page
    shows but its navigation. Plain text: a record per chapter, told by its heading in English or Chinese (`CHAPTER II`,
    `第三章`, `卷上`, `第十回`); of the editions of TCM classics that mark sections by `<篇名>` and `<目录>`, one per
    set of sections under the same title. GB18030 and other encodings are detected.

        guidelines: {use: collectors.textbook, path: "${DATA}/guidelines", content_type: GUIDE, license: CC0-1.0}

    The book is the family (`group`): the collection, or the file, or the one that `book` names. `meta` has book, title,
    the titles above it (`path`), and what a classic states of itself (author, dynasty, year).

    Dropped: empty, table_of_contents (a collection), accompanying_file (README, LICENSE, SOURCE, CHANGELOG and the
    like, unless `path` names it). Quarantined: not_textbook (XML of another kind), epub_not_read (no format of this
    reader: unpack the book, its chapters are XHTML), no_text, bad_encoding, bad_xml, xml_entities, xml_limits,
    html_limits, no_html, empty, too_large.
    """

    book: str | None = Field(None, description="title of the one book that all files are parts of")
    content_type: Literal["TEXT", "GUIDE", "LECT", "REG", "PATED", "OTHER"] = Field(
        "TEXT", description="TEXT for textbooks, GUIDE for guidelines, REG for laws, ..."
    )
    _books: dict[str, list[Book]] = PrivateAttr(default_factory=dict)
    _shelf: list[Book] = PrivateAttr(default_factory=list)

    version: ClassVar[str] = "5"
    suffixes: ClassVar[tuple[str, ...]] = (
        *(".cnxml", ".xml", ".md", ".markdown", ".html", ".htm", ".xhtml", ".txt"),
        ".epub",  # to be refused: a book that nobody reads must not be passed over in silence
    )

    def read(self, item: Item, task: "Task") -> Iterator[Outcome]:
        self._shelf[:] = self._collections(item, task)
        yield from super().read(item, task)

    def _collections(self, item: Item, task: "Task") -> list[Book]:
        """The books in an archive; of a loose file, those among all items."""
        name = item.name.lower()
        if name.endswith(ARCHIVES):
            return self._read_books(item)
        if not name.endswith((".cnxml", ".cnxml.gz")):
            return []
        return [book for other in task.items if other.name.endswith(_COLLECTION) for book in self._read_books(other)]

    def _read_books(self, item: Item) -> list[Book]:
        if item.url not in self._books:
            books = []
            for file in open_item(item, _COLLECTION):
                try:
                    books += [] if isinstance(file, tuple) else [read_collection(_plain(parse_xml(file.data)))]
                except InputError:
                    continue  # told when the file's own turn comes
            self._books[item.url] = books
        return self._books[item.url]

    def documents(self, file: RawFile) -> Iterator[Document | InputError]:
        name = file.name.lower()
        if self._is_accompanying(file):
            yield Document(file.position, "", drop="accompanying_file")
        elif name.endswith(".epub"):
            raise InputError("epub_not_read")
        elif name.endswith((".cnxml", ".xml")):
            yield from self._xml(file)
        elif name.endswith((".html", ".htm", ".xhtml")):
            root = parse_page(decode_page(file.data))
            facts = page_facts(root)
            yield from self._chapters(file, markdown_chapters(_page_text(root)), facts, page_licence(root))
        elif name.endswith((".md", ".markdown")):
            yield from self._chapters(file, markdown_chapters(_decoded(file)), {})
        else:
            text = _decoded(file)
            facts, chapters = classic_chapters(text) if is_classic(text) else ({}, plain_chapters(text))
            yield from self._chapters(file, chapters, facts)

    def _is_accompanying(self, file: RawFile) -> bool:
        leaf = PurePosixPath(file.name).name
        named = [self.path] if isinstance(self.path, str) else self.path
        return bool(_ACCOMPANYING.fullmatch(leaf)) and leaf not in {stem(PurePosixPath(path).name) for path in named}

    def _chapters(
        self, file: RawFile, chapters: list[Chapter], facts: dict[str, Any], license: str | None = None
    ) -> Iterator[Document]:
        facts = {name: value for name, value in facts.items() if name != "url"}
        book = self.book or facts.get("book") or facts.get("title") or _leaf(file.name)
        chapters = chapters or [Chapter((), "")]
        for number, chapter in enumerate(chapters, 1):
            title = {"title": chapter.path[-1]} if chapter.path else {}
            yield Document(
                source_id=file.position if len(chapters) == 1 else f"{file.position}#{number}",
                text=chapter.text,
                group=self.book or file.position,
                license=license,
                content_type=self.content_type,
                meta={**facts, "book": book, **title, "path": list(chapter.path[:-1])},
            )

    def _xml(self, file: RawFile) -> Iterator[Document]:
        root = _plain(parse_xml(file.data))
        if root.tag == "collection":
            yield Document(file.position, "", drop="table_of_contents")
            return
        if root.tag in ("html", "div", "body"):
            yield from self._chapters(file, markdown_chapters("\n\n".join(blocks(root))), {})
            return
        if root.tag != "document":
            raise InputError("not_textbook", f"root element {root.tag[:40]}")
        module = read_module(root)
        identity = module.identity or file.position
        book = next((book for book in self._shelf if identity in book.paths), None)
        title = self.book or (book.title if book else "")
        yield Document(
            source_id=identity,
            text=module.text,
            group=title or file.position,
            language=book.language if book else None,
            license=book.license if book else None,
            content_type=self.content_type,
            meta={"book": title, "title": module.title, "path": list(book.paths[identity]) if book else []},
        )


def _plain(root: etree._Element) -> etree._Element:
    """An XML tree with the namespaces taken off its elements' names."""
    for element in root.iter("{*}*"):
        if element.tag[0] == "{":
            element.tag = element.tag.rpartition("}")[2]
    return root


def _decoded(file: RawFile) -> str:
    if not (data := file.data).strip():
        raise InputError("empty")
    return decode(data).replace("\r\n", "\n").replace("\r", "\n")


def _page_text(root: etree._Element) -> str:
    body = root.find("body")
    try:
        return "\n\n".join(blocks(root if body is None else body))
    except RecursionError:
        raise InputError("html_limits", "nested too deeply") from None


def _leaf(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[2].rpartition(".")[0]
