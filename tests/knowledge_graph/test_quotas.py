"""Quotas on accepted output, walks along meta-paths, and the account of what was used."""

from collections import Counter
from xml.etree import ElementTree

import numpy as np
import pytest

from knowledge_graph import METAPATHS, Bundles, Cell, Dealer, Exposure, Walker, sample_bundles
from knowledge_graph.exposure import gini
from knowledge_graph.quotas import draws, even, plan
from tests.knowledge_graph.test_model import toy

TASKS, LANGUAGES = ("article", "qa"), ("en", "zh")


@pytest.fixture(scope="module")
def dealer(sample_graph):
    return Dealer(sample_graph)


def filled(dealer, targets, keep, rounds=20, cap=200):
    """Accepted and drawn counts, and the accepted draws, where `keep` says which drafts are good."""
    drawn, accepted, kept = Counter(), Counter(), []
    for _ in range(rounds):
        wanted = plan(targets, drawn, accepted)
        for cell, draw in draws(dealer, targets, wanted, seed=3, start=Counter(drawn), cap=cap):
            drawn[cell] += 1
            if accepted[cell] < targets[cell] and keep(draw):
                accepted[cell] += 1
                kept.append(draw)
    return accepted, drawn, kept


def test_targets_are_even_where_anchors_allow(dealer):
    targets = even(dealer, 2000, TASKS, LANGUAGES)
    assert sum(targets.values()) == 2000
    tails = Counter()
    for cell, count in targets.items():
        tails[cell.tail] += count
    present = {dealer.tail(row) for row in dealer.eligible(("disease",))}
    assert set(tails) == present and tails[0] == max(tails.values()) >= 2000 / 4
    assert len({count // 20 for tail, count in tails.items() if tail}) == 1
    assert {(c.task, c.language) for c in targets} == {(t, g) for t in TASKS for g in LANGUAGES}


def test_rejected_drafts_are_replaced_cell_by_cell(dealer):
    targets = even(dealer, 600, TASKS, LANGUAGES)
    accepted, drawn, kept = filled(dealer, targets, lambda draw: (draw.number + len(draw.anchor)) % 3 != 0)
    assert accepted == targets and drawn.total() > 700
    assert len({(draw.anchor, draw.number) for draw in kept}) == 600


def test_plans_ask_more_of_cells_that_fail_more():
    good, bad = (Cell("CARD", "qa", "en", 0, tail) for tail in (0, 1))
    wanted = plan({good: 100, bad: 100}, {good: 100, bad: 100}, {good: 90, bad: 20})
    assert wanted == {bad: 385, good: 12} and list(wanted) == [bad, good]
    assert plan({good: 5}, {good: 9}, {good: 5}) == {}


def test_rounds_go_on_where_they_stopped(dealer):
    targets = even(dealer, 300, TASKS, LANGUAGES)
    whole = list(draws(dealer, targets, targets, seed=1))
    half = {cell: count // 2 for cell, count in targets.items()}
    rest = {cell: count - half[cell] for cell, count in targets.items()}
    parts = [*draws(dealer, targets, half, seed=1), *draws(dealer, targets, rest, seed=1, start=half)]
    assert sorted(parts, key=str) == sorted(whole, key=str)
    assert all(cell.department in dealer.graph.node(draw.anchor).departments for cell, draw in whole)


def test_no_edge_is_used_more_than_the_cap_and_all_are_used(dealer):
    cap = 4
    targets = even(dealer, 10**6, TASKS, LANGUAGES, cap=cap, spare=0)
    drawn = list(draws(dealer, targets, targets, seed=5, cap=cap))
    assert len(drawn) == sum(targets.values())
    bundles = sample_bundles(dealer, [draw for _, draw in drawn], 5)
    exposure = Exposure.of(dealer, bundles, Counter(cell for cell, _ in drawn), cap)
    found = exposure.measures()
    assert found["uses of an edge, most"] <= cap
    assert found["edges used, within the cap"] > 0.95 and found["nodes used"] > 0.95
    assert len(exposure.unseen) == round((1 - found["edges used"]) * exposure.eligible.sum())
    assert 0 < found["kinds of paths used"] <= 1
    svg = ElementTree.fromstring(exposure.svg())
    assert sum(node.tag.endswith("rect") for node in svg.iter()) >= 35
    assert exposure.table()["value"][0].as_py() == len(drawn)


def test_bundles_at_once_are_those_one_by_one(dealer):
    rows = np.array(dealer.eligible(("disease",))[:20] * 3, np.int32)
    numbers = np.arange(len(rows)) // 20
    together = Bundles(dealer, 9, rows, numbers)
    assert list(together) == [Bundles(dealer, 9, rows[i : i + 1], numbers[i : i + 1])[0] for i in range(len(rows))]
    assert together[3:5] == [together[3], together[4]]


def test_gini():
    assert gini(np.array([3, 3, 3])) == 0 and gini(np.zeros(3)) == 0
    assert gini(np.array([0, 0, 0, 1])) == pytest.approx(0.75)


def test_walks_follow_their_meta_path(sample_graph):
    walker = Walker(sample_graph)
    path = next(p for p in METAPATHS if p.name == "finding, disease, test")
    starts = walker.starts(path)
    assert {sample_graph.types[sample_graph.type[row]] for row in starts} == {"symptom"}
    seen = set()
    for row in starts[:50]:
        start = sample_graph.ids[row]
        for number in range(5):
            keys = walker.walk(start, path, 1, number)
            if keys:
                first, second = map(sample_graph.edge, keys)
                assert (first.relation, first.object, second.relation) == ("has_symptom", start, "diagnosed_by")
                assert first.subject == second.subject and first.polarity == second.polarity == 1
                seen.add(keys)
            assert walker.walk(start, path, 1, number) == keys
    assert len(seen) > 60
    assert len({p.name for p in METAPATHS}) == len(METAPATHS) >= 25


def test_walks_are_corrected_for_degree():
    """Of two diseases that show a symptom, one shows 100 others: it is not the way that most walks take."""
    edges = [("D:1", "has_symptom", "S:1", 1), ("D:2", "has_symptom", "S:1", 1), ("D:1", "has_symptom", "S:2", 1)]
    edges += [("D:2", "has_symptom", f"S:{i}", 1) for i in range(3, 103)]
    walker = Walker(toy(edges, ("D:1", "D:2", *(f"S:{i}" for i in range(1, 103)))))
    path = next(p for p in METAPATHS if p.name == "finding, disease, finding")
    first = Counter(walker.graph.edge(walker.walk("S:1", path, 0, n)[0]).subject for n in range(300))
    assert first["D:1"] > 4 * first["D:2"] > 0
    assert walker.walk("D:1", path) is None  # a walk starts where its path does
    assert walker.walk("S:2", path, 0, 0) is not None
