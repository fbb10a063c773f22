"""The gate: by threshold, by yield of each department, with reasons, and the way back through reflection."""

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from datagen import load as load_rows
from datagen.publish import manifest
from datagen.store import Store
from reward_filter.features import REASONS
from reward_filter.filter import below
from tests.datagen.runs import run, write_recipe
from tests.synthesis.sample_graph import SAMPLE


def test_the_best_of_each_department_stay():
    ids = [f"{n:02}" for n in range(12)]
    departments = ["A"] * 8 + ["B"] * 3 + [None]
    scores = [0.9, 0.8, 0.7, 0.6, 0.5, 0.5, 0.4, 0.3, 0.2, 0.1, 0.15, 0.0]
    assert below(ids, departments, scores, 0.5) == {"04", "05", "06", "07", "09"}
    assert below(ids, departments, scores, 1.0) == set()
    # One of each stays, however little is wanted.
    assert len(below(ids, departments, scores, 0.01)) == 12 - 3


RECIPE = f"""
name: gate
split: {{validation: 0.15, test: 0.25}}
stages:
  graph: {{use: knowledge_graph.build, obo: {SAMPLE}, babelon: {SAMPLE}, license: CC0-1.0}}
  synthetic: {{use: synthesis.generate, graph: graph, number: 200, batch: 100}}
  reward: {{use: reward_filter.train, needs: [synthetic], graph: graph, each: 2}}
  accepted: {{use: reward_filter.filter, needs: [synthetic], scorer: reward, target_yield: 0.75, keep_dropped: true}}
  mended: {{use: synthesis.reflect, needs: [accepted.dropped], graph: graph}}
  saved: {{use: reward_filter.filter, needs: [mended], scorer: reward, threshold: 0.2}}
"""


@pytest.mark.proof("reward_filter.filter", "fixture")
@pytest.mark.usefixtures("ray_local")
def test_a_yield_keeps_the_balance_and_failures_go_back_with_their_reason(tmp_path):
    run(write_recipe(tmp_path, RECIPE), tmp_path / "run")
    store = Store(str(tmp_path / "run"))
    before, after = (load_rows(tmp_path / "run", name).to_table() for name in ("synthetic", "accepted"))
    made, kept = (
        {r["values"]: r["counts"] for r in pc.value_counts(t["department"]).to_pylist()} for t in (before, after)
    )
    assert kept.keys() == made.keys()
    assert all(abs(kept[code] - 0.75 * made[code]) <= 0.5 for code in made)
    dropped = sorted((tmp_path / "run" / "accepted").glob("v-*/dropped/*.parquet"))
    assert dropped
    saved = load_rows(tmp_path / "run", "saved").to_table()
    counts = manifest(store, "mended")["counts"]
    assert counts["inputs"] == len(before) - len(after)
    assert all(r is not None for r in saved["reward"].to_pylist())
    folder = tmp_path / "run" / "reward" / manifest(store, "reward")["version"] / "data"
    page = (folder / "report.html").read_text()
    assert "Accuracy by error class" in page
    assert "<script" not in page
    assert "length only" in page
    reasons = {reason for file in dropped for reason in pq.read_table(file)["drop_reason"].to_pylist()}
    assert reasons <= set(REASONS)
    assert len(reasons) > 1
    assert reasons == set(manifest(store, "accepted")["counts"]["reasons"]["dropped"])
