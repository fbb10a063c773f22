import json
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.quota import Cut, Held, Rank, apply_cut, cut, plan, water_level
from classifiers.targets import Cell, Targets

weights = st.lists(st.integers(0, 10_000), min_size=1, max_size=8)


def of_two(card: float, derm: float, **within) -> Targets:
    return Targets(departments={"CARD": card, "DERM": derm}, **within)


def departments(held: dict[str, Held], targets: Targets, total: float | None) -> dict[str, float]:
    found = plan({Cell(code): has for code, has in held.items()}, targets, total)
    return {cell.department: goal.goal for cell, goal in found.items()}


def test_departments_without_a_target_share_what_is_left():
    shares = Targets(departments={"CARD": 0.4}).shares
    assert shares["CARD"] == pytest.approx(0.4) and shares["GI"] == pytest.approx(0.6 / 34)
    assert list(Targets().shares.values()) == pytest.approx([1 / 35] * 35)
    with_bucket = Targets(departments={"NONE": 0.5, "TCM": {"languages": {"zh": 0.9}}}).shares
    assert len(with_bucket) == 36 and with_bucket["TCM"] == with_bucket["GI"] == pytest.approx(0.5 / 35)


def test_a_record_has_one_cell():
    targets = Targets(
        languages={"en": 0.5, "zh": 0.5}, departments={"TCM": {"languages": {"zh": 0.9}, "content_types": {"QA": 0.3}}}
    )
    assert targets.cell("CARD", "en", "QA", "basic") == Cell("CARD", "en", "*", "*")
    assert targets.cell("CARD", "de", None, None) == Cell("CARD", "other", "*", "*")
    assert targets.cell("TCM", "en", "QA", None) == Cell("TCM", "other", "QA", "*")
    assert targets.cell("NONE", "en", None, None) is targets.cell(None, "en", None, None) is None


def test_what_a_dimension_leaves_is_for_the_labels_it_does_not_name():
    targets = Targets(languages={"en": 0.5, "zh": 0.3})
    assert targets.children(("CARD",), {"en", "other"}) == pytest.approx({"en": 0.5, "zh": 0.3, "other": 0.2})
    assert targets.children(("CARD",), {"en"}) == pytest.approx({"en": 0.625, "zh": 0.375})
    assert targets.children(("CARD", "en"), {"*"}) == {"*": 1.0}


def test_without_dropping_the_small_grow_to_the_large():
    held = {"CARD": Held(9, 90, 900), "DERM": Held(1, 10, 100)}
    found = departments(held, of_two(0.5, 0.5), None)
    assert (found["CARD"], found["DERM"]) == pytest.approx((90, 90))
    found = departments(held, of_two(0.5, 0.5), 100)
    assert (found["CARD"], found["DERM"]) == pytest.approx((50, 50))


def test_what_is_not_there_does_not_make_the_rest_grow_for_ever():
    found = plan({Cell("CARD"): Held(9, 90, 900)}, of_two(0.5, 0.5))
    assert found[Cell("CARD")].goal == pytest.approx(90) and found[Cell("CARD")].wanted == pytest.approx(45)
    assert found[Cell("DERM")].goal == 0 and found[Cell("DERM")].wanted == pytest.approx(45)


@pytest.mark.parametrize("drop", [False, True])
def test_siblings_take_over_where_a_cell_is_short(drop):
    """Half of each department is to be Chinese; DERM has no more than 30 of it."""
    held = {
        Cell("CARD", "en"): Held(5, 50, 500),
        Cell("CARD", "zh"): Held(5, 50, 500),
        Cell("DERM", "en"): Held(9, 40, 400),
        Cell("DERM", "zh"): Held(1, 3, 30),
    }
    total = 143 if drop else 100 + 100
    found = plan(held, of_two(0.5, 0.5, languages={"en": 0.5, "zh": 0.5}), total if drop else None)
    zh, en = found[Cell("DERM", "zh")], found[Cell("DERM", "en")]
    assert zh.wanted == en.wanted == pytest.approx(total / 4)
    assert zh.goal == pytest.approx(30) and en.goal == pytest.approx(total / 2 - 30)
    assert found[Cell("CARD", "zh")].goal == pytest.approx(total / 4)


