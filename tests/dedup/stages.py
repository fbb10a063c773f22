"""A stage run in this process, phase by phase and shard by shard as the engine does, without Ray."""

import io
import json
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from datagen.ledger import LEDGER
from datagen.record import SCHEMA, record_id, table
from datagen.stage import Stage
from datagen.store import Store
from datagen.task import Commit, Job, Part, Task
from datagen.worker import all_phases, run_shard, scratch_folder


@dataclass(frozen=True)
class Ran:
    """What a stage left: published rows, its ledger, and its commits by phase."""

    job: Job
    commits: dict[str, list[Commit]]

    def _read(self, kind: str, schema: pa.Schema) -> list[dict]:
        last = self.commits[all_phases(self.job)[-1].name]
        found = [self.job.store.parquet(path).read() for commit in last for path in commit.paths(kind)]
        return pa.concat_tables([schema.empty_table(), *found]).to_pylist()

    @property
    def sha256(self) -> list[str]:
        """Of the published files."""
        last = self.commits[all_phases(self.job)[-1].name]
        return [file["sha256"] for commit in last for files in commit.files.values() for file in files]

    @property
    def rows(self) -> dict[str, dict]:
        return {row["id"]: row for row in self._read("data", SCHEMA)}

    @property
    def outcomes(self) -> dict[str, str]:
        return {entry["id"]: entry["outcome"] for entry in self._read("ledger", LEDGER)}

    @property
    def merged(self) -> dict[str, str]:
        return {entry["id"]: entry["into"] for entry in self._read("ledger", LEDGER) if entry["outcome"] == "merged"}

    def result(self, phase: str):
        (commit,) = self.commits[phase]
        return commit.result


def record(source: str, number: int | str, text: str, **more) -> dict:
    identity = record_id(source, str(number))
    known = {"id": identity, "group": identity, "split": "train", "source": source, "source_id": str(number)}
    return known | {"text": text} | more


def write_part(store: Store, path: str, rows: list[dict]) -> Part:
    made = io.BytesIO()
    pq.write_table(table(rows), made)
    store.write(path, made.getvalue())
    return Part(path, len(rows), made.tell(), "input")


def run(stage: Stage, url, parts: list[list[dict]], name: str = "unique", cut_short=False, **artefacts: str) -> Ran:
    """Run a stage over parts, each of them rows. artefacts: option -> folder within the store; cut_short: before every
    shard an attempt at it is killed as it is about to commit."""
    store = Store(str(url))
    written = [write_part(store, f"{name}-in/part-{n:05d}.parquet", rows) for n, rows in enumerate(parts)]
    schema = SCHEMA if stage.publishes == "records" else None
    job = Job(name, stage, name, store.url, name, schema, tuple(written), artefacts=artefacts)
    commits = {}
    for phase in all_phases(job):
        shards = phase.plan(job)
        shards = shards if isinstance(shards, dict) else dict(enumerate(shards))
        planned = json.loads(json.dumps([[key, shard] for key, shard in shards.items()]))
        for key, shard in planned if cut_short else ():
            phase.run(Task(job, phase.name, key, shard, scratch_folder(job, phase.name, key)))
        commits[phase.name] = [run_shard(job, phase.name, key, shard) for key, shard in planned]
    return Ran(job, commits)


def publish(ran: Ran) -> str:
    """Lay an artefact's files out as the engine does; the folder within the store."""
    folder = f"{ran.job.version}/data"
    for commit in (commit for commits in ran.commits.values() for commit in commits):
        for file in (file for file in commit.files.get("data", ()) if file["name"]):
            ran.job.store.copy(file["path"], f"{folder}/{file['name']}")
    return folder
