import json

import pytest

import classifiers
from classifiers.model import MODEL
from datagen.errors import UsageError
from tests.classifiers.sample import sample_learnt, saved


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return saved(tmp_path_factory.mktemp("classifier"))


def test_answers_have_calibrated_scores_and_at_most_three_others(folder):
    classifier = classifiers.load(folder)
    texts = ["Atrial fibrillation with heart failure in a pregnant woman.", "房颤伴心力衰竭的孕妇", "Il pleut."]
    for answer in classifier.predict(texts):
        scores = answer["scores"]
        assert set(scores) == set(classifier.labels)
        assert sum(scores.values()) == pytest.approx(1, abs=0.01)
        assert answer["confidence"] == max(scores.values()) == next(iter(scores.values()))
        assert len(answer["secondary"]) <= 3
        assert not {answer["department"], "NONE", "UNK"} & set(answer["secondary"])
    assert classifier.predict([]) == []


def test_text_without_a_medical_word_is_not_medical(folder):
    english = "The train left the station at noon, and the passengers had an hour to talk about the election. " * 3
    chinese = "火车中午开出车站，旅客们用了一个小时谈论选举的结果，然后又说起了音乐和电影。" * 2
    for answer in classifiers.load(folder).predict([english, chinese]):
        assert (answer["department"], answer["secondary"]) == ("NONE", [])


def test_below_the_threshold_it_abstains(folder, tmp_path):
    text = ["Heart failure in a pregnant woman with asthma."]
    sure = classifiers.load(folder).predict(text)[0]
    assert sure["department"] != "UNK" and sure["confidence"] < 0.9999
    sample_learnt().save(tmp_path)
    description = json.loads((tmp_path / "classifier.json").read_text())
    (tmp_path / "classifier.json").write_text(json.dumps(description | {"threshold": 0.9999}))
    answer = classifiers.load(tmp_path).predict(text)[0]
    assert (answer["department"], answer["secondary"]) == ("UNK", [])
    assert answer["scores"] == sure["scores"]


def test_what_is_no_classifier_is_refused(folder, tmp_path):
    with pytest.raises(UsageError, match=r"classifier\.json is missing"):
        classifiers.load(tmp_path)
    sample_learnt().save(tmp_path)
    (tmp_path / MODEL).write_bytes(b"not a model")
    with pytest.raises(UsageError, match="not the file that was trained"):
        classifiers.load(tmp_path)


@pytest.mark.parametrize("change", [{"taxonomy": "dept@9.9"}, {"terms": "other"}])
def test_a_model_for_other_labels_or_terms_is_refused(tmp_path, change):
    sample_learnt().save(tmp_path)
    description = json.loads((tmp_path / "classifier.json").read_text())
    (tmp_path / "classifier.json").write_text(json.dumps(description | change))
    with pytest.raises(UsageError, match="trained for other labels or terms"):
        classifiers.load(tmp_path)