@given(weights, st.integers(1, 10), st.data())
def test_the_total_is_the_least_that_fits(amounts, cap, data):
    draws = data.draw(st.lists(st.integers(0, 100), min_size=len(amounts), max_size=len(amounts)).filter(sum))
    shares = np.array(draws) / sum(draws)
    low, high = np.array(amounts, float), np.array(amounts, float) * cap

    def grown(total: float) -> float:
        return float(np.clip(shares * total, low, high).sum())

    total = water_level(shares, low, high)
    assert grown(total) == pytest.approx(total, rel=1e-6, abs=1e-6)
    for part in (0.2, 0.5, 0.9, 0.999):
        below = sum(amounts) + part * (total - sum(amounts))
        assert grown(below) >= below * (1 - 1e-6)


@given(weights, st.integers(1, 10), st.floats(0, 1e5), st.data())
def test_a_goal_is_dealt_out_as_far_as_bounds_allow(amounts, cap, goal, data):
    draws = data.draw(st.lists(st.integers(1, 100), min_size=len(amounts), max_size=len(amounts)))
    low, high = np.array(amounts, float), np.array(amounts, float) * cap
    shares = np.array(draws) / sum(draws)
    found = np.clip(shares * water_level(shares, low, high, goal), low, high)
    assert found.sum() == pytest.approx(np.clip(goal, low.sum(), high.sum()), rel=1e-6, abs=1e-6)
    free = (found > low) & (found < high)
    ratios = found[free] / shares[free]
    assert len(ratios) < 2 or ratios.max() == pytest.approx(ratios.min())


@given(
    st.lists(
        st.tuples(st.sampled_from([-1, 0, 2.5, 4]), st.integers(1, 300), st.integers(1, 10)), min_size=1, max_size=30
    ),
    st.floats(0, 100_000),
    st.integers(1, 10),
    st.booleans(),
    st.sampled_from([1.0, 0.5, 0.1]),
)
def test_a_cut_comes_as_close_to_its_goal_as_rows_allow(rows, goal, cap, drop, top_share):
    values = np.array([v for v, _, _ in rows], np.float32)
    ids = np.array([f"{n * 7919 % 104729:032x}" for n in range(len(rows))], "S32")
    tokens = np.array([t for _, t, _ in rows])
    repeats = np.minimum([r for _, _, r in rows], cap)
    rule = cut(values, ids, tokens, repeats, goal, cap, drop, top_share)
    after = apply_cut(rule, values, ids, repeats, cap)
    rank = np.lexsort((ids, -values))
    kept = (after > 0)[rank]
    assert (np.diff(kept.astype(int)) <= 0).all()  # the best are kept, without gaps
    if top_share < 1:
        best = tokens[rank][: kept.sum()].sum()
        assert kept.sum() <= 1 or best <= top_share * tokens.sum()
    among = after > 0
    before_total, total = int((tokens * repeats)[among].sum()), int((tokens * after).sum())
    if drop and total <= goal and not kept.all() and top_share == 1:
        assert total + (tokens * repeats)[rank][kept.sum()] > goal
    if before_total >= goal:
        assert (after[among] == repeats[among]).all()
        assert not drop or total <= goal or kept.sum() == 1
        return
    if not drop:
        assert top_share < 1 or kept.all()
    assert (after[among] >= repeats[among]).all() and (after <= cap).all()
    assert total <= goal
    if (after[among] < cap).any() and (not drop or kept.all()):  # one more row on would pass the goal
        more = np.minimum(repeats * (rule.passes + 1), cap) - after
        growing = [index for index in rank if among[index] and more[index] > 0]
        assert growing and total + tokens[growing[0]] * more[growing[0]] > goal


def test_the_top_third_is_seen_three_times_in_place_of_the_rest():
    ids = np.array([f"{n:032x}" for n in range(9)], "S32")
    values, ones = np.arange(9, dtype=np.float32), np.ones(9, int)
    rule = cut(values, ids, ones * 10, ones, 90, 10, top_share=1 / 3)
    assert apply_cut(rule, values, ids, ones, 10).tolist() == [0, 0, 0, 0, 0, 0, 3, 3, 3]
    rule = cut(values, ids, ones * 10, ones, 95, 10, top_share=0.1)
    assert apply_cut(rule, values, ids, ones, 10).tolist() == [0] * 8 + [9]


def test_a_rule_survives_json():
    rule = Cut(3, Rank(float(np.float32(3.7)), "ab" * 16), None)
    assert Cut.load(json.loads(json.dumps(asdict(rule)))) == rule
    assert np.float32(3.7) == np.float32(rule.more.value)
