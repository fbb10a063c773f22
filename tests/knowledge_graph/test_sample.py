"""Bundles: their shape, what they promise about exposure, and what they depend on."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datagen.errors import UsageError
from knowledge_graph import anchors, capacity, sample_bundle
from knowledge_graph.dealing import cut
from tests.knowledge_graph.test_model import toy


def test_bundles_are_what_they_say(sample_graph):
    graph = sample_graph
    for draw in anchors(graph, 600, seed=3):
        bundle = sample_bundle(graph, draw.anchor, 3, draw.number)
        assert 3 <= len(bundle.facts) <= 8 and 1 <= len(bundle.negatives) <= 4 and 2 <= len(bundle.distractors) <= 5
        assert len(set(bundle.keys)) == len(bundle.keys)
        for fact in (*bundle.facts, *bundle.negatives):
            edge = graph.edge(fact.key)
            assert (edge.subject, edge.relation, edge.object, edge.polarity, edge.license) == (
                fact.subject,
                fact.relation,
                fact.object,
                fact.polarity,
                fact.license,
            )
            assert draw.anchor in (fact.subject, fact.object)
        assert {f.polarity for f in bundle.facts} == {1} and {f.polarity for f in bundle.negatives} == {-1}
        named = {bundle.anchor, *bundle.distractors, *(n for f in bundle.facts for n in (f.subject, f.object))}
        assert named <= {entity.id for entity in bundle.entities} and bundle.entities[0].id == bundle.anchor
        findings = {f.object for f in bundle.facts if f.relation == "has_symptom"}
        for other in bundle.distractors:
            assert other != bundle.anchor and graph.type_of(other) == "disease"
            assert not findings or not findings <= {e.object for e in graph.edges_of(other, "has_symptom", 1)}


def test_the_same_draw_is_the_same_bundle(sample_graph):
    anchor = anchors(sample_graph, 1)[0].anchor
    assert sample_bundle(sample_graph, anchor, 5, 2) == sample_bundle(sample_graph, anchor, 5, 2)
    different = {sample_bundle(sample_graph, anchor, seed, 0).keys for seed in range(20)}
    assert len(different) > 5


def test_exposure_stays_under_the_cap_and_every_edge_is_used(sample_graph):
    cap = 6
    anchor = "SMP:0004010"
    room = capacity(sample_graph, anchor, cap)
    used = Counter(key for number in range(room) for key in sample_bundle(sample_graph, anchor, 1, number).keys)
    assert max(used.values()) == cap
    assert set(used) == {edge.key for edge in sample_graph.edges_of(anchor)}
    over = Counter(key for number in range(room + 1) for key in sample_bundle(sample_graph, anchor, 1, number).keys)
    assert max(over.values()) > cap


def test_quotas_go_on_where_they_stopped(sample_graph):
    whole = anchors(sample_graph, {"CARD": 30, "GI": 20}, seed=2)
    assert Counter(draw.department for draw in whole) == {"CARD": 30, "GI": 20}
    assert all(draw.department in sample_graph.node(draw.anchor).departments for draw in whole)
    assert len({(draw.anchor, draw.number) for draw in whole}) == 50
    first = anchors(sample_graph, {"CARD": 12}, seed=2)
    rest = anchors(sample_graph, {"CARD": 18}, seed=2, start={"CARD": 12})
    assert first + rest == whole[:30]
    turns = Counter(draw.anchor for draw in anchors(sample_graph, 452))
    assert set(turns.values()) == {4}  # 113 diseases, each as often as the others


def test_what_cannot_be_filled_says_so(sample_graph):
    with pytest.raises(UsageError, match="department NONE has no anchors"):
        anchors(sample_graph, {"NONE": 1})
    with pytest.raises(UsageError, match="no edge used more than 1 times"):
        anchors(sample_graph, {"CARD": 100}, cap=1)
    with pytest.raises(UsageError, match="a bundle needs 3"):
        sample_bundle(sample_graph, "SMP:0001002")
    with pytest.raises(KeyError):
        sample_bundle(sample_graph, "NO:1")


EDGES = [("D:1", "has_symptom", f"S:{i}", 1) for i in range(1, 5)] + [("D:2", "has_symptom", "S:1", 1)]
NODES = ("D:1", "D:2", "D:3", *(f"S:{i}" for i in range(1, 8)))


def test_an_anchor_of_two_departments_gives_them_different_bundles():
    graph = toy(EDGES, NODES, departments={"D:1": ["CARD", "RESP"]})
    draws = anchors(graph, {"CARD": 3, "RESP": 3})
    assert len({draw.number for draw in draws}) == 6


def test_a_denial_that_is_affirmed_elsewhere_is_no_negative():
    below = [("S:1", "is_a", "S:6", 1), ("D:1", "has_symptom", "S:6", -1), ("D:1", "has_symptom", "S:7", -1)]
    bundle = sample_bundle(toy([*EDGES, *below], NODES), "D:1")
    assert [fact.object for fact in bundle.negatives] == ["S:7"]


def test_facts_do_not_change_with_the_rest_of_the_graph():
    """Edges elsewhere that change no degree at the anchor leave its facts alone."""
    more = [("D:2", "has_symptom", "S:5", 1), ("D:3", "has_symptom", "S:6", 1)]
    for number in range(5):
        before, after = (sample_bundle(toy(edges, NODES), "D:1", 0, number) for edges in (EDGES, [*EDGES, *more]))
        assert before.facts == after.facts


def test_shared_findings_come_late():
    """With 20 findings of which one is shared by 200 diseases, that one is rarely in the first hand."""
    edges = [("D:1", "has_symptom", f"S:{i}", 1) for i in range(20)]
    edges += [(f"D:{i}", "has_symptom", "S:0", 1) for i in range(2, 202)]
    graph = toy(edges, (*(f"D:{i}" for i in range(1, 202)), *(f"S:{i}" for i in range(20))))
    first = Counter(f.object for seed in range(300) for f in sample_bundle(graph, "D:1", seed, 0).facts)
    others = [first[f"S:{i}"] for i in range(1, 20)]
    assert first["S:0"] < min(others) / 3


@given(st.integers(3, 400), st.integers(0, 2**62))
def test_hands_hold_all_cards_and_three_to_eight_each(edges, base):
    cuts = np.empty(edges + 2, np.int64)
    hands = cut(edges, base, cuts)
    cuts = cuts[: hands + 1].tolist()
    sizes = [b - a for a, b in pairwise(cuts)]
    assert sum(sizes) == edges and all(3 <= size <= 8 for size in sizes)
