"""The real recipe on real sources, cut down to what a test may take: every row counted against its SOURCE.md."""

from pathlib import Path

import pytest

from datagen import load
from datagen.publish import manifest
from datagen.recipe import load_recipe
from datagen.runs import run_recipe
from datagen.store import Store
from datagen.verify import verify_run

RECIPE = Path(__file__).parents[1] / "recipes" / "medical.yaml"
SMALLER = (
    "medquad.exclude=[1_*, 2_*, 3_*, 4_*, 10_*, 11_*, 12_*]",
    "synthetic.number=150",
    "packed.vocabulary=1024",
    "packed.lengths={general: 256, basic: 256, advanced: 256}",
    "packed.tokenizer_bytes=300000",
    "packed.heldout_bytes=4000",
    # Held-out text is measured at the end of each stage: first of a model that has seen next to nothing.
    "model.stages=[{name: general, tokens: 1024, sequence_length: 256},"
    " {name: basic, tokens: 16384, sequence_length: 256},"
    " {name: advanced, tokens: 16384, sequence_length: 256, mixture: {general: 0.2, basic: 0.4, advanced: 0.4}}]",
    "model.batch_tokens=512",
    "model.micro_batch_tokens=512",
    "model.warmup_tokens=2048",
)
ROWS = {
    "toyhom": 7644,
    "cmtmedqa": 1144,
    "mts_dialog": 1301,
    "plos": 122,
    "stemcell": 52,
    "trials": 18,
    "botany": 18,
    "abstracts": 2888,
    "mathematics": 7473,
}


@pytest.fixture(scope="module")
def out(tmp_path_factory, ray_local, real_data):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATA", str(real_data))
        folder = tmp_path_factory.mktemp("real") / "run"
        run_recipe(load_recipe(RECIPE, SMALLER), str(folder))
        return folder


def counts(out: Path, stage: str) -> dict:
    return manifest(Store(str(out)), stage)["counts"]


@pytest.mark.proof("collectors.jats", "collectors.medquad", "collectors.records", "real")
def test_every_record_of_every_source_is_accounted_for(out):
    for stage, rows in ROWS.items():
        found = counts(out, stage)
        assert found["inputs"] == rows, stage
        assert found["outputs"] >= 0.99 * rows, (stage, found["reasons"])
    medquad = counts(out, "medquad")
    assert medquad["inputs"] == medquad["outputs"] + medquad["quarantined"] + medquad["dropped"] > 2000
    assert {r["language"] for r in load(out, "unique").to_table(columns=["language"]).to_pylist()} >= {"en", "zh"}


@pytest.mark.proof("dedup.minhash", "dedup.decontaminate", "classifiers.screen", "real")
def test_real_text_is_deduplicated_and_kept_clear_of_benchmarks(out):
    unique = counts(out, "unique")
    # The Toyhom sample holds questions that were posted twice; most text is unlike all other text.
    assert 0.005 < unique["merged"] / unique["inputs"] < 0.2
    assert counts(out, "screened")["dropped"] < 0.005 * unique["outputs"]
    assert counts(out, "clean")["dropped"] < 0.005 * unique["outputs"]


@pytest.mark.proof("classifiers.train", "classifiers.annotate", "classifiers.curriculum", "classifiers.balance", "real")
def test_real_text_gets_departments_and_a_balance(out):
    held_out = manifest(Store(str(out)), "classifier")["results"]["train"]["held_out"]["department"]["all"]
    assert held_out["rows"] > 100 and held_out["accuracy"] > 0.6
    rows = load(out, "curated").to_table(columns=["department", "curriculum", "repeats", "split"]).to_pylist()
    assert all(r["department"] and r["curriculum"] and 1 <= r["repeats"] <= 10 for r in rows)


@pytest.mark.proof("classifiers.work_list", "knowledge_graph.link", "real")
def test_what_the_targets_lack_is_listed_written_and_balanced_again(out):
    store = Store(str(out))
    goals = manifest(store, "curated")["results"]["goals"]
    listed = {line["department"] for line in goals["work_list"]}
    assert manifest(store, "missing")["results"]["list"]["cells"] > 0
    assert all(d["goal"] >= 0.9 * d["wanted"] for code, d in goals["departments"].items() if code not in listed)
    assert manifest(store, "linked")["results"]["coverage"]["types"]["disease"]["named"][0] > 100
    written = set(load(out, "synthetic").to_table(columns=["department"])["department"].to_pylist())
    assert written and written <= set(goals["departments"])


@pytest.mark.proof("knowledge_graph.build", "synthesis.generate", "reward_filter.train", "reward_filter.filter", "real")
def test_real_ontologies_become_a_graph_and_checked_text(out):
    graph = manifest(Store(str(out)), "graph")["results"]["graph"]
    assert graph["nodes"]["disease"] > 5_000 and graph["edges"]["has_phenotype"]["excluded"] > 1000
    rows = load(out, "accepted").to_table(columns=["evidence", "synthetic", "language"]).to_pylist()
    assert len(rows) > 50 and all(r["evidence"] and r["synthetic"] for r in rows)


@pytest.mark.proof("training_bridge.pack", "training_bridge.pretrain", "real")
def test_a_model_learns_from_it(out):
    bits = manifest(Store(str(out)), "model")["results"]["train"]["bits_per_byte"]
    # So few tokens move the languages against each other; together they are learnt.
    assert sum(bits["advanced"].values()) < 0.9 * sum(bits["general"].values())


def test_the_run_verifies(out):
    assert not verify_run(Store(str(out)))[0]
