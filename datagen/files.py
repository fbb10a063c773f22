"""Finding raw files: files, folders, globs and archives, local or in an object store."""

import fnmatch
from collections.abc import Iterator
from pathlib import Path

from datagen.archives import ARCHIVES, RawFile, archive_members, printable, stem, unpacked
from datagen.errors import InputError, UsageError
from datagen.stage import Item
from datagen.store import Store, is_remote


def find(path: str | list[str], suffixes: tuple[str, ...], exclude: tuple[str, ...] = ()) -> list[Item]:
    """Files under paths, folders and globs whose names (less compression) end in `suffixes`, and archives.

    Names are relative to the folder given, so that moving a source changes nothing; what in them is not printable is
    escaped. Raises UsageError for a path that does not exist or holds no such file.
    """
    items: dict[str, Item] = {}
    for root in [path] if isinstance(path, str) else path:
        found = list(_find_remote(root) if is_remote(root) else _find_local(root))
        kept = [item for item in found if _wanted(item.name, suffixes, exclude)]
        if not kept:
            raise UsageError(f"{root}: {_why_none(found, suffixes, exclude)}")
        for item in kept:
            name = printable(item.name)
            if name in items and items[name].url != item.url:
                name = printable(item.url)  # two roots hold a file of the same relative name
            items[name] = Item(name, item.url, item.bytes)
    return sorted(items.values(), key=lambda item: item.name)


def _why_none(found: list[Item], suffixes: tuple[str, ...], exclude: tuple[str, ...]) -> str:
    """Why none of the files found is wanted."""
    if not found:
        return "no such file or folder"
    if excluded := sum(_wanted(item.name, suffixes, ()) for item in found):
        return f"`exclude` leaves out all {excluded} of its files"
    return f"no {', '.join(suffixes)} file among {len(found)} files"


def open_item(
    item: Item, suffixes: tuple[str, ...], exclude: tuple[str, ...] = ()
) -> Iterator[RawFile | tuple[str, InputError]]:
    """The files in an item, unpacked: itself, or the members of an archive with wanted suffixes, one at a time.

    What can't be read is yielded as (position, InputError); an archive without a wanted member is `nothing_inside`.
    """
    folder, _, leaf = item.url.rpartition("/")
    with Store(folder).open(leaf) as file:
        if not item.name.lower().endswith(ARCHIVES):
            yield unpacked(item.name, printable(leaf), file, item.bytes)
            return
        empty = True
        try:
            for member in archive_members(item.name, file, item.bytes, lambda n: _wanted(n, suffixes, exclude)):
                empty = False
                yield member
            if empty:
                raise InputError("nothing_inside", f"no {', '.join(suffixes)}")
        except InputError as error:
            yield item.name, error


def _wanted(name: str, suffixes: tuple[str, ...], exclude: tuple[str, ...]) -> bool:
    if any(fnmatch.fnmatch(name, pattern) for pattern in exclude):
        return False
    name = name.lower()
    return name.endswith(ARCHIVES) or stem(name).endswith(suffixes)


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
