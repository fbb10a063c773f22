"""Runs a stage over tables through the real `Task` and `publish`, in this process: no recipe, no Ray."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from datagen.lease import Lease
from datagen.publish import publish
from datagen.record import extended
from datagen.stage import Stage
from datagen.store import Store
from datagen.task import Job, Part, Task


def run_stage(
    folder: Path, stage: Stage, inputs: list[pa.Table], name: str = "made", artefacts: dict[str, str] | None = None
) -> Path:
    """One part per table; `artefacts` are folders below `folder`, by option. Returns that of the published version."""
    store = Store(str(folder))
    (folder / "inputs").mkdir(parents=True)
    parts = []
    for number, rows in enumerate(inputs):
        path = f"inputs/part-{number}.parquet"
        pq.write_table(rows, folder / path)
        parts.append(Part(path, len(rows), rows.nbytes, "inputs"))
    schema = extended(stage.adds) if stage.publishes == "records" else None
    job = Job(name, stage, "test", store.url, "0" * 12, schema, tuple(parts), artefacts=artefacts or {})
    results, published = {}, {}
    for phase in stage.phases():
        commits = []
        for key, shard in enumerate(phase.plan(job)):
            task = Task(job, phase.name, key, shard, folder / "scratch")
            commits.append(task.commit(phase.run(task)))
        if len(commits) == 1:
            results[phase.name] = commits[0].result
        if phase.publishes:
            published |= {commit.key: commit for commit in commits}
    lease = Lease.acquire(store, "test")
    try:
        publish(job, list(published.values()), {"results": results}, lease)
    finally:
        lease.release()
    return folder / job.version


def rows_of(version: Path) -> pa.Table:
    return pq.read_table(version / "data")


def ledger_of(version: Path) -> dict[str, tuple[str, str | None]]:
    rows = pq.read_table(version / "ledger").to_pylist()
    return {row["id"]: (row["outcome"], row["reason"]) for row in rows}


def result_of(version: Path, phase: str) -> dict:
    return json.loads((version / "manifest.json").read_text())["results"][phase]
