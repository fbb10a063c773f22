"""The demo's data stages, held against the answer key that was written with the corpus by another hand."""

import json
import re
from importlib.resources import files
from pathlib import Path

import pyarrow as pa
import pytest
import yaml

from datagen import load
from datagen.demo import tally
from datagen.publish import manifest
from datagen.recipe import load_recipe
from datagen.runs import run_recipe
from datagen.store import Store
from datagen.verify import verify_run
from tests.datagen.runs import digest

SAMPLE = Path(str(files("datagen") / "sample"))
KEY = yaml.safe_load((SAMPLE / "answer_key.yaml").read_text("utf-8"))
pytestmark = pytest.mark.proof(
    "collectors.jats",
    "collectors.medquad",
    "collectors.records",
    "dedup.minhash",
    "dedup.decontaminate",
    "classifiers.screen",
    "classifiers.train",
    "classifiers.annotate",
    "classifiers.curriculum",
    "classifiers.balance",
    "knowledge_graph.build",
    "synthesis.generate",
    "reward_filter.train",
    "reward_filter.filter",
    "fixture",
)
STAGE = {"textbook": "textbooks"}


@pytest.fixture(scope="module")
def out(tmp_path_factory, ray_local) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    run_recipe(load_recipe(SAMPLE / "demo.yaml"), str(folder / "run"), until="curated")
    return folder / "run"


def ledger(out: Path, stage: str) -> dict[str, tuple[str, str | None]]:
    version = manifest(Store(str(out)), stage)["version"]
    rows = pa.concat_tables(
        [
            Store(str(out)).parquet(f"{stage}/{version}/{f['path']}").read()
            for f in manifest(Store(str(out)), stage)["files"]
            if f["path"].startswith("ledger/")
        ]
    )
    return {r["id"]: (r["outcome"], r["reason"] or r["into"]) for r in rows.to_pylist()}


@pytest.fixture(scope="module")
def ids(out):
    """(file, id in the key) -> ids of the records read from it. Patient-level sources keep no id of their own."""
    from datagen.record import record_id

    def find(file: str, name: str) -> list[str]:
        kind = file.split("/")[0]
        stage = STAGE.get(kind, kind)
        if kind == "cases":
            return [record_id(stage, name, b"a secret for tests")]
        if kind in ("papers", "qa"):
            rows = load(out, stage).to_table(columns=["id", "source_id", "meta"]).to_pylist()
            if kind == "qa":  # pairs are numbered by their file
                name = re.sub(r"-(?=\d+$)", ".xml#", name)
            return [r["id"] for r in rows if re.search(rf"\b{re.escape(name)}(?!\w)", r["source_id"] + r["meta"])]
        return [record_id(stage, name)]

    return find


def test_the_run_verifies(out):
    assert not verify_run(Store(str(out)))[0]


def test_broken_and_hostile_input_is_in_quarantine_and_nothing_else_is(out):
    planted = KEY["broken"] + KEY["duplicate_ids"]
    expected = {(p["file"], p.get("line")) for p in planted if p["expect"].startswith("quarantined")}
    found = set()
    for stage in ("papers", "qa", "textbooks", "cases", "dialogues", "general"):
        listed = manifest(Store(str(out)), stage)
        for file in listed["files"]:
            if file["path"].startswith("quarantine/"):
                for row in Store(str(out)).parquet(f"{stage}/{listed['version']}/{file['path']}").read().to_pylist():
                    if row["position"]:
                        name, _, line = row["position"].partition("#")
                        if stage == "cases":  # patients' files are called by number, since names may be a patient's
                            name = sorted(file.name for file in (SAMPLE / "cases").iterdir())[int(name[5:]) - 1]
                        folder = "textbook" if stage == "textbooks" else stage
                        found.add((f"{folder}/{name}", int(line) if line else None))
    assert {f for f, _ in found} == {f for f, _ in expected}
    lines = {(f, n) for f, n in expected if n}
    assert lines <= found


def test_copies_are_merged_and_originals_stay(out, ids):
    merged = ledger(out, "unique")
    for kind in ("exact_duplicates", "near_duplicates"):
        missed = []
        for planted in KEY[kind]:
            copies = ids(planted["file"], planted["id"])
            originals = ids(planted["of_file"], planted["of_id"])
            if not any(merged[i][0] == "merged" for i in [*copies, *originals]):
                missed.append(planted)
        assert not missed, f"{kind}: {missed}"
    # Nothing else was merged: as many records went as copies were planted.
    gone = sum(outcome == "merged" for outcome, _ in merged.values())
    assert gone == len(KEY["exact_duplicates"]) + len(KEY["near_duplicates"])


