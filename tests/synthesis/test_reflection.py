"""Reflection mends what the evidence decides, changes nothing that is right, and keeps the best version."""

import json
from dataclasses import replace
from typing import ClassVar

import pytest

from datagen.generator import Generator, Response
from knowledge_graph import Fact, Linker, sample_bundle
from synthesis.critic import Critic, Subject
from synthesis.grammar import GrammarGenerator
from synthesis.reflect import Desk, Model, Reflect
from synthesis.reflection import grade, reflect
from synthesis.reviser import Reviser
from synthesis.seeds import Lexicon, Seed
from synthesis.write import Order, Writer
from tests.synthesis.sample_graph import node_named, sample_graph
from tests.synthesis.test_grammar import FINDINGS

GRAPH = sample_graph()
LINKER = Linker(GRAPH)
CRITIC, REVISER = Critic(GRAPH, LINKER), Reviser(LINKER, Lexicon(GRAPH, LINKER))
INFARCTION = node_named("acute myocardial infarction")


def everything(node: str, language: str, question: str = "") -> Subject:
    """All that the graph says about a disease as evidence."""
    bundle = Seed.of(sample_bundle(GRAPH, node, 0, 0), FINDINGS).bundle
    names = [field for field in Fact.__dataclass_fields__]
    edges = [Fact(**{name: getattr(edge, name) for name in names}) for edge in GRAPH.edges_of(node)]
    facts, negatives = (tuple(f for f in edges if f.polarity == sign) for sign in (1, -1))
    return Subject(replace(bundle, facts=facts, negatives=negatives), language, question)


def mended(text: str, language: str = "en", question: str = ""):
    return reflect(text, everything(INFARCTION, language, question), CRITIC, [REVISER.revised])


@pytest.mark.parametrize(
    ("language", "text", "kinds", "after"),
    [
        (
            "en",
            "Acute pericarditis causes chest pain.",
            ["wrong_entity"],
            "Acute myocardial infarction causes chest pain.",
        ),
        ("zh", "急性心包炎表现为胸痛。", ["wrong_entity"], "急性心肌梗死表现为胸痛。"),
        (
            "en",
            "Acute myocardial infarction causes chest pain. It is treated with aspirin 300 mg.",
            ["dose"],
            "Acute myocardial infarction causes chest pain. It is treated with aspirin.",
        ),
        ("zh", "急性心肌梗死表现为胸痛。急性心肌梗死表现为胸痛。", ["repeated"], "急性心肌梗死表现为胸痛。"),
        (
            "en",
            "Acute myocardial infarction causes chest pain. 这种病很常见,要注意休息。",
            ["language"],
            "Acute myocardial infarction causes chest pain.",
        ),
        (
            "en",
            "Acute myocardial infarction causes chest pain. Take the drug of your neighbour at once.",
            ["unsafe"],
            "Acute myocardial infarction causes chest pain.",
        ),
        (
            "en",
            "Acute myocardial infarction causes chest pain. Acute myocardial infarction is trea",
            ["truncated"],
            "Acute myocardial infarction causes chest pain.",
        ),
    ],
)
def test_errors_are_named_and_mended_by_the_smallest_edit(language, text, kinds, after):
    result = mended(text, language)
    assert [finding.kind for finding in result.findings] == kinds
    assert (result.text, result.left) == (after, 0)
    assert result.before == text


@pytest.mark.parametrize(
    ("language", "text", "kind"),
    [
        ("en", "Acute myocardial infarction causes chest pain. It causes wheezing.", "wrong_finding"),
        ("en", "Acute myocardial infarction does not cause chest pain.", "negation"),
        ("en", "Acute myocardial infarction causes chest pain relieved by leaning forward.", "negation"),
        ("en", "Acute myocardial infarction is treated with antibiotics.", "wrong_object"),
        ("en", "Chest pain causes acute myocardial infarction.", "causality"),
        ("zh", "急性心肌梗死不伴胸痛。", "negation"),
        ("zh", "急性心肌梗死表现为胸痛。急性心肌梗死表现为喘息。", "wrong_finding"),
    ],
)
def test_wrong_statements_become_right_ones(language, text, kind):
    result = mended(text, language)
    assert kind in {finding.kind for finding in result.findings}
    assert result.left == 0
    (grade_after, findings) = grade(CRITIC, result.text, everything(INFARCTION, language))
    assert not findings
    assert grade_after.supported


def test_what_the_question_gives_must_be_taken_up():
    result = mended("Acute myocardial infarction causes chest pain.", question="Who has chest pain and sweating?")
    assert [f.kind for f in result.findings] == ["omitted"]
    assert "sweating" in result.text.lower()
    assert result.text.startswith("Acute myocardial infarction causes chest pain. ")


def test_a_revision_counts_only_where_the_verifier_finds_it_better():
    text = "Acute myocardial infarction causes chest pain. It causes wheezing."
    subject = everything(INFARCTION, "en")
    refused = {
        "no_better": lambda *_: "Acute myocardial infarction causes chest pain. It is treated with antibiotics.",
        "lost_support": lambda *_: "Acute myocardial infarction causes sweating and more sweating, as it seems to us.",
        "length": lambda *_: f"Acute myocardial infarction causes chest pain. It is {'very ' * 60}well known.",
        "unchanged": lambda *_: text,
    }
    for reason, revise in refused.items():
        result = reflect(text, subject, CRITIC, [revise])
        assert (result.text, result.rounds) == (text, [reason])
    first_worse = reflect(text, subject, CRITIC, [refused["no_better"], REVISER.revised])
    assert first_worse.rounds == ["no_better", "accepted"]
    assert first_worse.left == 0


