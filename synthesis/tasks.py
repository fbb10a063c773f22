"""The kinds of text that are made: what each asks of a generator, and how its answer becomes a record."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from datagen.generator import Request

LETTERS = "ABCDEFGH"
WORDS: dict[str, dict[str, str]] = {
    "en": {"answer": "Answer", "diagnosis": "Diagnosis", "colon": ": ", "gap": " ", "stop": "."},
    "zh": {"answer": "答案", "diagnosis": "诊断", "colon": "：", "gap": "", "stop": "。"},
}
VERDICTS = {"en": ("True", "False"), "zh": ("正确", "错误")}


class Malformed(Exception):
    """A generator's text doesn't have the fields that its task asks for; the message names the field."""


@dataclass(frozen=True)
class Draft:
    """A generated text in parts: what asks (`prompt`, empty for plain text), what answers (`response`), and what of
    these is checked how: `claims` are statements, `question` describes the anchor, which must be the only one that
    fits (of the `options` if there are any), `answer` names it, or the node `target` that the question asks for.
    `statement` is one to be judged, and `truth` what was answered."""

    prompt: str
    response: str
    claims: str
    question: str = ""
    answer: str | None = None
    options: tuple[str, ...] = ()
    target: str | None = None
    statement: str = ""
    truth: bool | None = None

    @property
    def text(self) -> str:
        return f"{self.prompt}\n\n{self.response}" if self.prompt else self.response

    @property
    def messages(self) -> list[dict[str, str]] | None:
        if not self.prompt:
            return None
        return [{"role": "user", "content": self.prompt}, {"role": "assistant", "content": self.response}]


@dataclass(frozen=True)
class TaskKind:
    """A task: its name in a recipe, the content type of its records, the fields of a generator's JSON (none: prose)."""

    name: str
    content_type: str
    fields: tuple[str, ...] = ()
    registers: tuple[str, ...] = ("textbook",)
    needs: tuple[int, int, int] = (0, 0, 0)
    """How many findings there, findings excluded, and facts that may be asked for an anchor must have for it."""
    clues: int = 0
    """How many findings a question for the anchor gives at most, unless it takes more; 0: there is no such question."""

    @property
    def schema(self) -> dict[str, Any] | None:
        if not self.fields:
            return None
        kinds = {name: {"type": "string"} for name in self.fields}
        if "options" in kinds:
            kinds["options"] = {"type": "array", "items": {"type": "string"}, "minItems": 3, "maxItems": len(LETTERS)}
        return {"type": "object", "properties": kinds, "required": list(self.fields), "additionalProperties": False}

    def draft(self, request: Request, text: str) -> Draft:
        """Take a generator's text apart. Raises Malformed."""
        words = WORDS[request.facts["language"]]
        if not self.fields:
            if not text.strip():
                raise Malformed(self.name)
            return Draft("", text.strip(), text.strip())
        parts = _fields(text, self.fields)
        question, claims, answer = parts["question"], parts["explanation"], parts["answer"]
        gap, stop = words["gap"], words["stop"]
        response = f"{answer[:1].upper()}{answer[1:]}{stop}{gap}{claims}"
        if self.name == "qa":
            return Draft(question, response, claims, question, answer)
        if self.name == "chain":
            return Draft(question, response, claims, question, answer, target=request.facts["target"]["id"])
        if self.name == "statement":
            if answer not in VERDICTS[request.facts["language"]]:
                raise Malformed(self.name)
            return Draft(
                question, response, claims, statement=question, truth=answer == VERDICTS[request.facts["language"]][0]
            )
        if self.name == "case":
            prompt = f"{parts['case']}{gap}{question}"
            response = f"{claims}\n{words['diagnosis']}{words['colon']}{answer}{stop}"
            return Draft(prompt, response, claims, parts["case"], answer)
        options = parts["options"]
        if answer not in LETTERS[: len(options)] or len(answer) != 1:
            raise Malformed(self.name)
        chosen = options[LETTERS.index(answer)]
        listed = "\n".join(f"{letter}. {option}" for letter, option in zip(LETTERS, options, strict=False))
        response = f"{words['answer']}{words['colon']}{answer}. {chosen}\n{claims}"
        return Draft(f"{question}\n{listed}", response, claims, question, chosen, tuple(options))


TASKS = {
    task.name: task
    for task in (
        TaskKind("article", "TEXT", registers=("textbook", "patient", "ward", "abstract", "exam", "dialogue")),
        TaskKind("qa", "QA", ("question", "answer", "explanation"), needs=(1, 0, 0), clues=3),
        TaskKind("chain", "QA", ("question", "answer", "explanation"), needs=(1, 0, 1), clues=3),
        TaskKind("statement", "EXAM", ("question", "answer", "explanation"), needs=(1, 0, 0)),
        TaskKind("mcq", "EXAM", ("question", "options", "answer", "explanation"), needs=(1, 1, 0), clues=4),
        TaskKind("case", "CASE", ("case", "question", "answer", "explanation"), needs=(2, 1, 0), clues=5),
    )
}


def _fields(text: str, names: tuple[str, ...]) -> Mapping[str, Any]:
    try:
        parts = json.loads(text)
    except json.JSONDecodeError:
        raise Malformed("json") from None
    if not isinstance(parts, dict) or any(not parts.get(name) for name in names):
        raise Malformed("fields")
    for name in names:
        wanted = list if name == "options" else str
        if not isinstance(parts[name], wanted) or (wanted is list and not all(isinstance(o, str) for o in parts[name])):
            raise Malformed(name)
    return parts
