"""De-identification of records that another program collected."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import pyarrow as pa
from pydantic import Field

from collectors.document import deidentified
from collectors.privacy.deidentify import Deidentifier
from collectors.privacy.identifiers.dates import shift_of
from datagen.errors import InputError
from datagen.record import with_column
from datagen.stage import Outcome, RowStage

if TYPE_CHECKING:
    from datagen.task import Task


class Deidentify(RowStage):
    """Replaces identifiers in text, messages and `meta` by surrogates such as `[NAME-1]`, for records that no collector
    of this project has cleaned. What collectors do at intake, and at which levels, `Deidentifier` says.

    With `patient_level`, records of one `group` are one patient's: names found in one are replaced in all of a batch,
    dates move by one number of days per patient, and `source_id` and `url` give way to the record's id. Without, dates
    become their year.

    Quarantined: phi_density (identifiers, 10 and more, dates aside, were a fifth of the text), bad_meta (no JSON).
    """

    deidentify: Literal["light", "full"] = Field(
        "full",
        description="light: e-mail, telephone, identity and record numbers; full: names, addresses, dates and ages too",
    )
    patient_level: bool = Field(
        False, description="records of a group are one patient's; no original identifier is kept"
    )

    version: ClassVar[str] = "5"
    reads: ClassVar[tuple[str, ...]] = ("text", "messages", "group", "meta", "source_id", "url")
    writes: ClassVar[tuple[str, ...]] = ("text", "messages", "meta", "source_id", "url", "phi_status")

    def apply(self, batch: pa.Table, secret: bytes | None = None) -> Outcome:
        """With `secret`, dates are shifted; without, they become their year."""
        rows = batch.select(["id", *self.reads]).to_pylist()
        names: dict[str, set[str]] = {}
        if self.patient_level:
            for row in rows:
                clean = Deidentifier(self.deidentify)
                clean(*_texts(row))
                names.setdefault(row["group"], set()).update(clean.names)
        quarantined: dict[str, str] = {}
        for row in rows:
            shift = shift_of(row["group"], secret) if self.patient_level else None
            clean = Deidentifier(self.deidentify, names.get(row["group"], ()), shift)
            try:
                _rewrite(row, clean)
            except InputError as error:
                quarantined[row["id"]] = error.reason
            if self.patient_level:
                row["source_id"], row["url"] = row["id"], None
            row["phi_status"] = clean.status
        for column in self.writes:
            batch = with_column(batch, column, pa.array([row[column] for row in rows], batch.schema.field(column).type))
        return Outcome(batch, quarantined=quarantined)

    def _run(self, task: "Task") -> None:
        for batch in task.read(task.part):
            task.settle(batch, self.apply(batch, task.job.secret))


def _texts(row: dict[str, Any]) -> Iterator[str]:
    if row["messages"] is None:
        yield row["text"]
    else:
        yield from (turn["content"] or "" for turn in row["messages"])


def _rewrite(row: dict[str, Any], clean: Deidentifier) -> None:
    """De-identify a row in place. Raises InputError for one that must not be kept."""
    texts = clean(*_texts(row))
    if row["messages"] is None:
        row["text"] = texts[0]
    else:
        for turn, content in zip(row["messages"], texts, strict=True):
            turn["content"] = content
        row["text"] = "\n\n".join(content for content in texts if content)
    if clean.dense:
        raise InputError("phi_density")
    if row["meta"] is not None:
        try:
            meta = json.loads(row["meta"])
        except (ValueError, RecursionError):
            raise InputError("bad_meta") from None
        row["meta"] = json.dumps(deidentified(meta, clean), ensure_ascii=False, sort_keys=True)
