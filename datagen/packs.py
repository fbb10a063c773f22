"""Packs: many small originals in one `.tar.gz`, with one digest for their content whoever packed them.

The digest is the sha256 of what `sha256sum` would list for the members in byte order of their names, so it outlives
changes of gzip, tar and packing order. Archives are read as streams, member by member: nothing is extracted.
"""

import gzip
import hashlib
import re
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from datagen.archives import leads_out, tar_members
from datagen.errors import DatagenError, InputError
from datagen.unpack import Budget, refusals

CHUNK = 1 << 18


@dataclass(frozen=True)
class Content:
    """What a pack holds: number of members, their bytes, and the digest over names and contents."""

    count: int
    bytes: int
    sha256: str


def content_of(members: Mapping[str, tuple[str, int]]) -> Content:
    """`members` maps a name to its content's sha256 and bytes."""
    listing = "".join(f"{members[name][0]}  {name}\n" for name in sorted(members, key=str.encode))
    return Content(len(members), sum(m[1] for m in members.values()), hashlib.sha256(listing.encode()).hexdigest())


def read_pack(path: Path) -> Content:
    """The content of a pack on disk. Raises DatagenError where it is not one."""
    found = {}
    with path.open("rb") as file:
        for name, chunks in members(file, str(path), lambda name: True):
            digest, size = hashlib.sha256(), 0
            for chunk in chunks:
                digest.update(chunk)
                size += len(chunk)
            found[name] = digest.hexdigest(), size
    return content_of(found)


def members(file: BinaryIO, where: str, wanted: Callable[[str], bool]) -> Iterator[tuple[str, Iterator[bytes]]]:
    """The wanted files in a `.tar.gz`, in its order, in chunks to be read before the next is asked for.

    Raises DatagenError, naming `where`, for any name that leads out of a folder, for wanted links, devices, unsafe and
    repeated names, for expansion out of proportion, too many members, and what is not a whole archive.
    """
    seen, budget = set(), Budget()
    with _refusals(where):
        for member in tar_members("pack.tar.gz", budget.counted(file), budget):
            if leads_out(member.name):
                raise DatagenError(f"{where} holds a member that leads out of its folder: {member.name!r}", _DISTRUST)
            if member.is_folder or not wanted(member.name):
                continue
            if not member.is_file or not is_safe(member.name):
                raise DatagenError(f"{where} holds a link, a device or an unsafe name: {member.name!r}", _DISTRUST)
            if member.name in seen:
                raise DatagenError(f"{where} holds {member.name!r} twice", _DISTRUST)
            seen.add(member.name)
            yield member.name, _chunks(member.open(), where)


def is_safe(name: str) -> bool:
    """Whether a relative path stays in its folder and is one plain line.

    >>> is_safe("notes/a.txt"), is_safe("../a.txt"), is_safe("/etc/passwd")
    (True, False, False)
    """
    odd = re.search(r"[\x00-\x1f\x7f\\\ud800-\udfff]|^[A-Za-z]:", name)  # surrogates: bytes that were no UTF-8
    return not odd and not {"", ".", ".."} & set(name.split("/"))


class Packer:
    """Gathers members, in any order, then writes them as a pack. `limit` is the most bytes that it takes in."""

    def __init__(self, folder: Path, limit: int):
        self._spool = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115
        self._limit, self._size = limit, 0
        self._members: dict[str, tuple[int, int, str]] = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._spool.close()

    @property
    def content(self) -> Content:
        return content_of({name: (digest, size) for name, (_, size, digest) in self._members.items()})

    def add(self, name: str, chunks: Iterable[bytes]) -> None:
        start, digest = self._size, hashlib.sha256()
        for chunk in chunks:
            self._size += len(chunk)
            if self._size > self._limit:
                raise DatagenError(f"the members come to more than the {self._limit:,} bytes expected", _DISTRUST)
            digest.update(chunk)
            self._spool.write(chunk)
        self._members[name] = start, self._size - start, digest.hexdigest()

    def write(self, file: BinaryIO) -> None:
        """Write the pack: members sorted, no times, owners or modes, so that equal content gives equal bytes."""
        with (
            gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed,
            tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
        ):
            for name in sorted(self._members, key=str.encode):
                start, info = self._members[name][0], tarfile.TarInfo(name)
                info.size = self._members[name][1]
                self._spool.seek(start)
                archive.addfile(info, self._spool)


_DISTRUST = "see what the address has become; don't trust it"


def _chunks(member: BinaryIO, where: str) -> Iterator[bytes]:
    with _refusals(where):
        while chunk := member.read(CHUNK):
            yield chunk


@contextmanager
def _refusals(where: str) -> Iterator[None]:
    """Says in an error of the whole download what is wrong with an archive."""
    try:
        with refusals("bad_archive"):
            yield
    except InputError as error:
        raise DatagenError(f"{where} is not a whole, sound .tar.gz archive: {error}", _DISTRUST) from None
