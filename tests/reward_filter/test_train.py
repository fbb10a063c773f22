import json
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from datagen import load as load_rows
from datagen.errors import UsageError
from datagen.publish import manifest
from datagen.record import split_of, table
from datagen.store import Store
from knowledge_graph import Linker
from reward_filter import Corruptor, Scorer, load
from reward_filter.background import Background
from reward_filter.card import card
from reward_filter.features import REASONS, Featurizer
from reward_filter.filter import Filter
from reward_filter.items import items, parts
from reward_filter.pairs import Sample, views
from reward_filter.scorer import Model
from reward_filter.train import PAIRS, featured, judged, make_pairs, thinned, train
from synthesis.grammar import GrammarGenerator
from synthesis.quotas import cells, department_quotas, orders
from synthesis.tasks import TASKS
from synthesis.write import Writer
from tests.datagen.runs import run, write_recipe
from tests.reward_filter.answers import answers
from tests.synthesis.sample_graph import SAMPLE, sample_graph

SPLIT = {"validation": 0.15, "test": 0.25}


@cache
def synthetic(number: int = 480) -> pa.Table:
    """Accepted texts about the sample's diseases."""
    graph = sample_graph()
    wanted = list(orders(graph, cells(department_quotas(graph, number), ("en", "zh"), tuple(TASKS)), 0, Counter()))
    writer = Writer(graph, Linker(graph), GrammarGenerator(), "grammar", 0, "synthetic", SPLIT)
    outcome = writer.write(wanted)
    kept = pa.array([i not in outcome.dropped for i in outcome.rows["id"].to_pylist()])
    return outcome.rows.filter(kept)


@cache
def pairs() -> pa.Table:
    linker = Linker(sample_graph())
    corruptor, featurizer = Corruptor(sample_graph(), linker), Featurizer(sample_graph(), linker, Background.empty())
    return make_pairs(items(synthetic()), corruptor, featurizer, 0, 3)


@cache
def trained() -> tuple[Model, dict]:
    return train(pairs())


def accuracy(found: dict, name: str) -> dict[str, float]:
    return next(row for row in found["accuracy"] if row["pairs"] == name)


def test_the_graph_tells_swapped_entities_apart_where_text_cannot():
    """On diseases that the model never saw."""
    _, found = trained()
    whole, swapped = accuracy(found, "all"), accuracy(found, "wrong_entity")
    assert found["pairs"]["test"] > 100
    assert whole["n"] == found["pairs"]["test"]
    assert whole["all"] > 0.9
    assert swapped["all"] > 0.95
    assert swapped["text"] < 0.85
    assert whole["all"] - whole["text"] > 0.05
    assert 0.3 < whole["length"] < 0.7
    assert found["ece"] < 0.13
    assert found["auc"] > 0.8


def test_splits_share_no_disease():
    groups = {s: set(pairs().filter(pc.equal(pairs()["split"], s))["group"].to_pylist()) for s in SPLIT | {"train": 1}}
    assert all(groups.values())
    assert groups["test"].isdisjoint(groups["train"] | groups["validation"])
    assert groups["validation"].isdisjoint(groups["train"])


def test_training_is_deterministic_and_reads_train_for_its_weights():
    model, _ = trained()
    assert train(pairs())[0].files() == model.files()
    without_test = pairs().filter(pc.not_equal(pairs()["split"], "test"))
    other, found = train(without_test)
    assert other.files() == model.files()
    assert found["accuracy"] == []
    assert "nothing was measured" in card(found, "reward")


def test_few_validation_pairs_are_made_up_for_by_cross_fitting():
    model, found = train(pairs().filter(pc.not_equal(pairs()["split"], "validation")))
    assert "cross-fitted" in found["calibrated_on"]
    assert model.files()["weights.safetensors"] == trained()[0].files()["weights.safetensors"]
    assert found["ece"] < 0.12


def test_too_few_pairs_are_refused():
    with pytest.raises(UsageError, match="0 pairs can be made"):
        train(PAIRS.empty_table())


def test_pairs_that_others_judged_are_learned_from_beside_damage():
    linker = Linker(sample_graph())
    featurizer = Featurizer(sample_graph(), linker, Background.empty())
    about = {"language": "en", "group": "g", "split": "train"}
    samples = [
        Sample("new", "Why?", "Because it is so.", True, "reflection", **about),
        Sample("old", "Why?", "Because.", False, "reflection", than="new", error_class="omission", **about),
        Sample("best", "How?", "Like this.", True, "accepted", score=0.9, **about),
        Sample("worst", "How?", "Like that.", True, "accepted", score=0.1, **about),
    ]
    found = judged(views(samples)["preference"])
    assert {(p.chosen, p.rejected, p.error_class) for p in found} == {
        ("Because it is so.", "Because.", "omission"),
        ("Like this.", "Like that.", "accepted"),
    }
    table = featured(found, featurizer)
    assert table.schema == PAIRS
    assert table["kind"].to_pylist() == ["answer"] * 2
    whole = pairs()
    assert thinned(whole, 90, 1, 0) is whole is thinned(whole, 0, 0.4, 0) is thinned(whole, 90, 0.4)
    part = thinned(whole, 90, 0.4, 0)
    assert len(part) == 60
    assert part.equals(thinned(whole, 90, 0.4, 0))
    assert len(thinned(whole, 90, 0.4, 80)) == 80
    model, counted = train(pa.concat_tables([whole, *[table] * 400]))
    assert counted["pairs"]["train"] == 800 + trained()[1]["pairs"]["train"]
    scorer = Scorer(model, sample_graph(), Background.empty())
    assert np.subtract(*scorer.raw(["How?"] * 2, ["Like this.", "Like that."])) > 0.2


