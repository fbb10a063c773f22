"""What phases see: the job while they plan, the task while they run."""

import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from datagen.forgotten import Tombstones
from datagen.ledger import Settled, settle
from datagen.stage import Item, Outcome, Stage
from datagen.stats import Tally
from datagen.store import HashingWriter, Store

BATCH_ROWS = 8192
BATCH_BYTES = 64 << 20
PART_BYTES = 512 << 20
PARQUET = {
    "compression": "zstd",
    "compression_level": 3,
    "write_page_index": True,
    "use_content_defined_chunking": True,
}


@dataclass(frozen=True)
class Part:
    """One published Parquet file of an input: `path` within the run, and where its rows are the stage's `dropped`."""

    path: str
    rows: int
    bytes: int
    origin: str


@dataclass(frozen=True)
class Job:
    """One stage of one run, ready to be executed: everything a shard needs, and nothing of the driver."""

    name: str
    stage: Stage
    use: str
    run_url: str
    hash: str
    schema: pa.Schema | None
    parts: tuple[Part, ...] = ()
    items: tuple[Item, ...] = ()
    artefacts: dict[str, str] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    secret: bytes | None = field(default=None, repr=False)
    forgotten: Tombstones = field(default_factory=Tombstones)

    @property
    def work(self) -> str:
        """Where attempts and commits live until the version is published."""
        shards = "".join(f"/{option}-{getattr(self.stage, option)}" for option in self.stage.sharding)
        return f"_work/{self.name}/{self.hash}{shards}"

    @property
    def note(self) -> str:
        """Where a long shard says how far it is."""
        return f"{self.work}/note"

    @property
    def version(self) -> str:
        return f"{self.name}/v-{self.hash}"

    @cached_property
    def store(self) -> Store:
        return Store(self.run_url)

    def part_keys(self) -> list[int]:
        return list(range(len(self.parts)))

    def commits(self, phase: str) -> list["Commit"]:
        """Committed shards of an earlier phase, in shard order."""
        paths = [p for p, _ in self.store.files(f"{self.work}/{phase}") if p.endswith(".json")]
        return [Commit.load(self.store.read(path)) for path in paths]

    def __getstate__(self):
        return {k: v for k, v in self.__dict__.items() if k != "store"}


@dataclass(frozen=True)
class Commit:
    """One finished shard: the files it wrote, what it counted, and what its phase returned."""

    key: int
    files: dict[str, list[dict]]
    counts: dict[str, Any]
    result: Any

    @staticmethod
    def load(data: bytes) -> "Commit":
        return Commit(**json.loads(data))

    def paths(self, kind: str = "data") -> list[str]:
        return [file["path"] for file in self.files.get(kind, ())]


