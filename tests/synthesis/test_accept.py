from dataclasses import replace

import pytest

from datagen.generator import Generator, Request, Response
from knowledge_graph import Linker
from synthesis.accept import Judge
from synthesis.findings import Findings
from synthesis.seeds import Lexicon
from synthesis.tasks import TASKS, Draft, Malformed
from synthesis.write import Order, Writer
from tests.synthesis.sample_graph import node_named, sample_graph
from tests.synthesis.test_grammar import seed_of

GRAPH = sample_graph()
LINKER = Linker(GRAPH)
JUDGE = Judge(GRAPH, LINKER, Findings(GRAPH), 0.2)
INFARCTION = node_named("acute myocardial infarction")


@pytest.fixture(scope="module")
def seed():
    """A bundle that states everything the graph says about a disease."""
    from knowledge_graph import Fact

    found = seed_of("acute myocardial infarction")
    edges = [
        Fact(e.key, e.subject, e.relation, e.object, e.polarity, e.frequency, e.n, e.license)
        for e in GRAPH.edges_of(INFARCTION)
    ]
    facts, negatives = (tuple(f for f in edges if f.polarity == sign) for sign in (1, -1))
    return replace(found, bundle=replace(found.bundle, facts=facts, negatives=negatives))


def verdict(claims: str, seed, **more):
    return JUDGE.verdict(Draft("", claims, claims, **more), seed)


def test_supported_claims_are_accepted_and_name_their_edges(seed):
    text = "Acute myocardial infarction presents with chest pain and sweating. It is treated with aspirin."
    found = verdict(text, seed)
    objects = {GRAPH.edge(key).object for key in found.evidence}
    assert found.reason is None
    assert objects == {node_named(n) for n in ("chest pain", "sweating", "aspirin")}
    assert found.counts == {"supported": 3}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Acute myocardial infarction does not cause chest pain.", "contradicted"),
        ("Acute myocardial infarction causes chest pain relieved by leaning forward.", "contradicted"),
        ("Acute myocardial infarction causes wheezing.", "unsupported"),
        ("Acute pericarditis causes pleuritic chest pain.", "unsupported"),
        ("Acute myocardial infarction is treated with antibiotics.", "unsafe"),
        ("Acute myocardial infarction is treated with aspirin 300 mg.", "unsafe"),
        ("Acute myocardial infarction causes chest pain. The night was cold. It rained a lot.", "unchecked"),
        ("急性心肌梗死不伴胸痛。", "contradicted"),
        ("急性心肌梗死表现为喘息。", "unsupported"),
        ("急性心肌梗死表现为胸痛。那天夜里很冷。雨下得很大。", "unchecked"),
    ],
)
def test_what_is_wrong_is_named(seed, text, reason):
    assert verdict(text, seed).reason == reason


def test_the_bundle_is_a_closed_world():
    """What is true in the graph but not in the bundle is not accepted."""
    small = seed_of("acute myocardial infarction")
    stated = {f.object for f in small.bundle.facts}
    missing = next(e for e in GRAPH.edges_of(INFARCTION, "has_symptom", polarity=1) if e.object not in stated)
    name = GRAPH.node(missing.object).name_en
    assert verdict(f"Acute myocardial infarction causes {name}.", small).reason == "unsupported"


@pytest.mark.parametrize(
    ("question", "answer", "reason"),
    [
        (
            "Who has pain radiating to the left arm and nausea, but no chest pain relieved by leaning forward?",
            "MI",
            None,
        ),
        ("Who has chest pain and pain radiating to the left arm?", "heart failure", "wrong_answer"),
        ("Who has chest pain with acute myocardial infarction?", "MI", "answer_in_question"),
        ("Who has chest pain and wheezing?", "MI", "unsupported"),
        ("Who has sweating but no chest pain?", "MI", "contradicted"),
        ("Who has chest pain relieved by leaning forward?", "MI", "contradicted"),
        ("Who has shortness of breath?", "MI", "ambiguous"),
        ("患者有左臂放射痛和恶心,无前倾位缓解的胸痛,是什么病?", "急性心肌梗死", None),
        ("患者有气短,是什么病?", "急性心肌梗死", "ambiguous"),
    ],
)
def test_questions_must_describe_the_answer_alone(seed, question, answer, reason):
    statement = "Acute myocardial infarction causes chest pain."
    assert verdict(statement, seed, question=question, answer=answer).reason == reason


