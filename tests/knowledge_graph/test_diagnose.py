"""Differential diagnosis: what a finding is worth, and what its absence is."""

import pytest

from knowledge_graph import Diagnoser
from tests.knowledge_graph.test_model import toy

EDGES = [
    *(("D:1", "has_symptom", s, 1) for s in ("S:1", "S:2", "S:3")),
    *(("D:2", "has_symptom", s, 1) for s in ("S:1", "S:4")),
    *(("D:3", "has_symptom", s, 1) for s in ("S:1", "S:5")),
    ("S:6", "is_a", "S:2", 1),
    ("S:7", "is_a", "S:8", 1),
    ("S:5", "is_a", "S:8", 1),
]


@pytest.fixture(scope="module")
def diagnoser():
    return Diagnoser(toy(EDGES, (*(f"D:{i}" for i in range(1, 4)), *(f"S:{i}" for i in range(1, 9)))))


def first(diagnoser, observed, excluded=()):
    return diagnoser.rank(observed, excluded)[0].disease


def test_the_rarer_finding_decides(diagnoser):
    assert first(diagnoser, ["S:1", "S:4"]) == "D:2"
    shared, telling = diagnoser.rank(["S:1", "S:4"])[0].parts
    assert abs(shared) < 0.1 < telling


def test_what_is_more_special_counts_by_what_is_above_it(diagnoser):
    assert first(diagnoser, ["S:6"]) == "D:1"  # shows S:2, of which S:6 is a kind
    assert first(diagnoser, ["S:8"]) == "D:3"  # shows S:5, which is a kind of S:8
    sibling, exact = (diagnoser.rank([finding])[0] for finding in ("S:7", "S:5"))
    assert sibling.disease == exact.disease == "D:3" and sibling.ratio <= exact.ratio


def test_an_absent_finding_weighs_less_than_a_present_one(diagnoser):
    assert first(diagnoser, ["S:1"], ["S:2", "S:5"]) == "D:2"
    against = diagnoser.rank([], ["S:4"])
    assert against[-1].disease == "D:2" and -against[-1].ratio < diagnoser.rank(["S:4"])[0].ratio


def test_ranks_are_whole_and_stable(diagnoser):
    found = diagnoser.rank(["S:1", "no such finding"], ["neither"])
    assert [d.disease for d in found] == ["D:1", "D:2", "D:3"]
    assert sum(d.probability for d in found) == pytest.approx(1) and found[0].parts[1] == 0
    assert Diagnoser(toy([], ("D:1",))).rank(["S:1"]) == []