@pytest.mark.parametrize(
    ("kind", "stage", "reason"),
    [
        ("advertisements", "screened", "advertisement"),
        ("hidden_instructions", "screened", "hidden_instructions"),
        ("benchmark_leaks", "clean", "benchmark:items"),
    ],
)
def test_what_must_not_be_learnt_is_dropped_and_nothing_else(out, ids, kind, stage, reason):
    decided = ledger(out, stage)
    dropped = {i for i, (outcome, why) in decided.items() if (outcome, why) == ("dropped", reason)}
    assert dropped == {i for planted in KEY[kind] for i in ids(planted["file"], planted["id"])}


def test_repeated_ids(out, ids):
    for planted in KEY["duplicate_ids"]:
        stage = STAGE.get(planted["file"].split("/")[0], planted["file"].split("/")[0])
        reasons = manifest(Store(str(out)), stage)["counts"]["reasons"]
        outcome, reason = ("dropped", "same_id") if planted["kind"] == "same_content" else ("quarantined", "id_clash")
        assert reasons[outcome][reason] == 1


def test_no_canary_survives_anywhere_in_the_run(out):
    canaries = [c["string"] for c in KEY["canaries"]]
    assert len(canaries) > 50
    text = []
    for file in sorted(out.rglob("*")):
        if file.suffix == ".parquet":
            text.append(str(Store(str(out)).parquet(str(file.relative_to(out))).read().to_pylist()))
        elif file.is_file() and file.suffix in (".json", ".jsonl", ".html", ".md"):
            text.append(file.read_text("utf-8", "replace"))
    everything = "\n".join(text)
    assert not [c for c in canaries if c in everything]


def test_licences_are_read_from_the_papers(out, ids):
    rows = {r["id"]: r["license"] for r in load(out, "papers").to_table(columns=["id", "license"]).to_pylist()}
    for planted in KEY["licences"]:
        (found,) = ids(planted["file"], planted["id"])
        assert rows[found] == planted["license"]


def test_every_department_is_covered_and_balanced(out):
    from datagen.reports import report

    departments = report(str(out)).tables["departments"]
    assert len(departments) >= 35
    rows = load(out, "curated").to_table(columns=["repeats", "duplicates", "split"]).to_pylist()
    assert max(r["repeats"] for r in rows) <= 10
    assert all(r["repeats"] == 1 for r in rows if r["split"] != "train")


def test_synthetic_rows_name_their_evidence(out):
    rows = (
        load(out, "accepted")
        .to_table(columns=["synthetic", "evidence", "reward", "license", "split", "group"])
        .to_pylist()
    )
    assert len(rows) > 500
    assert all(r["synthetic"] and r["evidence"] and 0.5 <= r["reward"] <= 1 and r["license"] == "CC0-1.0" for r in rows)
    groups = {}
    for row in rows:
        groups.setdefault(row["group"], set()).add(row["split"])
    assert all(len(splits) == 1 for splits in groups.values())


def test_one_worker_publishes_what_two_do(out, tmp_path_factory):
    """In a process of its own, on a Ray of one CPU."""
    import os
    import subprocess
    import sys

    alone = tmp_path_factory.mktemp("alone") / "run"
    command = [sys.executable, "-m", "datagen", "run", str(SAMPLE / "demo.yaml"), "--out", str(alone)]
    subprocess.run([*command, "--until", "curated", "--workers", "1"], check=True, env=os.environ, timeout=300)
    mine, theirs = digest(alone), digest(out)
    assert [p for p in {*mine, *theirs} if mine.get(p) != theirs.get(p)] == []


def test_the_manifest_is_plain_json_without_clocks(out):
    text = json.dumps(manifest(Store(str(out)), "unique"))
    assert "clusters" in text and "time" not in json.loads(text)


def test_what_was_caught_counts_every_refusal_whatever_its_reason():
    def counts(**reasons):
        return {"merged": 0, "reasons": reasons}

    caught, unreadable = tally(
        [
            (
                "collectors.records",
                counts(dropped={"same_id": 1, "other": 5}, quarantined={"id_clash": 2, "bad_xml": 4}),
            ),
            ("dedup.minhash", {"merged": 7, "reasons": {}}),
            ("synthesis.generate", counts(dropped={"unsafe": 3, "a_reason_of_tomorrow": 4})),
            ("reward_filter.filter", counts(dropped={"reward": 1, "reward_of_tomorrow": 1})),
        ]
    )
    assert sorted(caught.values()) == [1, 2, 2, 7, 7] and unreadable == {"bad_xml": 4}
    assert caught["synthetic texts refused by a check"] == 7 and caught["near and exact duplicates"] == 7
