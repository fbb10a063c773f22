"""Unpacking files and archives that nobody vouches for: read member by member, never extracted to disk, within limits.

Every refusal is an InputError: too_large, bad_compression, truncated, archive_bomb, bad_archive, and for one member
archive_link, unsafe_name, nested_archive, encrypted, bad_member.
"""

import bz2
import errno
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

import pyarrow as pa

from datagen.errors import InputError

MAX_BYTES = 256 << 20
"""Of one file or member, unpacked: it is held in memory."""
MAX_RATIO = 200
FREE_BYTES = 64 << 20
"""Expansion up to this size is never called out of proportion."""
CHUNK_BYTES = 1 << 20
MAX_MEMBERS = 1_000_000
MAX_HEADER_BYTES = 16 << 10
"""Of a tar member's extended header: `tarfile` reads it whole, and before Python 3.11.10 in quadratic time."""

COMPRESSED: dict[str, Callable[[BinaryIO], BinaryIO]] = {
    ".gz": lambda file: gzip.GzipFile(fileobj=file),
    ".bz2": bz2.BZ2File,
    ".xz": lzma.LZMAFile,
    ".zst": lambda file: pa.CompressedInputStream(pa.PythonFile(file, mode="r"), "zstd"),
}
_SHORT = {".tgz": ".tar.gz", ".tbz2": ".tar.bz2", ".txz": ".tar.xz"}
ARCHIVES = (".zip", ".tar", *(f".tar{suffix}" for suffix in COMPRESSED), *_SHORT)


@dataclass(frozen=True)
class RawFile:
    """One file's bytes, unpacked: a whole item, or a member of an archive (`position` is then "item!member").

    `name` has no compression suffix any more.
    """

    position: str
    name: str
    data: bytes


def stem(name: str) -> str:
    """A file's name less its compression suffix."""
    return next((name[: -len(suffix)] for suffix in COMPRESSED if name.lower().endswith(suffix)), name)


def unpacked(position: str, name: str, file: BinaryIO) -> RawFile:
    """A file read whole, decompressed by its suffix. Raises InputError."""
    data = _read(file, MAX_BYTES, "too_large")
    plain = stem(name)
    if plain != name:
        limit = min(MAX_BYTES, max(len(data) * MAX_RATIO, FREE_BYTES))
        with _refusals("bad_compression"):
            data = _read(_decompressor(name)(io.BytesIO(data)), limit, "archive_bomb")
    return RawFile(position, plain, data)


def archive_members(
    name: str, file: BinaryIO, size: int, wanted: Callable[[str], bool]
) -> Iterator[RawFile | tuple[str, InputError]]:
    """Wanted members of a zip or tar archive of `size` bytes, in a fixed order; bad ones as (position, InputError).

    Raises InputError where nothing more can be read.
    """
    budget = _Budget(max(size * MAX_RATIO, FREE_BYTES))
    with _refusals("bad_archive"):
        members = _zip_members(file, budget) if name.lower().endswith(".zip") else _tar_members(name, file, budget)
        for member in members:
            budget.count()
            position = f"{name}!{member.name.encode('utf-8', 'backslashreplace').decode()}"
            if member.is_folder or _is_litter(member.name) or not wanted(member.name):
                continue
            try:
                raw = _member_file(position, member)
                if raw.name != member.name:
                    budget.spend(len(raw.data))
                yield raw
            except InputError as error:
                if error.reason in ("archive_bomb", "truncated"):
                    raise
                yield position, error


@dataclass(frozen=True)
class _Member:
    name: str
    size: int
    is_folder: bool
    is_file: bool
    open: Callable[[], BinaryIO]


def _member_file(position: str, member: _Member) -> RawFile:
    if member.name.startswith(("/", "\\")) or ".." in member.name.replace("\\", "/").split("/"):
        raise InputError("unsafe_name")
    if not member.is_file:
        raise InputError("archive_link")
    if member.name.lower().endswith(ARCHIVES):
        raise InputError("nested_archive")
    if member.size > MAX_BYTES:
        raise InputError("too_large", f"{member.size} bytes")
    with _refusals("bad_member"), member.open() as stream:
        return unpacked(position, member.name, stream)