def test_multiple_choice_is_ambiguous_only_among_its_options(seed):
    question = "Who has shortness of breath?"
    statement = "Acute myocardial infarction causes chest pain."
    for options, reason in ((("MI", "gout"), None), (("MI", "heart failure"), "ambiguous")):
        assert verdict(statement, seed, question=question, answer="MI", options=options).reason == reason


class Scripted(Generator):
    """Says what it is told, to stand for generators that get things wrong."""

    text: str
    finish: str = "stop"
    error: str | None = None

    def generate(self, requests):
        return [Response(r.id, self.text, finish_reason=self.finish, error=self.error) for r in requests]


ORDER = Order(INFARCTION, 0, "CARD", "article", "en", "textbook")


@pytest.mark.parametrize(
    ("task", "options", "reason"),
    [
        ("article", {"text": ""}, "malformed"),
        ("qa", {"text": "no JSON"}, "malformed"),
        ("qa", {"text": '{"question": "q", "answer": ["a"], "explanation": "e"}'}, "malformed"),
        ("mcq", {"text": '{"question": "q", "options": ["a", "b"], "answer": "C", "explanation": "e"}'}, "malformed"),
        ("article", {"text": "Acute myocardial inf", "finish": "length"}, "truncated"),
        ("article", {"text": "Acute myocardial infarction causes wheezing."}, "unsupported"),
    ],
)
def test_bad_answers_of_a_generator_are_dropped_with_their_reason(task, options, reason):
    outcome = Writer(GRAPH, LINKER, Scripted(**options), "scripted", 0).write([replace(ORDER, task=task)])
    assert list(outcome.dropped.values()) == [reason]


def test_failures_of_a_generator_are_quarantined():
    outcome = Writer(GRAPH, LINKER, Scripted(text="", finish="error", error="timeout"), "scripted", 0).write([ORDER])
    assert len(outcome.rows) == 0
    assert list(outcome.quarantined.values()) == ["timeout"]


def test_what_was_said_before_is_a_duplicate():
    seed = seed_of("acute myocardial infarction")
    finding = next(f for f in seed.bundle.facts if f.relation == "has_symptom" and f.subject == INFARCTION)
    said = Scripted(text=f"Acute myocardial infarction causes {GRAPH.node(finding.object).name_en}.")
    outcome = Writer(GRAPH, LINKER, said, "scripted", 0).write([ORDER, replace(ORDER, register="patient")])
    assert outcome.dropped == {outcome.rows["id"][1].as_py(): "duplicate"}


def test_malformed_fields_are_refused_and_good_ones_become_messages():
    request = Request("x", facts={"language": "zh"})
    good = '{"question": "什么病?", "options": ["痛风", "麻疹", "哮喘"], "answer": "B", "explanation": "麻疹有皮疹。"}'
    draft = TASKS["mcq"].draft(request, good)
    assert draft.messages[0]["content"] == "什么病?\nA. 痛风\nB. 麻疹\nC. 哮喘"
    assert draft.messages[1]["content"] == "答案：B. 麻疹\n麻疹有皮疹。"
    assert draft.text == draft.messages[0]["content"] + "\n\n" + draft.messages[1]["content"]
    with pytest.raises(Malformed):
        TASKS["mcq"].draft(request, good.replace('"B"', '"AB"'))


def test_the_lexicon_keeps_words_that_lead_back():
    words = Lexicon(GRAPH, LINKER)
    assert words.names(INFARCTION, "en")[0] == "acute myocardial infarction"
    assert "heart attack" in words.names(INFARCTION, "en")
    assert words.names(INFARCTION, "zh")[0] == "急性心肌梗死"
    unnamed = [n for n in GRAPH.of_type("disease") for language in ("en", "zh") if not words.names(n, language)]
    assert len(unnamed) <= 1
    for node in GRAPH.of_type("disease", "symptom", "test", "treatment"):
        for language in ("en", "zh"):
            for name in words.names(node, language):
                assert [m.node for m in LINKER.link(name)] == [node]
