"""The base of all sources: documents in, records out, with licence policy and de-identification applied on the way."""

import json
from abc import abstractmethod
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import pyarrow as pa
from pydantic import AfterValidator, Field

from collectors.privacy.deidentify import Deidentifier, Level
from collectors.privacy.identifiers.dates import shift_of
from collectors.text.boilerplate import strip_boilerplate
from collectors.text.hygiene import clean_text
from collectors.text.instructions import hidden_instructions
from collectors.text.language import declared_language, identify
from datagen.archives import RawFile
from datagen.errors import InputError
from datagen.files import find, open_item
from datagen.licence import UNKNOWN, Licence, Operation, allowed, from_text
from datagen.record import SPLITS, extended, record_id, split_of, table
from datagen.stage import InputPath, Item, Outcome, Source

if TYPE_CHECKING:
    from datagen.task import Task

BATCH_DOCUMENTS = 512
BATCH_CHARACTERS = 32 << 20
MAX_CHARACTERS = 16 << 20
"""Of one document, about ten books: cleaning holds several copies of it, of up to four bytes a character."""
MAX_PATIENTS = 100_000
"""Whose names are known at a time while a file is read: its size must not matter."""


@dataclass(frozen=True)
class Document:
    """What a format's reader finds: text, or the turns of a dialogue, and what the file itself says about it.

    `messages` are dicts of role (system, user, assistant) and content; with them `text` is left None and rendered from
    them. `group` is the case family (article, book, patient, ...); None makes the document a family of its own.
    `safety` holds flags such as `retracted`. `drop` is the reason why it is not kept (`generated`, `minified`, ...).
    `code` marks text whose blanks mean something and of which no line is boilerplate.
    """

    source_id: str
    text: str | None = None
    messages: list[dict[str, str]] | None = None
    code: bool = False
    group: str | None = None
    language: str | None = None
    url: str | None = None
    license: str | None = None
    content_type: str | None = None
    department: str | None = None
    split: str | None = None
    safety: tuple[str, ...] = ()
    drop: str | None = None
    meta: dict[str, Any] = field(default_factory=dict)


class DocumentSource(Source):
    """Base of all sources of documents: a subclass sets `suffixes` and defines `documents`.

    Compressed files, archives, object stores, the licence gate, de-identification, hygiene, language and splits are
    done here. A record without text is dropped as `empty`, one whose licence forbids any of `operations` as `licence`;
    one that is hardly more than identifiers is quarantined as `phi_density`. Files of a patient-level source are called
    by their number in sorted order, since a patient's file may be named after the patient.
    """

    path: Annotated[str | list[str], InputPath()] = Field(description="file, folder, glob, archive or object-store URL")
    license: Licence = Field(UNKNOWN, description="SPDX licence of documents that state none themselves")
    operations: tuple[Operation, ...] = Field(
        ("keep",),
        description="what you will do with the text; a record whose licence forbids any of it is dropped",
    )
    access: Literal["open", "restricted"] = Field("open", description="restricted text never reaches a remote model")
    deidentify: Level | None = Field(
        None,
        description="none; light: e-mail, telephone, identity and record numbers; full: names, addresses, dates and "
        "ages too. Unless given: full for patient-level and restricted sources, notes and dialogues; else light",
    )
    patient_level: bool = Field(False, description="ids are keyed hashes and no original identifier is kept")
    language: Annotated[str, AfterValidator(declared_language)] | None = Field(
        None, description="ISO 639 code, where the whole source has one"
    )
    exclude: tuple[str, ...] = Field((), description="name patterns of files to leave out, such as test parts")
    boilerplate: Literal["remove", "keep"] = Field(
        "remove",
        description="reference lists, cookie banners, licence footers and share lines of texts (not of dialogues);"
        " `meta` says how many lines of each kind were removed",
    )

    suffixes: ClassVar[tuple[str, ...]]
    writes: ClassVar[tuple[str, ...]] = ("text", "language", "license", "phi_status")

    def items(self) -> list[Item]:
        return find(self.path, self.suffixes, self.exclude)

    def files(self, item: Item) -> Iterator[RawFile | tuple[str, InputError]]:
        """The files in an item, unpacked; bad ones as (position, InputError)."""
        return open_item(item, self.suffixes, self.exclude)

    @abstractmethod
    def documents(self, file: RawFile) -> Iterator[Document | InputError]:
        """Documents of one file, in order. Yield InputError for a bad one and go on; raise it where nothing more can be
        read."""

    def read(self, item: Item, task: "Task") -> Iterator[Outcome]:
        batch = _Batch(self, task)
        for index, file in enumerate(self.files(item), 1):
            place, error = file if isinstance(file, tuple) else (file.position, None)
            if self.patient_level:
                place = _numbered(place, index, item, task)
            if error is not None:
                batch.reject(place, error)
                continue
            number = 0
            try:
                for number, document in enumerate(self.documents(file), 1):
                    position = f"{place}#{number}"
                    if isinstance(document, InputError):
                        batch.reject(position, document)
                    else:
                        batch.add(position, document)
                    if batch.full:
                        yield batch.take()
                if not number:
                    batch.reject(place, InputError("nothing_inside"))
            except InputError as error:
                batch.reject(f"{place}#{number + 1}" if number else place, error)
        yield batch.take()

    def level(self, document: Document) -> Level:
        """How far a document is de-identified."""
        if self.deidentify is not None:
            return self.deidentify
        personal = self.patient_level or self.access == "restricted" or document.messages is not None
        return "full" if personal or document.content_type in ("NOTE", "DIALOG") else "light"


