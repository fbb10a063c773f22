import json
import re
from collections.abc import Sequence

import pytest

from datagen.generator import Generator, Request, Response, make_generator
from tests.synthesis.scripted_server import Script, Serving
from tests.training_bridge.evaluate.published import PUBLISHED, publish
from training_bridge.evaluate import run
from training_bridge.evaluate.items import read
from training_bridge.evaluate.judged import evaluate, prompt
from training_bridge.evaluate.suite import suite

BONES = [[f"Bone number {n}?", "one", "two", "three", "four", "ABCD"[n % 4]] for n in range(40)]


class Student(Generator):
    """Answers with the letter that its question's number stands for; some say nothing."""

    def generate(self, requests: Sequence[Request]) -> list[Response]:
        found = []
        for request in requests:
            number = int(re.search(r"number (\d+)", request.messages[-1]["content"])[1])
            text = "" if number == 7 else "ABCD"[number % 4] if number != 9 else "I can't decide."
            found.append(Response(request.id, text and f"It is number {number}: {text}"))
        return found


class Examiner(Generator):
    """Extracts the last capital letter of the response in its prompt, as a judge should."""

    def generate(self, requests: Sequence[Request]) -> list[Response]:
        found = []
        for request in requests:
            said = request.messages[-1]["content"].partition("Response:\n")[2].partition("\n")[0]
            letter = said[-1] if said[-1] in "ABCD" else "NONE"
            text = json.dumps({"answer": letter}) if "number 11:" not in said else "It chose D, I think"
            found.append(Response(request.id, text, finish_reason="length" if "number 11:" in said else "stop"))
        return found


def test_each_item_has_its_own_verdict_and_what_has_none_is_no_score(tmp_path):
    questions = read(suite()["mmlu_anatomy"], str(publish("mmlu_anatomy", tmp_path, BONES))).questions
    found = {
        q.item.question: j
        for q, j in zip(
            questions, evaluate(Student(), Examiner(), suite()["mmlu_anatomy"], questions, max_tokens=50), strict=True
        )
    }
    assert len(found) == 40
    silent, undecided, unreadable = (found[f"Bone number {n}?"] for n in (7, 9, 11))
    assert (silent.state, silent.score, silent.detail) == ("no_response", None, "empty")
    assert (undecided.state, undecided.score, undecided.unanswered) == ("judged", 0.0, True)
    assert (unreadable.state, unreadable.score) == ("unparsable", None)
    assert sum(j.score == 1.0 and j.state == "judged" for j in found.values()) == 37


@pytest.mark.parametrize("name", [n for n in PUBLISHED if suite()[n].kind != "choice"])
def test_a_score_is_worked_out_from_the_verdict(name, tmp_path):
    row = suite()[name]
    verdicts = {"coverage": 3, "safety": 2}
    key = {"coverage": "score", "safety": "score"}.get(row.kind, "correct")

    class Judge(Generator):
        def generate(self, requests):
            return [Response(r.id, json.dumps({key: verdicts.get(row.kind, i != 1)})) for i, r in enumerate(requests)]

    class Model(Generator):
        def generate(self, requests):
            return [Response(r.id, "An answer.") for r in requests]

    paths = [str(publish(name, tmp_path)), *map(str, tmp_path.rglob("*_mapping.json"))]
    questions = read(row, paths).questions
    score = evaluate(Model(), Judge(), row, questions, max_tokens=50)[0].score
    # HealthBench: 5 and 3 of 8 points are met, the one of -3 is not.
    assert score == pytest.approx({"coverage": 0.75, "safety": 0.75, "rubric": 1.0}.get(row.kind, 1.0))


def test_several_right_answers_must_all_be_chosen(tmp_path):
    questions = read(suite()["erke"], str(publish("erke", tmp_path))).questions
    assert [q.gold for q in questions] == ["C", "AC"]
    assert "一个或多个" in prompt(suite()["erke"], questions[1])[0]["content"]

    class Judge(Generator):
        def generate(self, requests):
            return [Response(r.id, json.dumps({"answer": "C"})) for r in requests]

    class Model(Generator):
        def generate(self, requests):
            return [Response(r.id, "C") for r in requests]

    assert [j.score for j in evaluate(Model(), Judge(), suite()["erke"], questions, max_tokens=9)] == [1.0, 0.0]


def test_a_text_is_never_taken_for_a_blank(tmp_path):
    rows = [["What is {{ response }}?", "{{ options }}", "b", "c", "d", "A"]]
    (question,) = read(suite()["mmlu_anatomy"], str(publish("mmlu_anatomy", tmp_path, rows))).questions
    said = prompt(suite()["mmlu_anatomy"], question)[0]["content"]
    assert "What is {{ response }}?" in said and "A. {{ options }}" in said


FAULTS = {"429": 0.1, "500": 0.1, "cut": 0.05, "bad_json": 0.1, "wrong_schema": 0.1, "truncated": 0.05}


def test_a_bad_server_loses_no_item_and_nothing_unreadable_is_scored(tmp_path):
    path = publish("mmlu_anatomy", tmp_path, BONES)
    with Serving(Script(faults=FAULTS, seed=3)) as server:
        judge = make_generator("openai", url=server.url, model="judge", private=True, tries=8, patience=60)
        found = run(Student(), {"mmlu_anatomy": str(path)}, judge=judge, work=tmp_path / "work")
        again_from = server.counts["calls"]
        again = run(Student(), {"mmlu_anatomy": str(path)}, judge=judge, work=tmp_path / "work")
        # Verdicts that could be read are kept; only those that could not are asked for again.
        unread = found.rows[0].states.get("unparsable", 0)
        assert server.counts["calls"] - again_from <= 3 * max(1, unread)
    (row,) = found.rows
    assert [i.id for i in row.items] == [q.id for q in read(suite()["mmlu_anatomy"], str(path)).questions]
    assert sum(row.states.values()) == 40 and row.states["no_response"] == 1
    assert all((item.score is None) == (item.state != "judged") for item in row.items)
    assert row.score.n == row.states["judged"]
    assert server.counts["calls"] > 39
    assert again.rows[0].score.n >= row.score.n


def test_a_judge_that_never_answers_json_is_reported(tmp_path):
    path = publish("mmlu_anatomy", tmp_path, BONES[:6])
    with Serving(Script(faults={"wrong_schema": 1.0})) as server:
        judge = make_generator("openai", url=server.url, model="judge", private=True)
        found = run(Student(), {"mmlu_anatomy": str(path)}, judge=judge)
    assert found.rows[0].states == {"unparsable": 6}
    assert found.rows[0].score is None
    assert "unparsable" in found.save(tmp_path / "page").read_text()


def test_credentialed_text_goes_to_no_outside_judge(tmp_path):
    class Outside(Generator):
        remote = True

        def generate(self, requests):
            raise AssertionError("it was sent")

    class Model(Generator):
        def generate(self, requests):
            return [Response(r.id, "A") for r in requests]

    found = run(Model(), {"mednli_dis": str(publish("mednli_dis", tmp_path))}, judge=Outside())
    assert found.rows[0].states == {"judge_failed": 1}
