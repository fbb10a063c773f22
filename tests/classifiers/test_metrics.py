import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.metrics import calibration_error, macro_f1, measure, sharpened, temperature


def test_macro_f1_by_hand():
    truth, guesses = ["a", "a", "a", "b"], ["a", "a", "b", "b"]
    assert macro_f1(truth, guesses) == pytest.approx((4 / 5 + 2 / 3) / 2)
    assert macro_f1(truth, guesses, at_least=2) == pytest.approx(4 / 5)
    assert macro_f1(["a"], ["b"]) == 0


def test_calibration_error_by_hand():
    confidence, right = np.array([0.95, 0.95, 0.55, 0.55]), np.array([True, True, True, False])
    assert calibration_error(confidence, right) == pytest.approx(0.5 * 0.05 + 0.5 * 0.05)
    assert calibration_error(np.ones(3), np.zeros(3, bool)) == 1


def test_abstaining_costs_coverage_not_accuracy():
    scores = np.array([[0.9, 0.1], [0.45, 0.55], [0.2, 0.8]])
    found = measure(["a", "a", "b"], ["a", "b"], scores, threshold=0.6)
    assert (found.rows, found.coverage, found.accuracy_covered) == (3, pytest.approx(2 / 3), 1)
    assert found.accuracy == pytest.approx(2 / 3)


def test_nothing_to_measure_is_an_error():
    with pytest.raises(ValueError, match="nothing to measure"):
        measure([], ["a"], np.zeros((0, 1)), 0.5)


@pytest.mark.parametrize("heat", [0.5, 1, 3])
def test_temperature_is_found_again(heat):
    draw = np.random.default_rng(1)
    honest = sharpened(draw.dirichlet(np.ones(5) / 2, 20_000), 1)
    truth = np.array([draw.choice(5, p=row) for row in honest[:4000]])
    distorted = sharpened(honest[:4000], 1 / heat)
    assert temperature(distorted, truth) == pytest.approx(heat, rel=0.1)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=6), st.floats(0.1, 10))
def test_sharpening_keeps_probabilities_and_their_order(row, heat):
    scores = np.array([row])
    found = sharpened(scores, heat)
    assert found.sum() == pytest.approx(1)
    assert (np.diff(found[0][np.argsort(scores[0])]) >= -1e-12).all()
