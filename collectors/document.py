"""The base of all sources: documents in, records out, with licence policy and de-identification applied on the way."""

import json
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import pyarrow as pa
from pydantic import Field

from collectors.deidentify import Deidentifier
from collectors.hygiene import clean_text, hidden_instructions
from collectors.language import identify
from datagen.archives import RawFile
from datagen.errors import InputError
from datagen.files import find, open_item
from datagen.licence import UNKNOWN, Operation, allowed
from datagen.record import SPLITS, extended, record_id, split_of, table
from datagen.stage import InputPath, Item, Outcome, Source

if TYPE_CHECKING:
    from datagen.task import Task

BATCH_DOCUMENTS = 512
BATCH_CHARACTERS = 32 << 20


@dataclass(frozen=True)
class Document:
    """What a format's reader finds: text, or the turns of a dialogue, and what the file itself says about it.

    `messages` are dicts of role (system, user, assistant) and content; with them `text` is left None and rendered from
    them. `group` is the case family (article, book, patient, ...); None makes the document a family of its own.
    `safety` holds flags such as `retracted`.
    """

    source_id: str
    text: str | None = None
    messages: list[dict[str, str]] | None = None
    group: str | None = None
    language: str | None = None
    url: str | None = None
    license: str | None = None
    content_type: str | None = None
    department: str | None = None
    split: str | None = None
    safety: tuple[str, ...] = ()
    meta: dict[str, Any] = field(default_factory=dict)


class DocumentSource(Source):
    """Base of all sources of documents: a subclass sets `suffixes` and defines `documents`.

    Compressed files, archives, object stores, the licence gate, de-identification, hygiene, language and splits are
    done here. A record without text is dropped as `empty`, one whose licence forbids any of `operations` as `licence`.
    """

    path: Annotated[str | list[str], InputPath()] = Field(description="file, folder, glob, archive or object-store URL")
    license: str = Field(UNKNOWN, description="SPDX licence of documents that state none themselves")
    operations: tuple[Operation, ...] = Field(
        ("keep",),
        description="what you will do with the text; a record whose licence forbids any of it is dropped",
    )
    access: Literal["open", "restricted"] = Field("open", description="restricted text never reaches a remote model")
    deidentify: Literal["none", "light", "full"] = Field(
        "light",
        description="light: e-mail, telephone, identity and record numbers; full: names, addresses, dates and ages too",
    )
    patient_level: bool = Field(False, description="ids are keyed hashes and no original identifier is kept")
    language: str | None = Field(None, description="ISO 639 code, where the whole source has one")
    exclude: tuple[str, ...] = Field((), description="name patterns of files to leave out, such as test parts")

    suffixes: ClassVar[tuple[str, ...]]
    writes: ClassVar[tuple[str, ...]] = ("text", "language", "license", "phi_status")

    def items(self) -> list[Item]:
        return find(self.path, self.suffixes, self.exclude)

    @abstractmethod
    def documents(self, file: RawFile) -> Iterator[Document | InputError]:
        """Documents of one file, in order. Yield InputError for a bad one and go on; raise it where nothing more can be
        read."""

    def read(self, item: Item, task: "Task") -> Iterator[Outcome]:
        batch = _Batch(self, task)
        for file in open_item(item, self.suffixes, self.exclude):
            if isinstance(file, tuple):
                batch.reject(*file)
                continue
            number = 0
            try:
                for number, document in enumerate(self.documents(file), 1):
                    position = f"{file.position}#{number}"
                    if isinstance(document, InputError):
                        batch.reject(position, document)
                    else:
                        batch.add(position, document)
                    if batch.full:
                        yield batch.take()
            except InputError as error:
                batch.reject(f"{file.position}#{number + 1}" if number else file.position, error)
        yield batch.take()


class _Batch:
    """Documents on their way to one Outcome."""

    def __init__(self, source: DocumentSource, task: "Task"):
        self._source, self._task = source, task
        self._names: dict[str, set[str]] = {}
        """Of each patient of this item, the names found so far: later notes often use them without a cue."""
        self._clear()

    def _clear(self) -> None:
        self._rows: list[dict] = []
        self._dropped: dict[str, str] = {}
        self._positions: dict[str, str] = {}
        self._quarantined: dict[str, str] = {}
        self._characters = 0

    @property
    def full(self) -> bool:
        return len(self._rows) >= BATCH_DOCUMENTS or self._characters >= BATCH_CHARACTERS

    def reject(self, position: str, error: InputError) -> None:
        self._quarantined[position] = error.reason

    def add(self, position: str, document: Document) -> None:
        try:
            row = self._row(document)
        except InputError as error:
            self.reject(position, error)
            return
        except UnicodeEncodeError:  # lone surrogates: undecodable bytes, or escapes that name no character
            self.reject(position, InputError("bad_encoding"))
            return
        if not row["text"]:
            self._dropped[row["id"]] = "empty"
        elif any(operation not in allowed(row["license"]) for operation in self._source.operations):
            self._dropped[row["id"]] = "licence"
        self._positions[row["id"]] = position
        self._rows.append(row)
        self._characters += len(row["text"])

    def _row(self, document: Document) -> dict:
        source, task, name = self._source, self._task, self._task.job.name
        if document.text is None and document.messages is None:
            raise InputError("no_text")
        if document.split not in (None, *SPLITS):
            raise InputError("bad_split")
        secret = task.job.secret if source.patient_level else None
        identity = record_id(name, document.source_id, secret)
        group = record_id(name, document.group or document.source_id, secret)
        known = self._names.setdefault(group, set()) if source.patient_level else set()
        clean = Deidentifier(source.deidentify, known)
        raw = [document.text] if document.messages is None else [m["content"] for m in document.messages]
        texts = clean(*map(clean_text, raw))
        text, messages = texts[0] if texts else "", None
        if document.messages is not None:
            turns = zip(document.messages, texts, strict=True)
            messages = [{"role": m["role"], "content": content} for m, content in turns if content]
            text = "\n\n".join(m["content"] for m in messages)
        language, script = identify(text, document.language or source.language)
        flags = sorted({*document.safety, *(["hidden_instructions"] if any(map(hidden_instructions, raw)) else ())})
        meta = _cleaned(document.meta, clean)
        known |= clean.names
        row = {
            "id": identity,
            "group": group,
            "split": document.split or split_of(group, **task.job.settings["split"]),
            "text": text,
            "messages": messages,
            "language": language,
            "script": script,
            "source": name,
            "source_id": identity if source.patient_level else document.source_id,
            "url": None if source.patient_level else document.url,
            "license": document.license or source.license,
            "access": source.access,
            "content_type": document.content_type,
            "department": document.department,
            "safety": flags or None,
            "phi_status": clean.status,
            "meta": json.dumps(meta, ensure_ascii=False, sort_keys=True) if meta else None,
        }
        "".join(value for value in row.values() if isinstance(value, str)).encode()  # raises for lone surrogates
        return row

    def take(self) -> Outcome:
        # A patient's file may be named after the patient.
        positions = {} if self._source.patient_level else self._positions
        outcome = Outcome(self._table(), dropped=self._dropped, quarantined=self._quarantined, positions=positions)
        self._clear()
        return outcome

    def _table(self) -> pa.Table:
        return table(self._rows) if self._rows else extended(()).empty_table()


def _cleaned(value: Any, clean: Deidentifier) -> Any:
    """Metadata with the strings in it de-identified like the text."""
    if isinstance(value, str):
        return clean(value)[0]
    if isinstance(value, dict):
        return {key: _cleaned(inner, clean) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(inner, clean) for inner in value]
    return value
