"""The judge's protocol against a server that goes wrong in every way: target: no item lost or out of place, and what
can't be read is reported, never scored."""

from pathlib import Path
from tempfile import TemporaryDirectory

from datagen.generator import Generator, Response, make_generator
from tests.synthesis.scripted_server import Script, Serving
from training_bridge.evaluate import run
from training_bridge.evaluate.items import read
from training_bridge.evaluate.suite import locate, suite

KINDS = {
    "a good server": {},
    "busy and broken": {"429": 0.3, "500": 0.2, "cut": 0.1},
    "bad JSON": {"bad_json": 0.3, "wrong_schema": 0.2, "truncated": 0.1, "empty": 0.1},
    "never JSON": {"wrong_schema": 1.0},
}


class Parrot(Generator):
    """Answers A to everything, as a model would in words."""

    def generate(self, requests):
        return [Response(r.id, "After due analysis the answer is A.") for r in requests]


def measure(data: Path) -> None:
    row = suite()["mmlu_anatomy"]
    paths = locate(row, data)
    questions = read(row, paths).questions
    truth = [float(q.gold == "A") for q in questions]
    print("| server | items | out of place | judged | unparsable | calls | scored without a verdict | wrong scores |")
    print("|---|---|---|---|---|---|---|---|")
    for name, faults in KINDS.items():
        with TemporaryDirectory() as work, Serving(Script(faults=faults, seed=1)) as server:
            judge = make_generator("openai", url=server.url, model="judge", private=True, tries=12, patience=120)
            (found,) = run(Parrot(), {row.name: paths}, judge=judge, work=work).rows
            items = found.items
            misplaced = sum(i.id != q.id for i, q in zip(items, questions, strict=True))
            silent = sum(i.score is not None and i.state != "judged" for i in items)
            # The scripted judge always reads "A" where it is understood.
            wrong = sum(i.score not in (None, right) for i, right in zip(items, truth, strict=True))
            states = found.states
            print(
                f"| {name} | {len(items)} | {misplaced} | {states.get('judged', 0)} | {states.get('unparsable', 0)} | "
                f"{server.counts['calls']} | {silent} | {wrong} |"
            )
