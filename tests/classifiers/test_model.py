import json
import shutil

import pytest

import classifiers
import classifiers.model
from classifiers.model import MODEL
from datagen import notice
from datagen.errors import UsageError
from datagen.taxonomy import map_label
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
    assert notice.MARKDOWN in (folder / "card.md").read_text("utf-8")
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


HEPATITIS = {
    "GI": [
        "Chronic hepatitis B with raised transaminases: start entecavir and watch for cirrhosis.",
        "Acute hepatitis A: jaundice and liver enzymes settle within weeks, without antivirals.",
        "患者乙肝大三阳十年，谷丙转氨酶反复升高，是否需要恩替卡韦抗病毒治疗？",
    ],
    "INFD": [
        "HIV infection with a CD4 count of 90: antiretroviral therapy and prophylaxis against pneumocystis.",
        "Severe malaria: parenteral artesunate; blood films show Plasmodium falciparum.",
        "肺结核患者痰涂片抗酸杆菌阳性，予异烟肼、利福平抗结核治疗。",
    ],
}
LABELS = {
    "GI": [
        *(("cmtmedqa", label) for label in ("传染病科/乙肝", "传染病科/肝病科", "其他/乙肝")),
        *(("toyhom", "肝病科"), ("icd10", "B18.1"), ("mesh", "C02.440.435")),
    ],
    "INFD": [
        ("cmtmedqa", "传染病科/艾滋病"),
        ("toyhom", "感染科"),
        ("icd10", "B20"),
        ("icd10", "A15"),
        ("mesh", "C02.800"),
    ],
}


def test_viral_hepatitis_is_the_livers_and_tuberculosis_hiv_and_tropical_disease_are_infections():
    """Rules 8 and 9 of the arbitration: in mappings, and in what the bundled model says."""
    for department, texts in HEPATITIS.items():
        assert {answer["department"] for answer in classifiers.load("base").predict(texts)} == {department}
        assert {map_label(*label) for label in LABELS[department]} == {department}


def test_a_bundled_model_that_was_tampered_with_is_refused(tmp_path, monkeypatch):
    shutil.copytree(classifiers.model.BUNDLED, tmp_path / "bundled")
    path = tmp_path / "bundled" / "base" / MODEL
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    monkeypatch.setattr(classifiers.model, "BUNDLED", tmp_path / "bundled")
    with pytest.raises(UsageError, match="not the file that was trained"):
        classifiers.load("base")
