"""From committed shards to an immutable version: copy, verify, write the manifest, flip `CURRENT`."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from datagen.errors import LeaseLost, VerificationError
from datagen.lease import Lease
from datagen.ledger import LEDGER
from datagen.stats import CUBE, DECISIONS, counts_of, merge_cubes, merge_decisions
from datagen.store import Store
from datagen.task import PARQUET, Commit, Job

if TYPE_CHECKING:
    from datagen.plan import Plan

SIBLINGS = ("ledger", "dropped", "quarantine")


@dataclass(frozen=True)
class Current:
    """What a stage's `CURRENT` says: the published version, the sha256 of its manifest, and who flipped it."""

    version: str
    manifest: str
    epoch: int

    @staticmethod
    def parse(data: bytes) -> "Current":
        version, manifest, epoch = data.decode().split()
        return Current(version, manifest.removeprefix("sha256:"), int(epoch.removeprefix("epoch:")))

    def dump(self) -> bytes:
        return f"{self.version}\nsha256:{self.manifest}\nepoch:{self.epoch}\n".encode()


def current(store: Store, stage: str) -> Current | None:
    try:
        return Current.parse(store.read(f"{stage}/CURRENT"))
    except FileNotFoundError:
        return None


def manifest(store: Store, stage: str, version: str | None = None) -> dict[str, Any] | None:
    """The manifest of a version (default: the published one), or None."""
    if version is None:
        found = current(store, stage)
        if found is None:
            return None
        version = found.version
    try:
        return json.loads(store.read(f"{stage}/{version}/manifest.json"))
    except FileNotFoundError:
        return None


def publish(job: Job, commits: list[Commit], facts: dict[str, Any], lease: Lease) -> dict[str, Any]:
    """Make the version of a finished job and flip `CURRENT` to it.

    Everything up to the manifest can be cut short and done again: the version has no manifest yet, and commits never
    change. Raises LeaseLost where another driver has taken the run over, VerificationError where storage lies.
    """
    store, folder = job.store, job.version
    store.delete_tree(folder)
    files = _arrange(job, commits)
    for file in files:
        store.copy(file.pop("from"), f"{folder}/{file['path']}")
    files += _stats(job, commits)
    _verify_files(store, folder, files)
    decisions = store.parquet(f"{folder}/stats/decisions.parquet").read()
    cube = store.parquet(f"{folder}/stats/cube.parquet").read()
    record = {
        **facts,
        "stage": job.name,
        "version": f"v-{job.hash}",
        "publishes": job.stage.publishes,
        "counts": counts_of(decisions, cube),
        "files": sorted(files, key=lambda f: f["path"]),
    }
    lease.check()
    data = write_manifest(store, folder, record)
    flip(store, job.name, f"v-{job.hash}", data, lease)
    store.delete_tree(f"_work/{job.name}/{job.hash}")  # however its shards were cut
    return record


def write_manifest(store: Store, folder: str, record: dict[str, Any]) -> bytes:
    """Write a version's manifest and return its bytes, for `flip`."""
    data = json.dumps(record, ensure_ascii=False, indent=1, sort_keys=True).encode()
    store.write(f"{folder}/manifest.json", data)
    store.flush_to_disk(f"{folder}/manifest.json")
    return data


def assert_current(plan: "Plan", store: Store, lease: Lease) -> None:
    """Point `CURRENT` at every selected version that is already there, under this driver's epoch."""
    for planned in plan.stages.values():
        if planned.selected and planned.published:
            data = store.read(f"{planned.step.name}/{planned.version}/manifest.json")
            flip(store, planned.step.name, planned.version, data, lease)


def flip(store: Store, stage: str, version: str, manifest_data: bytes, lease: Lease) -> None:
    """Point `CURRENT` at a version, or renew our claim on it.

    Compare-and-set: between reading and setting, a newer owner of the lease makes the set fail.
    """
    path = f"{stage}/CURRENT"
    new = Current(version, hashlib.sha256(manifest_data).hexdigest(), lease.epoch).dump()
    while True:
        try:
            old = store.read(path)
        except FileNotFoundError:
            old = None
        if old is not None and Current.parse(old).epoch > lease.epoch:
            raise LeaseLost(
                f"another process published {stage} meanwhile",
                "nothing of this run is lost; see `datagen status`",
            )
        lease.check()
        if old == new or store.swap(path, old, new):
            return


def _arrange(job: Job, commits: list[Commit]) -> list[dict]:
    """Final names: one numbering per kind over all shards, in shard order."""
    files, numbers = [], {}
    for commit in commits:
        for kind, entries in sorted(commit.files.items()):
            if kind.startswith("stats-"):
                continue
            for entry in entries:
                if entry["name"] is not None:
                    path = f"data/{entry['name']}"
                else:
                    number = numbers[kind] = numbers.get(kind, -1) + 1
                    prefix = kind if kind == "data" or kind in SIBLINGS else f"data/{kind}"
                    path = f"{prefix}/part-{number:05d}.parquet"
                files.append(
                    {
                        "path": path,
                        "from": entry["path"],
                        **{k: entry[k] for k in ("sha256", "bytes", "rows")},
                    }
                )
    if job.stage.publishes == "records":
        if "data" not in numbers:
            files.append(_empty(job, "data/part-00000.parquet", job.schema))
        if "ledger" not in numbers:
            files.append(_empty(job, "ledger/part-00000.parquet", LEDGER))
    return files


def _empty(job: Job, path: str, schema: pa.Schema) -> dict:
    staged = f"{job.work}/attempts/empty/{path}"
    return {**write_parquet(job.store, staged, schema.empty_table()), "path": path, "from": staged}


def _stats(job: Job, commits: list[Commit]) -> list[dict]:
    written = []
    for name, merge, schema in (("cube", merge_cubes, CUBE), ("decisions", merge_decisions, DECISIONS)):
        parts = [job.store.parquet(path).read() for c in commits for path in c.paths(f"stats-{name}")]
        path = f"{job.version}/stats/{name}.parquet"
        entry = write_parquet(job.store, path, merge(parts).cast(schema))
        written.append({**entry, "path": f"stats/{name}.parquet"})
    return written


def write_parquet(store: Store, path: str, rows: pa.Table) -> dict[str, Any]:
    """Write one file of a version; its entry in the manifest, less the path."""
    writer = store.writer(path)
    with pq.ParquetWriter(pa.PythonFile(writer, mode="w"), rows.schema, **PARQUET) as parquet:
        parquet.write_table(rows)
    writer.close()
    return {"sha256": writer.sha256, "bytes": writer.bytes, "rows": len(rows)}


def _verify_files(store: Store, folder: str, files: list[dict]) -> None:
    def check(file: dict) -> str | None:
        path = f"{folder}/{file['path']}"
        if store.sha256(path) != file["sha256"]:
            return path
        store.flush_to_disk(path)
        return None

    with ThreadPoolExecutor(8) as pool:
        wrong = [path for path in pool.map(check, files) if path]
    if wrong:
        raise VerificationError(
            f"{len(wrong)} files differ from what was written, first {wrong[0]}", "check the storage"
        )
