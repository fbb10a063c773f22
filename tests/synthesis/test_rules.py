import random
from collections import Counter

import pytest

from synthesis.english import article, plural_phrase, plural_verb
from synthesis.grammar import SAYS, SLOTS, grammar, languages
from synthesis.rules import Grammar, GrammarError, Message, Thing

TINY = """
language: en
lists:
  and: {between: ", ", last: [" and "]}
  or: {between: ", ", last: [" or "]}
orders: []
again: [the disease]
subject: [it]
rules:
  text:
    - "{sentence} {text?}"
  sentence:
    - "{next}."
  says:
    - "{topic} {has topic} {objects}"
  denies:
    - "{topic} {does topic} not have {or objects}"
  kind:
    - "a/an {objects}{aside}"
  aside:
    - ", not a/an {absent}"
  weighted:
    - 9: "often"
    - 1: "seldom"
  choice:
    - "(a|b(c|d)|)x"
"""
FLU, COLDS = Thing(("influenza", "flu")), Thing(("colds",))


@pytest.fixture
def tiny(tmp_path):
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY)
    return Grammar(path, SLOTS)


def broken(tmp_path, old: str, new: str) -> Grammar:
    path = tmp_path / "broken.yaml"
    path.write_text(TINY.replace(old, new))
    return Grammar(path, SLOTS)


def things(*names: str) -> tuple[Thing, ...]:
    return tuple(Thing((name,), (f"key of {name}",)) for name in names)


def test_recursion_says_the_whole_agenda_with_agreement_lists_and_a_record_of_edges(tiny):
    agenda = [
        Message("says", {"topic": FLU, "objects": things("fever", "cough", "rigors")}),
        Message("denies", {"topic": COLDS, "objects": things("rash", "goitre")}),
    ]
    text, sentences = tiny.realise("text", {}, agenda, random.Random(0))
    assert text.strip() == "Influenza has fever, cough and rigors. Colds do not have rash or goitre."
    assert [text[s.start : s.end] for s in sentences] == [
        "Influenza has fever, cough and rigors.",
        "Colds do not have rash or goitre.",
    ]
    assert sentences[0].keys == ("key of fever", "key of cough", "key of rigors")
    assert sentences[1].keys == ("key of rash", "key of goitre")


def test_the_preferred_name_comes_first_and_synonyms_may_follow(tiny):
    agenda = [Message("says", {"topic": FLU, "objects": things("fever")}) for _ in range(30)]
    texts = [tiny.realise("text", {}, agenda, random.Random(i))[0] for i in range(5)]
    assert all(text.startswith("Influenza has") for text in texts)
    assert any("Flu has" in text for text in texts)


def test_articles_and_empty_slots(tiny):
    slots = {"objects": things("ulcer"), "absent": things("scar")}
    assert tiny.realise("kind", slots, (), random.Random(0))[0] == "An ulcer, not a scar"
    assert tiny.realise("kind", {**slots, "absent": ()}, (), random.Random(0))[0] == "An ulcer"


def test_weights_and_choices_are_followed(tiny):
    rng = random.Random(0)
    drawn = Counter(tiny.realise("weighted", {}, (), rng)[0] for _ in range(2000))
    assert 0.86 < drawn["Often"] / 2000 < 0.94
    assert {tiny.realise("choice", {}, (), rng)[0] for _ in range(200)} == {"Ax", "Bcx", "Bdx", "X"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("{topic} {has topic} {objects}", "{nobody}", "says: {nobody} is neither a rule nor a slot"),
        ("(a|b(c|d)|)x", "(a|b", "choice: unbalanced bracket"),
        ("(a|b(c|d)|)x", "a|b)", "choice: unbalanced bracket"),
        ('    - "(a|b(c|d)|)x"', "    just text", "choice must be a list"),
    ],
)
def test_a_broken_grammar_says_where(tmp_path, old, new, message):
    with pytest.raises(GrammarError, match=message.replace("{", r"\{").replace("}", r"\}")):
        broken(tmp_path, old, new)


def test_endless_recursion_and_unsaid_messages_are_errors(tmp_path, tiny):
    endless = broken(tmp_path, "(a|b(c|d)|)x", "{choice}")
    with pytest.raises(GrammarError, match="come to an end"):
        endless.realise("choice", {}, (), random.Random(0))
    with pytest.raises(GrammarError, match="unsaid"):
        tiny.realise("sentence", {}, [Message("weighted", {})] * 2, random.Random(0))


def test_names_are_never_read_as_templates(tiny):
    slots = {"objects": things("{topic} (a|b)"), "absent": ()}
    assert tiny.realise("kind", slots, (), random.Random(0))[0] == "A {topic} (a|b)"


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        *(("MRI", "an"), ("CT", "a"), ("X-ray", "an"), ("unilateral", "a"), ("unintended", "an"), ("uterus", "a")),
        *(("hour", "an"), ("honest", "an"), ("European", "a"), ("one-sided", "a"), ("oral", "an"), ("goitre", "a")),
    ],
)
def test_article(word, expected):
    assert article(word) == expected


def test_number_of_phrases_and_verbs():
    plural = ["night sweats", "halos around lights", "spider naevi", "beta blockers", "flashes of light", "tophi"]
    singular = ["loss of appetite", "shingles", "arthritis", "type 1 diabetes", "acanthosis nigricans", "fever"]
    assert [p for p in plural if not plural_phrase(p)] == []
    assert [p for p in singular if plural_phrase(p)] == []
    assert [plural_verb(v) for v in ("is", "causes", "does not")] == ["are", "cause", "do not"]


def test_both_languages_say_the_same_things():
    assert languages() == ("en", "zh")
    english, chinese = grammar("en"), grammar("zh")
    needed = {*SAYS.values(), "no_symptom", "contrast", "question", "mcq", "case", "case_question", "explanation"}
    needed |= {f"patient.{name}" for name in SAYS.values()} | {"patient.no_symptom"}
    assert needed <= english.rules.keys()
    assert needed <= chinese.rules.keys()
    assert sorted(map(sorted, english.orders)) == sorted(map(sorted, chinese.orders))
