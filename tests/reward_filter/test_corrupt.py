import random
from collections import Counter
from functools import cache

import pytest

from knowledge_graph import Linker
from reward_filter.corrupt import CLASSES, SENTENCE, Corruptor, Item, _Pool, main_disease, replaced
from tests.reward_filter.answers import answers
from tests.synthesis.sample_graph import node_named, sample_graph


@cache
def corruptor() -> Corruptor:
    return Corruptor(sample_graph(), Linker(sample_graph()))


def damaged(name: str, item: Item, seed: int = 0) -> str | None:
    """The wrong answer of a class."""
    found = CLASSES[name](corruptor(), item, random.Random(seed), _Pool(answers()))
    if found is None or isinstance(found, str):
        return found
    return found[1] if isinstance(found[1], str) else found[0]


def first(text: str) -> str:
    return SENTENCE.split(text)[0]


def nodes(text: str) -> set[str]:
    return {m.node for m in corruptor().linker.link(text)}


@pytest.mark.parametrize("item", answers(), ids=lambda item: item.id)
def test_a_wrong_entity_is_another_disease_everywhere(item):
    wrong = next(w for w in (damaged("wrong_entity", item, s) for s in range(20)) if first(w) != first(item.response))
    kinds = Counter(sample_graph().type_of(node) for node in nodes(wrong))
    assert kinds["disease"] == 1
    assert main_disease(corruptor().linker.link(wrong)) != node_named(item.group)
    assert nodes(wrong) - nodes(item.response) == {main_disease(corruptor().linker.link(wrong))}


@pytest.mark.parametrize("item", answers(), ids=lambda item: item.id)
def test_a_wrong_finding_is_one_that_the_graph_does_not_affirm(item):
    wrong = damaged("wrong_finding", item)
    (new,) = nodes(wrong) - nodes(item.response)
    own = sample_graph().edges_of(node_named(item.group), polarity=1)
    assert new not in {edge.object for edge in own}
    assert sample_graph().type_of(new) == "symptom"


@pytest.mark.parametrize("item", answers(), ids=lambda item: item.id)
def test_tests_and_treatments_change_places(item):
    wrong = damaged("swapped_test_treatment", item)
    (gone,) = nodes(item.response) - nodes(wrong)
    kinds = Counter(sample_graph().type_of(node) for node in nodes(wrong))
    assert sample_graph().type_of(gone) in ("test", "treatment")
    assert kinds["test"] != kinds["treatment"] or len(nodes(wrong)) < len(nodes(item.response))


@pytest.mark.parametrize("item", answers(), ids=lambda item: item.id)
def test_negation_changes_what_is_negated_and_nothing_else(item):
    flipped = Counter()
    before = [m.negated for m in corruptor().linker.link(item.response)]
    for seed in range(20):
        wrong = damaged("negation", item, seed)
        assert nodes(wrong) == nodes(item.response)
        old, new = SENTENCE.split(item.response), SENTENCE.split(wrong)
        assert sum(a != b for a, b in zip(old, new, strict=True)) == 1
        after = [m.negated for m in corruptor().linker.link(wrong)]
        flipped[sum(after) > sum(before), sum(after) < sum(before)] += 1
    # Both ways: statements denied and denials stated.
    assert flipped[True, False] > 0
    assert flipped[False, True] > 0


@pytest.mark.parametrize("item", answers(), ids=lambda item: item.id)
def test_a_wrong_relation_keeps_the_entities(item):
    wrong = damaged("wrong_relation", item)
    assert wrong != item.response
    assert nodes(wrong) == nodes(item.response)


@pytest.mark.parametrize("item", answers(), ids=lambda item: item.id)
def test_damage_to_form(item):
    cut = damaged("truncated", item)
    assert item.response.startswith(cut)
    assert 0.3 < len(cut) / len(item.response) < 0.85
    again = damaged("repeated", item)
    assert 0.6 < len(again) / len(item.response) < 1.5
    assert len(nodes(again)) < len(nodes(item.response))
    other = damaged("wrong_language", item)
    assert other in {i.response for i in answers() if i.language != item.language and i.group == item.group}
    asked = damaged("copied", item)
    assert asked.startswith(item.prompt[:20])
    empty = damaged("padded", item)
    assert nodes(empty) <= nodes(item.response)
    assert 0.8 < len(empty) / len(item.response) < 1.7
    elsewhere = damaged("irrelevant", item)
    assert elsewhere in {i.response for i in answers() if i.language == item.language and i.group != item.group}


def test_plain_text_has_no_borrowed_answers():
    text = Item("x", "", answers()[0].response, "en", "g", "train")
    assert damaged("wrong_language", text) is None
    assert damaged("irrelevant", text) is None


def test_text_without_entities_is_damaged_in_form_alone():
    text = Item("x", "", "The weather was fine all day. We walked along the shore until evening.", "en", "g", "train")
    made = {pair.error_class for pair in corruptor().pairs([text], 0, len(CLASSES))}
    assert made == {"truncated", "repeated", "incoherent", "padded", "unsafe", "omitted_caution", "order"}


def test_pairs_are_deterministic_spread_over_classes_and_never_equal():
    items = [
        Item(f"{i.id}-{n}", i.prompt, i.response, i.language, i.group, i.split) for n in range(9) for i in answers()
    ]
    pairs = list(corruptor().pairs(items, 7, 3))
    assert pairs == list(corruptor().pairs(items, 7, 3))
    assert pairs != list(corruptor().pairs(items, 8, 3))
    counts = Counter(pair.error_class for pair in pairs)
    # What these answers have no place for: numbers, doses, ages, warnings.
    absent = {"number", "dose", "age_sex", "contraindicated", "overclaim", "order"}
    assert CLASSES.keys() - counts.keys() == absent
    assert max(counts.values()) - min(counts.values()) <= 4
    assert all(pair.chosen != pair.rejected for pair in pairs)


def test_replaced_keeps_capitals():
    text = "Gout hurts. People with gout rest."
    mentions = corruptor().linker.link(text)
    assert replaced(text, mentions, "shingles") == "Shingles hurts. People with shingles rest."
    assert replaced(text, mentions, "IgA nephropathy").startswith("IgA nephropathy hurts.")
