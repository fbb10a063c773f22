"""One id, one record: repeated ids with equal content are dropped(same_id), with other content quarantined(id_clash).

Stages with several inputs look before they read (`INPUTS`); sources look at what they wrote and rewrite the few shards
that hold a repeat. The first in shard and row order stays.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datagen.ledger import QUARANTINE, Settled, decided_columns
from datagen.record import ids_as_bytes
from datagen.stage import Phase

if TYPE_CHECKING:
    from datagen.store import Store
    from datagen.task import Commit, Job, Task

INPUTS = "inputs"
BATCH_ROWS = 8192
ROWS_PER_SHARD = 6_000_000
"""A shard holds up to 100 bytes a row, so 0.6 GB."""

REPEATS = pa.schema([("path", pa.string()), ("row", pa.int64()), ("verdict", pa.string())])


def input_phase() -> Phase:
    """Finds ids repeated among the inputs of a stage."""

    def plan(job: "Job") -> list[list[int]]:
        return _slices(sum(part.rows for part in job.parts))

    def run(task: "Task") -> None:
        task.write("repeats", find_repeats(task.job.store, [part.path for part in task.job.parts], *task.shard))

    return Phase(INPUTS, plan, run)


def resolve_phases() -> tuple[Phase, Phase]:
    """Finds ids repeated in a source's own output, then rewrites the shards that hold them."""

    def plan_unique(job: "Job") -> list[list[int]]:
        return _slices(sum(f["rows"] for c in job.commits("rows") for f in c.files.get("data", ())))

    def run_unique(task: "Task") -> None:
        paths = [path for commit in task.commits("rows") for path in commit.paths()]
        task.write("repeats", find_repeats(task.job.store, paths, *task.shard))

    def plan_resolve(job: "Job") -> dict[int, None]:
        touched = repeated_rows(job.store, job.commits("unique"))
        return {c.key: None for c in job.commits("rows") if any(path in touched for path in c.paths())}

    return Phase("unique", plan_unique, run_unique), Phase("resolve", plan_resolve, _resolve, publishes=True)


def find_repeats(store: "Store", paths: list[str], piece: int, pieces: int) -> pa.Table:
    """Rows (REPEATS) whose id, among those of this piece of the id space, came before."""
    ids, contents, rows, starts, end = [], [], [], [], 0
    for path in paths:
        starts.append(end)
        for batch in store.parquet(path).iter_batches(columns=["id", "content"]):
            here = ids_as_bytes(batch["id"])
            mine = np.flatnonzero(here.view("u1").reshape(-1, 16)[:, 0] % pieces == piece)
            ids.append(here[mine])
            contents.append(ids_as_bytes(batch["content"])[mine])
            rows.append(end + mine)
            end += len(here)
    if not ids:
        return REPEATS.empty_table()
    key, content, row = _joined(ids).view("u8").reshape(-1, 2), _joined(contents), _joined(rows)
    order = np.lexsort((key[:, 1], key[:, 0]))  # stable: among equals, the first row stays first
    ranked = key[order]
    is_first = np.ones(len(ranked), bool)
    is_first[1:] = (ranked[1:] != ranked[:-1]).any(axis=1)
    leaders, again = np.flatnonzero(is_first), np.flatnonzero(~is_first)
    first = order[leaders[np.searchsorted(leaders, again) - 1]]
    repeated = order[again]
    same = content[repeated] == content[first]
    place = np.argsort(repeated)
    where = row[repeated[place]]
    file = np.searchsorted(starts, where, side="right") - 1
    return pa.table(
        [
            pa.array(paths, pa.string()).take(pa.array(file)),
            pa.array(where - np.array(starts)[file], pa.int64()),
            pa.array(["id_clash", "same_id"]).take(pa.array(same[place].astype(np.int8))),
        ],
        schema=REPEATS,
    )


def _joined(pieces: list[np.ndarray]) -> np.ndarray:
    """The pieces as one array. The list is emptied, since two copies of everything are one too many."""
    found = np.concatenate(pieces)
    pieces.clear()
    return found


def repeated_rows(store: "Store", commits: Iterable["Commit"]) -> dict[str, dict[int, str]]:
    """path -> row number -> verdict, from committed shards of either phase."""
    found: dict[str, dict[int, str]] = {}
    for path in (path for commit in commits for path in commit.paths("repeats")):
        for entry in store.parquet(path).read().to_pylist():
            found.setdefault(entry["path"], {})[entry["row"]] = entry["verdict"]
    return found


def _resolve(task: "Task") -> None:
    store = task.job.store
    touched = repeated_rows(store, task.commits("unique"))
    commit = next(c for c in task.commits("rows") if c.key == task.key)
    entries = _Entries(store, commit.paths("ledger"))
    for path in commit.paths():
        verdicts, start = touched.get(path, {}), 0
        numbers = sorted(verdicts)
        for rows in _batches(store, path):
            here = numbers[bisect_left(numbers, start) : bisect_left(numbers, start + len(rows))]
            mask = np.ones(len(rows), bool)
            mask[[number - start for number in here]] = False
            start += len(rows)
            decided = entries.take(len(rows))
            kept, settled = rows.filter(pa.array(mask)), decided.filter(pa.array(mask))
            task.account(Settled(kept, settled, QUARANTINE.empty_table(), kept.slice(0, 0), decided_columns(kept)))
            if here:
                positions = decided["position"].filter(pa.array(~mask)).to_pylist()
                task.account_repeats(rows.filter(pa.array(~mask)), [verdicts[number] for number in here], positions)
    for path in commit.paths("ledger"):
        for entry in _batches(store, path):
            task.write("ledger", entry.filter(pc.not_equal(entry["outcome"], "kept")))
    for kind in ("dropped", "quarantine"):
        for path in commit.paths(kind):
            for rows in _batches(store, path):
                task.write(kind, rows)
    for path in commit.paths("stats-decisions"):
        decisions = store.parquet(path).read()
        task.count_decisions(decisions.filter(pc.not_equal(decisions["outcome"], "kept")))


class _Entries:
    """The ledger's entries of kept rows: row for row with the shard's data."""

    def __init__(self, store: "Store", paths: list[str]):
        found = (entries for path in paths for entries in _batches(store, path))
        self._found = (entries.filter(pc.equal(entries["outcome"], "kept")) for entries in found)
        self._next: pa.Table | None = None

    def take(self, rows: int) -> pa.Table:
        taken = []
        while rows:
            here = self._next if self._next is not None else next(self._found)
            taken.append(here.slice(0, rows))
            rows -= len(taken[-1])
            self._next = here.slice(len(taken[-1])) if len(here) > len(taken[-1]) else None
        return pa.concat_tables(taken)


def _batches(store: "Store", path: str) -> Iterator[pa.Table]:
    for batch in store.parquet(path).iter_batches(BATCH_ROWS):
        yield pa.Table.from_batches([batch])


def _slices(rows: int) -> list[list[int]]:
    pieces = 1 + rows // ROWS_PER_SHARD
    return [[piece, pieces] for piece in range(pieces)]