def _numbered(position: str, index: int, item: Item, task: "Task") -> str:
    """The position of a file without its name: file-3, or file-3!7 for the seventh in an archive."""
    number = bisect_left(task.items, item.name, key=lambda item: item.name) + 1
    return f"file-{number}!{index}" if "!" in position else f"file-{number}"


class _Batch:
    """Documents on their way to one Outcome."""

    def __init__(self, source: DocumentSource, task: "Task"):
        self._source, self._task = source, task
        self._names: dict[str, frozenset[str]] = {}
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
        if document.drop:
            self._dropped[row["id"]] = document.drop
        elif not row["text"]:
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
        known = self._names.get(group, frozenset())
        clean = Deidentifier(source.level(document), known, shift_of(group, secret))
        raw = [document.text] if document.messages is None else [m["content"] for m in document.messages]
        if sum(map(len, raw)) > MAX_CHARACTERS:
            raise InputError("too_large", f"over {MAX_CHARACTERS} characters")
        tidy, removed = [clean_text(text, document.code) for text in raw], {}
        if source.boilerplate == "remove" and document.messages is None and not document.code:
            tidy[0], removed = strip_boilerplate(tidy[0])
        texts = clean(*tidy)
        if clean.dense:
            raise InputError("phi_density")
        text, messages = texts[0] if texts else "", None
        if document.messages is not None:
            turns = zip(document.messages, texts, strict=True)
            messages = [{"role": m["role"], "content": content} for m, content in turns if content]
            text = "\n\n".join(m["content"] for m in messages)
        language, script = identify(text, document.language or source.language)
        flags = sorted({*document.safety, *(["hidden_instructions"] if any(map(hidden_instructions, raw)) else ())})
        meta = deidentified(document.meta, clean)
        if removed:
            meta = {**meta, "boilerplate": {kind: len(lines) for kind, lines in removed.items()}}
        stated = from_text("\n".join(removed.get("licence", ())))
        if source.patient_level:
            self._remember(group, known | clean.names)
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
            "license": document.license or (source.license if stated == UNKNOWN else stated),
            "access": source.access,
            "content_type": document.content_type,
            "department": document.department,
            "safety": flags or None,
            "phi_status": clean.status,
            "meta": json.dumps(meta, ensure_ascii=False, sort_keys=True) if meta else None,
        }
        "".join(value for value in row.values() if isinstance(value, str)).encode()  # raises for lone surrogates
        return row

    def _remember(self, patient: str, names: frozenset[str]) -> None:
        self._names.pop(patient, None)
        if names:
            self._names[patient] = names  # as the last one heard of
        if len(self._names) > MAX_PATIENTS:
            del self._names[next(iter(self._names))]

    def take(self) -> Outcome:
        outcome = Outcome(
            self._table(), dropped=self._dropped, quarantined=self._quarantined, positions=self._positions
        )
        self._clear()
        return outcome

    def _table(self) -> pa.Table:
        return table(self._rows) if self._rows else extended(()).empty_table()


def deidentified(value: Any, clean: Deidentifier) -> Any:
    """Metadata with the strings, keys and long numbers in it de-identified like the text."""
    if isinstance(value, str):
        return clean(value)[0]
    if isinstance(value, dict):
        return {clean(str(key))[0]: deidentified(inner, clean) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [deidentified(inner, clean) for inner in value]
    if isinstance(value, int) and abs(value) >= 10**6:
        (written,) = clean(str(value))
        return value if written == str(value) else written
    return value
