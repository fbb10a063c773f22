"""The report's protocol: the model answers in free text, another model judges (section 6: Qwen2.5-72B-Instruct).

A choice is extracted by the judge, which doesn't see the right answer, and compared here; all else the judge scores
against the reference. What has no verdict is told as such and is never a score.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any
from zlib import crc32

import yaml
from jsonschema import Draft202012Validator

from datagen.generator import Generator, Request, Response
from training_bridge.evaluate.items import Question, limits
from training_bridge.evaluate.suite import Row

NONE = "NONE"
JUDGED, UNPARSABLE, JUDGE_FAILED, NO_RESPONSE = "judged", "unparsable", "judge_failed", "no_response"
STATES = (JUDGED, UNPARSABLE, JUDGE_FAILED, NO_RESPONSE)
VERDICT_TOKENS = 256
RARE = {"en": "rare diseases", "zh": "罕见病"}
DIAGNOSES = {"en": "diagnoses", "zh": "诊断"}
_BLANK = re.compile(r"\{\{ (\w+) \}\}")


@dataclass(frozen=True)
class Judged:
    """What came of one item.

    Attributes:
        state: judged; unparsable (the judge's verdict could not be read, after its repairs); judge_failed; no_response
            (the model gave none: `detail` says why).
        score: 0 to 1 (HealthBench: below 0 where what should not be there outweighs); None unless judged.
        unanswered: a choice in whose response the judge found no single answer; its score is 0.
        cut: the response was cut at its greatest length.
    """

    id: str
    state: str
    score: float | None = None
    detail: str = ""
    response: str = ""
    verdict: str = ""
    unanswered: bool = False
    cut: bool = False


def evaluate(
    model: Generator, judge: Generator, row: Row, questions: Sequence[Question], *, max_tokens: int, seed: int = 0
) -> list[Judged]:
    """One `Judged` to each question, in their order."""
    responses = model.generate([_request(row, q, max_tokens, seed) for q in questions])
    asked: list[Request] = []
    spans: list[slice] = []
    for question, response in zip(questions, responses, strict=True):
        mine = [] if _silent(response) else list(_verdict_requests(row, question, response.text, seed))
        spans.append(slice(len(asked), len(asked) + len(mine)))
        asked += mine
    verdicts = judge.generate(asked) if asked else []
    return [
        _settled(row, question, response, asked[span], verdicts[span])
        for question, response, span in zip(questions, responses, spans, strict=True)
    ]


def prompt(row: Row, question: Question) -> list[dict[str, str]]:
    """The messages that a model is asked by."""
    item = question.item
    if row.kind == "rubric":
        return [{"role": str(t.get("role", "user")), "content": str(t["content"])} for t in item.row["prompt"]]
    kind = "several" if len(item.gold) > 1 else "nli" if row.form == "nli" else row.kind
    language = item.language if item.language in _prompts()["ask"][kind] else "en"
    text = _filled(
        _prompts()["ask"][kind][language],
        context=f"{item.context}\n\n" if item.context else "",
        question=item.question,
        options=_options(question),
        what=(RARE if row.name.startswith("rare") else DIAGNOSES)[language],
    )
    return [{"role": "user", "content": text}]


def _request(row: Row, question: Question, max_tokens: int, seed: int) -> Request:
    return Request(
        id=question.id,
        messages=tuple(prompt(row, question)),
        seed=_seed(row, question, seed),
        max_tokens=max_tokens,
        temperature=0.0,
        restricted=row.restricted,
    )


def _verdict_requests(row: Row, question: Question, response: str, seed: int) -> Iterator[Request]:
    item = question.item
    language = item.language if item.language in _prompts()["judge"][row.kind] else "en"
    lower, upper = limits(item) if row.kind == "number" else ("", "")
    asked = item.question if row.kind != "rubric" else _conversation(question)
    if row.kind == "coverage" and item.context:
        asked = f"{item.context}\n\n{asked}"
    criteria = [str(r["criterion"]) for r in item.row["rubrics"]] if row.kind == "rubric" else [""]
    for number, criterion in enumerate(criteria):
        text = _filled(
            _prompts()["judge"][row.kind][language],
            question=asked,
            options=_options(question),
            response=response,
            reference=item.answer or "",
            lower=lower,
            upper=upper,
            criterion=criterion,
            example="AC" if len(item.gold) > 1 else "A",
        )
        yield Request(
            id=f"{question.id}/{number}",
            messages=({"role": "user", "content": text},),
            seed=_seed(row, question, seed),
            max_tokens=VERDICT_TOKENS,
            temperature=0.0,
            schema=_schema(row, question),
            restricted=row.restricted,
        )


def _schema(row: Row, question: Question) -> dict[str, Any]:
    value: dict[str, Any]
    if row.kind == "choice" and len(question.item.gold) > 1:
        name, value = "answer", {"type": "string", "pattern": f"^([{question.letters}]+|{NONE})$"}
    elif row.kind == "choice":
        name, value = "answer", {"type": "string", "enum": [*question.letters, NONE]}
    elif row.kind == "coverage":
        name, value = "score", {"type": "integer", "minimum": 0, "maximum": 4}
    elif row.kind == "safety":
        name, value = "score", {"type": "integer", "minimum": 1, "maximum": 5}
    else:
        name, value = "correct", {"type": "boolean"}
    return {"type": "object", "properties": {name: value}, "required": [name], "additionalProperties": False}


def _settled(
    row: Row, question: Question, response: Response, asked: Sequence[Request], verdicts: Sequence[Response]
) -> Judged:
    cut = response.finish_reason == "length"
    if silent := _silent(response):
        return Judged(question.id, NO_RESPONSE, detail=silent, cut=cut)
    said = {"response": response.text, "verdict": "\n".join(v.text for v in verdicts), "cut": cut}
    values = []
    for request, verdict in zip(asked, verdicts, strict=True):
        if verdict.id != request.id:
            raise ValueError(f"the judge answered {verdict.id} where {request.id} was asked")
        if verdict.error not in (None, "schema"):
            return Judged(question.id, JUDGE_FAILED, detail=verdict.error or "", **said)
        value = _value(verdict.text, request.schema or {})
        if value is None:
            return Judged(question.id, UNPARSABLE, detail=verdict.error or verdict.finish_reason, **said)
        values.append(value)
    unanswered = row.kind == "choice" and values[0] == NONE
    return Judged(question.id, JUDGED, _score(row, question, values), unanswered=unanswered, **said)


def _value(text: str, schema: dict[str, Any]) -> Any:
    """What a verdict says; None where it isn't one. A cut answer comes unchecked, so all are checked here."""
    try:
        verdict = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not Draft202012Validator(schema).is_valid(verdict):
        return None
    (value,) = verdict.values()
    return value


def _score(row: Row, question: Question, values: Sequence[Any]) -> float:
    (value, *_) = values
    if row.kind == "choice":
        return float(set(value) == set(question.gold) and value != NONE)
    if row.kind == "coverage":
        return value / 4
    if row.kind == "safety":
        return (5 - value) / 4
    if row.kind == "rubric":
        points = [float(r["points"]) for r in question.item.row["rubrics"]]
        reached = sum(p for p, met in zip(points, values, strict=True) if met)
        return reached / sum(p for p in points if p > 0)
    return float(value)


def _silent(response: Response) -> str:
    """Why there is nothing to judge, or ""."""
    return response.error or ("" if response.text.strip() else "empty")


def _conversation(question: Question) -> str:
    return "\n\n".join(f"{t.get('role', 'user')}: {t['content']}" for t in question.item.row["prompt"])


def _options(question: Question) -> str:
    return "\n".join(
        f"{letter}. {option}" for letter, option in zip(question.letters, question.item.options, strict=True)
    )


def _filled(template: str, **values: str) -> str:
    """In one pass, so that nothing in a text is taken for a blank."""
    return _BLANK.sub(lambda blank: values[blank[1]], template)


def _seed(row: Row, question: Question, seed: int) -> int:
    return crc32(f"{row.name}/{question.id}/{seed}".encode())


@cache
def _prompts() -> dict[str, dict[str, dict[str, str]]]:
    return yaml.safe_load((files("training_bridge.evaluate") / "prompts.yaml").read_text("utf-8"))
