import json
import shutil

import pytest

import classifiers
import classifiers.model
from classifiers.model import MODEL
from datagen.errors import UsageError
from tests.classifiers.sample import sample_learnt, saved


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return saved(tmp_path_factory.mktemp("classifier"))


def changed(folder, **heads):
    path = folder / "classifier.json"
    data = json.loads(path.read_text())
    for name, values in heads.items():
        data["heads"][name] |= values
    path.write_text(json.dumps(data))


def test_answers_have_calibrated_scores_and_at_most_three_others(folder):
    classifier = classifiers.load(folder)
    texts = ["Atrial fibrillation with heart failure in a pregnant woman.", "房颤伴心力衰竭的孕妇", "Il pleut."]
    for answer in classifier.predict(texts):
        assert set(answer["scores"]) == {"department", "content_type", "category", "medical"}
        for name, scores in answer["scores"].items():
            assert set(scores) == set(classifier.description.heads[name].labels)
            assert sum(scores.values()) == pytest.approx(1, abs=0.01)
            assert answer[f"{name}_confidence"] == max(scores.values()) == next(iter(scores.values()))
        assert len(answer["departments_secondary"]) <= 3
        assert not {answer["department"], "NONE", "UNK"} & set(answer["departments_secondary"])
    assert classifier.predict([]) == []


def test_text_without_a_medical_word_is_not_medical(folder):
    english = "The train left the station at noon, and the passengers had an hour to talk about the election. " * 3
    chinese = "火车中午开出车站，旅客们用了一个小时谈论选举的结果，然后又说起了音乐和电影。" * 2
    for answer in classifiers.load(folder).predict([english, chinese]):
        assert (answer["department"], answer["departments_secondary"], answer["medical"]) == ("NONE", [], "NONE")


def test_below_the_threshold_it_abstains(folder, tmp_path):
    text = ["Heart failure in a pregnant woman with asthma."]
    sure = classifiers.load(folder).predict(text)[0]
    assert sure["department"] != "UNK" and sure["department_confidence"] < 0.9999
    sample_learnt().save(tmp_path)
    changed(tmp_path, department={"threshold": 0.9999})
    answer = classifiers.load(tmp_path).predict(text)[0]
    assert (answer["department"], answer["departments_secondary"]) == ("UNK", [])
    assert answer["scores"] == sure["scores"]


def test_what_is_no_classifier_is_refused(folder, tmp_path):
    with pytest.raises(UsageError, match=r"classifier\.json is missing"):
        classifiers.load(tmp_path)
    sample_learnt().save(tmp_path)
    (tmp_path / MODEL).write_bytes(b"not a model")
    with pytest.raises(UsageError, match="not the file that was trained"):
        classifiers.load(tmp_path)


def test_a_model_for_other_labels_is_refused(tmp_path):
    sample_learnt().save(tmp_path)
    changed(tmp_path, content_type={"taxonomy": "type@9.9"})
    with pytest.raises(UsageError, match=r"other labels or terms than type@1\.0"):
        classifiers.load(tmp_path)


def test_a_model_for_other_terms_is_refused(tmp_path):
    sample_learnt().save(tmp_path)
    data = json.loads((tmp_path / "classifier.json").read_text())
    (tmp_path / "classifier.json").write_text(json.dumps(data | {"terms": "other"}))
    with pytest.raises(UsageError, match="trained for other labels or terms"):
        classifiers.load(tmp_path)


def test_a_classifier_comes_with_the_package_and_is_small():
    assert "base" in classifiers.model.bundled()
    folder = classifiers.model.BUNDLED / "base"
    assert sum(path.stat().st_size for path in folder.iterdir()) < 10_000_000
    assert "not medical advice" in (folder / "card.md").read_text("utf-8")
    english, chinese, other = classifiers.load("base").predict(
        [
            "Cataract of the left eye with reduced visual acuity; phacoemulsification and a lens implant are planned.",
            "患者腹股沟可复性肿块两年，诊断为腹股沟斜疝，拟行无张力疝修补术。",
            "The parliament voted on the budget after a long debate about taxes, schools and the railway.",
        ]
    )
    assert (english["department"], chinese["department"], other["department"]) == ("OPHTH", "GSURG", "NONE")
    assert {"value", "quality", "advertisement", "safety", "content_type", "category"} <= set(english)
    assert english["value"] > other["value"]


def test_a_bundled_model_that_was_tampered_with_is_refused(tmp_path, monkeypatch):
    shutil.copytree(classifiers.model.BUNDLED, tmp_path / "bundled")
    path = tmp_path / "bundled" / "base" / MODEL
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    monkeypatch.setattr(classifiers.model, "BUNDLED", tmp_path / "bundled")
    with pytest.raises(UsageError, match="not the file that was trained"):
        classifiers.load("base")
