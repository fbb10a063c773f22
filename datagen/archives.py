"""Files and archives that nobody vouches for: read member by member, never extracted to disk, within limits.

Every refusal is an InputError: too_large, bad_compression, truncated, archive_bomb, bad_archive, and for one member
archive_link, unsafe_name, repeated_name, nested_archive, encrypted, bad_member.
"""

import hashlib
import io
import tarfile
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import BinaryIO

from datagen.errors import InputError
from datagen.unpack import CHUNK_BYTES, DECOMPRESSORS, Budget, guarded, refusals

MAX_BYTES = 256 << 20
"""Of one file or member that is read whole, unpacked."""
MAX_NAME = 1000
"""Characters: a name goes into the ledger with every record."""
MAX_HEADER_BYTES = 16 << 10
"""Of a tar member's extended header: `tarfile` reads it whole, and before Python 3.11.10 in quadratic time."""
MAX_DIRECTORY_BYTES = 24 << 20
"""Of a zip archive's directory, about 300,000 members: `zipfile` reads it whole, into 13 times the memory."""

_SHORT = {".tgz": ".tar.gz", ".tbz2": ".tar.bz2", ".txz": ".tar.xz"}
ARCHIVES = (".zip", ".tar", *(f".tar{suffix}" for suffix in DECOMPRESSORS), *_SHORT)


class RawFile:
    """One file, unpacked: a whole item, or a member of an archive (`position` is then "item!member").

    `name` has no compression suffix any more. A file is read once, before the next one is asked for: whole, as `data`,
    or as a `stream` of any length, which is seekable where the file is neither compressed nor a member. Reading raises
    InputError.
    """

    def __init__(self, position: str, name: str, stream: BinaryIO):
        self.position, self.name, self.stream = position, name, stream

    @classmethod
    def of(cls, position: str, name: str, data: bytes) -> "RawFile":
        """A file that is in memory already."""
        return cls(position, name, io.BytesIO(data))

    @cached_property
    def data(self) -> bytes:
        """All of it. Raises InputError(too_large) for more than MAX_BYTES."""
        data = io.BytesIO()  # unlike a bytearray, it becomes bytes without a copy
        while chunk := self.stream.read(CHUNK_BYTES):
            data.write(chunk)
            if data.tell() > MAX_BYTES:
                raise InputError("too_large", f"over {MAX_BYTES} bytes")
        return data.getvalue()


def stem(name: str) -> str:
    """A file's name less its compression suffix."""
    return next((name[: -len(suffix)] for suffix in DECOMPRESSORS if name.lower().endswith(suffix)), name)


def printable(name: str) -> str:
    r"""A name as one plain line of Unicode: what is not printable, or no UTF-8, is escaped.

    >>> printable("a\x1b[2J\udcff.xml")
    'a\\x1b[2J\\udcff.xml'
    """
    if name.isprintable():
        return name
    return "".join(
        c if c.isprintable() or unicodedata.category(c) == "Zs" else c.encode("unicode_escape").decode() for c in name
    )


def unpacked(position: str, name: str, file: BinaryIO, size: int) -> RawFile:
    """A file of `size` bytes, decompressed by its suffix while it is read."""
    return _unpacked(position, name, file, Budget(size))


def _unpacked(position: str, name: str, stream: BinaryIO, budget: Budget) -> RawFile:
    plain = stem(name)
    if plain != name:
        stream = guarded(_decompressor(name)(stream), "bad_compression", budget)
    return RawFile(position, plain, stream)


def archive_members(
    name: str, file: BinaryIO, size: int, wanted: Callable[[str], bool]
) -> Iterator[RawFile | tuple[str, InputError]]:
    """Wanted members of a zip or tar archive of `size` bytes, in a fixed order; bad ones as (position, InputError).

    Raises InputError where nothing more can be read.
    """
    budget, seen = Budget(size), set()
    is_zip = name.lower().endswith(".zip")
    with refusals("bad_archive"):
        for member in _zip_members(file, budget) if is_zip else tar_members(name, file, budget):
            if member.is_folder or _is_litter(member.name) or not wanted(member.name):
                continue
            position = f"{name}!{printable(member.name)}"
            if len(member.name) > MAX_NAME:
                yield f"{position[:MAX_NAME]}@{member.number}", InputError("unsafe_name")
                continue
            key = hashlib.blake2b(member.name.encode("utf-8", "surrogateescape"), digest_size=16).digest()
            if key in seen:
                yield f"{position}@{member.number}", InputError("repeated_name")
                continue
            seen.add(key)
            try:
                yield _member_file(position, member, budget)
            except InputError as error:
                yield position, error


