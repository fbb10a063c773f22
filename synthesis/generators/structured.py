"""JSON out of what a model wrote: found, repaired where the intent is plain, and held against its schema."""

import json
import re
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator

THOUGHT = re.compile(r"\s*<think>(.*?)</think>\s*", re.S)
FENCE = re.compile(r"```(?:json)?\s*\n(.*?)\n?\s*```", re.S | re.I)
TRAILING = re.compile(r",(?=\s*[}\]])")
MOST_LETTERS = 200_000
"""Of an answer that is searched: what is longer is no answer to a question of ours."""


class Invalid(Exception):
    """No JSON of the schema. The message, which is meant for the model, says what is wrong with which field."""


def thought_and_answer(text: str) -> tuple[str, str]:
    """What a reasoning model thought aloud (between <think> tags; "" if it didn't), and what it answered."""
    found = THOUGHT.match(text)
    return (found[1].strip(), text[found.end() :]) if found else ("", text)


def conforming(text: str, schema: dict[str, Any]) -> str:
    """The JSON in a text, as canonical JSON of the schema. Raises Invalid.

    Words and fences around it and commas before a closing bracket are taken off; nothing is invented: what is cut
    short or has fields too many or too few is Invalid.
    """
    if len(text) > MOST_LETTERS:
        raise Invalid(f"the answer is longer than {MOST_LETTERS} characters")
    value = _value(text)
    problem = next(iter(_validator(json.dumps(schema, sort_keys=True)).iter_errors(value)), None)
    if problem is not None:
        raise Invalid(f"{problem.json_path}: {_said(problem)}")
    return json.dumps(value, ensure_ascii=False)


def _value(text: str) -> Any:
    candidates = [text, *(m[1] for m in FENCE.finditer(text))]
    start, end = text.find("{"), text.rfind("}")
    if 0 <= start < end:
        candidates += [text[start : end + 1], TRAILING.sub("", text[start : end + 1])]
    for candidate in candidates:
        try:
            return json.loads(candidate, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            continue
    raise Invalid("this is not JSON" if "{" in text else "there is no JSON object in the answer")


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _said(problem: Any) -> str:
    """The rule that is broken, without the value, which may be long."""
    if problem.validator in ("required", "additionalProperties"):
        return problem.message[:200]
    return f"must have {problem.validator} {json.dumps(problem.validator_value, ensure_ascii=False)[:200]}"


@lru_cache(maxsize=64)
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads(schema))
