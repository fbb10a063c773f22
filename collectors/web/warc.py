"""Web archives: the pages in WARC, ARC and WET files."""

from collections.abc import Iterator
from typing import ClassVar

from fastwarc.warc import WarcRecord

from collectors.document import Document, DocumentSource
from collectors.web.html import page_document
from collectors.web.page import MAX_CHARACTERS, decode_page
from collectors.web.warc_records import WebRecord, web_records
from datagen.archives import RawFile
from datagen.errors import InputError

MAX_PAGE = 2 * MAX_CHARACTERS
"""Bytes of a page, decompressed; twice as many as a page may have characters."""
_HTML = ("text/html", "application/xhtml+xml")
_DECODINGS = ("all", "transfer", "content", "none")
_WRAPPED = b"WARC/1.0\r\nWARC-Type: response\r\nContent-Type: application/http\r\nContent-Length: %d\r\n\r\n%b\r\n\r\n"


class WARC(DocumentSource):
    """Pages in web archives (`.warc`, `.arc`, `.wet`; compressed or not), read as a stream in flat memory: successful
    HTML responses and HTML resources as in `collectors.html`, and the text of WET's `conversion` records as it is.

    `url` is the address that was fetched, and its captures are one family; in `meta` are the date of the capture
    (`captured`) and what the page states. The encoding is the page's own, or the one that the server declared.
    Requests, metadata and revisits are no documents.

    Dropped: http_status (no success), not_html, empty (no main text). Quarantined: bad_record (a header or a length
    that can't be) and bad_compression (a gzip member), where what follows is read on, truncated, bad_http, too_large,
    and as in `collectors.html`; whole files: not_warc, empty, archive_bomb.
    """

    version: ClassVar[str] = "6"
    suffixes: ClassVar[tuple[str, ...]] = (".warc", ".arc", ".wet")

    def documents(self, file: RawFile) -> Iterator[Document | InputError]:
        for number, record in enumerate(web_records(file.stream), 1):
            if isinstance(record, InputError):
                yield record
                continue
            if record.kind not in ("response", "resource", "conversion"):
                continue
            identity = record.identity or f"{record.url} {record.date}".strip() or f"{file.position}#{number}"
            try:
                yield _document(record, identity)
            except InputError as error:
                yield error


def _document(record: WebRecord, identity: str) -> Document:
    url = record.url or None
    meta = {"captured": record.date} if record.date else {}
    drop = None
    if record.kind == "conversion":
        if record.cut:
            raise InputError("too_large")
        return Document(identity, record.block.decode("utf-8", "replace"), group=url, url=url, meta=meta)
    if record.kind == "resource" or not record.block.startswith(b"HTTP/"):
        media_type, charset, payload = _media_type(record.media_type), None, record.block
    else:
        status, media_type, charset, payload = _response(record.block)
        drop = None if status in (200, 203) else "http_status"
    if drop is None and media_type not in _HTML and not (media_type == "" and _looks_like_html(payload)):
        drop = "not_html"
    if drop:
        return Document(identity, "", group=url, url=url, drop=drop, meta=meta)
    if record.cut or len(payload) > MAX_PAGE:
        raise InputError("too_large", f"over {MAX_PAGE} bytes")
    page = page_document(decode_page(payload, charset), identity, url)
    page.meta.update(meta)
    return page


def _response(block: bytes) -> tuple[int, str, str | None, bytes]:
    """Status, media type, charset and decoded payload of an HTTP response. Where an archive kept the payload decoded
    and the header as it was, as many do, the header's encoding is passed over. Raises InputError(bad_http)."""
    for decoding in _DECODINGS:
        try:
            record = WarcRecord.from_bytes(_WRAPPED % (len(block), block))
            record.parse_http(auto_decode=decoding, quirks_mode=True)
            status = record.http_headers.status_code if record.http_headers else None
            if status is None:
                break
            media_type, charset = _media_type(record.http_content_type or ""), record.http_charset
            payload = record.reader.read(MAX_PAGE + 1)
        except (OSError, ValueError, UnicodeError):
            continue
        if decoding == _DECODINGS[0] or media_type not in _HTML or _looks_like_html(payload):
            return status, media_type, charset, payload
    raise InputError("bad_http")


def _media_type(value: str) -> str:
    return value.partition(";")[0].strip().lower()


def _looks_like_html(payload: bytes) -> bool:
    return payload[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"
