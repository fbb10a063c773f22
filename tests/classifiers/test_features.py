import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.features import DENSE, HEAD, TAIL, clip, features, medicine_marks, read, shape_marks, term_marks
from classifiers.scanning import mark
from classifiers.shape import SHAPES, TRAITS, vocabulary
from classifiers.terms import LEXICONS, find_terms


def count(text: str, code: str) -> int:
    found = features(text)
    at = np.flatnonzero(found.keys == mark(code))
    return int(found.counts[at[0]]) if len(at) else 0


def plain(text: str) -> set[int]:
    """Features of the words alone."""
    marks = np.concatenate([term_marks(), medicine_marks(), shape_marks()])
    return set(features(text).keys.tolist()) - set(marks.tolist())


def test_words_pairs_and_terms_are_counted():
    text = "The patient's ECG showed Atrial Fibrillation. Atrial fibrillation again."
    assert count(text, "0CARD") == 3
    assert len(plain("alpha beta")) == 3  # two words and their pair
    assert len(plain("alpha, beta")) == 2  # no pair across a mark
    assert len(plain("头痛")) == 3
    assert features("").keys.dtype == np.uint32


@pytest.mark.parametrize(
    "one, other",
    [("ＥＣＧ　检查", "ecg 检查"), ("檢查腎臟", "检查肾脏"), ("caffè", "CAFFE"), ("dose 50 given", "dose 37 given")],
)
def test_width_case_accents_script_and_digits_make_no_difference(one, other):
    assert plain(one) == plain(other)


def test_features_are_distinct_and_counts_fit_a_byte():
    found = features("cat " * 900)
    assert len(set(found.keys.tolist())) == len(found.keys)
    assert found.counts.max() == 255


@pytest.mark.parametrize(
    "text, steps",
    [
        ("The parliament voted.", 0),
        ("An asthma clinic opened in the town, and " + "people came to see it. " * 40, 2),
        ("Asthma, bronchitis, pneumonia.", len(DENSE)),
        ("哮喘、支气管炎、肺炎。", len(DENSE)),
    ],
)
def test_the_denser_a_text_is_with_medicine_the_more_it_says_so(text, steps):
    assert [count(text, f"medicine:{step}") for step in range(len(DENSE))] == [
        int(n < steps) for n in range(len(DENSE))
    ]


def test_a_longer_text_without_medical_words_says_so():
    text = "parliament voted again "
    assert [count(text * times, "PLAIN") for times in (1, 60)] == [0, 1]
    assert count(text * 60 + "on the hospital", "PLAIN") == 0


@pytest.mark.parametrize(
    "text, found",
    [
        ("two strokes and a stroke", 2),
        ("breaststroke, strokesman", 0),
        ("mri-guided", 1),
        ("脑卒中后", 1),
        ("gestational diabetes", 1),  # of overlapping terms the longest
        ("颅神经与神经外科", 2),
    ],
)
def test_latin_terms_are_whole_words_and_chinese_ones_anywhere(text, found):
    departments = [codes[0] for _, codes in find_terms(text) if codes[0] not in ("", "MED")]
    assert len(departments) == found


def test_a_term_can_speak_to_several_lexicons():
    codes = dict(find_terms("football"))
    assert [dict(zip(LEXICONS, found, strict=True)) for found in codes.values()] == [
        {"departments": "NONE", "categories": "SPORTS", "cues": ""}
    ]


def test_reading_counts_what_the_rubric_needs():
    found = read("患者口服阿司匹林100 mg，因为心肌梗死，建议复查心电图。It is caused by plaque.")
    assert found.cues["explains"] == 2 and found.cues["guides"] >= 2
    assert found.terms >= 2 and found.traits["dose"] == 1
    assert 0 < found.han < 1 and 10 < found.words < 40


@pytest.mark.parametrize(
    "text, trait, times",
    [
        ("Which drug is first-line?\nA. Aspirin\nB. Heparin\n(C) Warfarin\nD、None", "options", 4),
        ("患者：我头痛。\n医生：多久了？\n患者：三天。", "turn", 3),
        ("患者：我头痛。\n医生：多久了？\n患者：三天。", "again", 1),
        ("HISTORY:\n- cough\n1. fever\n2、头痛", "bullet", 3),
        ("HISTORY OF PRESENT ILLNESS:\n# Plan\n二、处理", "heading", 3),
        ("50 mg, 5mL, 2 克, 30 mgx, 7 days", "dose", 3),
        ("12%, 3 ％, P<0.05", "percent", 3),
        ("as shown (Smith, 2019), [12], in 1998", "citation", 2),
        ("in 1998 and 2019, not 12019", "year", 2),
        ("C34.1, HP:0001 and MONDO:12", "identifier", 1),
        ("one. two! 三。 0.5 e.g.x", "sentence", 3),
        ("a | b\tc", "separator", 2),
        ("Is it? 吗？", "question", 2),
        ("let x = {\n};\n</p>", "code", 3),
        ("主诉：头痛。查体：体温正常", "note", 3),
        ("I took my pills. 我", "first", 3),
    ],
)
def test_shapes_tell_kinds_of_text_apart(text, trait, times):
    assert read(text).traits[trait] == times


def test_a_trait_is_a_feature_by_how_often_and_how_densely_it_occurs():
    dialogue = "患者：我头痛。\n医生：多久了？\n患者：三天。"
    assert count(dialogue, "turn:2") == count(dialogue, "turn~4") == 1
    assert count("no turn here", "turn:0") == count("no turn here", "turn~0") == 0
    assert count("x" * 5000, "length:12") == 1


def test_words_of_kinds_are_known_in_both_languages_and_each_of_one_trait():
    words = [word for own in vocabulary().values() for word in own]
    assert len(words) == len(set(words)) and len(TRAITS) == len(set(TRAITS)) and len(SHAPES) == len(set(SHAPES))


@given(st.text())
def test_any_text_can_be_read(text):
    found = read(text)
    assert len(found.features.keys) == len(found.features.counts) and (found.features.counts > 0).all()
    assert set(found.traits) == set(TRAITS) and min(found.traits.values()) >= 0


@given(st.text(min_size=HEAD + TAIL - 3, max_size=HEAD + TAIL + 3))
def test_clipping_keeps_both_ends_and_is_done_once(text):
    clipped = clip(text)
    assert len(clipped) <= HEAD + TAIL and clip(clipped) == clipped
    assert clipped[: HEAD - 1] == text[: HEAD - 1] and clipped[-TAIL:] == text[-TAIL:]
