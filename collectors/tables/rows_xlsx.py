"""Rows of XLSX workbooks."""

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

from collectors.tables.rows import MAX_COLUMNS, NoColumn, Row, named_columns, plain, require
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


def xlsx_rows(
    data: bytes, columns: set[str], sheet: str | None = None, names: tuple[str, ...] = (), skip: int = 0
) -> Iterator[Row | InputError]:
    """Rows of a worksheet (the first; that of a name; with `*` all, one after the other), by the names in its first
    row after `skip` others, or by those given where that is no header. Formulas count as the values last saved.

    Raises NoColumn, InputError: bad_xlsx, no_sheet, archive_bomb, xlsx_limits.
    """
    import openpyxl

    try:
        _check(data)
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        if len(book.worksheets) > MAX_SHEETS:
            raise InputError("xlsx_limits", f"over {MAX_SHEETS} sheets")
        sheets = [one for one in book.worksheets if sheet in ("*", one.title)] if sheet else book.worksheets[:1]
        if not sheets:
            raise InputError("no_sheet")
        for one in sheets:
            yield from _sheet_rows(one, columns, names, skip + 1)
    except (InputError, NoColumn):
        raise
    except Exception as error:  # openpyxl raises whatever a malformed part makes it stumble over
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


def _sheet_rows(sheet: Any, columns: set[str], names: tuple[str, ...], first: int) -> Iterator[Row]:
    sheet.reset_dimensions()  # what the file says of its size is not to be believed
    header = named_columns(list(names), "bad_xlsx")
    if not header:
        cells = next(sheet.iter_rows(min_row=first, max_row=first, max_col=MAX_COLUMNS, values_only=True), ())
        header = named_columns(list(cells), "bad_xlsx")
        first += 1
    require(columns, header)
    for line in sheet.iter_rows(min_row=first, max_col=len(header), values_only=True) if header else ():
        if any(cell is not None for cell in line):
            yield {name: plain(cell) for name, cell in zip(header, line, strict=False) if name}
