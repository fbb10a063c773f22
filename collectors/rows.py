"""Rows of table files as dicts: JSONL, JSON, CSV, TSV, XLSX and Parquet, none of them trusted."""

import csv
import io
import json
import math
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from collectors.encoding import decode
from datagen.archives import FREE_BYTES, MAX_RATIO, RawFile
from datagen.errors import InputError

MAX_CELL = 64 << 20
MAX_COLUMNS = 1000
PARQUET_BATCH = 256
DELIMITERS = (",", "\t", ";", "|")

Row = dict[str, Any]


def read_rows(file: RawFile, columns: set[str], encoding: str | None = None) -> Iterator[Row | InputError]:
    """Rows of a file, by the suffix of its name. A format with a header raises NoColumn where it lacks one of `columns`
    (`a.b` needs a column of that name, or `a`).

    Bad rows are yielded as InputError; what makes the rest unreadable is raised: bad_encoding, bad_json, bad_csv,
    bad_xlsx, bad_parquet, parquet_type, archive_bomb.
    """
    suffix = "." + file.name.lower().rpartition(".")[2]
    return READERS[suffix](file.data, columns, encoding)


class NoColumn(Exception):
    """Columns that were asked for aren't there; `found` are those that are."""

    def __init__(self, missing: list[str], found: list[str]):
        super().__init__(", ".join(missing))
        self.missing, self.found = missing, found


def _require(columns: set[str], header: list[str]) -> set[str]:
    """The columns of the header that are needed."""
    needed = {name: name if name in header else name.split(".")[0] for name in columns}
    if missing := sorted(name for name, top in needed.items() if top not in header):
        raise NoColumn(missing, header)
    return set(needed.values())


def _parse(text: str) -> Any:
    """JSON, its NaN and Infinity read as null. Raises ValueError."""
    try:
        return json.loads(text, parse_constant=lambda _: None)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _json_lines(data: bytes, columns: set[str], encoding: str | None) -> Iterator[Row | InputError]:
    for line in decode(data, encoding).split("\n"):
        if not line.strip():
            continue
        try:
            row = _parse(line)
        except ValueError:
            yield InputError("bad_json")
            continue
        yield row if isinstance(row, dict) else InputError("bad_row")


def _json(data: bytes, columns: set[str], encoding: str | None) -> Iterator[Row | InputError]:
    """A list of objects; or an object with one such list in it; or an object of objects, whose keys become `key`; or
    one object a line."""
    text = decode(data, encoding)
    try:
        root = _parse(text)
    except ValueError:
        if not _is_lines(text):
            raise InputError("bad_json") from None
        yield from _json_lines(data, columns, encoding)
        return
    if isinstance(root, dict):
        lists = [value for value in root.values() if isinstance(value, list) and value and isinstance(value[0], dict)]
        if len(lists) == 1:
            root = lists[0]
        elif root and all(isinstance(value, dict) for value in root.values()):
            root = [{"key": key, **value} for key, value in root.items()]
        else:
            root = [root]
    if not isinstance(root, list):
        raise InputError("bad_json", "neither a list nor an object")
    for row in root:
        yield row if isinstance(row, dict) else InputError("bad_row")


def _is_lines(text: str) -> bool:
    try:
        return isinstance(_parse(text.lstrip().partition("\n")[0]), dict)
    except ValueError:
        return False


def _csv(data: bytes, columns: set[str], encoding: str | None) -> Iterator[Row | InputError]:
    """Delimited text with a header; the delimiter is the one that the header line has most of."""
    text = decode(data, encoding)
    first = text[: text.find("\n")] if "\n" in text else text
    csv.field_size_limit(MAX_CELL)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=max(DELIMITERS, key=first.count), strict=True)
    header: list[str] | None = None
    while True:
        try:
            cells = next(lines)
        except StopIteration:
            return
        except csv.Error:
            if header is None:
                raise InputError("bad_csv", "no header") from None
            yield InputError("bad_csv")
            continue
        if header is None:
            header = _header(cells, "bad_csv")
            _require(columns, header)
        elif any(cells):
            yield dict(zip(header, cells, strict=True)) if len(cells) == len(header) else InputError("bad_row")


def _header(cells: list[Any], reason: str) -> list[str]:
    header = [str(cell).strip() if cell is not None else "" for cell in cells]
    while header and not header[-1]:
        header.pop()
    named = [name for name in header if name]
    if len(set(named)) < len(named):
        raise InputError(reason, "two columns of one name")
    return header


def _xlsx(data: bytes, columns: set[str], encoding: str | None) -> Iterator[Row | InputError]:
    """The first worksheet, its first row the header; formulas count as the values last saved."""
    import openpyxl

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            if sum(part.file_size for part in package.infolist()) > max(len(data) * MAX_RATIO, FREE_BYTES):
                raise InputError("archive_bomb")
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what the file says of its size is not to be believed
        first = next(sheet.iter_rows(max_row=1, max_col=MAX_COLUMNS, values_only=True), ())
        header = _header(list(first), "bad_xlsx")
        _require(columns, header)
        for line in sheet.iter_rows(min_row=2, max_col=len(header), values_only=True) if header else ():
            if any(cell is not None for cell in line):
                yield {name: _plain(cell) for name, cell in zip(header, line, strict=False) if name}
    except (InputError, NoColumn):
        raise
    except Exception as error:  # openpyxl raises whatever a malformed part makes it stumble over
        raise InputError("bad_xlsx", type(error).__name__) from None


def _parquet(data: bytes, columns: set[str], encoding: str | None) -> Iterator[Row | InputError]:
    """Columns of plain types only: an extension type would run code of whoever registered it."""
    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        schema = file.schema_arrow
        needed = _require(columns, schema.names)
        for field in schema:
            if isinstance(field.type, pa.BaseExtensionType) or (field.name in needed and not _is_plain(field.type)):
                raise InputError("parquet_type", str(field.type)[:40])
        for batch in file.iter_batches(PARQUET_BATCH, columns=sorted(needed), use_threads=False):
            yield from map(_plain, batch.to_pylist())
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise InputError("bad_parquet", type(error).__name__) from None


def _is_plain(kind: pa.DataType) -> bool:
    if isinstance(kind, pa.BaseExtensionType):
        return False
    if pa.types.is_nested(kind):
        return not pa.types.is_union(kind) and all(_is_plain(kind.field(i).type) for i in range(kind.num_fields))
    if pa.types.is_dictionary(kind):
        return _is_plain(kind.value_type)
    checks = ("string", "large_string", "boolean", "integer", "floating", "decimal", "date", "timestamp", "null")
    return any(getattr(pa.types, f"is_{check}")(kind) for check in checks)


def _plain(value: Any) -> Any:
    """A value of another type system as JSON has it: times in ISO 8601, decimals as text, no NaN."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, datetime | date | time) else str(value)


READERS: dict[str, Callable[[bytes, set[str], str | None], Iterator[Row | InputError]]] = {
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".json": _json,
    ".csv": _csv,
    ".tsv": _csv,
    ".xlsx": _xlsx,
    ".parquet": _parquet,
}
