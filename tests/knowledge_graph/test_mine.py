"""Edges mined from text: what is significant, whose records count, and what the graph already says."""

import json

import numpy as np
import pytest
from scipy.stats import fisher_exact

from datagen import load as load_records
from knowledge_graph import load
from knowledge_graph.mine import RELATION, chance, significant
from tests.datagen.runs import run, write_recipe


@pytest.mark.parametrize(("both", "one", "other", "whole"), [(30, 60, 50, 1000), (8, 20, 30, 400), (6, 40, 50, 400)])
def test_chances_are_close_to_fishers(both, one, other, whole):
    exact = fisher_exact([[both, one - both], [other - both, whole - one - other + both]], "greater").pvalue
    assert abs(np.log10(chance(both, one, other, whole)) - np.log10(exact)) < 1 + 0.1 * abs(np.log10(exact))


def test_what_is_rarer_than_expected_is_no_evidence():
    assert chance(1, 500, 500, 1000) == 1 and chance(0, 0, 0, 0) == 1
    assert chance(5, 5, 5, 5) == 1  # everything always together says nothing


def test_false_discoveries_are_bounded():
    draw = np.random.default_rng(0)
    noise = [significant(draw.random(1000), 0.05).any() for _ in range(200)]
    assert np.mean(noise) < 0.12
    found = significant(np.concatenate([np.full(50, 1e-6), draw.random(950)]), 0.05)
    assert found[:50].all() and found[50:].sum() < 12
    assert not significant(np.empty(0), 0.05).any()


OBO = """[Term]
id: DOID:1
name: gout

[Term]
id: DOID:2
name: psoriasis

[Term]
id: SYMP:1
name: tophus

[Term]
id: SYMP:2
name: itching

[Term]
id: SYMP:3
name: swelling
"""


@pytest.mark.proof("knowledge_graph.mine", "fixture")
def test_a_corpus_adds_what_it_says_together(tmp_path, ray_local):
    (tmp_path / "kg.obo").write_text(OBO.replace("name: gout", "name: gout\nrelationship: has_symptom SYMP:3"))
    texts = []
    for number in range(40):
        texts += [
            f"Gout may be seen with a tophus, case {number}? No. Gout causes a tophus ({number}).",
            "Nothing here.",
        ]
        texts += [
            f"Psoriasis causes itching ({number}).",
            f"Gout causes swelling ({number}).",
            f"Swelling alone {number}.",
        ]
        texts += [f"Psoriasis does not cause a tophus ({number}).", f"Itching alone {number}."]
    (tmp_path / "texts.jsonl").write_text("\n".join(json.dumps({"text": text}) for text in texts))
    recipe = """
name: mined
split: {validation: 0.2, test: 0.2}
stages:
  texts: {use: collectors.records, path: texts.jsonl, license: CC-BY-4.0, deidentify: none, fields: {text: text}}
  graph: {use: knowledge_graph.build, obo: kg.obo, license: CC0-1.0}
  linked: {use: knowledge_graph.link, needs: [texts], graph: graph}
  mined: {use: knowledge_graph.mine, needs: [linked], graph: graph}
"""
    published = run(write_recipe(tmp_path, recipe), tmp_path / "run").published
    graph = load(tmp_path / "run" / "mined" / published["mined"]["version"] / "data")
    mined = [e for e in graph.edges.to_pylist() if e["relation"] == RELATION]
    assert {(e["subject"], e["object"]) for e in mined} == {("DOID:1", "SYMP:1"), ("DOID:2", "SYMP:2")}
    said = {(e["subject"], e["relation"], e["object"], e["polarity"]) for e in graph.edges.to_pylist()}
    assert said - {(e["subject"], RELATION, e["object"], 1) for e in mined} == {
        ("DOID:1", "has_symptom", "SYMP:3", 1),  # what the graph says already is not said again
        ("DOID:1", "has_symptom", "SYMP:1", 1),
        ("DOID:2", "has_symptom", "SYMP:2", 1),
        ("DOID:2", "has_symptom", "SYMP:1", -1),
    }
    gout = next(e for e in mined if e["subject"] == "DOID:1")
    assert (gout["tier"], gout["license"], gout["origin"], len(gout["evidence"])) == ("C", "CC-BY-4.0", "mined", 3)
    rows = load_records(tmp_path / "run", "linked").to_table(columns=["id", "split", "text"]).to_pylist()
    train = {r["id"] for r in rows if r["split"] == "train"}
    assert {e.removeprefix("RECORD:") for e in gout["evidence"]} <= train
    assert gout["n"] == sum(r["split"] == "train" and "causes a tophus" in r["text"] for r in rows) < 40
