"""Nodes and edges in any table (CSV, TSV and other delimited text, XLSX, Parquet), by a mapping of its columns."""

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, Field, model_validator

from datagen.errors import InputError
from datagen.unpack import CHUNK_BYTES, Budget
from knowledge_graph.readers.entries import Content, Entry, Label, Statement, Term, decode
from knowledge_graph.readers.hpoa import frequency

DELIMITERS = ("\t", ",", ";", "|")
TEMPLATE = re.compile(r"\{([^{}]+)\}")
LIMIT = re.compile(r"\s*(<=|>=|<|>)\s*([-+.\deE]+)")
NEGATIVE = frozenset(("-1", "-", "not", "no", "false"))
MAX_CELL = 1 << 20

What = Literal[
    "id",
    "kind",
    "name",
    "name_zh",
    "synonyms",
    "synonyms_zh",
    "definition",
    "prevalence",
    "xrefs",
    "same_as",
    "parent",
    "parent_name",
    "subject",
    "subject_name",
    "subject_kind",
    "relation",
    "object",
    "object_name",
    "object_kind",
    "polarity",
    "frequency",
    "n",
    "evidence",
    "tier",
]


class Columns(BaseModel):
    """What the columns of a table mean.

    A table with `subject` and `object` holds edges, any other one nodes; nodes without `id` are known by their name:
    they join the one node of their kind that has it, or become a node of their own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    fields: dict[What, str] = Field(description="what -> a column, or a template of columns (`MESH:{mesh_id}`)")
    constants: dict[What, str] = Field({}, description="what -> the same value for all rows")
    header: tuple[str, ...] = Field((), description="names of the columns, where the table's first row is no header")
    skip: int = Field(0, ge=0, description="rows before the header")
    separator: str = Field("|", min_length=1, description="between several values in one cell")
    relations: dict[str, str] = Field({}, description="the table's word for a relation -> ours")
    where: dict[str, str | tuple[str, ...]] = Field(
        {}, description="column -> its value, one of its values, or a bound (`<= 0.001`); other rows are dropped"
    )

    @model_validator(mode="after")
    def _whole(self) -> "Columns":
        has = {*self.fields, *self.constants}
        ends = has & {"subject", "object"}
        if ends and not {"subject", "relation", "object"} <= has:
            raise ValueError("edges need subject, relation and object")
        if not ends and not has & {"id", "name", "name_zh"}:
            raise ValueError("nodes need an id, a name or a name_zh")
        return self

    @property
    def columns(self) -> set[str]:
        """Columns that the table must have."""
        found = set(self.where)
        for field in self.fields.values():
            found.update(TEMPLATE.findall(field) or [field])
        return found


Row = dict[str, str]


def read_table(data: bytes, columns: Columns) -> Content:
    """A row is an entry, by its number from 1 under the header.

    Raises InputError: bad_header (a column is missing), not_utf8, bad_csv, bad_xlsx, bad_parquet, archive_bomb; a row
    that can't be read is an entry with `bad` set.
    """
    rows = list(_rows(data, columns))
    by_name = None
    if "parent_name" in columns.fields:
        said = ({k: _value(row, f) for k, f in columns.fields.items()} for row in rows if row)
        by_name = {values["name"]: values["id"] for values in said if values.get("name") and values.get("id")}
    return Content([_entry(number, row, columns, by_name) for number, row in enumerate(rows, 1)])


def sheet_rows(data: bytes) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """(number from 1, cells) of the first worksheet. Raises InputError: bad_xlsx, archive_bomb."""
    import openpyxl

    try:
        budget = Budget(len(data))
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            for part in package.infolist():
                with package.open(part) as file:
                    while chunk := file.read(CHUNK_BYTES):
                        budget.spend(len(chunk))
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        yield from enumerate(book.worksheets[0].iter_rows(values_only=True), 1)
    except InputError:
        raise
    except Exception as error:  # openpyxl raises whatever a malformed part makes it stumble over
        raise InputError("bad_xlsx", type(error).__name__) from None


def _rows(data: bytes, columns: Columns) -> Iterator[Row | None]:
    """Rows by column names; None for one of another width."""
    if data[:4] == b"PAR1":
        yield from _parquet(data, columns)
        return
    cells = (
        ([_plain(cell) for cell in row] for _, row in sheet_rows(data))
        if data[:2] == b"PK"
        else _delimited(data, columns)
    )
    for _ in range(columns.skip):
        next(cells, None)
    header = list(columns.header) or [name.strip() for name in next(cells, [])]
    _require(columns, header)
    for row in cells:
        if any(row):
            yield dict(zip(header, row, strict=True)) if len(row) == len(header) else None


def _delimited(data: bytes, columns: Columns) -> Iterator[list[str]]:
    text = decode(data)
    first = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count) if len(columns.header) != 1 else "\0"
    csv.field_size_limit(MAX_CELL)
    if delimiter == "\0":
        yield from ([line.strip()] for line in text.split("\n"))
        return
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            yield [cell.strip() for cell in row]
    except csv.Error as error:
        raise InputError("bad_csv", str(error)[:60]) from None


def _parquet(data: bytes, columns: Columns) -> Iterator[Row]:
    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        _require(columns, file.schema_arrow.names)
        for batch in file.iter_batches(columns=sorted(columns.columns)):
            for row in batch.to_pylist():
                yield {key: _plain(value) for key, value in row.items()}
    except (pa.ArrowException, OSError) as error:
        raise InputError("bad_parquet", type(error).__name__) from None


def _require(columns: Columns, header: list[str]) -> None:
    if missing := sorted(columns.columns - set(header)):
        raise InputError("bad_header", f"no column {', '.join(missing)}")
    if len(set(header)) != len(header):
        raise InputError("bad_header", "two columns of one name")


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return "|".join(map(_plain, value))
    return str(value).strip()


def _value(row: Row, field: str) -> str:
    """A column, or a template; nothing where one of its columns is empty."""
    if not (names := TEMPLATE.findall(field)):
        return row[field]
    return TEMPLATE.sub(lambda m: row[m[1]], field) if all(row[name] for name in names) else ""


def _wanted(row: Row, where: dict[str, str | tuple[str, ...]]) -> bool:
    for column, wanted in where.items():
        if isinstance(wanted, str) and (limit := LIMIT.fullmatch(wanted)):
            try:
                value, bound = float(row[column]), float(limit[2])
            except ValueError:
                return False
            if not {"<=": value <= bound, ">=": value >= bound, "<": value < bound, ">": value > bound}[limit[1]]:
                return False
        elif row[column] not in ((wanted,) if isinstance(wanted, str) else wanted):
            return False
    return True


def _entry(number: int, row: Row | None, columns: Columns, by_name: dict[str, str] | None) -> Entry:
    if row is None:
        return Entry(number, bad="bad_width")
    if not _wanted(row, columns.where):
        return Entry(number, dropped="not_wanted")
    said = {**columns.constants, **{key: _value(row, field) for key, field in columns.fields.items()}}
    if "subject" in said:
        return _edge(number, said, columns)
    return _node(number, said, columns, by_name)


def _node(number: int, said: dict[str, str], columns: Columns, by_name: dict[str, str] | None) -> Entry:
    def several(key: str) -> tuple[str, ...]:
        return tuple(filter(None, map(str.strip, said.get(key, "").split(columns.separator))))

    own = said.get("id", "")
    if "id" in said and ":" not in own.strip(":"):
        return Entry(number, bad="no_id")
    if not own and not said.get("name") and not said.get("name_zh"):
        return Entry(number, bad="no_name")
    term = Term(
        own,
        said.get("name") or None,
        said.get("kind") or None,
        several("synonyms"),
        said.get("definition") or None,
        xrefs=several("xrefs"),
        prevalence=said.get("prevalence") or None,
    )
    labels = [Label(own, "name_zh", said["name_zh"])] if said.get("name_zh") else []
    labels += [Label(own, "synonyms_zh", word) for word in several("synonyms_zh")]
    above = [p for p in several("parent") if ":" in p]
    above += [by_name[p] for p in several("parent_name") if p in by_name] if by_name else []
    unknown = sum(p not in by_name for p in several("parent_name")) if by_name else 0
    statements = [Statement(own, "is_a", parent) for parent in above]
    # A parent that the table doesn't name is counted among the statements about unknown nodes.
    statements += [Statement(own, "is_a", "")] * unknown
    same = tuple((own, other) for other in several("same_as") if ":" in other)
    return Entry(number, own, (term,), tuple(labels), tuple(statements), same=same)


def _edge(number: int, said: dict[str, str], columns: Columns) -> Entry:
    subject, object_ = said["subject"], said["object"]
    if ":" not in subject or ":" not in object_:
        return Entry(number, bad="no_id")
    if not said["relation"]:
        return Entry(number, bad="no_relation")
    try:
        shown, n, share = frequency(said.get("frequency", ""))
        counted = int(float(said["n"])) if said.get("n") else n
    except InputError as error:
        return Entry(number, bad=error.reason)
    except (ValueError, OverflowError):
        return Entry(number, bad="bad_n")
    tier = said.get("tier") or "A"
    if tier not in ("A", "B", "C"):
        return Entry(number, bad="bad_tier")
    terms = tuple(
        Term(said[end], said[f"{end}_name"], said.get(f"{end}_kind") or None)
        for end in ("subject", "object")
        if said.get(f"{end}_name")
    )
    statement = Statement(
        subject,
        columns.relations.get(said["relation"], said["relation"]),
        object_,
        -1 if said.get("polarity", "").lower() in NEGATIVE else 1,
        shown,
        counted,
        share,
        tuple(filter(None, said.get("evidence", "").split(columns.separator))),
        tier,
    )
    return Entry(number, terms=terms, statements=(statement,))