@dataclass(frozen=True)
class Member:
    """One entry of an archive: the `number`th, `is_file` for a plain one (no link, device or sparse file). What `open`
    gives is to be read before the next member is asked for."""

    number: int
    name: str
    is_folder: bool
    is_file: bool
    open: Callable[[], BinaryIO]


def _member_file(position: str, member: Member, budget: Budget) -> RawFile:
    if leads_out(member.name):
        raise InputError("unsafe_name")
    if not member.is_file:
        raise InputError("archive_link")
    if member.name.lower().endswith(ARCHIVES):
        raise InputError("nested_archive")
    with refusals("bad_member"):
        stream = member.open()
    return _unpacked(position, printable(member.name), stream, budget)


def leads_out(name: str) -> bool:
    """Whether a member's name, used as a path, would lead out of a folder."""
    return name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/")


def _zip_members(file: BinaryIO, budget: Budget) -> Iterator[Member]:
    with zipfile.ZipFile(_ShortReads(file)) as archive:
        by_place = sorted(archive.infolist(), key=lambda info: info.header_offset)
        if any(one.header_offset + one.compress_size > other.header_offset for one, other in pairwise(by_place)):
            raise InputError("archive_bomb", "overlapping members")
        for number, info in enumerate(sorted(by_place, key=lambda info: info.filename), 1):
            budget.count()
            is_file = (info.external_attr >> 16) & 0o170000 in (0, 0o100000)
            yield Member(number, info.filename, info.is_dir(), is_file, lambda i=info: _zip_open(archive, i, budget))


def _zip_open(archive: zipfile.ZipFile, info: zipfile.ZipInfo, budget: Budget) -> BinaryIO:
    if info.flag_bits & 1:
        raise InputError("encrypted")
    if info.compress_type == zipfile.ZIP_LZMA:  # its memory is what the member says
        raise InputError("bad_member", "LZMA")
    return guarded(_Whole(archive.open(info), info.file_size), "bad_member", budget)


class _Whole:
    """A zip member, which `zipfile` checks only if it is as long as it says."""

    def __init__(self, member: BinaryIO, size: int):
        self._member, self._left = member, size

    def read(self, size: int) -> bytes:
        data = self._member.read(size)
        self._left -= len(data)
        if not data and self._left > 0:
            raise EOFError
        return data


class _ShortReads:
    """A zip archive as `zipfile` reads it, unless its directory is too large: all else is read in small pieces."""

    def __init__(self, file: BinaryIO):
        self._file, self.seek, self.tell = file, file.seek, file.tell

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if size > MAX_DIRECTORY_BYTES:
            raise InputError("archive_bomb", f"a directory of {size} bytes")
        return self._file.read(size)


def tar_members(name: str, file: BinaryIO, budget: Budget) -> Iterator[Member]:
    """Members of a tar archive, compressed as its name says, in its order. Raises InputError, and what `refusals`
    turns into one."""
    stream = guarded(_decompressor(name)(file), "bad_archive", budget)
    with tarfile.open(fileobj=stream, mode="r|", tarinfo=_StrictInfo) as archive:
        for number, info in enumerate(archive, 1):
            budget.count()
            is_file = info.isreg() and not info.issparse()
            yield Member(
                number, info.name, info.isdir(), is_file, lambda i=info: guarded(archive.extractfile(i), "bad_member")
            )
            # It keeps every header it has read, global ones too, and a stream is never read twice.
            archive.members.clear()
            archive.pax_headers.clear()


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
            raise InputError("archive_bomb", "oversized header")
        return info


def _decompressor(name: str) -> Callable[[BinaryIO], BinaryIO]:
    name = name.lower()
    name = next((name.removesuffix(short) + long for short, long in _SHORT.items() if name.endswith(short)), name)
    return next((opener for suffix, opener in DECOMPRESSORS.items() if name.endswith(suffix)), lambda file: file)


def _is_litter(name: str) -> bool:
    """Hidden files and what macOS adds to archives."""
    parts = name.replace("\\", "/").split("/")
    return any(part == "__MACOSX" or (part.startswith(".") and part not in (".", "..")) for part in parts)
