import json

import pytest

from classifiers import linear
from classifiers.features import features
from classifiers.learn import learn
from classifiers.model import load
from datagen import notice
from datagen.errors import UsageError
from tests.classifiers.sample import sample_learnt

NOTHING = {"train": [], "weak": [], "named": [], "validation": []}


def row(number: int, head: str, label: str, text: str, **columns) -> dict:
    read = features(text)
    standard = {"language": "en", "license": "MIT", "access": "open", "source": "s", "keys": read.keys}
    return {
        **standard,
        "head": head,
        "label": label,
        "id": f"{number}",
        "group": f"{number}",
        "counts": read.counts,
    } | columns


def types(number: int, **columns) -> list[dict]:
    pairs = [("QA", "what is it, please?"), ("NOTE", "seen in clinic today")] * (number // 2)
    return [row(n, "content_type", label, f"{text} {n}", **columns) for n, (label, text) in enumerate(pairs)]


def test_a_model_of_the_sample_knows_what_it_has_not_seen():
    quality = sample_learnt().held_out["department"]
    assert list(quality) == ["all", "en", "zh"]
    assert quality["all"]["rows"] == quality["en"]["rows"] + quality["zh"]["rows"] > 60
    # Cases of 35 departments, after a few chapters and dialogues of each: far above the 3 % of guessing.
    assert quality["all"]["accuracy"] > 0.6
    assert min(quality["en"]["accuracy"], quality["zh"]["accuracy"]) > 0.5
    assert quality["all"]["accuracy_covered"] >= quality["all"]["accuracy"]
    assert sample_learnt().held_out["medical"]["all"]["accuracy"] > 0.95


def test_without_a_single_row_every_label_of_a_lexicon_is_known_in_both_languages(tmp_path):
    heads = {"department": NOTHING, "category": NOTHING, "medical": NOTHING, "content_type": NOTHING}
    learnt = learn(heads, 0.93, 0)
    learnt.save(tmp_path)
    texts = {
        "Cataract of the left eye with reduced visual acuity; glaucoma was excluded at the slit lamp.": "OPHTH",
        "左眼白内障，视力下降，裂隙灯检查排除青光眼。": "OPHTH",
        "The inguinal hernia was repaired with a mesh; the gallbladder was left alone.": "GSURG",
        "腹股沟疝修补术后，胆囊结石择期手术。": "GSURG",
        "The parliament passed a tax law after the election.": "NONE",
        "议会在选举之后通过了税收法律。": "NONE",
    }
    answers = load(tmp_path).predict(list(texts))
    assert [max(a["scores"]["department"], key=a["scores"]["department"].get) for a in answers] == list(texts.values())
    assert [max(a["scores"]["category"], key=a["scores"]["category"].get) for a in answers[4:]] == ["LAW", "LAW"]
    assert [max(a["scores"]["medical"], key=a["scores"]["medical"].get) for a in answers[3:5]] == ["MEDICAL", "NONE"]
    card = learnt.files["card.md"].decode()
    assert "Not calibrated" in card and "Nothing was measured" in card


def test_the_card_tells_counts_quality_mistakes_and_limits():
    card = sample_learnt().files["card.md"].decode()
    quality = sample_learnt().held_out["department"]["zh"]
    assert notice.MARKDOWN in card and notice.UNREVIEWED_ZH in card
    assert f"| zh | {quality['rows']} | {quality['accuracy']} | {quality['macro_f1']} |" in card
    assert "| CC0-1.0 |" in card and "Restricted rows among those it learnt from: 0." in card
    assert "| label | rows | F1 |" in card and "| label | taken for | rows |" in card


def test_errors_are_listed_by_id_and_without_text():
    errors = [json.loads(line) for line in sample_learnt().files["errors.jsonl"].decode().splitlines()]
    quality = sample_learnt().held_out["department"]["all"]
    mine = [error for error in errors if error["head"] == "department"]
    assert len(mine) == round(quality["rows"] * (1 - quality["accuracy"]))
    assert all(set(error) == {"head", "id", "language", "label", "guess", "confidence"} for error in errors)
    assert all(error["label"] != error["guess"] for error in errors)


def test_a_model_is_small_and_cut_to_size(monkeypatch):
    assert len(sample_learnt().files["model.safetensors"]) < 10_000_000
    monkeypatch.setattr(linear, "MOST_FEATURES", 5)
    learnt = learn({"content_type": {**NOTHING, "train": types(20)}}, 0.93, 0)
    assert len(linear.Linear.read(learnt.files["model.safetensors"]).keys) == 5


def test_without_a_head_there_is_nothing_to_learn():
    with pytest.raises(UsageError, match="value alone"):
        learn({}, 0.93, 0)


@pytest.mark.parametrize(
    "text, label",
    [
        (
            "A 40-year-old man has fever. Which is the most likely cause?\nA. Flu\nB. Malaria\nC. Gout\nD. Scurvy",
            "EXAM",
        ),
        ("关于发热，下列说法正确的是\nA.多见于感染\nB.必用抗生素\nC.不会致命\nD.无需退热\n答案：A", "EXAM"),
        ("主诉：发热3天。\n现病史：患者3天前受凉后发热。\n查体：体温39℃，神清。\n诊断：上呼吸道感染", "NOTE"),
        ("CHIEF COMPLAINT: Fever.\nHPI: She denies cough.\nASSESSMENT: Flu.\nPLAN: Rest, fluids.", "NOTE"),
        (
            "Hello, what brings you in?\n\nI have a fever.\n\nAny cough?\n\nNo.\n\nOkay, drink a lot.\n\nThanks.",
            "DIALOG",
        ),
        ("【药品名称】对乙酰氨基酚片\n【适应症】用于发热。\n【用法用量】口服，一次500mg。\n【禁忌】肝病。", "LABEL"),
        ("acute bronchitis", "KB"),
        ("急性支气管炎（J20.900）", "CODE"),
    ],
)
def test_content_types_are_known_by_their_skeletons_before_the_first_row(skeletons, text, label):
    scores = skeletons.predict([text])[0]["scores"]["content_type"]
    assert max(scores, key=scores.get) == label


@pytest.fixture(scope="module")
def skeletons(tmp_path_factory):
    folder = tmp_path_factory.mktemp("skeletons")
    learn({"content_type": NOTHING}, 0.93, 0).save(folder)
    return load(folder)


def test_heads_without_a_lexicon_learn_from_rows():
    rows = types(80, access="restricted")
    learnt = learn({"content_type": {**NOTHING, "train": rows, "validation": rows[:6]}}, 0.93, 0)
    assert learnt.held_out["content_type"]["all"]["accuracy"] == 1
    assert "Restricted rows among those it learnt from: 80." in learnt.files["card.md"].decode()
    description = json.loads(learnt.files["classifier.json"])
    assert {"QA", "NOTE"} <= set(description["heads"]["content_type"]["labels"])
    assert description["heads"]["content_type"]["threshold"] <= 0.5
