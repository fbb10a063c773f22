"""Worksheets of XLSX workbooks that nobody vouches for: bounded time and memory, sizes as they are, not as stated."""

import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from datagen.errors import InputError
from datagen.unpack import CHUNK_BYTES, Budget

FREE_TAGS = 200_000
TAGS_PER_BYTE = 4
"""A file's XML may have FREE_TAGS, and so many more for each of its bytes: each costs openpyxl 10 microseconds."""
MAX_STRINGS = 1_000_000
"""Shared by the sheets: openpyxl holds them all."""
MAX_ROW_TAGS = 200_000
MAX_ROW_BYTES = 16 << 20
"""Of one row's XML, or anything else between the beginnings of rows and strings."""
MAX_GAP = 10_000
"""Rows that a sheet may leave out besides ten times those it has: openpyxl makes each of them."""
MAX_SHEETS = 256
_BEGINNING = re.compile(rb"<(?:[\w.-]+:)?(row|si)(?=[\s/>])(?:[^>]{0,99}?\br=[\"'](\d+))?")

Cells = tuple[Any, ...]


def worksheets(data: bytes, name: str | None = None, skip: int = 0, width: int = 0) -> list[Iterator[Cells]]:
    """The rows of a worksheet (the first; that of a name; with `*` of each) after `skip` others, blank ones too: as
    many cells as `width`, or as the first of them has up to its last that holds anything. Empty cells are None,
    formulas the values last saved.

    Raises InputError, here or when rows are read: bad_xlsx, no_sheet, archive_bomb, xlsx_limits.
    """
    import openpyxl

    with _refusals():
        _check(data)
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        if len(book.worksheets) > MAX_SHEETS:
            raise InputError("xlsx_limits", f"over {MAX_SHEETS} sheets")
        sheets = [one for one in book.worksheets if name in ("*", one.title)] if name else book.worksheets[:1]
    if not sheets:
        raise InputError("no_sheet")
    return [_rows(sheet, skip + 1, width) for sheet in sheets]


def _rows(sheet: Any, first: int, width: int) -> Iterator[Cells]:
    with _refusals():
        sheet.reset_dimensions()  # what the file says of its size is not to be believed
        if not width:
            header = next(sheet.iter_rows(min_row=first, max_row=first, values_only=True), ())
            width = max((place for place, cell in enumerate(header, 1) if cell is not None), default=0)
        if width:
            yield from sheet.iter_rows(min_row=first, max_col=width, values_only=True)


@contextmanager
def _refusals() -> Iterator[None]:
    """openpyxl raises whatever a malformed part makes it stumble over."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        raise InputError("bad_xlsx", type(error).__name__) from None


def _check(data: bytes) -> None:
    """Raises InputError for what openpyxl can't read in bounded time and memory. Takes a tenth of its time."""
    budget, tags, strings = Budget(len(data)), 0, 0
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        for part in package.infolist():
            row_tags = row_bytes = rows = last = 0
            with package.open(part) as file:
                while chunk := file.read(CHUNK_BYTES):
                    budget.spend(len(chunk))
                    tags += chunk.count(b"<")
                    place = 0
                    for match in _BEGINNING.finditer(chunk):
                        strings += match[1] == b"si"
                        rows += match[1] == b"row"
                        last = max(last, int(match[2][:12])) if match[2] else last
                        row_tags, row_bytes = row_tags + chunk.count(b"<", place, match.start()), 0
                        _bound(row_tags, row_bytes)
                        place, row_tags = match.start(), 0
                    row_tags += chunk.count(b"<", place)
                    row_bytes += len(chunk) - place
                    _bound(row_tags, row_bytes)
            if last > 10 * rows + MAX_GAP:
                raise InputError("xlsx_limits", f"row {last} of {rows}")
    if tags > FREE_TAGS + TAGS_PER_BYTE * len(data) or strings > MAX_STRINGS:
        raise InputError("xlsx_limits", f"{tags} tags, {strings} shared strings")


def _bound(row_tags: int, row_bytes: int) -> None:
    if row_tags > MAX_ROW_TAGS or row_bytes > MAX_ROW_BYTES:
        raise InputError("xlsx_limits", "a row")
