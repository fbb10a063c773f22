"""Reward models of text alone, in a recipe: a sequence classifier that is trained, a language model that is asked."""

import json

import pytest

from datagen import load as load_rows
from datagen.publish import manifest
from datagen.store import Store
from tests.datagen.runs import run, write_recipe
from tests.synthesis.sample_graph import SAMPLE
from tests.synthesis.scripted_server import Script, Serving
from tests.synthesis.tiny_model import make_tiny_model

RECIPE = f"""
name: others
split: {{validation: 0.2, test: 0.2}}
stages:
  graph: {{use: knowledge_graph.build, obo: {SAMPLE}, babelon: {SAMPLE}, license: CC0-1.0}}
  synthetic: {{use: synthesis.generate, graph: graph, number: 90}}
  encoder: {{use: reward_filter.train_encoder, needs: [synthetic], graph: graph, model: base, each: 1, length: 64, rate: 0.001}}
  judge: {{use: reward_filter.judge, needs: [synthetic], graph: graph, generator: openai, generator_options: OPTIONS, pairs: 20}}
  by_encoder: {{use: reward_filter.filter, needs: [synthetic], scorer: encoder, target_yield: 0.5}}
  by_judge: {{use: reward_filter.filter, needs: [synthetic], scorer: judge, threshold: 0}}
"""  # noqa: E501


@pytest.mark.proof("reward_filter.train_encoder", "fixture")
@pytest.mark.proof("reward_filter.judge", "fixture")
@pytest.mark.usefixtures("ray_local")
def test_a_classifier_and_a_judge_are_reward_models_too(tmp_path):
    make_tiny_model(tmp_path / "base")
    with Serving(Script()) as server:
        options = f"{{url: '{server.url}', model: m, private: true}}"
        run(write_recipe(tmp_path, RECIPE.replace("OPTIONS", options)), tmp_path / "run")
        asked = len(server.server.bodies)
    store = Store(str(tmp_path / "run"))
    made = load_rows(tmp_path / "run", "synthetic").to_table()
    kept = load_rows(tmp_path / "run", "by_encoder").to_table()
    assert 0.4 < len(kept) / len(made) < 0.65
    assert all(0 <= reward <= 1 for reward in kept["reward"].to_pylist())
    found = manifest(store, "encoder")["results"]["fit"]
    assert found["pairs"]["train"] >= 50
    assert len(found["loss"]) > 1
    # Two orders of the criteria for each side of 20 pairs, and for each row that is judged; nothing is asked twice.
    assert 2 * (20 + len(made)) <= asked < 2 * (2 * 20 + len(made))
    judged = load_rows(tmp_path / "run", "by_judge").to_table()
    assert len(judged) == len(made)
    folder = tmp_path / "run" / "judge" / manifest(store, "judge")["version"] / "data"
    assert json.loads((folder / "config.json").read_text())["format"] == "reward-judge-1"
    assert "as judge" in (folder / "card.md").read_text()
