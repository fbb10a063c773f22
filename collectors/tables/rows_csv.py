"""Rows of delimited text (RFC 4180, and other delimiters than commas)."""

import csv
from collections.abc import Iterator

from collectors.tables.rows import Row, named_columns, require
from collectors.tables.rows_text import Lines
from datagen.errors import InputError

MAX_ROW = 16 << 20
"""Characters: a quote that is never closed would take in all the rest."""
DELIMITERS = (",", "\t", ";", "|")


def csv_rows(lines: Lines, columns: set[str], names: tuple[str, ...] = ()) -> Iterator[Row | InputError]:
    """Rows by the names in the header, or by those given where there is none; the delimiter is the one that the first
    line has most of. Bad rows are bad_csv, too_large, or bad_row (another number of cells). Raises NoColumn, and
    InputError: bad_csv (no header)."""
    source = _Source(lines)
    first = source.peek()
    csv.field_size_limit(MAX_ROW)
    reader = csv.reader(source, delimiter=max(DELIMITERS, key=first.count), strict=True)
    header = named_columns(list(names), "bad_csv")
    if header:
        require(columns, header)
    while True:
        source.taken = 0
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (csv.Error, InputError) as error:
            refusal = error if isinstance(error, InputError) else InputError("bad_csv")
            if not header:
                raise InputError("bad_csv", "no header") from None
            yield refusal
            continue
        if not header:
            header = named_columns(cells, "bad_csv")
            require(columns, header)
        elif any(cells):
            yield dict(zip(header, cells, strict=True)) if len(cells) == len(header) else InputError("bad_row")


class _Source:
    """Lines for `csv.reader`, which begins a new row after an error."""

    def __init__(self, lines: Lines):
        self._lines = _split_at_returns(lines)
        self._first: str | InputError | None = None
        self.taken = 0
        """Characters of the row that is being read."""

    def peek(self) -> str:
        self._first = next(self._lines, None)
        return self._first if isinstance(self._first, str) else ""

    def __iter__(self) -> "_Source":
        return self

    def __next__(self) -> str:
        line, self._first = self._first if self._first is not None else next(self._lines), None
        if isinstance(line, InputError):
            raise line
        self.taken += len(line)
        if self.taken > MAX_ROW:
            raise InputError("too_large", "a row")
        return line + "\n"


def _split_at_returns(lines: Lines) -> Iterator[str | InputError]:
    """Lines that end as they did on old Macs, too."""
    for line in lines:
        if isinstance(line, str) and "\r" in line:
            yield from line.split("\r")
        else:
            yield line
