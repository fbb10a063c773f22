"""Records of WARC (ISO 28500) and ARC files, out of a stream of any length: what is broken is told, and passed over."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from datagen.errors import InputError
from datagen.unpack import resume

MAX_BLOCK = 16 << 20
"""Bytes of a record that are kept: no page is longer."""
MAX_LINE = 16 << 10
MAX_HEADERS = 200
CHUNK_BYTES = 1 << 20

_ARC = re.compile(
    rb"([a-zA-Z][\w+.-]{1,20}:.+?) +([\d.]+|[\da-fA-F:]+|-) +(\d{4,17}) +([^ ]+(?:; *[^ ]+)?)"
    rb"(?: +\d+ .+ \d+ .+)? +(-?\w+)\r?\n"
)
"""URL, IP address, date, media type, (version 2: status, checksum, redirect, offset, file,) length."""


@dataclass(frozen=True)
class WebRecord:
    """A record: `kind` as WARC calls it (response, resource, conversion, ...; ARC has responses only), its address,
    date (ISO 8601), identifier, media type, and its block, `cut` where there was more of it than is kept."""

    kind: str
    url: str
    date: str
    identity: str
    media_type: str
    block: bytes
    cut: bool


@dataclass(frozen=True)
class _Head:
    kind: str
    url: str
    date: str
    identity: str
    media_type: str
    length: int


def web_records(stream: BinaryIO) -> Iterator[WebRecord | InputError]:
    """All records of a file, which may be WARC or ARC.

    Yields InputError for what is broken (bad_record: no header or length that fits; truncated; bad_compression: a gzip
    member) and goes on with the next thing that looks like a record. Raises InputError: empty, not_warc, and what
    reading the stream raises where nothing more can be read.
    """
    source = _Source(stream)
    records = _all_records(source)
    while True:
        try:
            yield from records
            return
        except InputError as error:
            if not resume(stream):
                raise
            yield error
        records = _records(source, b"\n")


def _all_records(source: "_Source") -> Iterator[WebRecord | InputError]:
    first = source.line()
    while first and not first.strip():
        first = source.line()
    if not first:
        raise InputError("empty")
    if not _begins(first):
        raise InputError("not_warc")
    yield from _records(source, first)


def _records(source: "_Source", line: bytes) -> Iterator[WebRecord | InputError]:
    lost = False
    while line:
        if not _begins(line):
            if line.strip() and not lost:
                lost = True
                yield InputError("bad_record", "no header")
            line = source.line()
            continue
        lost = False
        head = _head(line, source)
        if head is None:
            lost = True
            yield InputError("bad_record", "header")
            line = source.line()
            continue
        kept, taken = source.take(head.length)
        line = source.line()
        if taken < head.length or (line.strip() and not _begins(line)):
            # Where the length is wrong, what was taken may hold the next record.
            lost = True
            yield InputError("bad_record", "length") if line else InputError("truncated")
            line = source.again(kept, line) if taken <= MAX_BLOCK else line
            continue
        yield WebRecord(head.kind, head.url, head.date, head.identity, head.media_type, kept, head.length > MAX_BLOCK)
        while line and not line.strip():
            line = source.line()


class _Source:
    """Lines and blocks of a stream, and a look back where a block turns out to be none."""

    def __init__(self, stream: BinaryIO):
        self._stream = stream
        self._held = b""
        self._place = 0
        self._fresh = 0
        """Bytes read that have not been looked at again: each may be once, or files could keep us busy for ever."""

    def line(self) -> bytes:
        """The next line, at most `MAX_LINE` of it; empty at the end."""
        if self._place < len(self._held):
            end = self._held.find(b"\n", self._place, self._place + MAX_LINE) + 1 or self._place + MAX_LINE
            found = self._held[self._place : end]
            self._place += len(found)
            if found.endswith(b"\n") or len(found) == MAX_LINE:
                return found
            return found + self._read_line(MAX_LINE - len(found))
        return self._read_line(MAX_LINE)

    def _read_line(self, limit: int) -> bytes:
        found = self._stream.readline(limit)
        self._fresh += len(found)
        return found

    def take(self, length: int) -> tuple[bytes, int]:
        """The first `MAX_BLOCK` of the next `length` bytes, and how many bytes there were of these."""
        kept, taken = [], 0
        while taken < length:
            if self._place < len(self._held):
                piece = self._held[self._place : self._place + min(length - taken, CHUNK_BYTES)]
                self._place += len(piece)
            else:
                piece = self._stream.read(min(length - taken, CHUNK_BYTES))
                self._fresh += len(piece)
            if not piece:
                break
            if taken < MAX_BLOCK:
                kept.append(piece[: MAX_BLOCK - taken])
            taken += len(piece)
        return b"".join(kept), taken

    def again(self, block: bytes, line: bytes) -> bytes:
        """Go back to the beginning of a block and of the line after it, where that has not been done too often; gives
        the next line."""
        if len(block) > self._fresh:
            return line
        self._fresh -= len(block)
        self._held, self._place = block + line + self._held[self._place :], 0
        return self.line()


def _begins(line: bytes) -> bool:
    return line.startswith(b"WARC/") or _ARC.fullmatch(line) is not None


def _head(line: bytes, source: _Source) -> _Head | None:
    if line.startswith(b"WARC/"):
        return _warc_head(source)
    found = _ARC.fullmatch(line)
    if found is None or not found[5].isdigit():
        return None
    url = found[1].decode("utf-8", "replace")
    kind = "warcinfo" if url.startswith("filedesc:") else "response"
    return _Head(kind, url, _arc_date(found[3].decode()), "", found[4].decode("latin-1"), int(found[5]))


def _warc_head(source: _Source) -> _Head | None:
    fields: dict[str, str] = {}
    name = ""
    for _ in range(MAX_HEADERS):
        line = source.line()
        if not line.endswith(b"\n"):
            return None
        if not line.strip():
            break
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        if text[0] in " \t" and name:
            fields[name] += f" {text.strip()}"
            continue
        name, colon, value = text.partition(":")
        name = name.strip().lower()
        if not colon:
            return None
        fields.setdefault(name, value.strip())
    length = fields.get("content-length", "")
    if not (length.isascii() and length.isdigit() and len(length) < 16):
        return None
    return _Head(
        fields.get("warc-type", "").lower(),
        fields.get("warc-target-uri", "").strip("<>"),
        fields.get("warc-date", ""),
        fields.get("warc-record-id", "").strip("<>"),
        fields.get("content-type", ""),
        int(length),
    )


def _arc_date(digits: str) -> str:
    day, time = digits[:8], digits[8:14]
    date = "-".join(filter(None, (day[:4], day[4:6], day[6:8])))
    return f"{date}T{time[:2]}:{time[2:4]}:{time[4:]}Z" if len(time) == 6 else date
