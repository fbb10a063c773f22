"""What generators that answer in batches share: the cache, the check of JSON answers, asking again."""

from collections.abc import Callable, Sequence
from typing import Any

from datagen.answers import Answers, key_of
from datagen.generator import Request, Response, Usage
from synthesis.generators.structured import Invalid, conforming, thought_and_answer

REPAIR = "Your answer can't be used: {problem}. Answer again with nothing but JSON that follows the schema."
CUT = "length"

Talk = tuple[Request, list[dict[str, str]]]
Ask = Callable[[list[Talk]], list[dict[str, Any]]]
"""Requests with the messages so far -> {text, finish_reason, prompt_tokens, completion_tokens} or {error} of each."""


def answered(
    requests: Sequence[Request], ask: Ask, identity: Any, answers: Answers | None, repairs: int
) -> list[Response]:
    """A response to each request. `identity` is all that decides an answer beside the request."""
    found: dict[int, Response] = {}
    open_ = [(place, [*request.messages]) for place, request in enumerate(requests)]
    spent = [(0, 0)] * len(requests)
    for turn in range(repairs + 1):
        replies = _remembered([(requests[place], talk) for place, talk in open_], ask, identity, answers)
        again = []
        for (place, _), reply in zip(open_, replies, strict=True):
            request = requests[place]
            if "error" in reply:
                found[place] = Response(request.id, "", finish_reason="error", error=reply["error"])
                continue
            spent[place] = (spent[place][0] + reply["prompt_tokens"], spent[place][1] + reply["completion_tokens"])
            response = settled(request, reply, Usage(*spent[place]), turn)
            found[place] = response
            if response.error == "schema":
                again.append((place, repair_of(request, reply["text"], response.trace["problem"])))
        open_ = again
        if not open_:
            break
    return [found[place] for place in range(len(requests))]


def settled(request: Request, reply: dict[str, Any], usage: Usage, turn: int) -> Response:
    """A reply as a response; with the error `schema` (and the `problem` in the trace) where it isn't what was asked."""
    thought, text = thought_and_answer(reply["text"])
    trace = {"turns": turn + 1} | ({"thought": thought} if thought else {})
    if reply["finish_reason"] == CUT or request.schema is None:
        return Response(request.id, text, usage, reply["finish_reason"], trace=trace)
    try:
        return Response(request.id, conforming(text, request.schema), usage, trace=trace)
    except Invalid as error:
        return Response(request.id, "", usage, "error", "schema", trace | {"problem": str(error)})


def repair_of(request: Request, text: str, problem: str) -> list[dict[str, str]]:
    """The talk so far, and what is wrong with the answer."""
    said = {"role": "assistant", "content": thought_and_answer(text)[1]}
    return [*request.messages, said, {"role": "user", "content": REPAIR.format(problem=problem)}]


def _remembered(talks: list[Talk], ask: Ask, identity: Any, answers: Answers | None) -> list[dict[str, Any]]:
    keys = [key_of([identity, talk, r.seed, r.max_tokens, r.temperature, r.schema]) for r, talk in talks]
    known = {key: answers.get(key) for key in keys} if answers else {}
    new = {key: talk for key, talk in zip(keys, talks, strict=True) if known.get(key) is None}
    for key, reply in zip(new, ask(list(new.values())) if new else [], strict=True):
        known[key] = reply
        if answers and "error" not in reply:
            answers.put(key, reply)
    return [known[key] for key in keys]
