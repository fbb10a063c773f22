"""The whole story of a record: what every stage decided about it, what it was made from, what was made from it."""

import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from datagen.access import existing_run
from datagen.errors import UsageError
from datagen.ledger import LEDGER
from datagen.lineage import Version, published_versions
from datagen.store import Store

ID = re.compile(r"[0-9a-f]{32}")
PUBLISHED = ("kept", "derived")
LABELS = (
    "source",
    "source_id",
    "url",
    "license",
    "access",
    "phi_status",
    "split",
    "language",
    "department",
    "content_type",
    "value",
    "tokens",
    "duplicates",
    "repeats",
    "synthetic",
    "parents",
    "evidence",
    "reward",
)


@dataclass(frozen=True)
class Event:
    """What one stage decided. `into` is the record that a copy was merged into, `copies` those merged into this one."""

    stage: str
    use: str
    version: str
    outcome: str
    reason: str | None = None
    into: str | None = None
    position: str | None = None
    copies: tuple[str, ...] = ()


@dataclass(frozen=True)
class RawFile:
    """A raw input of a source."""

    name: str
    sha256: str
    bytes: int


@dataclass(frozen=True)
class Child:
    """A record made from another, and the stage that made it."""

    id: str
    stage: str


@dataclass(frozen=True)
class Story:
    """All that a run knows about a record.

    Attributes:
        events: decisions about it, upstream first. An id that came twice has two of the stage that noticed.
        labels: its columns as last published, without text; empty where it never was.
        source: the stage that read it from raw input, or None where it was made by a stage.
        files: that stage's raw inputs: the one it came from, or all that it may have come from.
        parents: the stories of the records it was made from.
        children: records made from it.
        text: only where asked for.
    """

    id: str
    events: tuple[Event, ...]
    labels: dict[str, Any] = field(default_factory=dict)
    source: str | None = None
    files: tuple[RawFile, ...] = ()
    parents: "tuple[Story, ...]" = ()
    children: tuple[Child, ...] = ()
    text: str | None = None


def trace(run: str | Path, id: str, text: bool = False) -> Story:
    """The story of the record `id` in the published versions of a run.

    Reads ledgers, and of the data the labels of this record alone; its text only with `text`.
    Raises UsageError where no stage of the run knows the id.
    """
    if not ID.fullmatch(id):
        raise UsageError(f"{id} is not a record id", "an id is 32 hexadecimal digits, as in the column `id`")
    store = existing_run(run)
    versions = published_versions(store)
    if not versions:
        raise UsageError(f"{store.url} has published nothing", "`datagen run RECIPE --out RUN` first")
    story = _Run(store, versions).stories({id}, text).get(id)
    if story is None:
        raise UsageError(f"no stage of {store.url} knows {id}", "ids are in the column `id` of any published stage")
    return story


class _Run:
    def __init__(self, store: Store, versions: dict[str, Version]):
        self._store = store
        self._versions = [v for v in versions.values() if v.has_records]

    def stories(self, ids: set[str], text: bool) -> dict[str, Story]:
        """Stories of all ids that the run knows, their ancestors' among them."""
        with ThreadPoolExecutor(4) as pool:
            decided = list(pool.map(lambda v: self._decisions(v, ids), self._versions))
            born = list(pool.map(lambda v: self._children(v, ids), self._versions))
        events: dict[str, list[Event]] = {i: [] for i in ids}
        last: dict[str, Version] = {}
        children: dict[str, dict[str, Child]] = {i: {} for i in ids}
        for version, rows, made in zip(self._versions, decided, born, strict=True):
            for event_id, event in _events(version, rows, ids):
                events[event_id].append(event)
                if event.outcome in PUBLISHED:
                    last[event_id] = version
            for parent, child in made:
                children[parent].setdefault(child, Child(child, version.stage))
        columns = [*LABELS, *(["text"] if text else [])]
        labels = {i: self._row(last[i], i, columns) if i in last else {} for i in ids if events[i]}
        above = {p for row in labels.values() for p in row.get("parents") or ()} - ids
        parents = self.stories(above, False) if above else {}
        stories = {}
        for i, row in labels.items():
            shown = row.pop("text", None)
            origin = next((v for v in self._versions if v.is_source and v.stage == events[i][0].stage), None)
            stories[i] = Story(
                i,
                tuple(events[i]),
                row,
                origin.stage if origin else None,
                _files(origin, events[i][0]) if origin else (),
                tuple(parents[p] for p in row.get("parents") or () if p in parents),
                tuple(children[i].values()),
                shown,
            )
        return stories

    def _decisions(self, version: Version, ids: set[str]) -> list[dict]:
        wanted = pa.array(sorted(ids), pa.string())
        found = []
        for batch in self._batches(version.paths("ledger"), LEDGER.names):
            hit = pc.is_in(batch["id"], value_set=wanted)
            if version.counts["merged"]:
                hit = pc.or_(hit, pc.is_in(batch["into"], value_set=wanted))
            found += batch.filter(hit).to_pylist()
        return found

    def _children(self, version: Version, ids: set[str]) -> list[tuple[str, str]]:
        """(parent, child) among the rows that a version made itself."""
        if version.needs and not version.counts["derived"]:
            return []
        wanted = pa.array(sorted(ids), pa.string())
        found = []
        for batch in self._batches(version.paths("data"), ["id", "parents"]):
            if batch["parents"].null_count == len(batch):
                continue
            parents = pc.list_flatten(batch["parents"])
            hit = pc.is_in(parents, value_set=wanted)
            made = batch["id"].take(pc.list_parent_indices(batch["parents"]).filter(hit))
            found += zip(parents.filter(hit).to_pylist(), made.to_pylist(), strict=True)
        return found

    def _row(self, version: Version, id: str, columns: list[str]) -> dict[str, Any]:
        for path in version.paths("data"):
            file = self._store.parquet(path)
            for group in range(file.num_row_groups):
                at = pc.index(file.read_row_group(group, ["id"])["id"], id).as_py()
                if at >= 0:
                    return file.read_row_group(group, columns).slice(at, 1).to_pylist()[0]
        return {}

    def _batches(self, paths: Iterable[str], columns: list[str]) -> Iterator[pa.RecordBatch]:
        for path in paths:
            yield from self._store.parquet(path).iter_batches(1 << 17, columns=columns)


def _events(version: Version, rows: list[dict], ids: set[str]) -> Iterator[tuple[str, Event]]:
    copies: dict[str, list[str]] = {}
    for row in rows:
        if row["into"] in ids:
            copies.setdefault(row["into"], []).append(row["id"])
    for row in sorted(rows, key=lambda r: (r["id"], r["outcome"] not in PUBLISHED)):
        if row["id"] in ids:
            decision = {key: row[key] for key in ("outcome", "reason", "into", "position")}
            merged = tuple(sorted(copies.get(row["id"], ())))
            yield row["id"], Event(version.stage, version.use, version.name, **decision, copies=merged)


def _files(origin: Version, first: Event) -> tuple[RawFile, ...]:
    """The raw input that a position names (`item!member#number`); else every input of the source."""
    inputs = tuple(
        RawFile(i.get("name", "a file of a patient-level source"), i["sha256"], i["bytes"])
        for i in origin.manifest["inputs"]
    )
    if first.position:
        named = tuple(f for f in inputs if re.fullmatch(re.escape(f.name) + r"([!#].*)?", first.position))
        return named or inputs
    return inputs
