import json
import random
from collections import Counter

import pytest

from datagen.generator import Request
from knowledge_graph import Linker, sample_bundle, verify
from synthesis.findings import Findings
from synthesis.grammar import SAYS, GrammarGenerator, grammar
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
            stated = {f.key for f in (*seed.bundle.facts, *seed.bundle.negatives) if f.subject == seed.bundle.anchor}
            assert {key for _, _, keys in body for key in keys} == stated & names.keys()


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


def test_requests_that_cannot_be_met_say_why():
    facts = seed_of("asthma").facts(LEXICON, "qa", "en", "textbook")
    poor = {**facts, "bundle": {**facts["bundle"], "negatives": [], "facts": facts["bundle"]["facts"][:0]}}
    odd = [{**facts, "language": "xx"}, {**facts, "task": "poem"}, poor]
    errors = [r.error for r in GENERATOR.generate([Request(str(i), facts=f) for i, f in enumerate(odd)])]
    assert errors == ["no_grammar_for_language", "no_such_task", "nothing_to_say"]
