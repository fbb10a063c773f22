import numpy as np
import pytest

from reward_filter.bradley_terry import Platt, expected_calibration_error, fit, scores, sigmoid
from reward_filter.features import FAMILIES, HASHED, SURFACE, WIDTH, Sparse, hashed_words, kind_of, surface

CHOICE = "Which disease?\nA. gout\nB. measles\nC. shingles"


def sparse(rows: np.ndarray) -> Sparse:
    """Dense rows as Sparse."""
    return Sparse.of([(np.flatnonzero(row), row[np.flatnonzero(row)]) for row in rows])


def pairs(count: int, seed: int = 0) -> tuple[Sparse, Sparse, np.ndarray]:
    """Answers of which the one that scores higher by hidden weights was chosen, with Bradley-Terry noise."""
    rng = np.random.default_rng(seed)
    truth = np.zeros(WIDTH)
    truth[:6] = [3, -2, 1, 0, 0, -1]
    sides = np.zeros((2, count, WIDTH))
    sides[:, :, :6] = rng.normal(size=(2, count, 6))
    first = rng.random(count) < sigmoid((sides[0] - sides[1]) @ truth)
    chosen, rejected = np.where(first[:, None], sides, sides[::-1])
    return sparse(chosen), sparse(rejected), truth


def test_fit_recovers_the_weights_that_made_the_choices():
    chosen, rejected, truth = pairs(4000)
    weights = fit(chosen, rejected, FAMILIES["all"])
    assert np.abs(weights[:6] - truth[:6]).max() < 0.35
    assert not weights[6:].any()
    # Nesterov's steps end where plain gradient descent would: the gradient is gone.
    margin = scores(chosen, weights) - scores(rejected, weights)
    rows = np.zeros((len(chosen), WIDTH))
    for sign, side in ((1, chosen), (-1, rejected)):
        rows[side.row_of(), side.indices] += sign * side.values
    gradient = -(sigmoid(-margin) @ rows) / len(chosen) + 1e-4 * weights
    assert np.abs(gradient[:6]).max() < 1e-4


def test_fit_is_the_same_twice_and_keeps_to_its_columns():
    chosen, rejected, _ = pairs(300)
    assert fit(chosen, rejected, FAMILIES["all"]).tobytes() == fit(chosen, rejected, FAMILIES["all"]).tobytes()
    assert not fit(chosen, rejected, FAMILIES["length"]).any()


def test_sparse_take_and_scores_match_dense_algebra():
    rng = np.random.default_rng(1)
    dense = rng.normal(size=(7, WIDTH)) * (rng.random((7, WIDTH)) < 0.01)
    weights = rng.normal(size=WIDTH)
    rows = np.array([5, 0, 5, 3])
    np.testing.assert_allclose(scores(sparse(dense), weights), dense @ weights)
    np.testing.assert_allclose(scores(sparse(dense).take(rows), weights), (dense @ weights)[rows])
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


def test_surface_sees_form_in_both_languages():
    def of(prompt: str, response: str) -> dict[str, float]:
        return dict(zip(SURFACE, surface(prompt, response), strict=True))

    whole, cut = of("", "Gout causes pain. It is treated."), of("", "Gout causes pain. It is tre")
    assert (whole["finished"], cut["finished"]) == (1, 0)
    assert of("", "痛风会痛。痛风会痛。痛风会痛。")["repeated_sentences"] == pytest.approx(2 / 3)
    assert of("什么病?", "痛风。")["language_match"] == 1
    assert of("什么病?", "Gout it is.")["language_match"] == 0
    assert of("Is it gout?", "It is gout.")["echo"] == 1
    assert of("", "痛风会痛。")["length"] > of("", "Gout.")["length"]


def test_hashed_words_are_unit_vectors_that_depend_on_order():
    columns, values = hashed_words("Gout causes pain 痛风")
    assert columns.max() < HASHED
    assert np.sum(values**2) == pytest.approx(1)
    assert hashed_words("pain causes gout 痛风")[0].tolist() != columns.tolist()
    assert hashed_words("")[0].size == 0


def test_kinds():
    assert [kind_of(p) for p in ("", "Which disease?", CHOICE)] == ["text", "answer", "choice"]