def test_the_judge_sees_both_versions_in_either_order():
    text, subject = "Acute myocardial infarction causes wheezing.", everything(INFARCTION, "en")
    places = set()
    for seed in range(20):
        seen = []

        def prefer(a, b, _, seen=seen):
            seen.append((a, b))
            return "a" if a == text else "b"

        result = reflect(text, subject, CRITIC, [REVISER.revised], seed=seed, prefer=prefer)
        assert (result.text, result.rounds) == (text, ["not_preferred"])
        places.add(seen[0].index(text))
    assert places == {0, 1}


@pytest.fixture(scope="module")
def rows():
    orders = [
        Order(node_named(disease), number, None, task, language, "textbook")
        for disease in ("acute myocardial infarction", "gout", "asthma")
        for number in range(3)
        for task in ("article", "qa", "mcq", "case", "chain", "statement")
        for language in ("en", "zh")
    ]
    outcome = Writer(GRAPH, LINKER, GrammarGenerator(), "grammar", 0).write(orders)
    return outcome.rows.filter([i not in outcome.dropped for i in outcome.rows["id"].to_pylist()])


def stage(generator: Generator | None = None) -> Reflect:
    found = Reflect(graph="graph")
    found._desk = Desk(CRITIC, REVISER, FINDINGS, generator, 2)
    return found


def test_right_rows_pass_as_they_are(rows):
    outcome = stage().apply(rows)
    assert len(rows) > 60
    assert outcome.rows.equals(rows)
    assert not outcome.dropped and not outcome.split


@pytest.mark.proof("synthesis.reflect", "fixture")
def test_a_corrected_row_takes_the_place_of_the_wrong_one_and_remembers_it(rows):
    row = next(r for r in rows.to_pylist() if r["language"] == "en" and not r["messages"] and r["group"] == INFARCTION)
    wrong = row["text"] + " Acute myocardial infarction is treated with antibiotics."
    batch = rows.filter([i == row["id"] for i in rows["id"].to_pylist()])
    batch = batch.set_column(batch.schema.get_field_index("text"), batch.schema.field("text"), [[wrong]])
    outcome = stage().apply(batch)
    (new,) = outcome.rows.to_pylist()
    assert outcome.split == {row["id"]}
    assert (new["parents"], new["group"], new["split"]) == ([row["id"]], row["group"], row["split"])
    assert "antibiotics" not in new["text"]
    meta = json.loads(new["meta"])
    assert meta["before"] == wrong
    assert [e["class"] for e in meta["errors"]] == ["wrong_object"]
    assert wrong[meta["errors"][0]["start"] : meta["errors"][0]["end"]] == "antibiotics"
    assert set(row["evidence"]) <= set(new["evidence"])


def rejected(rows, reason: str, more: str = ""):
    """One row as a gate with `keep_dropped` hands it on."""
    row = next(r for r in rows.to_pylist() if r["language"] == "en" and not r["messages"] and r["group"] == INFARCTION)
    batch = rows.filter([i == row["id"] for i in rows["id"].to_pylist()])
    batch = batch.set_column(batch.schema.get_field_index("text"), batch.schema.field("text"), [[row["text"] + more]])
    return batch.append_column("drop_reason", [[reason]])


def test_a_rejected_row_leaves_corrected_or_not_at_all(rows):
    wrong = " Acute myocardial infarction is treated with antibiotics."
    for reason in ("reward_contradicted", "unsupported"):
        outcome = stage().apply(rejected(rows, reason, wrong))
        (new,) = outcome.rows.to_pylist()
        assert json.loads(new["meta"])["rejected"] == reason
        assert "antibiotics" not in new["text"] and "drop_reason" not in new
    for reason, more in (("reward", ""), ("reward_unknown", ""), ("ambiguous", wrong), ("duplicate", "")):
        outcome = stage().apply(rejected(rows, reason, more))
        assert len(outcome.rows) == 0
        assert set(outcome.dropped.values()) == {reason}


def test_a_rejected_row_that_nothing_here_can_read_is_dropped_for_its_reason(rows):
    batch = rejected(rows, "copied")
    batch = batch.set_column(batch.schema.get_field_index("meta"), batch.schema.field("meta"), [["{}"]])
    assert set(stage().apply(batch).dropped.values()) == {"copied"}


class Clerk(Generator):
    """Answers the critic, the reviser and the judge as told, to stand for a model."""

    revision: str
    better: str = "same"
    asked: ClassVar[list[str]] = []

    def generate(self, requests):
        (request,) = requests
        self.asked.append(request.messages[-1]["content"])
        field = next(iter(request.schema["properties"]))
        answer = {"findings": [{"span": "wheezing", "class": "x", "fix": "y"}], "text": self.revision}
        answer["better"] = self.better
        return [Response(request.id, json.dumps({field: answer[field]}))]


def test_a_model_revises_where_the_embedded_reviser_fails_and_the_verifier_still_decides(rows):
    record = rows.to_pylist()[0]
    text, subject = "Acute myocardial infarction causes wheezing.", everything(INFARCTION, "en")
    for revision, accepted in (
        ("Acute myocardial infarction causes sweating.", True),
        ("Acute myocardial infarction causes jaundice.", False),
    ):
        desk = Desk(CRITIC, REVISER, FINDINGS, Clerk(revision=revision), 2)
        record = record | {"drop_reason": "reward_contradicted"}
        result = reflect(text, subject, CRITIC, [Model(desk.generator, record, desk).revised])
        assert (result.text == revision) == accepted
    assert "- contradicted: ..." in Clerk.asked[1]  # what the gate said
