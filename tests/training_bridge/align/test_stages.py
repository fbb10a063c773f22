"""The four methods as stages of one recipe on the bundled corpus, and as `datagen align`."""

import json
from pathlib import Path

import pytest
import typer
import yaml
from typer.testing import CliRunner

from datagen import notice
from datagen.errors import UsageError
from datagen.publish import manifest
from datagen.recipe import load_recipe
from datagen.stage import InputPath
from datagen.store import Store
from tests.training_bridge.align.small import samples, write_model, write_pairs
from tests.training_bridge.published import SAMPLE, data
from training_bridge.align.command import align

ROOT = Path(__file__).parents[3]
RECIPE = """
name: tiny
split: {validation: 0.2, test: 0.05}
stages:
  textbooks:
    use: collectors.records
    path: SAMPLE/textbook/zh.jsonl
    fields: {id: id, text: text, group: id, language: language}
    constants: {content_type: TEXT}
  packed: {use: training_bridge.pack, needs: [textbooks], vocabulary: 600, heldout_bytes: 500}
  model:
    use: training_bridge.pretrain
    tokens: packed
    stages: [{name: general, tokens: 1024, sequence_length: 256}]
    batch_tokens: 512
    micro_batch_tokens: 512
    warmup_tokens: 512
    prompts: []
  graph:
    use: knowledge_graph.build
    obo: SAMPLE/ontology/sample.obo
    babelon: SAMPLE/ontology/sample-zh.babelon.tsv
    license: CC0-1.0
  questions: {use: synthesis.generate, graph: graph, number: 40, tasks: [case]}
  pairs: {use: reward_filter.pairs, needs: [questions], graph: graph, max_corrupted: 1}
  sft: {use: training_bridge.sft, model: model, SHARED, documents: packed, surrounded: 0.5, batch: 8, rounds: 1}
  elo: {use: training_bridge.elo, model: sft, SHARED, batch: 2, micro_batch: 2, samples: 2, steps: 1}
  tdpo: {use: training_bridge.tdpo, model: elo, SHARED, batch: 16, micro_batch: 16}
  ppo: {use: training_bridge.ppo, model: tdpo, SHARED, batch: 4, micro_batch: 2, steps: 1, soft_tokens: 4}
""".replace("SHARED", "pairs: pairs, graph: graph, heldout: 2, max_new_tokens: 8")
METHODS = ("sft", "elo", "tdpo", "ppo")

pytestmark = pytest.mark.proof(
    "training_bridge.sft", "training_bridge.elo", "training_bridge.tdpo", "training_bridge.ppo", "fixture"
)


def test_each_stage_gives_a_model_that_goes_on_from_the_one_before(out):
    from transformers import AutoModelForCausalLM

    import training_bridge.m1  # noqa: F401

    before = None
    for name in ("model", *METHODS):
        weights = AutoModelForCausalLM.from_pretrained(data(out, name)).lm_head.weight
        assert before is None or (before.shape == weights.shape and 0 < (before - weights).norm() < 0.5 * before.norm())
        before = weights
    assert notice.MARKDOWN in (data(out, "ppo") / "README.md").read_text("utf-8")


def test_the_page_tells_of_every_stage_and_shows_answers_side_by_side(out):
    page = (data(out, "ppo") / "alignment.html").read_text("utf-8")
    for text in (
        "before",
        "SFT",
        "ELO",
        "TDPO",
        "PPO",
        "KL, nats",
        "length, tokens",
        notice.EN,
        notice.ZH,
        "<polyline",
    ):
        assert text in page
    assert "http" not in page.replace("http-equiv", "") and "<script" not in page
    history = json.loads((data(out, "ppo") / "alignment.json").read_text("utf-8"))
    assert [entry["method"] for entry in history] == ["start", *METHODS]
    ids = [[sample["id"] for sample in entry["measured"]["samples"]] for entry in history]
    assert ids[0] and all(found == ids[0] for found in ids)
    for entry in history:
        low, high = entry["measured"]["accuracy_interval"]
        assert 0 <= low <= entry["measured"]["accuracy"] <= high <= 1


