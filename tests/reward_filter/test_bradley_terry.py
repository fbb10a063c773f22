from collections.abc import Sequence
from dataclasses import asdict, replace

import numpy as np
import pytest

from reward_filter.bradley_terry import L2_DENSE, POINTWISE, UNITS, Weights, fit, scores
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
from reward_filter.features import (
    DENSE,
    EVIDENCE,
    FAMILIES,
    HASHED,
    OF_GRAPH,
    SURFACE,
    WIDTH,
    Sparse,
    hashed_words,
    kind_of,
    surface,
)
from reward_filter.words import read as words

CHOICE = "Which disease?\nA. gout\nB. measles\nC. shingles"


def sparse(rows: np.ndarray) -> Sparse:
    """Dense rows as Sparse."""
    return Sparse.of([(np.flatnonzero(row), row[np.flatnonzero(row)]) for row in rows])


def of_columns(columns: Sequence[int], values: np.ndarray) -> Sparse:
    """Rows that have values[i] in these columns."""
    return Sparse.of([(np.array(columns), row) for row in values])


TRUTH = np.array([3.0, -2, 1, 0, 0, -1])
SEEN = range(1, 1 + len(TRUTH))


def pairs(count: int, columns: Sequence[int] = SEEN) -> tuple[Sparse, Sparse]:
    """Answers of which the one that scores higher by TRUTH was chosen, with Bradley-Terry noise."""
    rng = np.random.default_rng(0)
    sides = rng.normal(size=(2, count, len(TRUTH)))
    first = rng.random(count) < sigmoid((sides[0] - sides[1]) @ TRUTH)
    chosen, rejected = np.where(first[:, None], sides, sides[::-1])
    return of_columns(columns, chosen), of_columns(columns, rejected)


def test_fit_recovers_the_weights_that_made_the_choices():
    weights = fit(*pairs(3000), FAMILIES["all"])
    # The hidden layer bends the score and penalties shrink it, but it goes where the true weights point.
    points = np.random.default_rng(9).normal(size=(500, len(TRUTH)))
    assert np.corrcoef(scores(of_columns(SEEN, points), weights), points @ TRUTH)[0, 1] > 0.98
    assert not np.delete(weights.linear, [0, *SEEN, *EVIDENCE]).any()


def test_at_the_minimum_the_gradient_is_gone():
    """Of the linear weights, with the penalty and each answer by itself."""
    columns = [EVIDENCE.stop + i for i in range(len(TRUTH))]
    sides = pairs(600, columns)
    weights = fit(*sides, FAMILIES["text"])
    spread = np.std(np.concatenate([side.values.reshape(-1, len(TRUTH)) for side in sides]), axis=0)

    def loss(at: np.ndarray) -> float:
        good, bad = (scores(side, replace(weights, linear=at)) for side in sides)
        alone = np.logaddexp(0, -good) + np.logaddexp(0, bad)
        penalty = L2_DENSE / 2 * np.sum((at[columns] * spread) ** 2)
        return np.mean(np.logaddexp(0, bad - good) + POINTWISE * alone) + penalty

    for column, width in zip(columns, spread, strict=True):
        step = np.zeros(WIDTH)
        step[column] = 1e-4
        slope = (loss(weights.linear + step) - loss(weights.linear - step)) / 2e-4
        assert abs(slope) * width < 2e-3


def test_evidence_never_counts_against_an_answer():
    column, other = EVIDENCE.start, EVIDENCE.stop
    good = of_columns([column, other], np.array([[0.1, 0.5]] * 60))
    bad = of_columns([column, other], np.array([[0.9, 0.1]] * 60))
    weights = fit(good, bad, FAMILIES["all"])
    assert (weights.linear[EVIDENCE.start : EVIDENCE.stop] >= 0).all()
    assert not weights.inner[EVIDENCE.start : EVIDENCE.stop].any()
    assert scores(good, weights)[0] > scores(bad, weights)[0]
    assert fit(bad, good, FAMILIES["all"]).linear[column] > 0.1


def test_where_the_graph_is_silent_the_text_decides():
    """Graph and text both tell each pair apart; text alone has to for every third."""
    graph, text = OF_GRAPH.start, EVIDENCE.stop
    good = of_columns([graph, text], np.array([[1.0, 0.2]] * 200))
    bad = of_columns([graph, text], np.array([[0.0, 0.1]] * 200))
    weights = fit(good, bad, FAMILIES["all"])
    silent = of_columns([text], np.array([[0.2], [0.1]]))
    assert np.subtract(*scores(silent, weights)) > 0.5