class Task:
    """One attempt at one shard. Files go to a folder of this attempt alone; `commit` makes them count, once."""

    def __init__(self, job: Job, phase: str, key: int, shard: Any, folder: Path):
        self.job = job
        self.phase = phase
        self.key = key
        self.shard = shard
        self.items = job.items
        self.scratch = folder
        """A local folder that outlives a killed attempt of this shard on this machine: for checkpoints."""
        self.attempt = f"{job.work}/attempts/{phase}-{key:05d}-{uuid.uuid4().hex[:12]}"
        self._files: dict[str, list[dict]] = {}
        self._writers: dict[str, _Rolling] = {}
        self._tally = Tally()
        self._said = 0.0

    # Reading

    @property
    def part(self) -> Part:
        return self.job.parts[self.shard]

    @cached_property
    def _repeated(self) -> dict[str, dict[int, str]]:
        from datagen.unique import INPUTS, repeated_rows

        return repeated_rows(self.job.store, self.job.commits(INPUTS)) if len(self.job.parts) > 1 else {}

    def read(self, part: Part, columns: list[str] | None = None) -> Iterator[pa.Table]:
        """Batches of a part. Rows whose id came before (in another input) are left out, and accounted for when the
        phase publishes."""
        start = 0
        repeated = self._repeated.get(part.path, {})
        numbers = np.array(sorted(repeated), np.int64)
        for batch in self.job.store.parquet(part.path).iter_batches(BATCH_ROWS, columns=columns):
            rows = pa.Table.from_batches([batch])
            here = numbers[slice(*np.searchsorted(numbers, [start, start + len(rows)]))] - start
            if len(here):
                if columns is None:
                    self.account_repeats(rows.take(pa.array(here)), [repeated[n] for n in (start + here).tolist()])
                keep = np.ones(len(rows), bool)
                keep[here] = False
                rows = rows.filter(pa.array(keep))
            start += len(batch)
            if len(rows):
                yield rows

    def account_repeats(self, rows: pa.Table, verdicts: list[str], positions: list[str | None] | None = None) -> None:
        positions = positions or [None] * len(rows)
        ledger = [
            {"id": i, "outcome": "dropped" if v == "same_id" else "quarantined", "reason": v, "position": p}
            for i, v, p in zip(rows["id"].to_pylist(), verdicts, positions, strict=True)
        ]
        self.account(Settled.of_ledger(ledger, rows))

    def commits(self, phase: str) -> list[Commit]:
        return self.job.commits(phase)

    def artefact(self, option: str) -> Path:
        """The local folder of the artefact that an option names; fetched first when the run is remote."""
        return local_folder(self.job.store, self.job.artefacts[option])

    def say(self, text: str) -> None:
        """Tell whoever watches the run how far this shard is; at most every two seconds."""
        if time.monotonic() - self._said > 2:
            self._said = time.monotonic()
            self.job.store.write(self.job.note, text.encode())

    # Writing

    def settle(self, batch: pa.Table | None, outcome: Outcome) -> None:
        """Account for every input id of a batch and write what is kept. Raises ValueError for ids not accounted for.

        A source has no input batch (None): its own rows are the inputs.
        """
        if batch is None and (self.job.forgotten.ids or self.job.forgotten.sources):
            covered = [i for i in outcome.rows["id"].to_pylist() if self.job.forgotten.covers(self.job.name, i)]
            outcome = replace(outcome, dropped={**outcome.dropped, **dict.fromkeys(covered, "forgotten")})
        self.account(settle(self.job, batch, outcome))

    def account(self, settled: Settled) -> None:
        """Write a settled batch: rows, decisions, counts."""
        self._tally.add(settled)
        if len(settled.rows):
            self.write("data", settled.rows)
        if len(settled.dropped):
            self.write("dropped", settled.dropped)
        if len(settled.quarantine):
            self.write("quarantine", settled.quarantine)
        self.write("ledger", settled.ledger)

    def count_decisions(self, decisions: pa.Table) -> None:
        """Carry over decisions counted by an earlier phase."""
        self._tally.add_decisions(decisions)

    def write(self, kind: str, rows: pa.Table) -> None:
        """Append rows to this shard's Parquet files of a kind (`data` is what gets published)."""
        if kind not in self._writers:
            self._writers[kind] = _Rolling(self, kind)
        self._writers[kind].write(rows)

    def write_file(self, path: str, data: bytes) -> None:
        """Write one file of an artefact, published as `data/<path>`."""
        with self.open_file(path) as file:
            file.write(data)

    def open_file(self, path: str) -> "_ListedWriter":
        return _ListedWriter(self, path)

    def list_file(self, kind: str, path: str, writer: HashingWriter, rows: int, name: str | None = None) -> None:
        """Enter a complete file; `name` is its published name where it isn't numbered."""
        entry = {"path": path, "name": name, "sha256": writer.sha256, "bytes": writer.bytes, "rows": rows}
        self._files.setdefault(kind, []).append(entry)

    def commit(self, result: Any) -> Commit:
        """Publish this attempt as the shard's one result, or yield to an attempt that came first."""
        for writer in self._writers.values():
            writer.close()
        stats = self._tally.tables()
        for name, rows in stats.items():
            self._write_table(f"stats-{name}", rows)
        commit = Commit(self.key, self._files, self._tally.counts(), result)
        marker = f"{self.job.work}/{self.phase}/{self.key:05d}.json"
        data = json.dumps(commit.__dict__, ensure_ascii=False, sort_keys=True).encode()
        if not self.job.store.create(marker, data):
            return Commit.load(self.job.store.read(marker))
        return commit

    def _write_table(self, kind: str, rows: pa.Table) -> None:
        rolling = _Rolling(self, kind)
        rolling.write(rows)
        rolling.close()


