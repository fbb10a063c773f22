"""The mapped table reader: any JSONL, JSON, CSV, TSV, XLSX or Parquet whose columns the recipe names."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from collectors.document import Document, DocumentSource
from collectors.language import normal_language
from collectors.rows import READERS, NoColumn, Row, read_rows
from datagen.archives import RawFile
from datagen.errors import InputError, UsageError
from datagen.licence import UNKNOWN, from_text
from datagen.record import SPLITS
from datagen.taxonomy import load_taxonomy

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
_LABELS = ("language", "department", "content_type", "license", "split", "url", "group")
_TEXTS = ("text", "title", "question", "answer")
_ROLES = {
    "system": "system",
    "user": "user",
    "human": "user",
    "patient": "user",
    "患者": "user",
    "病人": "user",
    "用户": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "bot": "assistant",
    "model": "assistant",
    "chatgpt": "assistant",
    "doctor": "assistant",
    "医生": "assistant",
    "助手": "assistant",
}
_MISSING = object()
SPARSE_ROWS = 100
"""A label column that none of so many JSON rows has is a wrong name, not a rare value."""


class Records(DocumentSource):
    """Rows of table files (`.jsonl`, `.json`, `.csv`, `.tsv`, `.xlsx`, `.parquet`; compressed, in archives) as records.

    `fields` says which column is what. Text comes from `text`, from `question` and `answer`, or from `messages`: a list
    of {role, content}, of {from, value}, of (question, answer) pairs or of alternating strings. `messages` beside
    `question` and `answer` are the turns before them. `title` goes before the text or question. The others fill
    record columns: id, group, language, department, content_type, license, split, url.

        qa:
          use: collectors.records
          path: "${DATA}/questions.csv"
          license: MIT
          fields: {title: title, question: ask, answer: answer, department: department}
          map: {department: {心血管科: CARD, 神经科: NEUR}}
          constants: {language: zh, content_type: QA}

    A column is named as in the file; `a.b` goes into nested objects. A text may join several columns, given as a list,
    and a column that holds a list of strings is joined too.
    `map` translates a label's values; one it doesn't list becomes null. `constants` are for labels no column has.
    `keep` names columns kept in `meta`. A JSON file may be a list of objects, an object with one such list in it, or an
    object of objects (their keys become the column `key`). Of an XLSX the first sheet is read; its first row is the
    header.

    Without `id` a record is known by its file and position. The encoding is detected (byte order mark, UTF-8, GB18030)
    unless `encoding` names it. A column that isn't in the file stops the run, and the error names those that are.

    Quarantined: no_text, no_answer, bad_row, bad_json, bad_csv, bad_messages, bad_department, bad_content_type,
    bad_split (values that are no code, and no `map` for them), bad_encoding; whole files: bad_encoding, bad_json,
    bad_xlsx, bad_parquet, parquet_type, archive_bomb.
    """

    fields: dict[Name, str | list[str]] = Field(description="what a record needs -> the column that has it")
    constants: dict[str, str] = Field({}, description="labels that are the same for all records")
    map: dict[str, dict[str, str]] = Field({}, description="label -> (value in the file -> value in the record)")
    keep: tuple[str, ...] = Field((), description="columns kept in `meta`")
    encoding: str | None = Field(None, description="of text files; detected where not given")

    suffixes: ClassVar[tuple[str, ...]] = tuple(READERS)

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
        if not {"text", "question", "messages"} & set(self.fields):
            raise ValueError("fields needs text, question or messages")
        if "answer" in self.fields and "question" not in self.fields:
            raise ValueError("fields.answer needs fields.question")
        if "text" in self.fields and {"question", "messages"} & set(self.fields):
            raise ValueError("fields has text beside question or messages: the text is made of them")
        joined = [name for name, column in self.fields.items() if isinstance(column, list) and name not in _TEXTS]
        if joined:
            raise ValueError(f"fields.{joined[0]} is one column; only {', '.join(_TEXTS)} join several")
        for option in ("constants", "map"):
            if unknown := set(getattr(self, option)) - set(_LABELS):
                raise ValueError(f"{option}.{min(unknown)} is no label; labels are {', '.join(_LABELS)}")
        if both := set(self.constants) & set(self.fields):
            raise ValueError(f"{min(both)} is in fields and in constants")
        if unmapped := set(self.map) - set(self.fields):
            raise ValueError(f"map.{min(unmapped)} needs fields.{min(unmapped)}")
        for name, codes in _codes().items():
            given = {self.constants[name]} if name in self.constants else set(self.map.get(name, {}).values())
            if wrong := sorted(given - set(codes)):
                raise ValueError(f"{wrong[0]} is no {name}; one of {', '.join(codes)}")
        return self

    def documents(self, file: RawFile) -> Iterator[Document | InputError]:
        columns = {column for named in self.fields.values() for column in _as_list(named)} | set(self.keep)
        unseen, found, number = set(columns), dict[str, None](), 0
        try:
            for number, row in enumerate(read_rows(file, columns, self.encoding), 1):
                if isinstance(row, InputError):
                    yield row
                    continue
                if unseen:
                    found.update(dict.fromkeys(row))
                    unseen = {column for column in unseen if _value(row, column, _MISSING) is _MISSING}
                try:
                    yield self._document(row, f"{file.position}#{number}")
                except InputError as error:
                    yield error
        except NoColumn as error:
            raise _no_column(file, error.missing, error.found) from None
        essential = {c for name in (*_TEXTS, "messages", "id") for c in _as_list(self.fields.get(name, []))}
        if found and (unseen & essential or (unseen and number >= SPARSE_ROWS)):
            raise _no_column(file, sorted(unseen), list(found))

    def _document(self, row: Row, position: str) -> Document:
        text, messages = None, None
        title = self._text(row, "title")
        if "text" in self.fields:
            text = self._text(row, "text")
            if not text.strip():
                raise InputError("no_text")
            if title and not text.startswith(title):
                text = f"# {title}\n\n{text}"
        else:
            messages = self._messages(row, title)
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
            meta={column: value for column in self.keep if (value := _value(row, column)) is not None},
        )

    def _text(self, row: Row, name: Name) -> str:
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
        column = self.fields.get(name)
        value = _value(row, column) if isinstance(column, str) else None
        if value is None or value == "":
            return None
        if isinstance(value, dict | list):
            raise InputError("bad_row", f"{name} is not a single value")
        if isinstance(value, float) and value.is_integer():  # how spreadsheets have whole numbers
            value = int(value)
        if name in self.map:
            return self.map[name].get(str(value))
        if str(value) not in _codes().get(name, (str(value),)):
            raise InputError(f"bad_{name}")
        return str(value)

    def _messages(self, row: Row, title: str) -> list[dict[str, str]]:
        messages = []
        if isinstance(column := self.fields.get("messages"), str):
            messages = _as_messages(_value(row, column))
        if "question" in self.fields:
            question = self._text(row, "question")
            if title and not question.startswith(title):
                question = f"{title}\n\n{question}".strip()
            if not question:
                raise InputError("no_text")
            messages.append({"role": "user", "content": question})
            if "answer" in self.fields:
                answer = self._text(row, "answer")
                if not answer:
                    raise InputError("no_answer")
                messages.append({"role": "assistant", "content": answer})
        if not any(message["content"].strip() for message in messages):
            raise InputError("no_text")
        return messages


@cache
def _codes() -> dict[str, tuple[str, ...]]:
    """What labels with a closed set of values may say."""
    departments, kinds = load_taxonomy("departments").codes, load_taxonomy("content_types").codes
    return {"department": departments, "content_type": kinds, "split": SPLITS}


def _as_messages(value: Any) -> list[dict[str, str]]:
    """Turns of a dialogue, whatever the file's convention. Raises InputError(bad_messages)."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise InputError("bad_messages") from None
    if value is None or value == "":
        return []
    if not isinstance(value, list):
        raise InputError("bad_messages")
    if all(isinstance(turn, list) and len(turn) == 2 for turn in value):
        value = [side for turn in value for side in turn]
    turns = []
    for number, turn in enumerate(value):
        role, content = ("user", "assistant")[number % 2], turn
        if isinstance(turn, dict):
            role = turn.get("role", turn.get("from"))
            content = turn.get("content", turn.get("value"))
            role = _ROLES.get(role.strip().lower()) if isinstance(role, str) else None
        if role is None or not isinstance(content, str):
            raise InputError("bad_messages")
        turns.append({"role": role, "content": content})
    return turns


def _licence(stated: str | None) -> str | None:
    """An SPDX identifier as it stands, a Creative Commons address as its identifier."""
    if stated is None:
        return None
    found = from_text(stated)
    return stated if found == UNKNOWN and "/" not in stated and " " not in stated else found


def _as_list(columns: str | list[str]) -> list[str]:
    return [columns] if isinstance(columns, str) else columns


def _value(row: Row, column: str, default: Any = None) -> Any:
    """What a column holds; `a.b` is the key `b` of the object in `a`, unless there is a column of that very name."""
    if column in row:
        return row[column]
    value: Any = row
    for key in column.split("."):
        if isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        elif isinstance(value, dict) and key in value:
            value = value[key]
        else:
            return default
    return value


def _no_column(file: RawFile, missing: list[str], found: list[str]) -> UsageError:
    return UsageError(
        f"{file.position} has no column {', '.join(missing)}",
        f"it has {', '.join(name[:60] for name in found[:40])}; name one of these in `fields`",
    )
