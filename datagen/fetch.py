"""Fetching public sources: what is right stays, the rest is downloaded, checked, then moved into place whole."""

import gzip
import hashlib
import io
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from datagen.errors import DatagenError, VerificationError
from datagen.packs import CHUNK, Content, Packer, members, read_pack
from datagen.sources import File, Pack, SourceList
from datagen.web import Web

MAX_ARCHIVE_BYTES = 2 << 30
"""Of an archive that a pack is taken from. Servers make them on request, so that no list can say how large they are."""
WRONG = "the address has changed, or somebody has changed what it sends: look at it there; don't use it as it is"


@dataclass(frozen=True)
class Item:
    """One entry of a source list and what became of it: it was there, was fetched just now, or why it is not there."""

    source: str
    entry: File | Pack
    path: Path
    present: bool
    fetched: bool = False
    error: DatagenError | None = None


def survey(sources: SourceList, out: str | Path, only: Iterable[str] = ()) -> Iterator[Item]:
    """Every entry of the chosen sources, `present` where the folder `out` holds it with the right content."""
    for name, source in sources.chosen(only).items():
        for entry in source.entries:
            path = Path(out, name, entry.path)
            yield Item(name, entry, path, _is_right(entry, path))


def fetch(sources: SourceList, out: str | Path, web: Web, only: Iterable[str] = ()) -> Iterator[Item]:
    """Bring every entry of the chosen sources to `out`/SOURCE/PATH, one Item each as it is done.

    An entry that fails leaves what was at its path before, and does not stop the others. Raises UsageError for an
    unknown source and DatagenError where the folder can't be written.
    """
    for item in survey(sources, out, only):
        if item.present:
            yield item
            continue
        try:
            _download(item.entry, item.path, web)
            yield replace(item, present=True, fetched=True)
        except DatagenError as error:
            yield replace(item, error=error)
        except OSError as error:
            raise DatagenError(
                f"{item.path} can't be written: {error}", "see to the folder, then run this again"
            ) from None


def _download(entry: File | Pack, path: Path, web: Web) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with _whole(path) as file:
        if isinstance(entry, Pack):
            _pack(entry, file, web)
        elif entry.gzip:
            with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed:
                _file(entry, packed, web)
        else:
            _file(entry, file, web)


def _file(entry: File, file: BinaryIO, web: Web) -> None:
    digest, size = hashlib.sha256(), 0
    with web.open(entry.url, entry.bytes) as body:
        while chunk := body.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
            file.write(chunk)
    _expect(entry, Content(1, size, digest.hexdigest()), entry.url)


def _pack(entry: Pack, file: BinaryIO, web: Web) -> None:
    with Packer(Path(file.name).parent, entry.bytes) as packer:
        if entry.archive:
            with web.open(entry.archive, MAX_ARCHIVE_BYTES) as body:
                for name, chunks in members(io.BufferedReader(body, CHUNK), entry.archive, entry.wants):
                    packer.add(entry.member(name), chunks)
        else:
            for name, url in zip(entry.members, entry.urls, strict=True):
                with web.open(url, entry.bytes) as body:
                    packer.add(name, iter(lambda body=body: body.read(CHUNK), b""))
        _expect(entry, packer.content, entry.archive or entry.base)
        packer.write(file)


def _expect(entry: File | Pack, found: Content, url: str) -> None:
    expected = Content(entry.count, entry.bytes, entry.sha256)
    if found != expected:
        raise VerificationError(f"{url} sent {_words(found)}; the list says {_words(expected)}", WRONG)


def _words(content: Content) -> str:
    files = f"{content.count:,} files, " if content.count != 1 else ""
    return f"{files}{content.bytes:,} bytes, sha256 {content.sha256}"


@contextmanager
def _whole(path: Path) -> Iterator[BinaryIO]:
    """A file that takes its place at `path` once all is written and well, and otherwise leaves nothing."""
    part = path.with_name(f".fetch-{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _is_right(entry: File | Pack, path: Path) -> bool:
    if not path.is_file():
        return False
    if isinstance(entry, Pack):
        try:
            return read_pack(path) == Content(entry.count, entry.bytes, entry.sha256)
        except DatagenError:
            return False
    digest, left = hashlib.sha256(), entry.bytes
    try:
        with gzip.open(path) if entry.gzip else path.open("rb") as file:
            while chunk := file.read(min(CHUNK, left + 1)):
                digest.update(chunk)
                left -= len(chunk)
                if left < 0:
                    return False
    except (EOFError, gzip.BadGzipFile, zlib.error):
        return False
    return digest.hexdigest() == entry.sha256
