"""Ids that come twice in a source: found and accounted for however little of a shard is looked at at a time."""

import json

import pyarrow.parquet as pq
import pytest

from collectors.tables.records import Records
from datagen.record import extended
from datagen.task import Job
from datagen.worker import run_shard


def published(folder, path) -> tuple[list[dict], list[dict]]:
    """(rows, ledger) of a source whose phases are run one after the other."""
    stage = Records(path=str(path), fields={"id": "id", "text": "text"})
    items, settings = tuple(stage.items()), {"split": {}}
    job = Job("here", stage, "test", str(folder), "0", extended(()), items=items, settings=settings)
    last = {}
    for phase in stage.phases():
        shards = phase.plan(job)
        for key, shard in shards.items() if isinstance(shards, dict) else enumerate(shards):
            commit = run_shard(job, phase.name, key, shard)
            if phase.publishes:
                last[key] = commit
    kinds = ("data", "ledger")
    return tuple(
        [
            row
            for commit in last.values()
            for path in commit.paths(kind)
            for row in pq.read_table(folder / path).to_pylist()
        ]
        for kind in kinds
    )


@pytest.mark.parametrize("batch", [1, 3, 8192])
def test_repeats_are_found_in_batches_of_any_size(tmp_path, monkeypatch, batch):
    monkeypatch.setattr("datagen.unique.BATCH_ROWS", batch)
    rows = [{"id": n, "text": f"Text of record {n}."} for n in range(20)]
    rows += [rows[3], {"id": 5, "text": "Another text."}, {"id": 20, "text": ""}, rows[3], {"id": 21, "text": "Last."}]
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    found, ledger = published(tmp_path / "run", path)
    texts = [row["text"] for row in found]
    assert texts == [f"Text of record {n}." for n in range(20)] + ["Last."]
    reasons = [entry["reason"] for entry in ledger if entry["outcome"] != "kept"]
    assert sorted(reasons) == ["id_clash", "no_text", "same_id", "same_id"]
    kept = [entry for entry in ledger if entry["outcome"] == "kept"]
    assert [entry["id"] for entry in kept] == [row["id"] for row in found]
    assert kept[-1]["position"] == "a.jsonl#25"
