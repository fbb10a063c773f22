"""Throwing things away: old versions (`collect_garbage`) and records that must go (`forget`)."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from datagen.errors import UsageError
from datagen.forgotten import Tombstones
from datagen.lease import Lease
from datagen.ledger import decided_columns
from datagen.publish import current, flip, manifest, write_manifest, write_parquet
from datagen.stats import counts_of, cube_of, decisions_of, merge_cubes, merge_decisions
from datagen.store import Store


def versions(store: Store, stage: str) -> list[str]:
    return [name for name in store.folders(stage) if name.startswith("v-")]


def stages_of(store: Store) -> list[str]:
    return [name for name in store.folders() if not name.startswith("_")]


# Garbage


def collect_garbage(store: Store, lease: Lease, keep: int) -> list[str]:
    """Delete all but the published version and the `keep` - 1 newest others of every stage, and unfinished work.

    Returns the folders deleted.
    """
    gone = []
    for stage in stages_of(store):
        found = current(store, stage)
        published = found.version if found else None
        others = [v for v in versions(store, stage) if v != published]
        made = {v: store.modified(f"{stage}/{v}/manifest.json") or 0 for v in others}
        spare = max(0, keep - (published is not None))
        gone += [f"{stage}/{v}" for v in sorted(others, key=lambda v: (-made[v], v))[spare:]]
    gone += [
        f"_work/{stage}/{version}" for stage in store.folders("_work") for version in store.folders(f"_work/{stage}")
    ]
    for folder in gone:
        lease.check()
        # The manifest goes first: a version without one is no version, whenever this is cut short.
        store.delete([f"{folder}/manifest.json"])
        store.delete_tree(folder)
    return gone


def discard(store: Store, lease: Lease, stage: str) -> str | None:
    """Delete the version that a stage publishes, for the next run to make it again. Returns its folder, if any."""
    found = current(store, stage)
    if found is None:
        return None
    folder = f"{stage}/{found.version}"
    lease.check()
    store.delete([f"{folder}/manifest.json", f"{stage}/CURRENT"])
    store.delete_tree(folder)
    return folder


# Forgetting


@dataclass
class Forgotten:
    """What `forget` found: ids removed by stage, artefact versions deleted, and models that had seen the records."""

    rows: dict[str, int] = field(default_factory=dict)
    deleted: list[str] = field(default_factory=list)
    models: list[str] = field(default_factory=list)


def forget(store: Store, lease: Lease, what: str) -> Forgotten:
    """Remove a record (by id) or a whole source, and everything made from it, from every version of every stage.

    Rows are rewritten at once; artefacts that may hold their text (tokens, pairs, indexes, caches) are deleted; models
    trained on them are named, for only training again makes a model forget. A tombstone keeps the record from coming
    back: the next run makes new versions without it. Raises UsageError where nothing in the run is called that.
    """
    report = Forgotten()
    sources, doomed = _find(store, what)
    tombstones = Tombstones.load(store)
    for source, ids in sources.items():
        tombstones = tombstones.add(source, ids)
    tombstones.save(store)
    touched: set[tuple[str, str]] = set()
    for stage in stages_of(store):
        for version in versions(store, stage):
            found = manifest(store, stage, version)
            lease.check()
            if found and found["publishes"] == "records":
                removed = _rewrite(store, lease, stage, found, doomed)
                if removed:
                    report.rows[stage] = max(report.rows.get(stage, 0), removed)
                    touched.add((stage, version.removeprefix("v-")))
    _drop_artefacts(store, lease, touched, report)
    store.delete_tree("_work")
    store.delete_tree("_cache")
    return report


def would_forget(store: Store, what: str) -> dict[str, int]:
    """Stage -> rows that `forget` would remove from what it has published. Raises UsageError as `forget` does."""
    _, doomed = _find(store, what)
    ids, rows = pa.array(sorted(doomed), pa.string()), {}
    for stage in stages_of(store):
        found = manifest(store, stage)
        if found and found["publishes"] == "records":
            data = [f"{stage}/{found['version']}/{f['path']}" for f in found["files"] if f["path"].startswith("data/")]
            hits = [pc.sum(pc.is_in(store.parquet(p).read(columns=["id"])["id"], value_set=ids)).as_py() for p in data]
            if number := sum(filter(None, hits)):
                rows[stage] = number
    return rows


def _find(store: Store, what: str) -> tuple[dict[str, list[str] | None], set[str]]:
    """(source stage -> its forgotten ids, None for all; every id that must go, children included)."""
    sources: dict[str, list[str] | None] = {}
    doomed: set[str] = set()
    parents: dict[str, set[str]] = {}
    for stage in stages_of(store):
        for rows in _rows(store, stage, ["id", "source", "parents"]):
            for row in rows.to_pylist():
                if what in (row["id"], row["source"]):
                    doomed.add(row["id"])
                if row["source"] == what:
                    sources[what] = None
                elif row["id"] == what:
                    sources[row["source"]] = [what]
                for parent in row["parents"] or ():
                    parents.setdefault(parent, set()).add(row["id"])
    queue = list(doomed)
    while queue:
        for child in parents.get(queue.pop(), ()):
            if child not in doomed:
                doomed.add(child)
                queue.append(child)
    if not sources:
        raise UsageError(
            f"no record or source of {store.url} is called {what}", "`datagen trace` and `datagen status` show names"
        )
    return sources, doomed


def _rows(store: Store, stage: str, columns: list[str]) -> Iterator[pa.Table]:
    for version in versions(store, stage):
        found = manifest(store, stage, version)
        if found and found["publishes"] == "records":
            for file in found["files"]:
                if file["path"].startswith(("data/", "dropped/")):
                    yield store.parquet(f"{stage}/{version}/{file['path']}").read(columns=columns)


def _rewrite(store: Store, lease: Lease, stage: str, found: dict, doomed: set[str]) -> int:
    """Take rows out of one version; its files, ledger, counts and manifest agree again afterwards."""
    folder = f"{stage}/{found['version']}"
    ids = pa.array(sorted(doomed), pa.string())
    removed: list[pa.Table] = []
    derived: set[str] = set()
    for file in sorted(found["files"], key=lambda f: not f["path"].startswith("ledger/")):
        kind = file["path"].split("/")[0]
        if kind not in ("data", "dropped", "ledger"):
            continue
        rows = store.parquet(f"{folder}/{file['path']}").read()
        hit = pc.is_in(rows["id"], value_set=ids)
        if not pc.any(hit).as_py():
            continue
        if kind == "ledger":
            derived.update(rows["id"].filter(pc.and_(hit, pc.equal(rows["outcome"], "derived"))).to_pylist())
            rows = _forgotten_ledger(rows, hit)
        else:
            if kind == "data":
                removed.append(decided_columns(rows.filter(hit)).append_column("id", rows["id"].filter(hit)))
            rows = rows.filter(pc.invert(hit))
        file |= write_parquet(store, f"{folder}/{file['path']}", rows)
    if not removed and not derived:
        return 0
    gone = pa.concat_tables(removed)
    _recount(store, folder, found, gone, pc.is_in(gone["id"], value_set=pa.array(sorted(derived), pa.string())))
    data = write_manifest(store, folder, found)
    published = current(store, stage)
    if published and published.version == found["version"]:
        flip(store, stage, found["version"], data, lease)
    return len(gone)


def _forgotten_ledger(rows: pa.Table, hit: pa.ChunkedArray) -> pa.Table:
    """A kept record becomes dropped(forgotten); a derived one was never an input and leaves the ledger."""
    derived = pc.and_(hit, pc.equal(rows["outcome"], "derived"))
    rows, hit = rows.filter(pc.invert(derived)), hit.filter(pc.invert(derived))
    kept = pc.and_(hit, pc.equal(rows["outcome"], "kept"))
    for column, value in (("outcome", "dropped"), ("reason", "forgotten")):
        index = rows.schema.get_field_index(column)
        rows = rows.set_column(index, rows.schema.field(index), pc.if_else(kept, value, rows[column]))
    return rows


def _recount(store: Store, folder: str, found: dict, gone: pa.Table, derived: pa.ChunkedArray) -> None:
    """Statistics without the rows that went: what was kept is now dropped(forgotten), what was derived never was."""
    before = store.parquet(f"{folder}/stats/decisions.parquet").read()
    kept = gone.filter(pc.invert(derived))
    changes = [
        before,
        decisions_of(gone.filter(derived), "derived", None, sign=-1),
        decisions_of(kept, "kept", None, sign=-1),
        decisions_of(kept, "dropped", "forgotten"),
    ]
    decisions = merge_decisions(changes)
    decisions = decisions.filter(pc.not_equal(decisions["rows"], 0))
    data = [store.parquet(f"{folder}/{f['path']}").read() for f in found["files"] if f["path"].startswith("data/")]
    cube = merge_cubes([cube_of(rows) for rows in data])
    stats = {"stats/cube.parquet": cube, "stats/decisions.parquet": decisions}
    for file in found["files"]:
        if file["path"] in stats:
            file |= write_parquet(store, f"{folder}/{file['path']}", stats[file["path"]])
    found["counts"] = counts_of(decisions, cube)


def _drop_artefacts(store: Store, lease: Lease, touched: set[tuple[str, str]], report: Forgotten) -> None:
    """Follow inputs from the rewritten versions: artefacts made of them are deleted, models are named."""
    grown = True
    while grown:
        grown = False
        for stage in stages_of(store):
            for version in versions(store, stage):
                found = manifest(store, stage, version)
                key = (stage, version.removeprefix("v-"))
                if not found or found["publishes"] == "records" or key in touched:
                    continue
                identity = found["identity"]
                upstream = {(n[0], n[2]) for n in identity["needs"]}
                hashes = {h for _, h in touched}
                if not (upstream & touched or hashes & set(identity["artefacts"].values())):
                    continue
                touched.add(key)
                grown = True
                if found["publishes"] in ("model", "classifier", "reward"):
                    report.models.append(f"{stage}/{version}")
                else:
                    lease.check()
                    store.delete([f"{stage}/{version}/manifest.json"])
                    published = current(store, stage)
                    if published and published.version == version:
                        store.delete([f"{stage}/CURRENT"])
                    store.delete_tree(f"{stage}/{version}")
                    report.deleted.append(f"{stage}/{version}")
