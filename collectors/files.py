"""Finding and opening raw files: folders, globs, archives, compressed files, object stores; all untrusted."""

import bz2
import fnmatch
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from datagen.errors import InputError, UsageError
from datagen.stage import Item
from datagen.store import Store, is_remote

MAX_MEMBERS = 1_000_000
MAX_MEMBER_BYTES = 256 << 20
MAX_RATIO = 200
ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".zip")
COMPRESSED = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}


@dataclass(frozen=True)
class RawFile:
    """One file's bytes: a whole item, or a member of an archive (`position` is then "item!member")."""

    position: str
    name: str
    data: bytes


def find(path: str | list[str], suffixes: tuple[str, ...], exclude: tuple[str, ...] = ()) -> list[Item]:
    """Files under paths, folders and globs, local or remote, whose names (less compression) end in `suffixes`, and archives.

    Names are relative to the folder given, so that moving a source changes nothing. Raises UsageError for a path that
    does not exist or holds no such file.
    """
    items: dict[str, Item] = {}
    for root in [path] if isinstance(path, str) else path:
        found = list(_find_remote(root) if is_remote(root) else _find_local(root))
        kept = [item for item in found if _wanted(item.name, suffixes, exclude)]
        if not kept:
            what = ", ".join(suffixes)
            raise UsageError(
                f"{root}: " + (f"no {what} file among {len(found)} files" if found else "no such file or folder")
            )
        for item in kept:
            name = item.name
            if name in items and items[name].url != item.url:
                name = item.url  # two roots hold a file of the same relative name
            items[name] = Item(name, item.url, item.bytes)
    return sorted(items.values(), key=lambda item: item.name)


def _find_local(root: str) -> Iterator[Item]:
    path = Path(root)
    if path.is_dir():
        base, files = (
            path,
            (f for f in path.rglob("*") if not any(p.startswith(".") for p in f.relative_to(path).parts)),
        )
    elif path.exists():
        base, files = path.parent, iter([path])
    else:
        base = Path(*_before_glob(path.parts))
        files = base.glob(str(path.relative_to(base))) if base != path and base.is_dir() else iter(())
    for file in files:
        if file.is_file():
            yield Item(file.relative_to(base).as_posix(), str(file), file.stat().st_size)


def _find_remote(root: str) -> Iterator[Item]:
    folder, _, pattern = root.rpartition("/")
    is_glob = any(c in pattern for c in "*?[")
    store = Store(folder if is_glob else root)
    for name, size in store.files(""):
        if not is_glob or fnmatch.fnmatch(name, pattern):
            yield Item(name, store.join(name), size)
    if not is_glob and (size := Store(folder).size(pattern)) is not None:
        yield Item(pattern, root, size)


def _before_glob(parts: tuple[str, ...]) -> list[str]:
    before = []
    for part in parts:
        if any(c in part for c in "*?["):
            break
        before.append(part)
    return before


def _wanted(name: str, suffixes: tuple[str, ...], exclude: tuple[str, ...]) -> bool:
    if any(fnmatch.fnmatch(name, pattern) for pattern in exclude):
        return False
    name = name.lower()
    if name.endswith(ARCHIVES):
        return True
    stem = next((name.removesuffix(c) for c in COMPRESSED if name.endswith(c)), name)
    return stem.endswith(suffixes)


def open_item(
    item: Item, suffixes: tuple[str, ...], exclude: tuple[str, ...] = ()
) -> Iterator[RawFile | tuple[str, InputError]]:
    """The files in an item: itself, or the members of an archive with wanted suffixes, one at a time.

    What can't be read is yielded as (position, InputError): archive_bomb, archive_link, too_large, bad_archive, ...
    """
    folder, _, leaf = item.url.rpartition("/")
    with Store(folder).open(leaf) as file:
        name = item.name.lower()
        try:
            if name.endswith(".zip"):
                yield from _zip_members(item, file, suffixes, exclude)
            elif name.endswith(ARCHIVES):
                yield from _tar_members(item, file, suffixes, exclude)
            else:
                opener = next((o for c, o in COMPRESSED.items() if name.endswith(c)), None)
                stream = opener(file) if opener else file
                yield RawFile(item.name, leaf, _read_capped(stream, item.bytes if opener else None))
        except InputError as error:
            yield item.name, error
        except (OSError, EOFError, tarfile.TarError, zipfile.BadZipFile, lzma.LZMAError, ValueError) as error:
            yield (
                item.name,
                InputError("bad_archive" if name.endswith(ARCHIVES) else "unreadable", type(error).__name__),
            )


def _tar_members(item: Item, file: BinaryIO, suffixes, exclude) -> Iterator[RawFile | tuple[str, InputError]]:
    budget = _Budget(item.bytes)
    with tarfile.open(fileobj=file, mode="r|*") as archive:
        for member in archive:
            budget.count()
            position = f"{item.name}!{member.name}"
            if member.isdir() or not _wanted(member.name, suffixes, exclude):
                continue
            if not member.isreg():
                yield position, InputError("archive_link")
            elif member.size > MAX_MEMBER_BYTES:
                yield position, InputError("too_large", f"{member.size} bytes")
            else:
                budget.spend(member.size)
                yield RawFile(position, member.name, archive.extractfile(member).read())


def _zip_members(item: Item, file: BinaryIO, suffixes, exclude) -> Iterator[RawFile | tuple[str, InputError]]:
    budget = _Budget(item.bytes)
    if not hasattr(file, "seekable") or not file.seekable():
        file = io.BytesIO(file.read())
    with zipfile.ZipFile(file) as archive:
        for member in sorted(archive.infolist(), key=lambda m: m.filename):
            budget.count()
            position = f"{item.name}!{member.filename}"
            if member.is_dir() or not _wanted(member.filename, suffixes, exclude):
                continue
            if member.file_size > MAX_MEMBER_BYTES:
                yield position, InputError("too_large", f"{member.file_size} bytes")
                continue
            budget.spend(member.file_size)
            with archive.open(member) as stream:
                yield RawFile(position, member.filename, _read_capped(stream, None))


class _Budget:
    """Stops an archive that holds too many members, or expands out of proportion."""

    def __init__(self, packed: int):
        self._limit = max(packed * MAX_RATIO, 64 << 20)
        self._members = self._bytes = 0

    def count(self) -> None:
        self._members += 1
        if self._members > MAX_MEMBERS:
            raise InputError("archive_bomb", f"over {MAX_MEMBERS} members")

    def spend(self, size: int) -> None:
        self._bytes += size
        if self._bytes > self._limit:
            raise InputError("archive_bomb", f"expands over {MAX_RATIO} times")


def _read_capped(stream: BinaryIO, packed: int | None) -> bytes:
    """All bytes of a stream, up to the limits; `packed` is its compressed size."""
    limit = MAX_MEMBER_BYTES if packed is None else min(MAX_MEMBER_BYTES, max(packed * MAX_RATIO, 64 << 20))
    data = bytes(stream.read(limit + 1))
    if len(data) > limit:
        raise InputError("too_large" if packed is None else "archive_bomb", f"over {limit} bytes")
    return data
