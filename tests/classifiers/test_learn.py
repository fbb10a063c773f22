import hashlib
import subprocess
import sys

import fasttext
import numpy as np
import pytest

from classifiers import fit as fitting
from classifiers.fit import fit, opened
from classifiers.learn import learn
from datagen.errors import UsageError
from tests.classifiers.sample import sample_learnt

TOY = [("A", "x y z"), ("A", "x y"), ("B", "u v w"), ("B", "v w")] * 5


def test_a_model_of_the_sample_knows_what_it_has_not_seen():
    quality = sample_learnt().held_out
    assert list(quality) == ["all", "en", "zh"]
    assert quality["all"]["rows"] == quality["en"]["rows"] + quality["zh"]["rows"] > 60
    # Cases of 35 departments, after a few chapters and dialogues of each: far above the 3 % of guessing.
    assert quality["all"]["accuracy"] > 0.5
    assert min(quality["en"]["accuracy"], quality["zh"]["accuracy"]) > 0.35
    assert quality["all"]["accuracy_covered"] > quality["all"]["accuracy"]


def test_without_a_single_row_every_department_is_known_in_both_languages(tmp_path):
    from classifiers.model import load

    learnt = learn({"train": [], "weak": [], "validation": []}, "department", 0.1, 0)
    learnt.save(tmp_path)
    texts = [
        "Cataract of the left eye with reduced visual acuity; glaucoma was excluded at the slit lamp.",
        "左眼白内障，视力下降，裂隙灯检查排除青光眼。",
        "The inguinal hernia was repaired with a mesh; the gallbladder was left alone.",
        "腹股沟疝修补术后，胆囊结石择期手术。",
        "The parliament passed a tax law after the election.",
        "议会在选举之后通过了税收法律。",
    ]
    found = [answer["department"] for answer in load(tmp_path).predict(texts)]
    assert found == ["OPHTH", "OPHTH", "GSURG", "GSURG", "NONE", "NONE"]
    assert "Not calibrated" in learnt.files["card.md"].decode()
    assert "Nothing was measured" in learnt.files["card.md"].decode()


def test_the_card_tells_counts_quality_and_limits():
    card = sample_learnt().files["card.md"].decode()
    quality = sample_learnt().held_out["zh"]
    assert "Not reviewed by a clinician, not clinically validated, not medical advice." in card
    assert f"| zh | {quality['rows']} | {quality['accuracy']} | {quality['macro_f1']} |" in card
    assert "| CC0-1.0 |" in card and "Restricted rows among those it learnt from: 0." in card


def test_a_model_is_small():
    assert len(sample_learnt().files["model.bin"]) < 10_000_000


def test_a_large_dictionary_is_cut_to_size(monkeypatch):
    monkeypatch.setattr(fitting, "MAX_TOKENS", 3)
    lines = ["a a a a b b b c c c d d d e"]
    assert fitting._min_count(lines) == 4
    assert fitting._min_count(["a a b b"]) == 2


def test_bytes_do_not_depend_on_order_or_process():
    here = hashlib.sha256(fit(TOY, 7)).hexdigest()
    assert hashlib.sha256(fit(TOY[::-1], 7)).hexdigest() == here
    assert hashlib.sha256(fit(TOY, 8)).hexdigest() != here
    code = f"import hashlib; from classifiers.fit import fit; print(hashlib.sha256(fit({TOY!r}, 7)).hexdigest())"
    for seed in ("1", "2"):
        there = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONHASHSEED": seed}
        )
        assert there.stdout.strip() == here, there.stderr


def test_a_fasttext_that_trains_from_garbage_is_refused(monkeypatch):
    class Broken:
        def get_input_matrix(self):
            return np.array([[1e17]])

    monkeypatch.setattr(fasttext, "train_supervised", lambda *_, **__: Broken())
    with pytest.raises(UsageError, match="uninitialised memory"):
        fit(TOY, 0)


def test_one_label_is_nothing_to_learn():
    row = {"label": "QA", "line": "a b", "group": "g", "language": "en", "license": "MIT", "access": "open"}
    with pytest.raises(UsageError, match="1 kinds of content_type"):
        learn({"train": [row] * 5, "weak": [], "validation": []}, "content_type", 0.3, 0)


def test_other_targets_learn_from_rows_alone():
    rows = [
        {"label": label, "line": line, "group": f"{n}", "language": "en", "license": "MIT", "access": "restricted"}
        for n, (label, line) in enumerate([("QA", "what is it"), ("NOTE", "seen in clinic")] * 40)
    ]
    learnt = learn({"train": rows, "weak": [], "validation": rows[:6]}, "content_type", 0.3, 0)
    assert learnt.held_out["all"]["accuracy"] == 1
    assert "Restricted rows among those it learnt from: 80." in learnt.files["card.md"].decode()
    with opened(learnt.files["model.bin"]) as model:
        assert sorted(model.get_labels()) == ["__label__NOTE", "__label__QA"]