class _Rolling:
    """Parquet files of one kind: row groups of `BATCH_ROWS`, or fewer where those are over `BATCH_BYTES`, a new file
    after `PART_BYTES` of Arrow data."""

    def __init__(self, task: Task, kind: str):
        self._task, self._kind = task, kind
        self._sink: HashingWriter | None = None
        self._waiting: list[pa.Table] = []
        self._number = self._rows = self._bytes = self._waiting_rows = self._waiting_bytes = 0

    def write(self, rows: pa.Table) -> None:
        self._waiting.append(rows)
        self._waiting_rows += len(rows)
        self._waiting_bytes += rows.nbytes
        if self._waiting_rows >= BATCH_ROWS or self._waiting_bytes >= BATCH_BYTES:
            self._flush()
            if self._bytes >= PART_BYTES:
                self._finish()

    def close(self) -> None:
        if self._waiting:
            self._flush()
        if self._sink is not None:
            self._finish()

    def _flush(self) -> None:
        rows = pa.concat_tables(self._waiting) if len(self._waiting) > 1 else self._waiting[0]
        if self._sink is None:
            self._path = f"{self._task.attempt}/{self._kind}-{self._number:03d}.parquet"
            self._sink = self._task.job.store.writer(self._path)
            self._parquet = pq.ParquetWriter(pa.PythonFile(self._sink, mode="w"), rows.schema, **PARQUET)
        self._parquet.write_table(rows, row_group_size=BATCH_ROWS)
        self._rows += len(rows)
        self._bytes += self._waiting_bytes
        self._waiting, self._waiting_rows, self._waiting_bytes = [], 0, 0

    def _finish(self) -> None:
        self._parquet.close()
        self._sink.close()
        self._task.list_file(self._kind, self._path, self._sink, self._rows)
        self._sink = None
        self._number += 1
        self._rows = self._bytes = 0


class _ListedWriter:
    """A plain file of an artefact, listed once it is complete."""

    def __init__(self, task: Task, path: str):
        self._task, self._name = task, path
        self._path = f"{task.attempt}/files/{path}"
        self._sink = task.job.store.writer(self._path)

    def __enter__(self) -> HashingWriter:
        return self._sink

    def __exit__(self, kind, *_):
        self._sink.close()
        if kind is None:
            self._task.list_file("data", self._path, self._sink, 0, self._name)


def local_folder(store: Store, path: str) -> Path:
    """A folder of the run as a local path; a remote one is copied to a cache named by its (immutable) path."""
    if not store.remote:
        return store.local(path)
    import hashlib
    import os
    import tempfile

    cache = (
        Path(tempfile.gettempdir())
        / f"datagen-{os.getuid()}"
        / hashlib.sha256(store.join(path).encode()).hexdigest()[:24]
    )
    if not cache.exists():
        cache.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        staging = Path(tempfile.mkdtemp(dir=cache.parent))
        for name, _ in store.files(path):
            target = staging / Path(name).relative_to(path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(store.read(name))
        try:
            staging.rename(cache)
        except OSError:  # another worker of this node was faster
            import shutil

            shutil.rmtree(staging)
    return cache
