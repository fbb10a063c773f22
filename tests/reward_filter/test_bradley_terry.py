from dataclasses import asdict

import numpy as np
import pytest

from reward_filter.bradley_terry import CENTER, L2_DENSE, fit, scores
from reward_filter.calibrate import (
    ISOTONIC_FROM,
    Isotonic,
    Platt,
    area_under_curve,
    expected_calibration_error,
    fitted,
    read,
    sigmoid,
)
from reward_filter.features import FAMILIES, HASHED, SURFACE, WIDTH, Sparse, hashed_words, kind_of, surface

CHOICE = "Which disease?\nA. gout\nB. measles\nC. shingles"


def sparse(rows: np.ndarray) -> Sparse:
    """Dense rows as Sparse."""
    return Sparse.of([(np.flatnonzero(row), row[np.flatnonzero(row)]) for row in rows])


def pairs(count: int, seed: int = 0) -> tuple[Sparse, Sparse, np.ndarray]:
    """Answers of which the one that scores higher by hidden weights was chosen, with Bradley-Terry noise."""
    rng = np.random.default_rng(seed)
    truth = np.zeros(WIDTH)
    truth[1:7] = [3, -2, 1, 0, 0, -1]
    sides = np.zeros((2, count, WIDTH))
    sides[:, :, 1:7] = rng.normal(size=(2, count, 6))
    first = rng.random(count) < sigmoid((sides[0] - sides[1]) @ truth)
    chosen, rejected = np.where(first[:, None], sides, sides[::-1])
    return sparse(chosen), sparse(rejected), truth


def test_fit_recovers_the_weights_that_made_the_choices():
    chosen, rejected, truth = pairs(4000)
    weights = fit(chosen, rejected, FAMILIES["all"])
    # Centring and penalty shrink them, but not one against another.
    cosine = weights @ truth / np.linalg.norm(weights) / np.linalg.norm(truth)
    assert cosine > 0.99
    assert np.linalg.norm(weights) > 0.6 * np.linalg.norm(truth)
    assert not weights[7:].any()
    # At the minimum the gradient of everything, penalty and centring too, is gone.
    margin = scores(chosen, weights) - scores(rejected, weights)
    dense = [np.zeros((len(chosen), WIDTH)) for _ in range(2)]
    for rows, side in zip(dense, (chosen, rejected), strict=True):
        rows[side.row_of(), side.indices] = side.values
    together = scores(chosen, weights) + scores(rejected, weights)
    gradient = -(sigmoid(-margin) @ (dense[0] - dense[1])) + 2 * CENTER * together @ (dense[0] + dense[1])
    assert np.abs(gradient[1:7] / len(chosen) + L2_DENSE * weights[1:7]).max() < 1e-4


def test_a_margin_drives_the_two_sides_apart_and_centring_draws_both_to_zero():
    chosen, rejected, _ = pairs(1500)
    gap = [
        np.mean(scores(chosen, w) - scores(rejected, w))
        for w in (fit(chosen, rejected, FAMILIES["all"], np.full(1500, m)) for m in (0.0, 1.0))
    ]
    assert gap[1] > gap[0] + 0.2
    # A column that is 1 in every answer can't order them, but can shift them.
    one = Sparse.of([(np.array([3, WIDTH - 1]), np.array([1.0, 5.0]))] * 50)
    other = Sparse.of([(np.array([WIDTH - 1]), np.array([5.0]))] * 50)
    weights = fit(one, other, FAMILIES["all"])
    assert abs(scores(one, weights)[0] + scores(other, weights)[0]) < 0.1 < scores(one, weights)[0]


def test_fit_is_the_same_twice_and_keeps_to_its_columns():
    chosen, rejected, _ = pairs(300)
    assert fit(chosen, rejected, FAMILIES["all"]).tobytes() == fit(chosen, rejected, FAMILIES["all"]).tobytes()
    assert not fit(chosen, rejected, FAMILIES["length"]).any()
    assert fit(chosen, rejected, FAMILIES["all"])[0] == 0


