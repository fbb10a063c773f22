import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.features import HEAD, TAIL, clip, features
from classifiers.terms import MEDICAL, find_terms


def test_english_is_words_and_the_departments_of_terms():
    assert features("The patient's ECG showed Atrial Fibrillation.").split() == [
        *("the", "patient's", "ecg", "showed", "atrial", "fibrillation"),
        *("@MED", "@CARD", "@CARD"),
    ]


def test_chinese_is_characters_and_pairs_within_a_run():
    tokens = features("房颤，患者").split()
    assert tokens == ["房", "颤", "房颤", "患", "者", "患者", "@CARD", "@MED"]


def test_width_and_case_make_no_difference():
    assert features("ＥＣＧ　检查") == features("ecg 检查")


def test_a_longer_text_without_medical_words_says_so_in_proportion_to_its_length():
    text = "parliament voted again "  # with the term, four tokens
    counts = [features(text * times).split().count("@PLAIN") for times in (1, 14, 15, 100)]
    assert counts == [0, 0, 6, 40]
    assert "@PLAIN" not in features(text * 150 + "on the hospital")


@pytest.mark.parametrize(
    "text, found",
    [
        ("two strokes and a stroke", ["stroke", "stroke"]),
        ("breaststroke, strokesman", []),
        ("mri-guided", ["mri"]),
        ("脑卒中后", ["脑卒中"]),
        ("患stroke者", ["stroke"]),
    ],
)
def test_latin_terms_stand_alone_and_chinese_ones_anywhere(text, found):
    assert [term for term, code in find_terms(text) if code != MEDICAL] == found


def test_of_overlapping_terms_the_longest_counts():
    assert [term for term, _ in find_terms("gestational diabetes")] == ["gestational diabetes"]
    assert [term for term, _ in find_terms("颅神经与神经外科")] == ["颅神经", "神经外科"]


@given(st.text())
def test_any_text_makes_one_line_without_labels(text):
    line = features(text)
    assert "\n" not in line and "\r" not in line and "\0" not in line
    assert not any(token.startswith("__label__") for token in line.split())
    assert line == " ".join(line.split())


@given(st.text(min_size=HEAD + TAIL - 3, max_size=HEAD + TAIL + 3))
def test_clipping_keeps_both_ends_and_is_done_once(text):
    clipped = clip(text)
    assert len(clipped) <= HEAD + TAIL and clip(clipped) == clipped
    assert clipped[: HEAD - 1] == text[: HEAD - 1] and clipped[-TAIL:] == text[-TAIL:]
