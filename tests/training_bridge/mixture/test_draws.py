import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datagen.errors import UsageError
from training_bridge.mixture.draws import draw, limits, within

shares = st.lists(st.floats(0.001, 1.0), min_size=2, max_size=10)


@given(shares, st.data())
def test_a_mixture_keeps_to_its_limits_and_loses_nothing(weights, data):
    highest = np.array(data.draw(st.lists(st.floats(0.02, 1.0), min_size=len(weights), max_size=len(weights))))
    highest = highest / min(1.0, highest.sum())
    found = within(np.array(weights), np.minimum(highest, 1))
    if np.minimum(highest, 1).sum() >= 1:
        assert found.sum() == pytest.approx(1)
        assert (found <= np.minimum(highest, 1) + 1e-9).all()


def test_what_one_group_may_not_have_goes_to_the_others_in_proportion():
    found = within(np.array([0.6, 0.3, 0.1]), np.array([0.2, 1.0, 1.0]))
    assert found == pytest.approx([0.2, 0.6, 0.2])
    assert within(np.array([0.5, 0.5]), np.array([1.0, 1.0])) == pytest.approx([0.5, 0.5])


def test_limits_are_the_text_times_the_cap():
    assert limits(np.array([100, 5000]), 10_000, 10) == pytest.approx([0.1, 1.0])
    with pytest.raises(UsageError, match="10 times all text is 1,000 tokens, a run reads 2,000"):
        limits(np.array([60, 40]), 2000, 10)


def test_draws_are_spread_and_repeat_by_seed():
    natural, highest = np.array([0.8, 0.15, 0.05]), np.array([1.0, 1.0, 0.3])
    drawn = draw(400, natural, highest, seed=1)
    assert (drawn == draw(400, natural, highest, seed=1)).all() and (drawn != draw(400, natural, highest, seed=2)).any()
    assert drawn.sum(1) == pytest.approx(np.ones(400)) and (drawn[:, 2] <= 0.3 + 1e-9).all()
    assert drawn[:, 0].min() < 0.1 and drawn[:, 0].max() > 0.9
    assert drawn[0::2, 0].mean() < drawn[1::2, 0].mean()
