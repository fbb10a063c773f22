"""Web pages: the main text of HTML, with what the page states of itself."""

from collections.abc import Iterator
from typing import ClassVar

from collectors.document import Document, DocumentSource
from collectors.tables.rows_json import parse
from collectors.text.encoding import decode
from collectors.web.page import decode_page, parse_page
from collectors.web.page_facts import page_facts, page_licence
from collectors.web.page_furniture import is_furniture
from collectors.web.page_text import main_text
from datagen.archives import RawFile
from datagen.errors import InputError


def page_document(html: str, source_id: str, url: str | None = None) -> Document:
    """The record of one page. Raises InputError: empty, no_html, html_limits."""
    root = parse_page(html)
    facts = page_facts(root)
    address = url or facts.pop("url", None)
    facts.pop("url", None)
    return Document(
        source_id=source_id,
        text=main_text(root),
        group=address,
        url=address,
        license=page_licence(root),
        meta=facts,
    )


class HTML(DocumentSource):
    """Web pages (`.html`, `.htm`, `.xhtml`), each a record of its main text in Markdown: headings, lists, tables,
    code, formulas as LaTeX; without navigation, comments, cookie banners and footers. What the page hides from its
    readers (by an attribute or its own styles, in comments, in the colour of the background) is left out.

    A `.json` file is an object of pages by address, as mirrors of sites are kept. A page in it that is no HTML is taken
    as text that was extracted already: only its boilerplate is removed.

    From the page itself: `url` (canonical), `license` (a Creative Commons address in `rel=license`, metadata or
    JSON-LD; else the option), and in `meta` title, author, date and site. The encoding is the byte order mark's, UTF-8,
    the one declared, or detected (GB18030, Big5, Shift JIS, ...). A page is a family of its own.

    Dropped: empty (no main text). Quarantined: no_html, bad_html, bad_encoding, bad_json, json_limits, too_large,
    html_limits (over 8 million characters, 40,000 elements or 256 levels).
    """

    version: ClassVar[str] = "5"
    suffixes: ClassVar[tuple[str, ...]] = (".html", ".htm", ".xhtml", ".json")

    def documents(self, file: RawFile) -> Iterator[Document | InputError]:
        if not file.name.lower().endswith(".json"):
            yield page_document(decode_page(file.data), file.position)
            return
        pages = parse(decode(file.data))
        if not isinstance(pages, dict) or not all(isinstance(page, str) for page in pages.values()):
            raise InputError("no_html", "no object of pages by address")
        for address, page in pages.items():
            yield _page(f"{file.position}#{address}", address, page)


def _page(position: str, address: str, page: str) -> Document | InputError:
    url = address if address.startswith(("http://", "https://")) else None
    if not page.lstrip("\ufeff \t\r\n").startswith("<"):
        text = "\n\n".join(block for block in page.split("\n\n") if not is_furniture(block.strip()))
        return Document(source_id=position, text=text, group=url, url=url)
    try:
        return page_document(page, position, url)
    except InputError as error:
        return error
