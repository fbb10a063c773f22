"""What a table file doesn't say of its columns, and the reader that each format has."""

from collections.abc import Iterator
from itertools import islice
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from collectors.tables.json_tree import rows_at
from collectors.tables.rows import Row
from collectors.tables.rows_arrow import arrow
from collectors.tables.rows_csv import csv_rows
from collectors.tables.rows_json import json_lines, json_rows, parse
from collectors.tables.rows_parquet import parquet_rows
from collectors.tables.rows_r import rda
from collectors.tables.rows_text import conllu, iob, lines_of, obo, plain_lines
from collectors.tables.rows_xlsx import xlsx_rows
from collectors.tables.rows_xml import xml_rows
from collectors.text.encoding import decode, decoded
from datagen.archives import RawFile
from datagen.errors import InputError, UsageError

Format = Literal["arrow", "conllu", "csv", "iob", "json", "jsonl", "lines", "obo", "parquet", "rda", "xlsx", "xml"]
_FORMATS: dict[str, Format] = {
    ".arrow": "arrow",
    ".conllu": "conllu",
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".obo": "obo",
    ".parquet": "parquet",
    ".rda": "rda",
    ".rdata": "rda",
    ".rds": "rda",
    ".xlsx": "xlsx",
}
SUFFIXES = tuple(_FORMATS)


class Layout(BaseModel):
    """How the columns lie in a file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Format | None = Field(
        None, description="of all files that `path` names, whatever they are called; else by suffix"
    )
    columns: tuple[str, ...] = Field(
        (), description="names of the columns, where the first row is no header; for lines: of the lines of a block"
    )
    delimiter: str | None = Field(
        None, pattern=r'^[^"\r\n]$', description="CSV: what is between cells; guessed from the first rows unless given"
    )
    sheet: str | None = Field(None, description="XLSX: name of the sheet, else the first one; `*` for all")
    element: str | None = Field(None, description="XML: name of the element that is a row")
    skip: int = Field(0, ge=0, description="lines or rows before the header that are not part of the table")
    at: str | None = Field(
        None, description="JSON: where the rows are (`data.items`, `.`); after `.*` each entry of an object is one"
    )
    children: str | None = Field(
        None, description="JSON: the key of a row's own rows; `ancestors` then lists those above it"
    )


def table_rows(file: RawFile, columns: set[str], layout: Layout, encoding: str | None) -> Iterator[Row | InputError]:
    """Rows of a file; bad ones as InputError. Raises NoColumn where a header lacks one of `columns`, and InputError
    where nothing more can be read."""
    suffix = "." + file.name.lower().rpartition(".")[2]
    lines = islice(lines_of(decoded(file.stream, encoding)), layout.skip, None)
    match layout.format or _FORMATS[suffix]:
        case "lines":
            return plain_lines(lines, layout.columns)
        case "conllu":
            return conllu(lines)
        case "iob":
            return iob(lines)
        case "obo":
            return obo(lines)
        case "csv":
            return csv_rows(lines, columns, layout.columns, layout.delimiter)
        case "jsonl":
            return json_lines(lines)
        case "json" if layout.at or layout.children:
            return rows_at(parse(decode(file.data, encoding)), layout.at or ".", layout.children)
        case "json":
            return json_rows(decoded(file.stream, encoding))
        case "xml":
            if layout.element is None:
                raise UsageError(f"{file.position} is XML", "name the element that is a row in `layout.element`")
            return xml_rows(file.stream, layout.element)
        case "rda":
            return rda(file, columns)
        case "arrow":
            return arrow(file, columns)
        case "parquet":
            return parquet_rows(file, columns)
        case "xlsx":
            return xlsx_rows(file.data, columns, layout.sheet, layout.columns, layout.skip)
