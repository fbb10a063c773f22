"""Nodes and edges in any table (CSV, TSV and other delimited text, XLSX, Parquet), by a mapping of its columns."""

import io
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, repeat
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, Field, model_validator

from datagen.delimited import cells as cells_of
from datagen.errors import InputError
from datagen.xlsx import worksheets
from knowledge_graph.readers.entries import Content, Entry, Label, Statement, Term, decode
from knowledge_graph.readers.hpoa import frequency

DELIMITERS = ("\t", ",", ";", "|")
TEMPLATE = re.compile(r"\{([^{}]+)\}")
LIMIT = re.compile(r"\s*(<=|>=|<|>)\s*([-+.\deE]+)")
NEGATIVE = frozenset(("-1", "-", "not", "no", "false"))
ROWS = 1 << 14
"""Rows in memory at a time, by column."""
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
EDGE: tuple[What, ...] = (
    *("subject", "relation", "object", "polarity", "frequency", "n", "evidence", "tier"),
    *("subject_name", "subject_kind", "object_name", "object_kind"),
)
"""What an edge's row says, in the order of `_edge`."""


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


@dataclass(frozen=True)
class Batch:
    """Some rows, by column: what each cell says, trimmed. `bad` are the places of rows of another width, whose cells
    are empty here."""

    cells: dict[str, Sequence[str]]
    size: int
    bad: frozenset[int] = frozenset()


def read_table(data: bytes, columns: Columns) -> Content:
    """A row is an entry, by its number from 1 under the header.

    Raises InputError: bad_header (a column is missing), not_utf8, bad_csv, bad_parquet, and for a workbook bad_xlsx,
    no_sheet, archive_bomb, xlsx_limits; a row that can't be read is an entry with `bad` set.
    """
    batches: Iterable[Batch] = _batches(data, columns)
    by_name = None
    if "parent_name" in columns.fields:
        batches = list(batches)
        by_name = {
            name: id
            for batch in batches
            for name, id in zip(*(_said(batch, columns.fields.get(key)) for key in ("name", "id")), strict=True)
            if name and id
        }
    content = Content()
    terms: dict[tuple[str, str, str], Term] = {}
    for batch in batches:
        content.entries += _entries(len(content.entries) + 1, batch, columns, by_name, terms)
    return content


def _batches(data: bytes, columns: Columns) -> Iterator[Batch]:
    if data[:4] == b"PAR1":
        yield from _parquet(data, columns)
        return
    rows = _sheet(data, columns) if data[:2] == b"PK" else _delimited(data, columns)
    header = list(columns.header) or [name.strip() for name in next(rows, [])]
    _require(columns, header)
    told = (row for row in rows if any(map(str.strip, row)))
    while some := list(islice(told, ROWS)):
        bad = frozenset(place for place, row in enumerate(some) if len(row) != len(header))
        for place in bad:
            some[place] = [""] * len(header)
        by_column = zip(header, zip(*some, strict=True), strict=True)
        cells = {name: list(map(str.strip, column)) for name, column in by_column if name in columns.columns}
        yield Batch(cells, len(some), bad)


def _sheet(data: bytes, columns: Columns) -> Iterator[list[str]]:
    (rows,) = worksheets(data, skip=columns.skip, width=len(columns.header))
    return (list(map(_plain, row)) for row in rows)


def _delimited(data: bytes, columns: Columns) -> Iterator[list[str]]:
    """Rows from the header on."""
    text = decode(data)
    if len(columns.header) == 1:
        return ([line] for line in text.split("\n")[columns.skip :])
    header = "".join(text.split("\n", columns.skip + 1)[columns.skip : columns.skip + 1])
    lines = io.TextIOWrapper(io.BytesIO(data), "utf-8-sig", newline="")
    return islice(cells_of(lines, max(DELIMITERS, key=header.count)), columns.skip, None)


