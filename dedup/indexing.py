"""The stage that publishes an index of records, for later ones to be compared with."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field

from datagen.stage import Artefact, Phase, Stage
from dedup.bands import ROWS, band_places, keys_of
from dedup.columns import VALUES, Columns, Writer, value_columns
from dedup.exact import in_piece
from dedup.index import LIST, TABLE, Index
from dedup.signatures import scheme
from dedup.signing import write_signatures

if TYPE_CHECKING:
    from datagen.task import Job, Task

ENTRY_BYTES = 64
"""What an entry of a table takes while it is sorted."""
COPY_BYTES = 1 << 24


class MakeIndex(Stage):
    """Publishes an index of records: signatures as datasketch reads them, and sorted tables of their bands.

    `dedup.minhash` compares new records with it (its option `index`) without reading the old ones again. With `extends`
    the new index holds what an earlier one held, too.
    """

    publishes: ClassVar[str] = "dedup_index"
    reads: ClassVar[tuple[str, ...]] = ("text",)

    shingle: int = Field(5, ge=1, description="tokens per shingle (words; single characters in Chinese)")
    permutations: int = Field(112, ge=16, multiple_of=VALUES, description="length of a signature")
    extends: Annotated[str | None, Artefact("dedup_index")] = Field(
        None, description="the stage whose index is extended by these records"
    )
    memory: int = Field(1 << 30, ge=1 << 24, description="bytes that one task may hold, mapped files not counted")

    def phases(self) -> tuple[Phase, ...]:
        return (
            Phase("keys", self._plan_keys, self._sign, publishes=True),
            Phase("tables", self._plan_tables, self._tables, publishes=True),
            Phase("earlier", self._plan_earlier, self._copy, publishes=True),
            Phase("list", lambda job: {self._first_list(job): None}, self._list, publishes=True),
        )

    def _earlier(self, job: Job) -> Index | None:
        return Index(job.store, job.artefacts["extends"]) if self.extends else None

    def _scheme(self) -> dict:
        return scheme(self.shingle, self.permutations)

    def _plan_keys(self, job: Job) -> list[int]:
        if earlier := self._earlier(job):
            earlier.check(self._scheme(), ROWS)
        return job.part_keys()

    # Shards of all phases are published, so no two may have the same key.

    def _plan_tables(self, job: Job) -> dict[int, list]:
        pieces = 1 + len(self._columns(job)) * ENTRY_BYTES // self.memory
        units = [[name, piece, pieces] for name in value_columns(self.permutations) for piece in range(pieces)]
        return dict(enumerate(units, len(job.parts)))

    def _plan_earlier(self, job: Job) -> dict[int, str]:
        earlier = self._earlier(job)
        return dict(enumerate(earlier.paths() if earlier else [], len(job.parts) + len(self._plan_tables(job))))

    def _first_list(self, job: Job) -> int:
        return len(job.parts) + len(self._plan_tables(job)) + len(self._plan_earlier(job))

    def _segment(self, job: Job) -> str:
        return f"segment-{job.hash}"

    def _columns(self, job: Job) -> Columns:
        return Columns(job.store, [(c.files["data"][0]["path"], c.result) for c in job.commits("keys")])

    def _sign(self, task: Task) -> int:
        name = f"{self._segment(task.job)}/signatures-{task.shard:05d}.arrow"
        return write_signatures(task, name, self.shingle, self.permutations, with_ids=True)

    def _tables(self, task: Task) -> list:
        """The tables of a column's bands, within a piece of the range of keys."""
        name, piece, pieces = task.shard
        columns = self._columns(task.job)
        for band, places in enumerate(band_places(VALUES, VALUES // ROWS)):
            keys, rows = [np.empty(0, np.uint64)], [np.empty(0, np.int64)]
            for first, values in columns.chunks(name):
                key = keys_of(values, places[None])[0]
                mine = np.flatnonzero(in_piece(key, piece, pieces))
                keys.append(key[mine])
                rows.append(first + mine)
            key = np.concatenate(keys)
            order = np.argsort(key, kind="stable")
            table = [pa.array(key[order]), pa.array(np.concatenate(rows)[order]).cast(pa.uint32())]
            with task.open_file(f"{self._segment(task.job)}/{name}-{band}-{piece:03d}.arrow") as file:
                writer = Writer(file, TABLE)
                writer.write(pa.table(table, schema=TABLE))
                writer.close()
        return task.shard

    def _copy(self, task: Task) -> None:
        source = f"{task.job.artefacts['extends']}/{task.shard}"
        with task.job.store.open(source) as found, task.open_file(task.shard) as file:
            while chunk := found.read(COPY_BYTES):
                file.write(chunk)

    def _list(self, task: Task) -> dict:
        earlier, tables = self._earlier(task.job), {}
        for commit in task.commits("tables"):
            for band, file in enumerate(commit.files["data"]):
                column = tables.setdefault(commit.result[0], [[] for _ in commit.files["data"]])
                column[band].append(file["name"])
        files = [[commit.files["data"][0]["name"], commit.result] for commit in task.commits("keys")]
        segments = [*(earlier.segments if earlier else []), {"files": files, "tables": tables}]
        listed = {"scheme": {"rows": ROWS, **self._scheme()}, "segments": segments}
        task.write_file(LIST, json.dumps(listed, indent=1, sort_keys=True).encode())
        return {"scheme": listed["scheme"], "records": sum(n for s in segments for _, n in s["files"])}
