import json

import pytest

from knowledge_graph import Linker
from reward_filter.checkers import Entities, choice, conclusion, instruction, number
from reward_filter.checkers_code import code
from tests.synthesis.sample_graph import node_named, sample_graph


@pytest.mark.parametrize(
    ("response", "right"),
    [
        ("Answer: B. gout", True),
        ("It could be A or C.\nThe answer is B.", True),
        ("答案:B。痛风", True),
        ("答案是 B", True),
        ("\\boxed{B}", True),
        ("B", True),
        ("Answer: A, because B is wrong", False),
        ("Answer: B or C", False),
        ("I don't know", False),
        ("Answer:", False),
        ("", False),
    ],
)
def test_choices(response, right):
    assert choice("B", response) == right


@pytest.mark.parametrize(
    ("answer", "response", "right"),
    [
        ({"value": 59}, "n = 59 per group", True),
        ({"value": 59}, "Answer: 60", False),
        ({"value": 59, "absolute": 1}, "Answer: 60", True),
        ({"value": 0.5}, "The answer is 1/2.", True),
        ({"value": 1234.5}, "答案:1,234.5 mL", True),
        ({"value": -3}, "Answer: \u22123", True),
        ({"value": 6.02e23}, "Answer: 6.02 x 10^23", True),
        ({"value": 6.02e23}, "Answer: 6.02e23", True),
        ({"value": 88.9, "relative": 0.01}, "约为88.5%,答案:88.5%", True),
        ({"value": 88.9, "relative": 0.001}, "答案:88.5%", False),
        ({"value": 1}, "Answer: none", False),
        ({"value": 1}, "Answer: 1/0", False),
        ({"value": 1}, "9" * 400 + "e99999999", False),
    ],
)
def test_numbers(answer, response, right):
    assert number(answer, response) == right


def test_entities_by_synonym_and_hypernym_but_not_by_hedging():
    graph = sample_graph()
    entities = Entities(graph, Linker(graph))
    infarction = node_named("acute myocardial infarction")
    (above,) = {edge.object for edge in graph.edges_of(infarction, "is_a", 1)}
    name = graph.node(above).name_en
    for response, up, right in (
        ("Diagnosis: acute myocardial infarction.", 0, True),
        ("Chest pain speaks for it.\nDiagnosis: heart attack.", 0, True),
        ("诊断:心梗。", 0, True),
        ("Diagnosis: gout.", 0, False),
        ("Diagnosis: heart attack or gout.", 0, False),
        ("Diagnosis: heart attack, not gout.", 0, True),
        (f"Diagnosis: {name}.", 0, False),
        (f"Diagnosis: {name}.", 1, True),
        ("I can't say.", 0, False),
    ):
        assert entities.entity({"id": infarction, "up": up}, response) == right, response


@pytest.mark.parametrize(
    ("constraints", "response", "right"),
    [
        ({"most_words": 3}, "one two three", True),
        ({"most_words": 3}, "一二三四", False),
        ({"least_words": 2, "language": "zh"}, "高血压", True),
        ({"language": "zh"}, "hypertension", False),
        ({"json": True}, '{"a": 1}', True),
        ({"json": True}, "[" * 100_000, False),
        ({"bullets": 2}, "- a\n- b", True),
        ({"bullets": 2}, "1. a\n2. b\n3. c", False),
        ({"includes": ["Fever"], "excludes": ["cough"]}, "fever only", True),
        ({"excludes": ["cough"]}, "Cough", False),
        ({"starts": "Dear", "ends": "."}, "Dear Sir.", True),
        ({"most_sentences": 1}, "One. Two.", False),
        ({"unheard_of": 1}, "anything", False),
    ],
)
def test_instructions(constraints, response, right):
    assert instruction(constraints, response) == right


def test_conclusions_are_what_is_boxed_or_follows_the_last_marker():
    assert conclusion("Answer: 1. Final answer: 2") == "2"
    assert conclusion("\\boxed{7} answer: 8") == "7"
    assert conclusion("no marker") == "no marker"


GOOD = "Here:\n```python\ndef double(x):\n    return 2 * x\n```\n"
TESTS = {"tests": "assert double(4) == 8"}


@pytest.mark.parametrize(
    "body",
    [
        "open('/tmp/escape-7', 'w')",
        "import socket; socket.socket().connect(('127.0.0.1', 9))",
        "import os; assert os.system('true') == 0",
        "import subprocess; subprocess.run(['true'])",
        "import os; os.fork()",
        "import ctypes; assert ctypes.CDLL(None).open(b'/tmp/escape-7', 0o101, 0o600) >= 0",
        "import os; os.open('escape', os.O_CREAT | os.O_WRONLY)",
        "import os; os.open('/tmp', os.O_TMPFILE | os.O_RDWR)",
        "import os; os.mkdir('escape')",
        "import os; os.kill(os.getppid(), 0)",
        "import threading; threading.Thread(target=print).start()",
        "import resource; resource.setrlimit(resource.RLIMIT_CPU, (99, 99))",
        "open('/etc/passwd').read()",
        "import sys; sys.stdout.write('x' * 10**6); sys.stdout.flush()",
        "import os; os.remove(__file__)",
        "x = bytearray(2 << 30)",
        "while True: pass",
        "import sys; print('passed-7f3a'); sys.exit(0)",
        "raise SystemExit(0)",
        "import os; os._exit(0)",
        "1 / 0",
    ],
)
def test_code_that_breaks_out_or_gives_up_is_wrong(body):
    assert not code(TESTS, f"```python\ndef double(x):\n    return 2 * x\n{body}\n```", seconds=1)


def test_code_passes_by_its_tests_alone():
    assert code(TESTS, GOOD)
    assert not code(TESTS, GOOD.replace("2 * x", "3 * x"))
    assert not code(TESTS, "no code at all")
    assert not code({"tests": json.dumps("x") + "\nassert False"}, GOOD)