def _parquet(data: bytes, columns: Columns) -> Iterator[Batch]:
    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        _require(columns, file.schema_arrow.names)
        for batch in file.iter_batches(ROWS, columns=sorted(columns.columns)):
            yield Batch({name: list(map(_plain, batch[name].to_pylist())) for name in batch.schema.names}, len(batch))
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


def _said(batch: Batch, field: str | None) -> Sequence[str]:
    """What a column, or a template, says in each row; nothing where one of the template's columns is empty."""
    if field is None:
        return [""] * batch.size
    if not (names := TEMPLATE.findall(field)):
        return batch.cells[field]
    between = [part.replace("{", "{{").replace("}", "}}") for part in TEMPLATE.split(field)[::2]]
    form, cells = "{}".join(between).format, [batch.cells[name] for name in names]
    return [form(*values) if all(values) else "" for values in zip(*cells, strict=True)]


def _unwanted(batch: Batch, where: dict[str, str | tuple[str, ...]]) -> set[int]:
    """Places of rows that `where` leaves out."""
    return {
        place
        for column, wanted in where.items()
        for place, value in enumerate(batch.cells[column])
        if not _wanted(value, wanted)
    }


def _wanted(value: str, wanted: str | tuple[str, ...]) -> bool:
    if isinstance(wanted, str) and (limit := LIMIT.fullmatch(wanted)):
        try:
            number, bound = float(value), float(limit[2])
        except ValueError:
            return False
        return {"<=": number <= bound, ">=": number >= bound, "<": number < bound, ">": number > bound}[limit[1]]
    return value in ((wanted,) if isinstance(wanted, str) else wanted)


def _entries(
    first: int,
    batch: Batch,
    columns: Columns,
    by_name: dict[str, str] | None,
    terms: dict[tuple[str, str, str], Term],
) -> Iterator[Entry]:
    """Entries of a batch, numbered from `first`. `terms` are the ends that edges named so far, each made once."""
    unwanted = _unwanted(batch, columns.where)
    edges = "subject" in columns.fields or "subject" in columns.constants
    keys = EDGE if edges else tuple({**columns.constants, **columns.fields})
    said = [
        _said(batch, columns.fields[key])
        if key in columns.fields
        else repeat(columns.constants.get(key, ""), batch.size)
        for key in keys
    ]
    for number, (place, *row) in enumerate(zip(range(batch.size), *said, strict=True), first):
        if place in batch.bad:
            yield Entry(number, bad="bad_width")
        elif place in unwanted:
            yield Entry(number, dropped="not_wanted")
        elif edges:
            yield _edge(number, columns, terms, *row)
        else:
            yield _node(number, dict(zip(keys, row, strict=True)), columns, by_name)


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


def _edge(
    number: int,
    columns: Columns,
    terms: dict[tuple[str, str, str], Term],
    subject: str,
    relation: str,
    object_: str,
    polarity: str,
    often: str,
    patients: str,
    evidence: str,
    tier: str,
    *named: str,
) -> Entry:
    if ":" not in subject or ":" not in object_:
        return Entry(number, bad="no_id")
    if not relation:
        return Entry(number, bad="no_relation")
    try:
        shown, n, share = frequency(often) if often else (None, None, None)
        n = int(float(patients)) if patients else n
    except InputError as error:
        return Entry(number, bad=error.reason)
    except (ValueError, OverflowError):
        return Entry(number, bad="bad_n")
    if tier not in ("", "A", "B", "C"):
        return Entry(number, bad="bad_tier")
    ends = []
    for id, name, kind in ((subject, *named[:2]), (object_, *named[2:])):
        if name:
            key = (id, name, kind)
            ends.append(terms.get(key) or terms.setdefault(key, Term(id, name, kind or None)))
    statement = Statement(
        sys.intern(subject),
        columns.relations.get(relation) or sys.intern(relation),
        sys.intern(object_),
        -1 if polarity.lower() in NEGATIVE else 1,
        shown,
        n,
        share,
        tuple(filter(None, evidence.split(columns.separator))) if evidence else (),
        sys.intern(tier or "A"),
    )
    return Entry(number, terms=tuple(ends), statements=(statement,))
