import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.metrics import (
    answer_table,
    calibration_error,
    confusions,
    f1_scores,
    measure,
    softmax,
    spearman,
    temperature,
)


def test_f1_by_hand():
    truth, guesses = ["a", "a", "a", "b"], ["a", "a", "b", "b"]
    assert f1_scores(truth, guesses) == {"a": pytest.approx(4 / 5), "b": pytest.approx(2 / 3)}
    assert f1_scores(["a"], ["b"]) == {"a": 0}
    assert confusions(["a", "b", "a", "b"], ["b", "a", "b", "b"]) == [("a", "b", 2), ("b", "a", 1)]


def test_macro_f1_is_over_frequent_labels():
    scores = np.array([[1, 0], [1, 0], [0, 1], [0, 1]])
    found = measure(["a", "a", "a", "b"], ["a", "b"], scores, 0, at_least=2)
    assert found.macro_f1 == pytest.approx(4 / 5)
    assert measure(["a", "a", "a", "b"], ["a", "b"], scores, 0).macro_f1 == pytest.approx((4 / 5 + 2 / 3) / 2)


def test_calibration_error_by_hand():
    confidence, right = np.array([0.95, 0.95, 0.55, 0.55]), np.array([True, True, True, False])
    assert calibration_error(confidence, right) == pytest.approx(0.5 * 0.05 + 0.5 * 0.05)
    assert calibration_error(np.ones(3), np.zeros(3, bool)) == 1


def test_abstaining_costs_coverage_not_accuracy():
    scores = np.array([[0.9, 0.1], [0.45, 0.55], [0.2, 0.8]])
    found = measure(["a", "a", "b"], ["a", "b"], scores, threshold=0.6)
    assert (found.rows, found.coverage, found.accuracy_covered) == (3, pytest.approx(2 / 3), 1)
    assert found.accuracy == pytest.approx(2 / 3) and found.macro_f1_covered == 1


def test_nothing_to_measure_is_an_error():
    with pytest.raises(ValueError, match="nothing to measure"):
        measure([], ["a"], np.zeros((0, 1)), 0.5)


@pytest.mark.parametrize("heat", [0.5, 1, 3])
def test_temperature_is_found_again(heat):
    draw = np.random.default_rng(1)
    margins = draw.normal(size=(4000, 5)) * 2
    truth = np.array([draw.choice(5, p=row) for row in softmax(margins, 1)])
    assert temperature(margins * heat, truth) == pytest.approx(heat, rel=0.1)


@given(st.lists(st.floats(-50, 50), min_size=2, max_size=6), st.floats(0.1, 10))
def test_softmax_makes_probabilities_in_the_order_of_the_margins(row, heat):
    found = softmax(np.array([row]), heat)
    assert found.sum() == pytest.approx(1)
    assert (np.diff(found[0][np.argsort(row)]) >= -1e-12).all()


def test_answers_are_counted_by_true_label_with_abstentions_last():
    scores = np.array([[0.9, 0.1], [0.4, 0.6], [0.5, 0.5]])
    assert answer_table(np.array([0, 0, 1]), scores, 2, 0.55).tolist() == [[1, 1, 0], [0, 0, 1]]


def test_rank_correlation_takes_ties_by_their_mean_rank():
    # Kendall 1970, Rank correlation methods: ranks of two judges with ties.
    assert spearman([1, 2, 3, 4], [10, 20, 30, 400]) == 1
    assert spearman([1, 2, 2, 3], [1, 3, 2, 4]) == pytest.approx(0.9486833)
    assert spearman([1, 1], [1, 2]) == 0
