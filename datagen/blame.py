"""Which inputs were bad, for whoever has to correct them: files, rows, ids and reasons, never text."""

from collections import Counter
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from datagen.store import Store
from datagen.task import Commit

MOST_PLACES = 10
MOST_CLASHES = 2
"""Ids told as examples of those that two records have."""


def blame(store: Store, commits: list[Commit]) -> str:
    """The files with most quarantined inputs, a line each, and examples of ids that two records have."""
    places: Counter[str] = Counter()
    clashes: set[str] = set()
    for path in (path for commit in commits for path in commit.paths("quarantine")):
        for row in store.parquet(path).read().to_pylist():
            places[f"{(row['position'] or row['id']).split('#')[0]} ({row['reason']})"] += 1
            if row["reason"] == "id_clash" and len(clashes) < MOST_CLASHES:
                clashes.add(row["id"])
    worst = sorted(places.items(), key=lambda place: (-place[1], place[0]))[:MOST_PLACES]
    lines = [f"  {count:6d}  {place}" for place, count in worst]
    if rest := places.total() - sum(count for _, count in worst):
        lines.append(f"  {rest:6d}  elsewhere")
    return "\n".join([*lines, *_explained(store, commits, clashes)])


def _explained(store: Store, commits: list[Commit], clashes: set[str]) -> Iterator[str]:
    if not clashes:
        return
    yield "  id_clash: the same id with another text; does the id column repeat, or start again in each file?"
    known: dict[str, str] = {}
    positions: dict[str, list[str]] = {i: [] for i in clashes}
    for commit in commits:
        for row in _rows_of(clashes, store, commit.paths(), ["id", "source_id"]):
            known[row["id"]] = row["source_id"]
        for row in _rows_of(clashes, store, commit.paths("ledger"), ["id", "position"]):
            positions[row["id"]] += [row["position"]] if row["position"] else []
    for i in sorted(clashes):
        yield f"    id {known.get(i) or i}" + (f": {', '.join(positions[i][:4])}" if positions[i] else "")


def _rows_of(ids: set[str], store: Store, paths: list[str], columns: list[str]) -> Iterator[dict]:
    wanted = pa.array(sorted(ids), pa.string())
    for path in paths:
        for batch in store.parquet(path).iter_batches(columns=columns):
            yield from batch.filter(pc.is_in(batch["id"], value_set=wanted)).to_pylist()
