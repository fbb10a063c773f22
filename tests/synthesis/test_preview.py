"""`datagen synthesize --preview` shows texts with their seeds, claims and verdicts, and what the whole would cost."""

import pytest
import typer
from typer.testing import CliRunner

from datagen.commands.plan import plan
from synthesis.command import synthesize
from tests.datagen.runs import run, write_recipe
from tests.synthesis.sample_graph import SAMPLE
from tests.synthesis.scripted_server import Script, Serving

RECIPE = f"""
name: small
stages:
  graph: {{use: knowledge_graph.build, obo: {SAMPLE}, babelon: {SAMPLE}, license: CC0-1.0}}
  synthetic: {{use: synthesis.generate, graph: graph, number: 120}}
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory, ray_local):
    folder = tmp_path_factory.mktemp("preview")
    recipe = write_recipe(folder, RECIPE)
    run(recipe, folder / "run", until="graph")
    return recipe, folder / "run"


def said(*arguments):
    app = typer.Typer()
    app.command()(synthesize)
    app.command()(plan)
    found = CliRunner().invoke(app, [str(a) for a in arguments])
    return found.exit_code, " ".join(found.stdout.replace("│", " ").split()), found


def test_items_are_shown_with_seeds_claims_and_verdicts(built):
    recipe, out = built
    code, text, _ = said("synthesize", recipe, "--preview", 6, "--out", out)
    assert code == 0
    assert text.count("seed: ") == 6
    assert "supported" in text and "accepted" in text
    assert not (out / "synthetic").exists()  # nothing was published


def test_a_paid_generator_is_asked_once_and_forecast(built, tmp_path):
    recipe, out = built
    with Serving(Script()) as server:
        options = f"{{url: '{server.url}', model: m, private: true, price: [1.0, 4.0]}}"
        more = ["--set", "synthetic.generator=openai", "--set", f"synthetic.generator_options={options}"]
        code, text, _ = said("plan", recipe, "--out", out, *more)
        assert code == 0
        assert "synthetic will ask for 120 to 192 calls" in text and "cost" in text
        assert server.counts["calls"] == 0
        for _ in range(2):
            code, text, _ = said("synthesize", recipe, "--preview", 4, "--out", out, *more)
        assert code == 0
        assert server.counts["calls"] <= 8  # four, and a second try of each that isn't what was asked for
        assert "120 accepted texts at this yield" in text
        assert "tokens, cost" in text


def test_what_is_missing_is_named(built, tmp_path):
    recipe, _ = built
    _, _, found = said("synthesize", recipe, "--preview", 1, "--out", tmp_path / "other")
    assert "has no graph yet" in str(found.exception)
    _, _, found = said("synthesize", recipe, "--preview", 1, "--stage", "graph")
    assert "graph is no stage that uses synthesis.generate" in str(found.exception)
    assert found.exception.fix.startswith("choose: --stage ")
    none = tmp_path / "none.yaml"
    (tmp_path / "texts.jsonl").touch()
    none.write_text("name: x\nstages:\n  a: {use: collectors.records, path: texts.jsonl, fields: {text: t}}\n")
    _, _, found = said("synthesize", none, "--preview", 1)
    assert "has no stage that uses synthesis.generate" in str(found.exception) and "--stage" not in found.exception.fix
