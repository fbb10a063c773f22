"""Many phrases in one pass, held against a plain search; what graphs' names leave out."""

import random
import re

import pytest

from knowledge_graph import Graph, Linker
from knowledge_graph.fold import fold, fold_all
from knowledge_graph.kernels import ANY
from knowledge_graph.matcher import Matcher
from knowledge_graph.spelling import canonical, spellings
from knowledge_graph.truncated import Heads
from tests.knowledge_graph.test_model import toy

WORDS = ["heart", "hearts", "failure", "acute", "renal", "tumour", "tumor", "心", "肌", "梗", "死", "x1", ","]


def plain(phrases: list[str], text: str) -> list[tuple[int, int]]:
    """Token spans by trying every phrase at every place, the longest first."""
    words = [canonical(w) for w in re.findall(r"[^\W\u3400-\u9fff]+|[\u3400-\u9fff]|[^\w\s]", text)]
    known = {
        tuple(canonical(w) for w in re.findall(r"[^\W\u3400-\u9fff]+|[\u3400-\u9fff]|[^\w\s]", p)) for p in phrases
    }
    found, at = [], 0
    while at < len(words):
        ends = [e for e in range(len(words), at, -1) if tuple(words[at:e]) in known]
        if ends:
            found.append((at, ends[0]))
        at = ends[0] if ends else at + 1
    return found


def test_finds_what_a_plain_search_finds():
    draw = random.Random(0)
    for _ in range(300):
        phrases = [" ".join(draw.choices(WORDS, k=draw.randint(1, 3))) for _ in range(8)]
        phrases = [p for p in phrases if len(p) > 1 and p.strip(", ")]
        matcher = Matcher(fold_all(phrases), [ANY] * len(phrases))
        tokens = draw.choices([*WORDS, "other"], k=30)
        text = " ".join(tokens)
        starts, ends, _ = matcher.find(text)
        places = [sum(len(t) + 1 for t in tokens[:i]) for i in range(len(tokens) + 1)]
        assert list(zip(starts, ends, strict=True)) == [(places[a], places[b] - 1) for a, b in plain(phrases, text)], (
            phrases,
            text,
        )


def test_no_phrases_and_no_text():
    assert Matcher([], []).find("fever") == ([], [], [])
    assert Matcher([fold("fever")[0]], [ANY]).find("") == ([], [], [])


@pytest.mark.parametrize(
    "word", ["haemorrhages", "tumours", "anomalies", "diabetes", "abscesses", "carcinomas", "oedema"]
)
def test_spellings_come_back_to_one_form(word):
    assert word in set(spellings(canonical(word))) | {word}
    assert {canonical(form) for form in spellings(canonical(word)) if not form.endswith(("ses", "mata"))} == {
        canonical(word)
    }


def named(*rows: dict) -> Graph:
    """A graph of diseases with these names, and no edges."""
    graph = toy([])
    blank = graph.nodes.to_pylist()[0]
    nodes = [
        blank
        | {"id": f"X:{i}", "type": "disease", "name_zh": None, "synonyms": [], "synonyms_zh": [], "alt_ids": []}
        | row
        for i, row in enumerate(rows)
    ]
    return Graph(type(graph.nodes).from_pylist(nodes, graph.nodes.schema), graph.edges)


def test_scraps_of_names_and_abbreviations_of_enzymes_name_nothing():
    chronic = [{"name_en": f"chronic {organ} disease"} for organ in ("liver", "kidney", "lung", "heart", "skin", "ear")]
    graph = named(
        {"name_en": "chronic fatigue syndrome", "synonyms": ["Chronic", "CFS"]},
        {"name_en": "G6PD deficiency", "synonyms": ["G6PD", "was"]},
        *chronic,
    )
    linker = Linker(graph)
    text = "It was chronic. CFS and G6PD; G6PD deficiency."
    assert [text[m.start : m.end] for m in linker.link(text)] == ["CFS", "G6PD deficiency"]
    heads = Heads(graph.nodes["name_en"].to_pylist())
    assert heads.lacks(" chronic") and not heads.lacks(" chronic disease") and not heads.lacks(" unheard")


def test_a_text_that_defines_an_abbreviation_otherwise_is_believed():
    linker = Linker(named({"name_en": "acute pancreatitis", "synonyms": ["AP"]}))
    assert [m.node for m in linker.link("AP was treated.")] == ["X:0"]
    assert linker.link("The anteroposterior (AP) view; AP again.") == []
    assert len(linker.link("Acute biliary pancreatitis (AP) hurts; AP again.")) == 2


def test_a_name_of_two_nodes_means_the_one_that_the_company_knows():
    rows = [
        {"name_en": "cold agglutinin disease", "synonyms": ["cold"]},
        {"name_en": "common cold", "synonyms": ["cold"]},
        {"name_en": "rhinorrhea"},
        {"name_en": "hemolysis"},
    ]
    graph = named(*rows)
    edge = {"relation": "has_symptom", "polarity": 1, "evidence": [], "tier": "A", "license": "CC0-1.0", "origin": "-"}
    edges = [
        dict.fromkeys(graph.edges.column_names) | edge | {"subject": s, "object": o, "key": f"{i:016x}"}
        for i, (s, o) in enumerate((("X:0", "X:3"), ("X:1", "X:2")))
    ]
    linker = Linker(Graph(graph.nodes, type(graph.edges).from_pylist(edges, graph.edges.schema)))
    assert linker.link("A cold with rhinorrhea.")[0].node == "X:1"
    assert linker.link("A cold with hemolysis.")[0].node == "X:0"
    assert set(linker.link("A cold.")[0].candidates) == {"X:0", "X:1"}
