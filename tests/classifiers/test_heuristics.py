import json

import pyarrow as pa
import pytest

from classifiers.english_words import split_chunk
from classifiers.heuristics import Heuristics
from classifiers.rules import Measures, code_measures, load_rules
from classifiers.words import split_latin
from datagen.record import conform, extended, record_id, table

PROSE = (
    "The patient was admitted with chest pain, and the electrocardiogram showed that the rhythm was regular. "
    "A stress test was planned for the next morning. Blood pressure fell to normal values with rest and oxygen. "
    "The ward round found no murmur, but the ankles were swollen. Furosemide was given by mouth with good effect. "
    "He went home after three days and was seen again in clinic, where an echocardiogram had been done."
)
CHINESE = (
    "患者因胸痛入院，心电图示窦性心律，血压在休息后恢复正常。次日行运动负荷试验，结果为阴性。查房时未闻及杂音，"
    "但双下肢水肿明显，口服呋塞米后好转。三天后出院，并在门诊复查超声心动图。医生和家属讨论了饮食与运动的安排，"
    "也说明了药物的用法、可能的不良反应以及复诊的时间。患者表示理解，愿意配合治疗。"
)


def rows(*texts: str, language: str | None = "en", meta: str | None = None) -> pa.Table:
    standard = {"split": "train", "source": "t", "language": language, "meta": meta}
    return table(
        {**standard, "id": record_id("t", text), "group": "g", "source_id": text, "text": text} for text in texts
    )


def failed(text: str, language: str | None = "en", **options) -> list[str]:
    return Heuristics(**options).apply(rows(text, language=language)).rows["heuristics_failed"][0].as_py()


@pytest.mark.parametrize(
    "word, pieces",
    [
        ("4.9x1.8cm", ["4.9", "x1.8", "cm"]),
        ("100-160", ["100", "-", "160"]),
        ("document.cookie", ["document", ".", "cookie"]),
        ("B超", ["B超"]),
        ("97.5%", ["97.5%"]),
        ("…", ["…"]),
    ],
)
def test_latin_words_in_chinese_are_taken_apart_as_jieba_does(word, pieces):
    assert split_latin(word) == pieces


def test_good_prose_breaks_no_rule_in_either_language():
    assert failed(PROSE) == []
    assert failed(CHINESE, "zh") == []


@pytest.mark.parametrize(
    "text, broken",
    [
        ("Too short to say anything.", {"gopher_words", "gopher_stop_words", "c4_sentences"}),
        (f"{PROSE} lorem ipsum.", {"c4_lorem_ipsum"}),
        (f"{PROSE} Use {{name}} here.", {"c4_curly_bracket"}),
        (f"{PROSE} {'# ' * 15}", {"gopher_hashes_per_word"}),
        (f"{PROSE} {'and so on... ' * 20}end.", {"gopher_ellipses_per_word"}),
        ("\n".join(f"- {line}." for line in PROSE.split(". ")), {"gopher_bullet_lines"}),
        ("\n".join(f"{line}..." for line in PROSE.split(". ")), {"gopher_ellipsis_lines"}),
        (f"{PROSE} {'17.5 ' * 40}", {"gopher_alphabetic_words"}),
        (PROSE.replace("the ", "los ").replace("The ", "Los ").replace(" and ", " y ").replace(" to ", " a ")
         .replace(" with ", " con ").replace(" that ", " que "), {"gopher_stop_words"}),
        (f"{PROSE}\n\n{PROSE}", {"repetition_paragraphs", "repetition_line_characters"}),
        (PROSE + " No change since yesterday evening." * 9, {"repetition_5", "repetition_top_4"}),
        (PROSE.replace(".", "\n"), {"fineweb_ended_lines"}),
        ("\n".join(PROSE.replace(".", "").split()[i] + " word." for i in range(70)), {"fineweb_short_lines"}),
        (f"{PROSE}\nSign up now.\nSign up now.", {"fineweb_repeated_characters"}),
        (PROSE.replace(" ", "\n"), {"fineweb_lines_per_word"}),
    ],
)  # fmt: skip
def test_each_rule_is_broken_by_what_it_is_for(text, broken):
    assert broken <= set(failed(text))