def test_sparse_take_and_scores_match_dense_algebra():
    rng = np.random.default_rng(1)
    dense = rng.normal(size=(7, WIDTH)) * (rng.random((7, WIDTH)) < 0.01)
    weights = rng.normal(size=WIDTH)
    rows = np.array([5, 0, 5, 3])
    np.testing.assert_allclose(scores(sparse(dense), weights), dense @ weights, rtol=1e-5)
    np.testing.assert_allclose(scores(sparse(dense).take(rows), weights), (dense @ weights)[rows], rtol=1e-5)
    assert len(sparse(dense).take(np.zeros(0, int))) == 0


def test_platt_is_calibrated_on_what_it_never_saw():
    rng = np.random.default_rng(2)
    score = rng.normal(0, 40, 8000)
    good = rng.random(8000) < sigmoid(score / 20 - 0.7)
    platt = Platt.fit(score[:4000], good[:4000])
    assert platt.slope == pytest.approx(1 / 20, rel=0.15)
    assert expected_calibration_error(platt(score[4000:]), good[4000:]) < 0.03
    assert expected_calibration_error(np.full(4000, 0.99), good[4000:]) > 0.3


def test_platt_survives_scores_that_separate_perfectly():
    platt = Platt.fit(np.array([-1.0, -2, 3, 4]), np.array([False, False, True, True]))
    assert platt(np.array([4.0]))[0] > 0.6 > 0.4 > platt(np.array([-2.0]))[0]


def test_isotonic_is_the_rising_curve_of_least_squares():
    score = np.arange(8.0)
    good = np.array([0, 1, 0, 0, 1, 1, 0, 1], bool)
    curve = Isotonic.fit(score, good)
    # Pools by hand: 0 | 1 0 0 | 1 1 0 | 1; each counts half a good and half a bad answer more.
    assert curve.scores == (0.0, 2.0, 5.0, 7.0)
    assert curve.probabilities == (0.25, 1.5 / 4, 2.5 / 4, 0.75)
    assert curve(np.array([-9.0, 3.5, 99.0])).tolist() == [0.25, 0.5, 0.75]
    assert read(asdict(curve)) == curve


def test_many_answers_get_a_curve_and_few_a_line():
    rng = np.random.default_rng(4)
    score = rng.normal(size=4 * ISOTONIC_FROM)
    good = rng.random(len(score)) < np.where(score > 1, 0.9, 0.3)  # no sigmoid
    half = len(score) // 2
    curve, line = fitted(score[:half], good[:half]), Platt.fit(score[:half], good[:half])
    assert isinstance(curve, Isotonic)
    assert isinstance(fitted(score[:50], good[:50]), Platt)
    off = [expected_calibration_error(c(score[half:]), good[half:]) for c in (curve, line)]
    assert off[0] < 0.05 < off[1]


def test_area_under_curve_counts_pairs():
    assert area_under_curve(np.array([0.9, 0.5, 0.5, 0.1]), np.array([True, True, False, False])) == 3.5 / 4


def test_surface_sees_form_in_both_languages():
    def of(prompt: str, response: str) -> dict[str, float]:
        return dict(zip(SURFACE, surface(prompt, response), strict=True))

    whole, cut = of("", "Gout causes pain. It is treated."), of("", "Gout causes pain. It is tre")
    assert (whole["finished"], cut["finished"]) == (1, 0)
    assert of("", "痛风会痛。痛风会痛。痛风会痛。")["repeated_sentences"] == pytest.approx(2 / 3)
    assert of("什么病?", "痛风。")["language_match"] == 1
    assert of("什么病?", "Gout it is.")["language_match"] == 0
    assert of("Is it gout?", "It is gout.")["echo"] == 1
    assert of("", "It may help; ask a doctor.")["caution"] > of("", "It may help.")["caution"] == 0
    assert of("", "一定能根治")["absolute"] > 0 == of("", "可能缓解")["absolute"]
    assert of("", "在家睡一觉就好")["reckless"] > 0 < of("", "多数人可以缓解")["hedge"]


def test_hashed_words_are_unit_vectors_that_depend_on_order():
    columns, values = hashed_words("Gout causes pain 痛风")
    assert columns.max() < HASHED
    assert np.sum(values**2) == pytest.approx(1)
    assert hashed_words("pain causes gout 痛风")[0].tolist() != columns.tolist()
    assert hashed_words("")[0].size == 0


def test_kinds():
    asked = ("", "Which disease?", CHOICE, "True or false? Gout hurts.", "对还是错?")
    assert [kind_of(p) for p in asked] == ["text", "answer", "choice", "truth", "truth"]
