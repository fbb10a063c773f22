import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.quota import Held, apply_cut, cut, goals, shares

weights = st.lists(st.integers(0, 10_000), min_size=1, max_size=8)


def test_departments_without_a_target_share_what_is_left():
    assert shares({"A": 0.4}, ("A", "B", "C")) == pytest.approx({"A": 0.4, "B": 0.3, "C": 0.3})
    assert shares({}, ("A", "B")) == {"A": 0.5, "B": 0.5}
    assert shares({"NONE": 0.5}, ("A", "B")) == pytest.approx({"NONE": 0.5, "A": 0.25, "B": 0.25})
    assert shares({"A": 0.2}, ("A",)) == {"A": 1.0}


def test_without_dropping_the_small_grow_to_the_large():
    held = {"A": Held(9, 90, 900), "B": Held(1, 10, 100)}
    assert goals(held, {"A": 0.5, "B": 0.5}, drop=False) == pytest.approx({"A": 90, "B": 90})
    assert goals(held, {"A": 0.5, "B": 0.5}, drop=True) == pytest.approx({"A": 50, "B": 50})


def test_what_is_not_there_does_not_make_the_rest_grow_for_ever():
    held = {"A": Held(9, 90, 900), "B": Held()}
    found = goals(held, {"A": 0.5, "B": 0.5}, drop=False)
    assert found == pytest.approx({"A": 45, "B": 45})


@given(weights, st.integers(1, 10), st.data())
def test_the_total_is_the_least_that_fits(amounts, cap, data):
    draws = data.draw(st.lists(st.integers(0, 100), min_size=len(amounts), max_size=len(amounts)).filter(sum))
    target = {f"{n}": draw / sum(draws) for n, draw in enumerate(draws)}
    held = {f"{n}": Held(1, amount, amount * cap) for n, amount in enumerate(amounts)}

    def grown(total: float) -> float:
        return sum(max(held[c].weight, min(share * total, held[c].capacity)) for c, share in target.items())

    total = sum(goals(held, target, drop=False).values())
    assert grown(total) == pytest.approx(total, rel=1e-9, abs=1e-6)
    for share in (0.2, 0.5, 0.9, 0.999):
        below = sum(amounts) + share * (total - sum(amounts))
        assert grown(below) >= below * (1 - 1e-9)


@given(
    st.lists(
        st.tuples(st.sampled_from([-1, 0, 2.5, 4]), st.integers(1, 300), st.integers(1, 10)), min_size=1, max_size=30
    ),
    st.floats(0, 100_000),
    st.integers(1, 10),
    st.booleans(),
)
def test_a_cut_comes_as_close_to_its_goal_as_rows_allow(rows, goal, cap, drop):
    values = np.array([v for v, _, _ in rows], np.float32)
    ids = np.array([f"{n * 7919 % 104729:032x}" for n in range(len(rows))], "S32")
    tokens = np.array([t for _, t, _ in rows])
    repeats = np.minimum([r for _, _, r in rows], cap)
    rule = cut(values, ids, tokens, repeats, goal, cap, drop)
    after = apply_cut(rule, values, ids, repeats, cap)
    before_total, total = int((tokens * repeats).sum()), int((tokens * after).sum())
    rank = np.lexsort((ids, -values))
    if before_total >= goal:
        if not drop:
            assert (after == repeats).all()
            return
        kept = (after > 0)[rank]
        assert (np.diff(kept.astype(int)) <= 0).all()  # the best are kept, without gaps
        assert set(after) <= {0, *repeats.tolist()} and kept[0]
        assert total <= goal or kept.sum() == 1
        if not kept.all():
            assert total + (tokens * repeats)[rank][kept.sum()] > goal
        return
    assert (after >= repeats).all() and (after <= cap).all()
    assert total <= goal
    if (after < cap).any():  # one more row on would pass the goal
        more = np.minimum(repeats * (rule.passes + 1), cap) - after
        growing = [index for index in rank if more[index] > 0]
        assert growing and total + tokens[growing[0]] * more[growing[0]] > goal


def test_a_rule_survives_json():
    import json
    from dataclasses import asdict

    from classifiers.quota import Cut

    rule = Cut(3, float(np.float32(3.7)), "ab" * 16, True)
    assert Cut(**json.loads(json.dumps(asdict(rule)))) == rule
    assert np.float32(3.7) == np.float32(rule.value)
