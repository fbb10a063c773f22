"""The mapped table reader: tables of any common format whose columns the recipe names."""

import difflib
from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from collectors.document import Document, DocumentSource
from collectors.tables.dialogue import as_messages
from collectors.tables.layout import SUFFIXES, Layout, table_rows
from collectors.tables.rows import NoColumn, Row
from collectors.tables.template import Template
from collectors.text.language import declared_language, normal_language
from datagen.archives import RawFile
from datagen.errors import InputError, UsageError
from datagen.files import find, open_item
from datagen.licence import UNKNOWN, declared, from_text
from datagen.record import SPLITS
from datagen.stage import Item
from datagen.taxonomy import load_taxonomy, map_label, mapping_schemes

Name = Literal[
    "id",
    "text",
    "title",
    "question",
    "answer",
    "messages",
    "group",
    "language",
    "department",
    "content_type",
    "license",
    "split",
    "url",
]
Part = Literal["text", "title", "question", "answer"]
_LABELS = ("language", "department", "content_type", "license", "split", "url", "group")
_TEXTS = ("text", "title", "question", "answer")
_JOINED = (*_TEXTS, "department")
LEVELS = "/"
"""Between the levels of a department's label."""
_MISSING = object()
SPARSE_ROWS = 100
"""A label column that none of so many JSON rows has is a wrong name, not a rare value."""


def _valid_template(text: str) -> str:
    Template(text)
    return text