@pytest.mark.parametrize(
    "text, broken",
    [
        ("太短。", {"gopher_words", "gopher_stop_words"}),
        (CHINESE.replace("。", "，"), {"fineweb_ended_lines"}),
        (CHINESE + "患者表示理解愿意配合治疗。" * 9, {"repetition_5"}),
        (CHINESE + "１２３ ４５６ ７８９ " * 30, {"gopher_alphabetic_words"}),
        ("\n".join(CHINESE), {"fineweb_lines_per_word"}),
    ],
)
def test_chinese_has_limits_of_its_own(text, broken):
    assert broken <= set(failed(text, "zh"))


def test_chinese_is_counted_in_words_not_in_chunks_between_spaces():
    found = Measures("zh")(CHINESE)
    assert 70 < found["gopher_words"] < 130
    assert 1 < found["gopher_mean_word"] < 3
    assert "c4_sentences" not in found


@pytest.mark.proof("classifiers.heuristics", "fixture")
def test_every_rule_has_a_score_whatever_is_decided():
    given = rows(PROSE, "Short.")
    marked = Heuristics().apply(given)
    out = conform(marked.rows, extended(Heuristics.adds)).to_pylist()
    assert not marked.dropped
    assert set(out[0]["heuristics"]) == set(load_rules().names)
    assert out[1]["heuristics"]["gopher_words"] == 1
    assert out[0]["heuristics"]["c4_sentences"] == 6
    dropped = Heuristics(action="drop").apply(given).dropped
    assert dropped == {given["id"][1].as_py(): "gopher_words"}


def test_families_and_limits_can_be_chosen():
    assert failed("Short.", families=("code",)) == []
    assert failed("Short.", families=("gopher",), limits={"en": {"gopher_words": (1, None)}})[0] != "gopher_words"
    with pytest.raises(ValueError, match="no rule is named gopher_word;"):
        Heuristics(limits={"en": {"gopher_word": (1, None)}})


def test_other_languages_are_measured_and_decided_only_by_limits_of_their_own():
    assert failed("Trop court.", "fr") == [] == failed("?", None)
    assert failed("Trop court.", "fr", limits={"fr": {"gopher_words": (5, None)}}) == ["gopher_words"]


def test_code_is_judged_by_its_own_rules():
    meta = json.dumps({"programming_language": "Python"})
    stage = Heuristics()
    good, wide, data = "def f(x):\n    return x + 1\n", "x = 1\n" + "y" * 1200, "0x00, 0x01,\n" * 9
    out = stage.apply(rows(good, wide, data, meta=meta)).rows["heuristics_failed"].to_pylist()
    assert out == [[], ["code_mean_line", "code_longest_line"], ["code_alphabetic"]]
    assert code_measures("ab\n1+")["code_alphanumeric"] == pytest.approx(3 / 5)
    mentioned = json.dumps({"note": 'says "programming_language" somewhere'})
    assert "gopher_words" in stage.apply(rows("Short.", meta=mentioned)).rows["heuristics_failed"][0].as_py()


@pytest.mark.parametrize(
    "text", ["", " ", "\n\n", "\u2028", "\0", "。", "[1]", "[1] is cited [citation needed].", "\ud7ff"]
)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_hardly_any_text_is_no_trouble(text, language):
    found = Measures(language)(text)
    assert all(value == value and value >= 0 for value in found.values())


def test_counts_do_not_depend_on_what_was_read_before():
    fresh, used = Measures("en"), Measures("en")
    for other in (CHINESE, "zebra " * 50, PROSE[::-1]):
        used(other)
    used._words._clear()
    used("something else first")
    assert used(PROSE) == fresh(PROSE)


@pytest.mark.parametrize(
    "chunk, words",
    [
        ("don't", ["do", "n't"]),
        ("patient's", ["patient", "'s"]),
        ("(10mg/day).", ["(", "10mg", "/", "day", ")", "."]),
        ("5mg", ["5", "mg"]),
        ("e.g.", ["e.g."]),
        ("U.S.", ["U.S."]),
        ("well-known", ["well", "-", "known"]),
        ("3.5%", ["3.5", "%"]),
        ("https://example.org/a?b=c,", ["https://example.org/a?b=c", ","]),
        ("end...", ["end", "..."]),
        ("He'll", ["He", "'ll"]),
    ],
)
def test_english_is_split_as_the_rules_were_tuned_on(chunk, words):
    assert split_chunk(chunk) == words
    assert "".join(words) == chunk
