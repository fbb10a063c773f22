"""What all stages that merge copies have in common: from edges between documents to published rows.

Documents are numbered through all inputs, and only numbers travel. Phases: `files` lists what the shards of `keys` have
written; `components` joins edges (one task, 9 bytes a document: 45 MB for 5 million, 9 GB for a billion); `members`
looks up what is known of the members of clusters; `keepers` decides, cluster by cluster, which record stays; `check`
stops the run where a source was wiped out; `rows` publishes.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from datagen.record import SPLITS, ids_as_bytes, with_column
from datagen.stage import Outcome, Phase, Stage
from dedup.columns import Columns, fixed
from dedup.components import Components
from dedup.edges import read_edges, unpack
from dedup.keepers import FACTS, Members, decide, facts_of_records
from dedup.partitions import read_partition, write_partitions, written
from dedup.removal import Removal

if TYPE_CHECKING:
    from datagen.task import Job, Task

READ = ("id", "source", "split", "value", "tokens", "duplicates")
FILES = "files.json"
MEMBER_BYTES = 256
"""What a member of a cluster takes in the task that picks its keeper, its signature not counted."""
SPREAD = np.uint64(0x9E3779B97F4A7C15)
"""2**64 over the golden ratio: multiplied by it, neighbouring numbers go to different tasks (Knuth, TAOCP 6.4)."""


class Merging(Stage):
    """Base of the stages that merge copies."""

    reads: ClassVar[tuple[str, ...]] = ("text",)
    writes: ClassVar[tuple[str, ...]] = ("duplicates", "split")
    unhashed: ClassVar[tuple[str, ...]] = (*Stage.unhashed, "memory", "max_removed")
    sharding: ClassVar[tuple[str, ...]] = ("memory",)

    memory: int = Field(1 << 30, ge=1 << 24, description="bytes that one task may hold, mapped files not counted")
    max_cluster: int = Field(10_000, ge=2, description="clusters above this many records are named in the manifest")
    max_removed: float = Field(
        0.9, gt=0, le=1, description="the run stops where more than this share of a source would go (100 records least)"
    )

    def edges(self) -> tuple[tuple[Phase, ...], tuple[tuple[str, str], ...]]:
        """The phases that find edges, the first of which is called `keys`, and the (phase, name) of their files."""
        raise TypeError(f"{type(self).__name__} must define edges()")

    def signatures(self, columns: Columns, documents: np.ndarray) -> np.ndarray | None:
        """Signatures (documents, num_perm) by which likeness to the keeper is judged; None where any copy will do."""
        return None

    def comparable(self, name: str, keys: np.ndarray) -> np.ndarray:
        """Which of the keys in a column (uint64, (documents, 2)) say something when they are equal: bool."""
        return np.ones(len(keys), bool)

    def likeness(self) -> int:
        """How many values must agree with the keeper's."""
        return 0

    def facts(self) -> dict[str, Any]:
        """What the manifest says about how copies were found."""
        return {}

    def phases(self) -> tuple[Phase, ...]:
        (keys, *finding), _ = self.edges()
        return (
            keys,
            Phase("files", lambda job: [None], self._list_files),
            *finding,
            Phase("components", lambda job: [None], self._components),
            Phase("members", self._plan_members, self._members),
            Phase("keepers", self._plan_keepers, self._keepers),
            Phase("check", lambda job: [None], self._check),
            Phase("rows", lambda job: job.part_keys(), self._rows, publishes=True),
        )

    def published(self, job: Job) -> list[tuple[str, int]]:
        """(path, rows) of files of records that were published before: they come first, and stay."""
        return []

    def columns(self, job: Job) -> Columns:
        """All documents: those published before, then those of the inputs, part by part."""
        (listed,) = job.commits("files")
        ours = json.loads(job.store.read(written(listed, FILES)))
        return Columns(job.store, [*self.published(job), *ours])

    def _list_files(self, task: Task) -> None:
        """One list for all later shards: if each read the commits of all parts, time would grow with the square."""
        files = [(c.files["data"][0]["path"], c.result) for c in task.commits("keys")]
        task.write_file(FILES, json.dumps(files).encode())

    def _components(self, task: Task) -> dict:
        columns = self.columns(task.job)
        clusters = Components(len(columns))
        for phase, name in self.edges()[1]:
            for packed in read_edges(task.job, phase, name):
                clusters.join(unpack(packed))
        label = clusters.labels()
        followers = np.flatnonzero(label != np.arange(len(label)))
        in_cluster = np.zeros(len(label), bool)
        in_cluster[followers] = in_cluster[label[followers]] = True
        member = np.flatnonzero(in_cluster)
        table = pa.table({"document": member, "cluster": label[member]})
        shard = np.searchsorted(columns.starts, member, "right") - 1
        write_partitions(task, "members", table, shard, len(columns.starts) - 1)
        return {"members": len(member)}

    def _keeper_shards(self, job: Job) -> int:
        return 1 + job.commits("components")[0].result["members"] * MEMBER_BYTES // self.memory

    def _plan_members(self, job: Job) -> list[int]:
        return list(range(len(self.columns(job).starts) - 1))

    def _plan_keepers(self, job: Job) -> list[int]:
        return list(range(self._keeper_shards(job))) if job.parts else []

    def _members(self, task: Task) -> dict[str, int]:
        """One shard for every file of documents; the files of records published before have no part to read."""
        columns, before = self.columns(task.job), len(self.published(task.job))
        here = next(read_partition(task.job, "components", "members", task.shard))
        document, cluster = here["document"].to_numpy(), here["cluster"].to_numpy()
        row = document - columns.starts[task.shard]
        if task.shard < before:
            facts, sources = self.published_facts(task.job, task.shard, row), {}
        else:
            facts, sources = _facts(task, task.job.parts[task.shard - before], row)
        signatures = self.signatures(columns, document)
        place = {"cluster": cluster, "row": row, "part": np.full(len(row), task.shard - before)}
        table = pa.table(place | {name: facts[name] for name in facts.column_names})
        if signatures is not None:
            table = table.append_column("signature", fixed(signatures))
        shards = self._keeper_shards(task.job)
        addressee = ((cluster.astype(np.uint64) * SPREAD) >> np.uint64(32)) % np.uint64(shards)
        write_partitions(task, "members", table, addressee.astype(np.int64), shards)
        return sources

    def published_facts(self, job: Job, file: int, rows: np.ndarray) -> pa.Table:
        """FACTS of these rows of a file of records that were published before."""
        raise TypeError(f"{type(self).__name__} has no records published before")

    def _keepers(self, task: Task) -> dict:
        members = Members.of(list(read_partition(task.job, "members", "members", task.shard)))
        clusters = decide(members, self.likeness())
        merges, parts = clusters.merges(), len(task.job.parts)
        write_partitions(task, "merges", merges.drop_columns("part"), merges["part"].to_numpy(), parts)
        return clusters.summary(self.max_cluster)

    def _check(self, task: Task) -> dict:
        totals = [commit.result for commit in task.commits("members")]
        found = [commit.result for commit in task.commits("keepers")]
        removal = Removal.of(totals, found)
        removal.stop_above(self.max_removed, task.job.name)
        return self.facts() | removal.for_manifest()

    def _rows(self, task: Task) -> None:
        merges = pa.Table.from_batches(list(read_partition(task.job, "keepers", "merges", task.shard))).sort_by("row")
        row, start = merges["row"].to_numpy(), 0
        for batch in task.read(task.part):
            first, last = np.searchsorted(row, [start, start + len(batch)])
            here = merges.slice(first, last - first)
            place = row[first:last] - start
            start += len(batch)
            rows = batch
            if len(here):
                rows = _replaced(rows, "duplicates", place, here["duplicates"])
                rows = _replaced(rows, "split", place, pa.array(SPLITS).take(here["split"].combine_chunks()))
            gone = here.filter(here["leaves"])
            ids = batch["id"].take(pa.array(place[here["leaves"].to_numpy()])).to_pylist()
            into = dict(zip(ids, (value.hex() for value in gone["keeper"].to_pylist()), strict=True))
            again = {i: "same_id" for i, keeper in into.items() if i == keeper}  # it was published before itself
            merged = {i: keeper for i, keeper in into.items() if i != keeper}
            task.settle(batch, Outcome(rows, dropped=again, merged=merged))


def _replaced(rows: pa.Table, name: str, place: np.ndarray, values: pa.Array | pa.ChunkedArray) -> pa.Table:
    mask = np.zeros(len(rows), bool)
    mask[place] = True
    column = rows[name].combine_chunks()
    values = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    return with_column(rows, name, pc.replace_with_mask(column, pa.array(mask), values.cast(column.type)))


def _facts(task: Task, part: Any, rows: np.ndarray) -> tuple[pa.Table, dict[str, int]]:
    """What `keepers` needs of these rows (ascending) of a part, and how many rows each source has in it."""
    found, start, sources = [], 0, {}
    for batch in task.read(part, list(READ)):
        first, last = np.searchsorted(rows, [start, start + len(batch)])
        found.append(batch.take(pa.array(rows[first:last] - start)))
        start += len(batch)
        for count in pc.value_counts(batch["source"].combine_chunks()).to_pylist():
            sources[count["values"]] = sources.get(count["values"], 0) + count["counts"]
    if not found:
        return FACTS.empty_table(), sources
    facts = pa.concat_tables(found)
    return facts_of_records(facts, ids_as_bytes(facts["id"])), sources
