"""What of a merging stage's options is part of a version's name."""

import pytest
import stages
import workload

from datagen.plan import make_plan
from datagen.recipe import load_recipe
from datagen.task import Job
from datagen.worker import ShardFailed
from dedup.exact import ExactDedup
from dedup.minhash import MinHashDedup

LESS = {"memory": 1 << 24, "max_removed": 0.5}


def version(tmp_path, use: str, **options) -> str:
    (tmp_path / "notes.jsonl").write_text('{"text": "x"}\n')
    listed = "".join(f", {name}: {value}" for name, value in options.items())
    (tmp_path / "r.yaml").write_text(
        "name: r\nstages:\n"
        "  notes: {use: collectors.records, path: notes.jsonl, fields: {text: text}}\n"
        f"  unique: {{use: {use}, needs: [notes]{listed}}}\n"
    )
    return make_plan(load_recipe(tmp_path / "r.yaml"), str(tmp_path / "run")).stages["unique"].hash


@pytest.mark.parametrize("use", ["dedup.minhash", "dedup.exact"])
def test_what_cannot_change_a_version_is_not_in_its_name(tmp_path, use):
    assert version(tmp_path, use) == version(tmp_path, use, **LESS)
    assert version(tmp_path, use) != version(tmp_path, use, max_cluster=5)  # the manifest names other clusters


def test_an_index_is_cut_by_memory(tmp_path):
    assert version(tmp_path, "dedup.index") != version(tmp_path, "dedup.index", memory=1 << 24)


@pytest.mark.parametrize("kind", [MinHashDedup, ExactDedup])
def test_only_work_that_was_cut_alike_is_resumed(tmp_path, kind):
    work = [Job("unique", kind(**options), "use", str(tmp_path), "hash", None).work for options in ({}, LESS)]
    assert work[0] != work[1]
    assert work[0] == Job("unique", kind(max_removed=0.5), "use", str(tmp_path), "hash", None).work


def test_a_run_that_stopped_goes_on_with_other_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("dedup.minhash.BAND_BYTES", LESS["memory"] // 20)
    monkeypatch.setattr("dedup.minhash.COLUMNS_PER_SHARD", 1)
    rows = [stages.record("a", n, text) for n, text in enumerate(workload.make("en", 4, 150, 50).texts)]
    whole = stages.run(MinHashDedup(threshold=0.5), tmp_path / "whole", [rows])
    candidates = MinHashDedup._candidates
    with monkeypatch.context() as stopping:
        stopping.setattr(
            MinHashDedup, "_candidates", lambda stage, task: candidates(stage, task) or 1 // (7 - task.key)
        )
        with pytest.raises(ShardFailed):
            stages.run(MinHashDedup(threshold=0.5, memory=LESS["memory"]), tmp_path / "stopped", [rows])
    assert stages.run(MinHashDedup(threshold=0.5), tmp_path / "stopped", [rows]).sha256 == whole.sha256
