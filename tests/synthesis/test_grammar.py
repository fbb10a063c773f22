import json
import random
import re
from collections import Counter

import pytest

from datagen.generator import Request
from knowledge_graph import Bundle, Fact, Linker, sample_bundle, verify
from synthesis.findings import Findings
from synthesis.grammar import KINDS, MERGED, SAYS, GrammarGenerator, grammar
from synthesis.rules import Message, Thing
from synthesis.seeds import Lexicon, Seed
from synthesis.tasks import LETTERS, TASKS
from tests.synthesis.sample_graph import node_named, sample_graph

GENERATOR = GrammarGenerator()
GRAPH = sample_graph()
LEXICON = Lexicon(GRAPH, Linker(GRAPH))
FINDINGS = Findings(GRAPH)
DISEASES = ("acute myocardial infarction", "asthma", "gout", "malaria", "Parkinson disease", "acute appendicitis")
CASES = [(language, task) for language in ("en", "zh") for task in TASKS]


def seed_of(disease: str, number: int = 0) -> Seed:
    return Seed.of(sample_bundle(GRAPH, node_named(disease), 0, number), FINDINGS)


def written(disease: str, language: str, task: str, draw: int = 0, register: str = "textbook"):
    """(seed, request, response), or None where the bundle doesn't carry the task."""
    seed = seed_of(disease, draw)
    facts = seed.facts(LEXICON, task, language, register)
    if facts is None:
        return None
    request = Request("x", facts=facts, seed=draw, schema=TASKS[task].schema)
    response = GENERATOR.generate([request])[0]
    return (seed, request, response) if response.error is None else None


def some(language: str, task: str) -> list:
    found = [written(d, language, task, draw, r) for d in DISEASES for draw in range(4) for r in TASKS[task].registers]
    found = [f for f in found if f]
    assert len(found) > 8
    return found


@pytest.mark.parametrize(("language", "task"), CASES)
def test_the_same_request_gives_the_same_text_and_other_seeds_other_texts(language, task):
    texts = [response.text for _, _, response in some(language, task)]
    assert texts == [response.text for _, _, response in some(language, task)]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize(("language", "task"), CASES)
def test_the_trace_says_which_sentence_realises_which_edges(language, task):
    for seed, request, response in some(language, task):
        fields = {"text": response.text} if TASKS[task].schema is None else json.loads(response.text)
        names = {f["key"]: set(f["names"]) for f in request.facts["bundle"]["facts"]}
        names |= {f["key"]: set(f["names"]) for f in request.facts["bundle"]["negatives"]}
        names |= {f["key"]: set(f["names"]) for s in request.facts["bundle"]["siblings"] for f in s["facts"]}
        body = response.trace["text" if task == "article" else "explanation"]
        assert body
        for name, sentences in response.trace.items():
            for start, end, keys in sentences:
                said = fields[name][start:end].lower()
                assert keys
                for key in keys:
                    assert any(n.lower() in said for n in names[key])
        if task == "article":
            stated = [f for f in (*seed.bundle.facts, *seed.bundle.negatives) if f.subject == seed.bundle.anchor]
            kinds = {f.key for f in stated if f.relation == "is_a"} & names.keys()
            said = {key for _, _, keys in body for key in keys}
            assert said - kinds == {f.key for f in stated} & names.keys() - kinds
            assert len(said & kinds) == min(len(kinds), KINDS)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_multiple_choice_has_sibling_distractors_and_the_discriminating_negative(language):
    places = Counter()
    explained = 0
    for seed, request, response in some(language, "mcq"):
        fields = json.loads(response.text)
        right = fields["options"][LETTERS.index(fields["answer"])]
        bundle = request.facts["bundle"]
        assert right == bundle["anchor"]["names"][0]
        assert len(set(fields["options"])) == len(fields["options"]) >= 3
        assert set(fields["options"]) - {right} <= {s["names"][0] for s in bundle["siblings"]}
        negatives = {f.key for f in seed.bundle.negatives}
        said = {key for _, _, keys in response.trace["explanation"] for key in keys}
        assert said & negatives
        explained += any(f["key"] in said for s in bundle["siblings"] for f in s["facts"])
        places[fields["answer"]] += 1
    assert explained > 3
    assert len(places) >= 3


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_question_never_names_its_answer(language):
    for task in ("qa", "mcq", "case"):
        for seed, _, response in some(language, task):
            asked = json.loads(response.text)["case" if task == "case" else "question"]
            assert seed.bundle.anchor not in {m.node for m in LEXICON.linker.link(asked)}


