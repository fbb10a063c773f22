import numpy as np
import pytest

from classifiers.examples import gather, merge
from classifiers.features import read
from classifiers.heads import HEADS
from classifiers.learn import learn
from classifiers.model import load
from classifiers.value import LEAST_RATINGS, SIGNALS, fit_value, signals
from datagen.record import with_column
from tests.classifiers.sample import sample_rows

RICH = (
    "Heart failure is defined as ... because of reduced ejection fraction. Give furosemide 40 mg daily. 12% (Li, 2019)."
)
POOR = "thanks doctor, i feel better now"


def rated(count: int):
    draw = np.random.default_rng(0)
    texts = [" ".join(RICH.split()[: draw.integers(3, 20)]) if n % 2 else POOR + f" {n}" for n in range(count)]
    return [read(text) for text in texts], [4.0 if n % 2 else 1.0 for n in range(count)]


def test_signals_are_finite_for_any_text():
    for text in ("", "。", RICH, "心力衰竭" * 500):
        assert signals(read(text)).shape == (len(SIGNALS),) and np.isfinite(signals(read(text))).all()


def test_ratings_are_learnt_and_values_stay_on_the_scale():
    readings, ratings = rated(60)
    model = fit_value([signals(reading) for reading in readings], ratings)
    assert model.score(read(RICH)) > 3 > 2 > model.score(read(POOR))
    assert all(0 <= model.score(read(text)) <= 5 for text in ("", RICH * 30, "12% " * 500))


@pytest.mark.parametrize("rater, learnt", [("review", True), ("rubric", False), ("classifier", False)])
def test_value_is_learnt_from_what_others_rated_not_from_ourselves(tmp_path, rater, learnt):
    rows = sample_rows()
    values = [float(len(text) % 6) for text in rows["text"].to_pylist()]
    rows = with_column(with_column(rows, "value", values), "value_rater", [rater] * len(rows))
    heads = [HEADS["medical"]]
    found = learn(merge([gather([rows], heads, False, LEAST_RATINGS, 0, True)], heads, LEAST_RATINGS, 0), 0.93, 0)
    found.save(tmp_path)
    classifier = load(tmp_path)
    assert (classifier.description.value is not None) == learnt
    assert ("Learnt from ratings" in found.files["card.md"].decode()) == learnt
    assert 0 <= classifier.predict([RICH])[0]["value"] <= 5