def test_the_manifest_says_how_it_went(out):
    for method in METHODS:
        result = manifest(Store(str(out)), method)["results"]["train"]
        assert result["steps"] >= 1 and result["tokens"] > 0 and result["measured"]["questions"] > 0
        assert "samples" not in result["measured"]


def test_a_chain_in_a_file(tmp_path):
    write_model(tmp_path / "model")
    write_pairs(tmp_path / "pairs", samples(30))
    common = {"max_tokens": 96, "max_new_tokens": 8, "heldout": 2, "batch": 8, "micro_batch": 8}
    chain = {
        "model": "model",
        "pairs": "pairs",
        "out": "out",
        "work": "work",
        "methods": [{"use": "sft", "rounds": 1, **common}, {"use": "tdpo", **common}],
    }
    (tmp_path / "chain.yaml").write_text(yaml.safe_dump(chain))
    app = typer.Typer()
    app.command()(align)
    found = CliRunner().invoke(app, [str(tmp_path / "chain.yaml")])
    assert found.exit_code == 0, found.output
    assert "sft: " in found.output and "tdpo: 3 steps" in found.output and "not medical advice" in found.output
    history = json.loads((tmp_path / "out" / "2-tdpo" / "model" / "alignment.json").read_text("utf-8"))
    assert [entry["method"] for entry in history] == ["start", "sft", "tdpo"]


@pytest.mark.parametrize(
    ("method", "message"),
    [
        ({"use": "grpo"}, "must `use` one of sft, elo, tdpo, ppo"),
        ({"use": "sft", "batch": 3, "micro_batch": 2}, "batch 3 is not a multiple of micro_batch 2"),
        ({"use": "tdpo", "betta": 1}, "Extra inputs"),
        ({"use": "ppo", "soft_tokens": 128}, "soft_tokens must be below max_new_tokens"),
        ({"use": "elo", "samples": 1}, "greater than or equal to 2"),
    ],
)
def test_a_wrong_chain_is_refused_before_anything_starts(tmp_path, method, message):
    from training_bridge.align.job import read_chain

    fields = {"model": "m", "pairs": "p", "out": "o", "work": "w", "methods": [method]}
    (tmp_path / "chain.yaml").write_text(yaml.safe_dump(fields))
    with pytest.raises(UsageError, match=message):
        read_chain(tmp_path / "chain.yaml")


def test_a_chain_begins_with_what_is_there(tmp_path):
    from training_bridge.align.job import read_chain

    fields = {"model": "m", "pairs": "p", "graph": "g", "out": "o", "work": "w", "methods": [{"use": "sft"}]}
    (tmp_path / "chain.yaml").write_text(yaml.safe_dump(fields))
    for name, folder in (("model", "m"), ("pairs", "p"), ("graph", "g")):
        with pytest.raises(UsageError, match=f"{name}: nothing is at"):
            read_chain(tmp_path / "chain.yaml")
        (tmp_path / folder).mkdir()
    found = read_chain(tmp_path / "chain.yaml")
    assert (found.graph, found.work, found.scorer) == (tmp_path / "g", tmp_path / "w", None)


def test_the_published_recipe_shares_every_stage_of_the_demo():
    """So that run into the demo's folder, it goes on from the demo's model and makes nothing twice."""
    demo = load_recipe(str(SAMPLE / "demo.yaml"))
    align = load_recipe(ROOT / "recipes" / "align.yaml")
    for name, step in demo.steps.items():
        mine = align.steps[name]
        assert (mine.use, mine.needs, mine.artefacts) == (step.use, step.needs, step.artefacts)
        options = [s.stage.model_dump(exclude=set(s.stage.marked(InputPath))) for s in (mine, step)]
        assert options[0] == options[1]
        paths = [[Path(i.url).resolve() for i in s.stage.items()] for s in (mine, step)]
        assert paths[0] == paths[1]
    assert align.settings.split == demo.settings.split and align.settings.tokens == demo.settings.tokens
    assert [align.steps[m].artefacts["model"] for m in METHODS] == ["model", "sft", "elo", "tdpo"]