@pytest.mark.parametrize("task", ["qa", "chain", "case"])
def test_the_clues_of_a_question_fit_its_answer_alone(task):
    excluding = 0
    for seed, request, _ in some("en", task):
        signs = {
            f.object: f.polarity for f in (*seed.bundle.facts, *seed.bundle.negatives) if f.object in seed.shown_by
        }
        clues = {node: signs[node] for node in request.facts["clues"]}
        fitting = set.intersection(*(FINDINGS.shown_by(node) for node, sign in clues.items() if sign > 0))
        for node, sign in clues.items():
            fitting = fitting - FINDINGS.shown_by(node) if sign < 0 else fitting
        assert fitting == {seed.bundle.anchor}
        excluding += any(sign < 0 for sign in clues.values())
    assert excluding > 3


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("register", ["textbook", "patient"])
def test_every_production_about_a_disease_is_read_back_as_what_it_says(language, register):
    """The contract of grammar and verifier: whatever way the grammar says a fact, the verifier finds that fact."""
    disease = node_named("acute myocardial infarction")
    topic = Thing(tuple(LEXICON.names(disease, language)[:1]))
    edges = [e for e in GRAPH.edges_of(disease) if e.relation in SAYS]
    rules = {(e.relation, e.polarity): e for e in reversed(edges)}
    assert len(rules) == len(SAYS)  # every relation but has_phenotype, and an excluded finding
    for (relation, sign), edge in rules.items():
        rule = SAYS[relation] if sign > 0 else f"no_{SAYS[relation]}"
        rule = f"patient.{rule}" if register == "patient" else rule
        objects = (Thing(tuple(LEXICON.names(edge.object, language)[:1]), (edge.key,)),)
        message = Message(rule, {"topic": topic, "objects": objects})
        texts = {grammar(language).realise("article", {}, [message], random.Random(i))[0] for i in range(250)}
        read = {text: [(c.edge, c.verdict) for c in verify(text, GRAPH)] for text in texts}
        assert {text: claims for text, claims in read.items() if claims != [(edge.key, "supported")]} == {}


def said_in(language: str):
    """(rule, message, edges) for every rule that states facts about a disease, at every rate, and its bundle."""
    disease = node_named("acute myocardial infarction")
    edges = {SAYS[e.relation] if e.polarity > 0 else f"no_{SAYS[e.relation]}": e for e in GRAPH.edges_of(disease)}
    topic = Thing(tuple(LEXICON.names(disease, language)[:1]))
    things = {n: (Thing(tuple(LEXICON.names(e.object, language)[:1]), (e.key,)),) for n, e in edges.items()}
    numbered = {"share": Thing(("40%",)), "count": Thing(("8 of 20",)), "total": Thing(("20",))}
    found = []
    for name in grammar(language).rules:
        merged = next((pair for pair, together in MERGED.items() if together == name), None)
        base = {"kinds": "kind", "kind_noun": "kind", "counted": "symptom"}.get(name, name.split(".")[-1])
        if merged:
            first, other = merged[::-1] if "kind" in merged else merged
            slots = {"objects": things[first], "other": things[other]}
        elif base in things:
            slots = {"objects": things[base]}
        else:
            continue
        keys = {key for objects in slots.values() for thing in objects for key in thing.keys}
        for rate in ("", "common", "some", "rare") if "symptom" in name else ("",):
            frame = "kind" not in name and "." not in name
            message = Message(name, {"topic": topic} | slots | numbered, anaphora=frame, framed=not frame, rate=rate)
            found.append((name, message, keys))
    facts = [Fact(e.key, disease, e.relation, e.object, e.polarity, 0.4, 20, e.license) for e in edges.values()]
    sides = [tuple(fact for fact in facts if fact.polarity == sign) for sign in (1, -1)]
    return (
        found,
        Bundle(disease, *sides, (), (), (), 0, 0, 0),
        Message("site", {"topic": topic, "objects": things["site"]}),
    )


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_rule_is_read_back_in_its_bundle_named_again_or_not_at_any_rate(language):
    messages, bundle, before = said_in(language)
    assert {"symptom_but", "test_treatment", "kind_symptom", "counted", "exam.symptom"} <= {m[0] for m in messages}
    wrong = {}
    site = {before.slots["objects"][0].keys[0]}
    for name, message, keys in messages:
        for i in range(24):
            agenda = [before, message] if i % 2 else [message]
            text = grammar(language).realise("article", {}, agenda, random.Random(f"{name}/{i}"))[0]
            claims = verify(text, GRAPH, bundle, LEXICON.linker)
            stated = {claim.edge for claim in claims if claim.edge}
            if {claim.verdict for claim in claims} != {"supported"} or stated != (keys | site if i % 2 else keys):
                wrong[text] = [claim.verdict for claim in claims]
    assert wrong == {}


def test_how_often_is_said_only_where_it_was_counted():
    seed = seed_of("asthma")
    facts = seed.facts(LEXICON, "article", "en", "textbook")
    words = re.compile(r"\b(often|usually|commonly|typically|rarely|sometimes|occasionally|most cases)\b|%")

    def articles(frequency, n):
        stated = [{**fact, "frequency": frequency, "n": n} for fact in facts["bundle"]["facts"]]
        asked = {**facts, "bundle": {**facts["bundle"], "facts": stated}}
        return [r.text for r in GENERATOR.generate([Request(str(i), facts=asked, seed=i) for i in range(40)])]

    assert not any(words.search(text) for text in articles(None, None) + articles(1.0, 2))
    assert any("25%" in text or "5 of 20" in text for text in articles(0.25, 20))
    assert any("rarely" in text or "occasionally" in text for text in articles(0.05, None))
    assert not any("usually" in text or "often" in text for text in articles(0.05, None))


def test_requests_that_cannot_be_met_say_why():
    facts = seed_of("asthma").facts(LEXICON, "qa", "en", "textbook")
    poor = {**facts, "bundle": {**facts["bundle"], "negatives": [], "facts": facts["bundle"]["facts"][:0]}}
    odd = [{**facts, "language": "xx"}, {**facts, "task": "poem"}, poor]
    errors = [r.error for r in GENERATOR.generate([Request(str(i), facts=f) for i, f in enumerate(odd)])]
    assert errors == ["no_grammar_for_language", "no_such_task", "nothing_to_say"]