def test_a_hidden_layer_learns_what_no_linear_weights_can():
    """A column speaks for answers of one kind, and against those of another."""
    rng = np.random.default_rng(5)
    rows = np.zeros((2, 600, 2))
    rows[:, :, 0] = rng.random(600) < 0.5
    rows[:, :, 1] = rng.normal(size=(2, 600))
    first = (rows[0, :, 1] > rows[1, :, 1]) == (rows[0, :, 0] > 0)
    columns = [EVIDENCE.stop + 1, EVIDENCE.stop + 2]
    good, bad = (of_columns(columns, side) for side in np.where(first[:, None], rows, rows[::-1]))
    weights = fit(good, bad, FAMILIES["all"])
    assert np.mean(scores(good, weights) > scores(bad, weights)) > 0.9


def test_a_margin_drives_the_two_sides_apart_around_zero():
    chosen, rejected = pairs(1500)
    gap = [
        np.mean(scores(chosen, w) - scores(rejected, w))
        for w in (fit(chosen, rejected, FAMILIES["all"], np.full(1500, m)) for m in (0.0, 1.0))
    ]
    assert gap[1] > gap[0] + 0.2
    # A column that is 1 in every answer can't order them, but can shift them.
    one = Sparse.of([(np.array([EVIDENCE.stop, WIDTH - 1]), np.array([1.0, 5.0]))] * 50)
    other = Sparse.of([(np.array([WIDTH - 1]), np.array([5.0]))] * 50)
    weights = fit(one, other, FAMILIES["all"])
    good, bad = (scores(side, weights)[0] for side in (one, other))
    assert abs(good + bad) < 0.1 * good


def test_answers_to_different_questions_can_be_compared():
    """What one kind of question has more of in every answer says nothing of an answer, though no pair shows it."""
    quality, kind = EVIDENCE.stop, EVIDENCE.stop + 1
    values = np.array([(1.0, 0.0), (4.0, 1.0)] * 100)
    chosen = of_columns([quality, kind], values)
    rejected = of_columns([quality, kind], values - (1, 0))
    weights = fit(chosen, rejected, FAMILIES["all"])
    assert scores(chosen, weights).min() > scores(rejected, weights).max()


def test_fit_is_the_same_twice_and_keeps_to_its_columns():
    chosen, rejected = pairs(300)
    one, other = (fit(chosen, rejected, FAMILIES["all"]).arrays() for _ in range(2))
    assert {name: array.tobytes() for name, array in one.items()} == {n: a.tobytes() for n, a in other.items()}
    by_length = fit(chosen, rejected, FAMILIES["length"])
    assert not by_length.linear.any()
    assert not scores(chosen, by_length).std()
    assert one["linear"][0] == 0 == one["inner"][0].any()


def test_sparse_take_and_scores_match_dense_algebra():
    rng = np.random.default_rng(1)
    dense = rng.normal(size=(7, WIDTH)) * (rng.random((7, WIDTH)) < 0.01)
    weights = rng.normal(size=WIDTH)
    rows = np.array([5, 0, 5, 3])
    inner, bias, outer = rng.normal(size=(DENSE, UNITS)), rng.normal(size=UNITS), rng.normal(size=UNITS)
    whole = Weights(weights, inner, bias, outer)
    expected = dense @ weights + np.tanh(dense[:, :DENSE] @ inner + bias) @ outer
    np.testing.assert_allclose(scores(sparse(dense), whole), expected, rtol=1e-5)
    np.testing.assert_allclose(scores(sparse(dense).take(rows), whole), expected[rows], rtol=1e-5)
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
        return dict(zip(SURFACE, surface(words(prompt), words(response)), strict=True))

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
    columns, values = hashed_words(words("Gout causes pain 痛风"))
    assert columns.max() < HASHED
    assert np.sum(values**2) == pytest.approx(1)
    assert hashed_words(words("pain causes gout 痛风"))[0].tolist() != columns.tolist()
    assert hashed_words(words(""))[0].size == 0


def test_kinds():
    asked = ("", "Which disease?", CHOICE, "True or false? Gout hurts.", "对还是错?")
    assert [kind_of(p) for p in asked] == ["text", "answer", "choice", "truth", "truth"]
