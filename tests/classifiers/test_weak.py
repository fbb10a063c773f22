import re
from collections import Counter

import pytest

from classifiers.terms import CUES, LEXICONS, find_terms
from classifiers.weak import LINES, skeleton_texts, skeletons, term_lines, weak_label
from datagen.taxonomy import LANGUAGES, load_lexicon, load_taxonomy
from tests.classifiers.sample import sample_rows


@pytest.mark.parametrize(
    "text, label",
    [
        ("Echocardiogram: mitral regurgitation, ejection fraction 35 %, atrial fibrillation.", "CARD"),
        ("心电图示房颤，超声心动图示二尖瓣反流，射血分数下降。", "CARD"),
        ("An ecg showed atrial fibrillation.", None),  # two terms are not clear
        ("Asthma, bronchitis, sputum; atrial fibrillation, angina, ecg.", None),  # a draw
        ("The parliament held an election; the president spoke of trade.", "NONE"),
        ("The parliament held an election on the treatment of trade; the president spoke.", None),  # a medical word
        ("议会举行选举，总统谈到贸易与税收。", "NONE"),
        ("", None),
    ],
)
def test_only_a_clear_winner_is_a_label(text, label):
    assert weak_label(text) == label


@pytest.mark.parametrize(
    "text, label",
    [
        ("The goalkeeper and the striker won the league for their coach.", "SPORTS"),
        ("法院依照刑法作出判决，律师提出上诉，公安机关配合。", "LAW"),
        ("函数返回一个数组，变量在编译器中是字符串。", "COMPUTERS"),
        ("A song.", None),
    ],
)
def test_categories_are_told_by_their_terms(text, label):
    assert weak_label(text, "categories") == label


def test_weak_labels_are_mostly_right_on_texts_that_they_were_not_made_from():
    pairs = [(r["department"], weak_label(r["text"])) for r in sample_rows().select(["text", "department"]).to_pylist()]
    labelled = [(truth, guess) for truth, guess in pairs if guess]
    assert len(labelled) > len(pairs) / 4
    assert sum(truth == guess for truth, guess in labelled) > 0.8 * len(labelled)


@pytest.mark.parametrize("lexicon", ["departments", "categories"])
def test_term_lines_teach_every_label_in_both_languages_the_same_way_every_time(lexicon):
    lines = list(term_lines(0, lexicon))
    counts = Counter((code, language) for code, language, _ in lines)
    known = set(load_taxonomy(lexicon).codes) - {"MULTI", "UNK"}
    assert counts == {(code, language): LINES for code in known for language in LANGUAGES}
    assert lines == list(term_lines(0, lexicon)) != list(term_lines(1, lexicon))
    place = LEXICONS.index(lexicon)
    for code, _, line in lines:
        found = Counter(codes[place] for _, codes in find_terms(line))
        assert found[code] >= max(n for c, n in found.items() if c not in ("", "MED")) / 2, (code, line)


@pytest.mark.parametrize("lexicon", LEXICONS)
def test_every_term_speaks_for_its_own_label(lexicon):
    place = LEXICONS.index(lexicon)
    for code, terms in load_lexicon(lexicon).terms.items():
        for term in (*terms["en"], *terms["zh"]):
            found = {codes[place] for _, codes in find_terms(f"{term}的" if len(term) == 1 else term)}
            assert found == {code}, (term, found)


def test_cues_are_in_both_languages():
    assert LEXICONS[CUES] == "cues"
    assert all(len(terms[language]) > 20 for terms in load_lexicon("cues").terms.values() for language in LANGUAGES)


def test_skeletons_of_every_type_are_filled_in_both_languages_and_the_same_every_time():
    made = list(skeleton_texts(0))
    assert made == list(skeleton_texts(0)) != list(skeleton_texts(1))
    assert {code for code, *_ in made} <= set(load_taxonomy("content_types").codes)
    assert {(code, language) for code, _, language, _ in made} == {(c, lang) for c in skeletons() for lang in LANGUAGES}
    assert not any(re.search(r"[{}]", text) for *_, text in made)
    assert not any(re.search("[\u4e00-\u9fff]", text) for *_, language, text in made if language == "en")


def test_a_skeleton_is_filled_with_terms_of_its_department_and_every_department_comes_in_many_kinds():
    kinds, right = {}, []
    for code, department, language, text in skeleton_texts(0):
        kinds.setdefault((department, language), set()).add(code)
        found = Counter(codes[0] for _, codes in find_terms(text) if codes[0] not in ("", "MED"))
        if found.total() > 3:
            right.append(found[department] == max(found.values()))
    assert {department for department, _ in kinds} == set(load_lexicon().terms) - {"NONE"}
    assert min(map(len, kinds.values())) > len(skeletons()) / 2
    assert sum(right) > 0.9 * len(right)