class Records(DocumentSource):
    """Rows of table files as records: JSONL, JSON, CSV, TSV, XLSX, Parquet, Arrow (as `datasets` saves it to disk), R
    data (`.rda`, `.rds`), OBO and CoNLL-U; with `layout.format` plain lines, IOB and XML; compressed, in archives.

    `fields` says which column is what. Text comes from `text`, from `question` and `answer`, or from `messages`: a list
    of {role, content}, of {from, value}, of {question, answer} or such pairs, of alternating strings, or one text whose
    lines begin with the speaker (`Doctor: ...`). `messages` beside `question` and `answer` are the turns before them.
    `title` goes before the text or the first turn. The others fill record columns: id, group, language, department,
    content_type, license, split, url.

        qa:
          use: collectors.records
          path: "${DATA}/questions.csv"
          license: MIT
          fields: {title: title, question: ask, answer: answer, department: department}
          map: {department: {心血管科: CARD, 神经科: NEUR}}
          constants: {language: zh, content_type: QA}

    A column is named as in the file; `a.b` goes into nested objects. A text may join several columns, given as a list,
    and a column that holds a list of strings is joined too. `templates` put columns into sentences instead, as entries
    of a knowledge base need it; parts in brackets are left out where a column in them is empty, and a row that lacks
    another column is dropped as `empty`:

        templates: {text: "{name}[, in Chinese {name_zh},] is a kind of {is_a}.[ {def}]"}

    `map` translates a label's values, by a table given here or a shipped one (`department: mtsamples`); a value that it
    doesn't list becomes null. `department` may name the columns of a label of several levels. `constants` are for
    labels no column has. `keep` names columns kept in `meta`, by their own names or others (`keep: {pmid: PMID}`).
    `layout` says what a file doesn't: names of columns, sheets, elements.

    Without `id` a record is known by its file and position. The encoding is detected (byte order mark, UTF-8, GB18030)
    unless `encoding` names it. A column that isn't in the file stops the run, and the error names those that are.

    Quarantined: no_text, no_answer, bad_row, bad_json, json_limits, bad_csv, bad_messages, bad_department,
    bad_content_type, bad_split (values that are no code, and no `map` for them), bad_encoding, too_large; whole files:
    bad_encoding, bad_json, bad_csv, bad_xlsx, no_sheet, bad_parquet, bad_arrow, parquet_type, bad_rda, no_table,
    bad_xml, xml_entities, archive_bomb, xml_limits, xlsx_limits, parquet_limits, arrow_limits.
    """

    fields: dict[Name, str | list[str]] = Field({}, description="what a record needs -> the column that has it")
    templates: dict[Part, Annotated[str, AfterValidator(_valid_template)]] = Field(
        {}, description="what a record needs -> a text with {column} and [optional parts] in it"
    )
    constants: dict[str, str] = Field({}, description="labels that are the same for all records")
    map: dict[str, dict[str, str] | str] = Field(
        {}, description="label -> (value in the file -> value in the record), or the name of a shipped mapping"
    )
    keep: tuple[str, ...] | dict[str, str] = Field((), description="columns kept in `meta`")
    layout: Layout = Field(Layout(), description="what the file doesn't say of its columns")
    encoding: str | None = Field(None, description="of text files; detected where not given")

    version: ClassVar[str] = "6"
    suffixes: ClassVar[tuple[str, ...]] = SUFFIXES

    @field_validator("encoding")
    @classmethod
    def _is_known(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                "".encode(value)
            except LookupError:
                raise ValueError(f"no text encoding is named {value}") from None
        return value

    @model_validator(mode="after")
    def _is_complete(self) -> "Records":
        named = {*self.fields, *self.templates}
        if not {"text", "question", "messages"} & named:
            raise ValueError("fields needs text, question or messages")
        if "answer" in named and "question" not in named:
            raise ValueError("fields.answer needs fields.question")
        if "text" in named and {"question", "messages"} & named:
            raise ValueError("fields has text beside question or messages: the text is made of them")
        if both := set(self.fields) & set(self.templates):
            raise ValueError(f"{min(both)} is in fields and in templates")
        joined = [name for name, column in self.fields.items() if isinstance(column, list) and name not in _JOINED]
        if joined:
            raise ValueError(f"fields.{joined[0]} is one column; only {', '.join(_JOINED)} join several")
        for option in ("constants", "map"):
            if unknown := sorted(set(getattr(self, option)) - set(_LABELS)):
                names = ", ".join(f"{option}.{name}" for name in unknown)
                raise ValueError(f"{names} is no label; labels are {', '.join(_LABELS)}")
        if both := set(self.constants) & set(self.fields):
            raise ValueError(f"{min(both)} is in fields and in constants")
        if unmapped := set(self.map) - set(self.fields):
            raise ValueError(f"map.{min(unmapped)} needs fields.{min(unmapped)}")
        if shipped := [(name, table) for name, table in self.map.items() if isinstance(table, str)]:
            name, scheme = shipped[0]
            if name != "department" or scheme not in mapping_schemes():
                raise ValueError(f"map.{name}: a shipped mapping is of departments: {', '.join(mapping_schemes())}")
        if wrong := list(self._wrong_values()):
            raise ValueError("; ".join(wrong))
        return self

    def _wrong_values(self) -> Iterator[str]:
        for name, codes in _codes().items():
            table = self.map.get(name, {})
            values = set(table.values()) if isinstance(table, dict) else set()
            given = {self.constants[name]} if name in self.constants else values
            if wrong := sorted(given - set(codes)):
                yield f"{', '.join(wrong)} is no {name}; one of {', '.join(codes)}"
        for name, check in (("language", declared_language), ("license", declared)):
            try:
                if name in self.constants:
                    check(self.constants[name])
            except PydanticCustomError as error:
                nearest = error.context["nearest"]
                hint = f" (did you mean {nearest!r}?)" if nearest else ""
                yield f"constants.{name} {error.message()}, not {self.constants[name]!r:.60}{hint}"

    def items(self) -> list[Item]:
        return find(self.path, self._suffixes, self.exclude)

    def files(self, item: Item) -> Iterator[RawFile | tuple[str, InputError]]:
        return open_item(item, self._suffixes, self.exclude)

    @property
    def _suffixes(self) -> tuple[str, ...]:
        return ("",) if self.layout.format else self.suffixes

    def documents(self, file: RawFile) -> Iterator[Document | InputError]:
        templates = {name: Template(text) for name, text in self.templates.items()}
        columns = {column for named in self.fields.values() for column in _as_list(named)} | set(self._kept.values())
        columns |= {column for template in templates.values() for column in template.columns}
        unseen, found, number = set(columns), dict[str, None](), 0
        try:
            for number, row in enumerate(table_rows(file, columns, self.layout, self.encoding), 1):
                if isinstance(row, InputError):
                    yield row
                    continue
                if unseen:
                    found.update(dict.fromkeys(row))
                    unseen = {column for column in unseen if _value(row, column, _MISSING) is _MISSING}
                try:
                    yield self._document(row, templates, f"{file.position}#{number}")
                except InputError as error:
                    yield error
        except NoColumn as error:
            raise self._no_column(file, error.missing, error.found) from None
        essential = {c for name in (*_TEXTS, "messages", "id") for c in _as_list(self.fields.get(name, []))}
        essential |= {column for template in templates.values() for column in template.required}
        if found and (unseen & essential or (unseen and number >= SPARSE_ROWS)):
            raise self._no_column(file, sorted(unseen), list(found))

    def _document(self, row: Row, templates: dict[str, Template], position: str) -> Document:
        text, messages = None, None
        title = self._text(row, "title", templates)
        if "text" in self.fields or "text" in templates:
            text = self._text(row, "text", templates)
            if not text.strip() and "text" not in templates:
                raise InputError("no_text")
            if title and text and not text.startswith(title):
                text = f"# {title}\n\n{text}"
        else:
            messages = self._messages(row, title, templates)
        labels = {name: self._label(row, name) for name in _LABELS}
        identity = self._label(row, "id")
        return Document(
            source_id=identity or position,
            text=text,
            messages=messages,
            language=normal_language(labels["language"]),
            license=_licence(labels["license"]),
            department=labels["department"],
            content_type=labels["content_type"],
            split=labels["split"],
            url=labels["url"],
            group=labels["group"],
            meta={key: v for key, column in self._kept.items() if (v := _value(row, column)) is not None},
        )

    @property
    def _kept(self) -> dict[str, str]:
        return self.keep if isinstance(self.keep, dict) else {column: column for column in self.keep}

    def _text(self, row: Row, name: Name, templates: dict[str, Template]) -> str:
        if name in templates:
            return templates[name].fill(lambda column: _value(row, column)) or ""
        parts = []
        for column in _as_list(self.fields.get(name, [])):
            value = _value(row, column)
            parts += value if isinstance(value, list) else [value]
        if any(isinstance(part, dict | list) for part in parts):
            raise InputError("bad_row", f"{name} is not text")
        return "\n\n".join(str(part) for part in parts if part is not None and str(part).strip())

    def _label(self, row: Row, name: Name) -> str | None:
        if name in self.constants:
            return self.constants[name]
        values = [_value(row, column) for column in _as_list(self.fields.get(name, []))]
        if any(isinstance(value, dict | list) for value in values):
            raise InputError("bad_row", f"{name} is not a single value")
        value = LEVELS.join(_written(value) for value in values if value not in (None, ""))
        if not value:
            return None
        if name in self.map:
            table = self.map[name]
            return map_label(table, value) if isinstance(table, str) else table.get(value)
        if value not in _codes().get(name, (value,)):
            raise InputError(f"bad_{name}")
        return value

    def _messages(self, row: Row, title: str, templates: dict[str, Template]) -> list[dict[str, str]]:
        messages = []
        if isinstance(column := self.fields.get("messages"), str):
            messages = as_messages(_value(row, column))
        if "question" in self.fields or "question" in templates:
            if not (question := self._text(row, "question", templates) or title):
                raise InputError("no_text")
            messages.append({"role": "user", "content": question})
            if "answer" in self.fields or "answer" in templates:
                answer = self._text(row, "answer", templates)
                if not answer:
                    raise InputError("no_answer")
                messages.append({"role": "assistant", "content": answer})
        if not any(message["content"].strip() for message in messages):
            raise InputError("no_text")
        if title and not messages[0]["content"].startswith(title):
            messages[0]["content"] = f"{title}\n\n{messages[0]['content']}"
        return messages

    def _no_column(self, file: RawFile, missing: list[str], found: list[str]) -> UsageError:
        where = "a file" if self.patient_level else file.position  # a patient's file may be named after the patient
        named = {name.lower(): name for name in found}
        near = [named[close] for name in missing for close in difflib.get_close_matches(name.lower(), named, 1)]
        return UsageError(
            f"{where} has no column {', '.join(missing)}",
            (f"did you mean {', '.join(name[:60] for name in near)}? " if near else "")
            + f"It has {', '.join(name[:60] for name in found[:40])}; name one of these in `fields`",
        )


@cache
def _codes() -> dict[str, tuple[str, ...]]:
    """What labels with a closed set of values may say."""
    departments, kinds = load_taxonomy("departments").codes, load_taxonomy("content_types").codes
    return {"department": departments, "content_type": kinds, "split": SPLITS}


def _licence(stated: str | None) -> str | None:
    """An SPDX identifier as it stands, a Creative Commons address as its identifier."""
    if stated is None:
        return None
    found = from_text(stated)
    return stated if found == UNKNOWN and "/" not in stated and " " not in stated else found


def _written(value: Any) -> str:
    """A label as text; spreadsheets have whole numbers as floats."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _as_list(columns: str | list[str]) -> list[str]:
    return [columns] if isinstance(columns, str) else columns


def _value(row: Row, column: str, default: Any = None) -> Any:
    """What a column holds; `a.b` is the key `b` of the object in `a`, or of each object in a list there (`a.0` is its
    first item), unless there is a column of that very name."""
    if column in row:
        return row[column]
    value: Any = row
    for key in column.split("."):
        if isinstance(value, list) and key.isdecimal():
            value = value[int(key)] if int(key) < len(value) else _MISSING
        elif isinstance(value, list):
            value = [item[key] for item in value if isinstance(item, dict) and key in item] or _MISSING
        elif isinstance(value, dict):
            value = value.get(key, _MISSING)
        else:
            value = _MISSING
        if value is _MISSING:
            return default
    return value