def test_the_scorer_prefers_right_answers_written_by_hand():
    scorer = Scorer(trained()[0], sample_graph(), Background.empty())
    corruptor = Corruptor(sample_graph(), Linker(sample_graph()))
    made = list(corruptor.pairs(answers(), 1, 9))
    good = scorer.score([p.prompt for p in made], [p.chosen for p in made])
    bad = scorer.score([p.prompt for p in made], [p.rejected for p in made])
    assert len(made) > 30
    assert np.mean(good > bad) > 0.85
    assert ((good > 0) & (good < 1)).all()
    with pytest.raises(ValueError, match="argument 2"):
        scorer.score(["one"], ["two", "texts"])


def saved(folder: Path) -> Path:
    for name, data in trained()[0].files().items():
        (folder / name).write_bytes(data)
    return folder


def test_a_saved_model_scores_as_before_and_others_are_refused(tmp_path):
    texts = synthetic()["text"].to_pylist()[:5]
    fresh = Scorer(trained()[0], sample_graph(), Background.empty()).score([""] * 5, texts)
    assert load(saved(tmp_path), sample_graph()).score([""] * 5, texts).tolist() == fresh.tolist()
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"format": "reward-embedded-0"}))
    with pytest.raises(UsageError, match="another version"):
        load(tmp_path, sample_graph())
    (tmp_path / "weights.safetensors").write_bytes(b"not tensors")
    with pytest.raises(UsageError, match="holds no reward model"):
        load(tmp_path, sample_graph())
    with pytest.raises(UsageError, match="holds no reward model"):
        load(tmp_path / "nowhere", sample_graph())


def ready(**options) -> Filter:
    stage = Filter(scorer="reward", **options)
    object.__setattr__(stage, "_scorer", Scorer(trained()[0], sample_graph(), Background.empty()))
    return stage


def test_the_filter_drops_bad_synthetic_rows_and_leaves_people_s_rows_alone():
    good = synthetic().slice(0, 40)
    wrong = good.to_pylist()
    for row in wrong:
        row["id"] = row["id"][::-1]
        row["text"] = row["text"][:60]
        row["messages"] = None
    human = [row | dict(id="f" * 8 + row["id"][8:], synthetic=False) for row in wrong]
    batch = pa.concat_tables([good, table(wrong), table(human)])
    outcome = ready().apply(batch)
    rewards = dict(zip(outcome.rows["id"].to_pylist(), outcome.rows["reward"].to_pylist(), strict=True))
    assert set(outcome.dropped.values()) <= set(REASONS)
    assert "reward_truncated" in outcome.dropped.values()
    assert sum(i in outcome.dropped for i in good["id"].to_pylist()) <= 4
    assert sum(row["id"] in outcome.dropped for row in wrong) >= 36
    assert all(rewards[row["id"]] is None and row["id"] not in outcome.dropped for row in human)
    everyone = ready(applies_to="all", threshold=1.0).apply(batch)
    assert len(everyone.dropped) == len(batch)


def test_prompts_and_responses_of_records():
    rows = synthetic().slice(0, 60)
    for row, prompt, response in zip(rows.to_pylist(), *parts(rows), strict=True):
        assert (prompt + "\n\n" + response if prompt else response) == row["text"]
        assert bool(prompt) == (row["content_type"] != "TEXT")


RECIPE = f"""
name: gate
split: {{validation: 0.15, test: 0.25}}
stages:
  graph: {{use: knowledge_graph.build, obo: {SAMPLE}, babelon: {SAMPLE}, license: CC0-1.0}}
  synthetic: {{use: synthesis.generate, graph: graph, number: 300, batch: 150}}
  answers: {{use: collectors.records, path: answers.jsonl, license: CC0-1.0, fields: {{question: q, answer: a}}, keep: {{checker: checker, answer: answer}}, constants: {{language: en}}}}
  compared: {{use: reward_filter.pairs, needs: [answers]}}
  reward: {{use: reward_filter.train, needs: [synthetic], graph: graph, each: 2, preferences: compared}}
  curated: {{use: reward_filter.filter, needs: [synthetic], scorer: reward}}
"""  # noqa: E501


@pytest.mark.usefixtures("ray_local")
def test_the_stages_run_in_a_recipe(tmp_path):
    asked = [(n, given) for n in range(12) for given in (n + 2, n + 3)]
    rows = [
        {"q": f"What is {n} plus 2?", "a": f"It is {x}.", "checker": "number", "answer": json.dumps({"value": n + 2})}
        for n, x in asked
    ]
    (tmp_path / "answers.jsonl").write_text("\n".join(map(json.dumps, rows)))
    run(write_recipe(tmp_path, RECIPE), tmp_path / "run")
    store = Store(str(tmp_path / "run"))
    record = manifest(store, "reward")
    assert record["results"]["preferences"] == 12
    folder = tmp_path / "run" / "reward" / record["version"] / "data"
    assert "Self-test" in (folder / "card.md").read_text()
    rows = load_rows(tmp_path / "run", "curated").to_table()
    counts = manifest(store, "curated")["counts"]
    assert counts["inputs"] == len(rows) + sum(counts["reasons"].get("dropped", {}).values())
    assert len(rows) > 0.8 * counts["inputs"]
    # What the stage wrote is what the library says, with the graph that the artefact carries.
    again = load(folder).score(*parts(rows.slice(0, 20)))
    assert rows["reward"].slice(0, 20).to_pylist() == again.astype(np.float32).tolist()
    assert rows["split"].to_pylist() == [split_of(g, **SPLIT) for g in rows["group"].to_pylist()]
