import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from lxml import etree

from datagen.errors import UsageError
from tests.training_bridge.texts import documents
from training_bridge.mixture import Plan, read_plan, search
from training_bridge.mixture.corpus import prepare

SMALL = {
    "runs": 8,
    "heldout_runs": 3,
    "seeds": 1,
    "tokens": 2048,
    "vocabulary": 400,
    "sequence_length": 64,
    "batch_tokens": 512,
    "heldout_bytes": 1500,
    "shape": {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2},
}


@pytest.fixture(scope="module")
def rows(tmp_path_factory) -> Path:
    """English, Chinese and a source of noise, whose text is scarce."""
    texts = documents(400, seed=5)
    rng = np.random.default_rng(0)
    noise = ["".join(rng.choice(list("qxzwvkj "), 200)) for _ in range(12)]
    kinds = [("english", t) for t in texts[1::2]] + [("chinese", t) for t in texts[::2]] + [("noise", t) for t in noise]
    table = [
        {"source": k, "text": t, "split": "validation" if n % 6 == 0 else "train"} for n, (k, t) in enumerate(kinds)
    ]
    path = tmp_path_factory.mktemp("rows") / "rows.parquet"
    pq.write_table(pa.Table.from_pylist(table), path)
    return path


def plan(rows: Path, **options) -> Plan:
    return Plan(rows=str(rows), **{**SMALL, **options})


def test_a_run_reads_its_mixture_and_nothing_more_often_than_it_must(rows, tmp_path):
    corpus = prepare(plan(rows), tmp_path)
    weights = (0.5, 0.3, 0.2)
    drawn = corpus.draw(weights, 4096, seed=1)
    pieces = pq.read_table(tmp_path / "pieces.parquet").to_pylist()
    group = {tuple(p["input_ids"]): p["group"] for p in pieces}
    tokens = dict.fromkeys(corpus.groups, 0)
    times: dict[tuple, int] = {}
    for piece in drawn:
        key = tuple(piece.tolist())
        tokens[group[key]] += len(piece)
        times[key] = times.get(key, 0) + 1
    for name, weight in zip(corpus.groups, weights, strict=True):
        assert tokens[name] == pytest.approx(weight * 4096, abs=40)
    scarce = [times.get(tuple(p["input_ids"]), 0) for p in pieces if p["group"] == "noise"]
    assert max(scarce) - min(scarce) <= 1
    assert [p.tolist() for p in corpus.draw(weights, 4096, seed=1)] == [p.tolist() for p in drawn]
    assert [p.tolist() for p in corpus.draw(weights, 4096, seed=2)] != [p.tolist() for p in drawn]


def test_a_search_finds_what_the_objective_asks_for_and_goes_on_where_it_stopped(rows, tmp_path, ray_local):
    asked = plan(rows, objective={"chinese": 0.5, "english": 0.5}, priors={"noisy": {"noise": 0.8, "english": 0.2}})
    said: list[str] = []
    found = search(asked, tmp_path, said.append)
    assert said[0].startswith("15 runs (8 to learn from, 3 held out, 4 mixtures x 1 seeds to check), 0 of them done")
    assert found.weights["noise"] < 0.25 and sum(found.weights.values()) == pytest.approx(1, abs=1e-3)
    assert found.gains["noisy"][0] > 0
    written = json.loads((tmp_path / "mixture.json").read_text())
    assert written["weights"] == found.weights and written["column"] == "source"
    assert set(written["checked"]) == {"found", "uniform", "natural", "noisy"}
    assert len((tmp_path / "ratios.csv").read_text().splitlines()) == 16
    etree.fromstring(found.picture.read_bytes(), etree.XMLParser(resolve_entities=False, no_network=True))

    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "runs").iterdir()}
    lost = tmp_path / "runs" / "train-003.json"
    lost.unlink()
    again = search(asked, tmp_path, said.append)
    after = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "runs").iterdir()}
    assert {name for name in before if before[name] != after[name]} == {"train-003.json"}
    assert again.weights == found.weights and again.gains == found.gains


def test_what_is_too_long_is_refused_before_it_begins(rows, tmp_path, ray_local):
    with pytest.raises(UsageError, match="more than max_minutes"):
        search(plan(rows, max_minutes=1e-6), tmp_path, lambda line: None)
    assert not (tmp_path / "runs").exists()


def test_a_folder_keeps_to_its_plan(rows, tmp_path):
    prepare(plan(rows), tmp_path)
    with pytest.raises(UsageError, match="belongs to another plan"):
        prepare(plan(rows, vocabulary=500), tmp_path)


def test_mistakes_of_a_plan_are_named(rows, tmp_path):
    path = tmp_path / "plan.yaml"
    path.write_text(yaml.safe_dump({"rows": "rows.parquet", "objective": {"a": 0.5, "b": 0.1}, "cap": 11}))
    with pytest.raises(UsageError, match="cap: Input should be less than or equal to 10"):
        read_plan(path)
    path.write_text(yaml.safe_dump({"rows": "rows.parquet", "objective": {"a": 0.5, "b": 0.1}}))
    with pytest.raises(UsageError, match="weights of objective must be at least 0 and sum to 1"):
        read_plan(path)
    path.write_text(yaml.safe_dump({"rows": "nothere"}))
    with pytest.raises(UsageError, match=r"rows: nothing is at .*/nothere$"):
        read_plan(path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="holds no Parquet"):
        prepare(plan(tmp_path / "empty"), tmp_path / "corpus")
    with pytest.raises(UsageError, match="has no column department"):
        prepare(plan(rows, column="department"), tmp_path / "corpus")
    with pytest.raises(UsageError, match="moon: no such group"):
        prepare(plan(rows, objective={"moon": 1.0}), tmp_path / "corpus")
