from collections import Counter

import pytest

from classifiers.weak import LINES, term_lines, weak_label
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


def test_weak_labels_are_mostly_right_on_texts_that_they_were_not_made_from():
    pairs = [(r["department"], weak_label(r["text"])) for r in sample_rows().select(["text", "department"]).to_pylist()]
    labelled = [(truth, guess) for truth, guess in pairs if guess]
    assert len(labelled) > len(pairs) / 4
    assert sum(truth == guess for truth, guess in labelled) > 0.8 * len(labelled)


def test_term_lines_teach_every_department_in_both_languages_the_same_way_every_time():
    lines = list(term_lines(0))
    counts = Counter((code, language) for code, language, _ in lines)
    known = set(load_taxonomy().codes) - {"MULTI", "UNK"}
    assert counts == {(code, language): LINES for code in known for language in LANGUAGES}
    assert lines == list(term_lines(0)) != list(term_lines(1))
    for code, _, line in lines:
        own = line.split().count(f"@{code}")
        assert own >= max(Counter(t for t in line.split() if t[0] == "@" and t not in ("@MED", "@PLAIN")).values()) / 2
        assert own


def test_every_term_speaks_for_its_own_department():
    from classifiers.features import fold
    from classifiers.terms import find_terms

    for code, terms in load_lexicon().terms.items():
        for term in (*terms["en"], *terms["zh"]):
            assert (term, code) in set(find_terms(fold(term)))
