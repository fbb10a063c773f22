"""Rows of published files: JSONL, JSON, CSV, TSV and XLSX, compressed or in archives, as dictionaries."""

import io
import json
from collections.abc import Iterator
from typing import Any

from datagen.archives import RawFile
from datagen.delimited import cells
from datagen.errors import InputError
from datagen.xlsx import Cells, worksheets

SUFFIXES = (".jsonl", ".json", ".csv", ".tsv", ".xlsx")


def rows(file: RawFile, columns: tuple[str, ...] | None = None) -> Iterator[dict[str, Any]]:
    """The rows of a file by the kind that its name says. `columns` names those of a CSV file that has no header.

    A JSON file may hold a list of rows, rows by identifier (which becomes `_id`), columns of rows by identifier (as
    pandas writes them), or, like JSONL, one row a line. Raises InputError(bad_file, bad_csv, bad_xlsx, ...) with
    the place, never with content.
    """
    if file.name.endswith(".xlsx"):
        yield from _sheet(file.data)
        return
    text = text_of(file)
    if file.name.endswith(".jsonl"):
        yield from _json_lines(text)
    elif file.name.endswith(".json"):
        yield from _json_rows(text)
    else:
        yield from _delimited(text, "\t" if file.name.endswith(".tsv") else ",", columns)


def text_of(file: RawFile) -> str:
    """A file's text, UTF-8 with or without a byte order mark. Raises InputError(bad_encoding)."""
    try:
        return file.data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError("bad_encoding", f"not UTF-8 at byte {error.start}") from None


def _json_rows(text: str) -> Iterator[dict[str, Any]]:
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        yield from _json_lines(text)
        return
    if isinstance(whole, dict) and whole and all(isinstance(value, dict) for value in whole.values()):
        whole = _by_column(whole) if "question" in whole else [{"_id": key, **row} for key, row in whole.items()]
    for number, row in enumerate(whole if isinstance(whole, list) else [whole], 1):
        if not isinstance(row, dict | list):
            raise InputError("bad_file", f"entry {number} is neither an object nor a list")
        yield row if isinstance(row, dict) else dict(enumerate(row))


def _json_lines(text: str) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):  # ValueError: a number of thousands of digits, too
                raise InputError("bad_file", f"line {number} is not JSON") from None
            if not isinstance(row, dict):
                raise InputError("bad_file", f"line {number} is not an object")
            yield row


def _by_column(columns: dict[str, dict]) -> list[dict[str, Any]]:
    return [{"_id": key, **{name: values.get(key) for name, values in columns.items()}} for key in columns["question"]]


def _delimited(text: str, delimiter: str, columns: tuple[str, ...] | None) -> Iterator[dict[str, Any]]:
    for number, row in enumerate(cells(io.StringIO(text, newline=""), delimiter), 1):
        if columns is None:
            columns = tuple(row)
        elif row:
            if len(row) < len(columns):
                raise InputError("bad_file", f"row {number} has {len(row)} of {len(columns)} columns")
            yield dict(zip(columns, row, strict=False))


def _sheet(data: bytes) -> Iterator[dict[str, Any]]:
    (lines,) = worksheets(data)
    columns = _told(next(lines, ()))
    for line in lines:
        if any(cell is not None for cell in line):
            yield dict(zip(columns, _told(line), strict=True))


def _told(line: Cells) -> list[str]:
    return ["" if cell is None else str(cell) for cell in line]