def _zip_members(file: BinaryIO, budget: "_Budget") -> Iterator[_Member]:
    with zipfile.ZipFile(file) as archive:
        for info in sorted(archive.infolist(), key=lambda info: (info.filename, info.header_offset)):
            mode = info.external_attr >> 16
            is_file = mode & 0o170000 in (0, 0o100000)
            yield _Member(
                info.filename, info.file_size, info.is_dir(), is_file, lambda i=info: _zip_open(archive, i, budget)
            )


def _zip_open(archive: zipfile.ZipFile, info: zipfile.ZipInfo, budget: "_Budget") -> BinaryIO:
    if info.flag_bits & 1:
        raise InputError("encrypted")
    return _Metered(archive.open(info), budget)


def _tar_members(name: str, file: BinaryIO, budget: "_Budget") -> Iterator[_Member]:
    stream = _Metered(_decompressor(name)(file), budget)
    with tarfile.open(fileobj=stream, mode="r|", tarinfo=_StrictInfo) as archive:
        for info in archive:
            yield _Member(info.name, info.size, info.isdir(), info.isreg(), lambda i=info: archive.extractfile(i))
            archive.members.clear()  # it keeps every header it has read, and a stream is never read twice


class _StrictInfo(tarfile.TarInfo):
    """Tar headers that are refused where `tarfile` would end the archive silently, or read gigabytes."""

    @classmethod
    def frombuf(cls, buf, encoding, errors):
        try:
            info = super().frombuf(buf, encoding, errors)
        except tarfile.EOFHeaderError:
            raise
        except tarfile.HeaderError:
            raise InputError("truncated" if len(buf) < tarfile.BLOCKSIZE else "bad_archive") from None
        extended = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)
        if info.size < 0 or (info.size > MAX_HEADER_BYTES and info.type in (*extended, tarfile.SOLARIS_XHDTYPE)):
            raise InputError("archive_bomb", "extended header")
        return info


class _Metered(io.RawIOBase):
    """A stream whose bytes are charged to an archive's budget."""

    def __init__(self, stream: BinaryIO, budget: "_Budget"):
        self._stream, self._budget = stream, budget

    def read(self, size: int = -1) -> bytes:
        data = bytes(self._stream.read(size))
        self._budget.spend(len(data))
        return data


class _Budget:
    """Stops an archive that holds too many members, or expands out of proportion."""

    def __init__(self, limit: int):
        self._limit = limit
        self._members = self._bytes = 0

    def count(self) -> None:
        self._members += 1
        if self._members > MAX_MEMBERS:
            raise InputError("archive_bomb", f"over {MAX_MEMBERS} members")

    def spend(self, size: int) -> None:
        self._bytes += size
        if self._bytes > self._limit:
            raise InputError("archive_bomb", f"expands to over {self._limit} bytes")


def _decompressor(name: str) -> Callable[[BinaryIO], BinaryIO]:
    name = name.lower()
    name = next((name.removesuffix(short) + long for short, long in _SHORT.items() if name.endswith(short)), name)
    return next((opener for suffix, opener in COMPRESSED.items() if name.endswith(suffix)), lambda file: file)


def _read(stream: BinaryIO, limit: int, reason: str) -> bytes:
    data = bytearray()
    while chunk := stream.read(CHUNK_BYTES):
        data += chunk
        if len(data) > limit:
            raise InputError(reason, f"over {limit} bytes")
    return bytes(data)


def _is_litter(name: str) -> bool:
    """Hidden files and what macOS adds to archives."""
    parts = name.replace("\\", "/").split("/")
    return any(part == "__MACOSX" or (part.startswith(".") and part not in (".", "..")) for part in parts)


@contextmanager
def _refusals(reason: str) -> Iterator[None]:
    """Turns what decompressors and archive readers raise into InputErrors. Errors of the storage itself, which carry an
    errno, pass: another attempt may succeed."""
    try:
        yield
    except EOFError:
        raise InputError("truncated") from None
    except tarfile.ReadError as error:
        raise InputError("truncated" if "end of data" in str(error) else reason) from None
    except OSError as error:
        if error.errno not in (None, errno.EINVAL):  # EINVAL: a seek to where the archive says, before its beginning
            raise
        raise InputError(reason, type(error).__name__) from None
    except (
        tarfile.TarError,
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        struct.error,
        ValueError,
        OverflowError,
        NotImplementedError,
        RuntimeError,
        IndexError,
    ) as error:
        raise InputError(reason, type(error).__name__) from None
