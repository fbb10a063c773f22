"""Cells of delimited text (RFC 4180, and other delimiters than commas)."""

import csv
from collections.abc import Iterable, Iterator

from datagen.errors import InputError

MAX_CELL = 16 << 20
csv.field_size_limit(MAX_CELL)  # the process has one limit: set here, where all our readers come by, and nowhere else


def cells(lines: Iterable[str], delimiter: str, strict: bool = False) -> Iterator[list[str]]:
    """The cells of each row, [] for a blank line. `strict` refuses quotes in odd places. Raises InputError(bad_csv)."""
    reader = csv.reader(lines, delimiter=delimiter, strict=strict)
    try:
        yield from reader
    except csv.Error:
        raise InputError("bad_csv", f"line {reader.line_num}") from None
