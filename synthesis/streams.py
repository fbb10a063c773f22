"""The streams from text to training text: which steps each takes, and what each step is let see.

Steps follow the Baichuan-M1 report, section 2.2.2: textbooks and guidelines (knowledge filter, point, question, answer
without reference, correction by the source), cases (decisions, evidence, reasoning, integration), papers (evidence to
conclusion), online answers (own answer first, then correction by the doctor's).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from synthesis.tasks import Draft

Values = dict[str, Any]
TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
TEXTS: dict[str, Any] = {"type": "array", "items": TEXT, "minItems": 1, "maxItems": 8}
LEAST_KNOWLEDGE = 3


@dataclass(frozen=True)
class Step:
    """One call. `fields` are the JSON that it must answer with, name -> schema; none: prose, known by the step's name.

    `into` renames fields that would hide an earlier step's; `quotes` names the fields that must be the source's words.
    """

    name: str
    sees: tuple[str, ...]
    fields: Mapping[str, Any] = field(default_factory=dict)
    into: Mapping[str, str] = field(default_factory=dict)
    quotes: Callable[[Values], list[str]] = lambda values: []
    refuses: Callable[[Values], str | None] = lambda values: None
    max_tokens: int = 1024

    @property
    def schema(self) -> dict[str, Any] | None:
        if not self.fields:
            return None
        shape = {"type": "object", "properties": dict(self.fields), "required": [*self.fields]}
        return shape | {"additionalProperties": False}


@dataclass(frozen=True)
class Stream:
    """Steps, and how what they found becomes a draft. `asks`: its source is the answer to a question; `whole`: it isn't
    read passage by passage."""

    name: str
    content_type: str
    steps: tuple[Step, ...]
    draft: Callable[[Values, str], Draft]
    before: str | None = None
    """Which value the last step corrected: with the corrected one it is a pair of worse and better."""
    asks: bool = False
    whole: bool = False


def _qa(values: Values, language: str) -> Draft:
    return Draft(values["question"], values["final"], values["final"], values["question"])


def _case(values: Values, language: str) -> Draft:
    return Draft("", values["text"], values["text"])


def _paper(values: Values, language: str) -> Draft:
    words = PAPER[language]
    prompt = f"{words[0]}\n{bullets(values['evidence'])}\n{words[1]}"
    return Draft(prompt, f"{values['reasoning']}\n\n{words[2]}{values['conclusion']}", values["reasoning"])


PAPER = {
    "en": ("A study found:", "What can be concluded from this, and why?", "Conclusion: "),
    "zh": ("一项研究发现:", "由此可以得出什么结论?为什么?", "结论:"),
}


def bullets(lines: list[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def decided(values: Values) -> str:
    return "\n".join(f"{i}. {d['decision']}" for i, d in enumerate(values["decisions"], 1))


def weighed(values: Values) -> str:
    """Decisions, each with the evidence for (+) and against it (-)."""
    lines = []
    for decision, found in zip(values["decisions"], values["evidence"], strict=False):
        lines.append(f"* {decision['decision']}")
        lines += [f"  + {quote}" for quote in found["for"]] + [f"  - {quote}" for quote in found["against"]]
    return "\n".join(lines)


SHOWN: dict[str, dict[str, Callable[[Values], str]]] = {
    "case.evidence": {"decisions": decided},
    "case.reasoning": {"evidence": weighed},
    "paper.bridge": {"evidence": lambda values: bullets(values["evidence"])},
}
"""How a step is shown values that are not plain text."""

_DECISION = {"type": "object", "properties": {"decision": TEXT, "quote": TEXT}, "required": ["decision", "quote"]}
_WEIGHED = {
    "type": "object",
    "properties": {side: {"type": "array", "items": TEXT, "maxItems": 8} for side in ("for", "against")},
    "required": ["for", "against"],
}


def _evidence_quotes(values: Values) -> list[str]:
    return [quote for found in values["evidence"] for side in ("for", "against") for quote in found[side]]


def _uneven(values: Values) -> str | None:
    return None if len(values["evidence"]) == len(values["decisions"]) else "malformed"


def _too_little(values: Values) -> str | None:
    return None if values["knowledge"] >= LEAST_KNOWLEDGE else "no_knowledge"


def _quote(values: Values) -> list[str]:
    return [values["quote"]]


ANSWER = Step("answer", ("question",), max_tokens=2048)
CORRECT = Step(
    "correct",
    ("question", "answer", "source"),
    {"answer": TEXT, "quote": TEXT},
    {"answer": "final"},
    quotes=_quote,
    max_tokens=3072,
)
"""Answered without the source, then corrected by it."""

STREAMS = {
    stream.name: stream
    for stream in (
        Stream(
            "textbook",
            "QA",
            (
                Step(
                    "knowledge",
                    ("source",),
                    {"knowledge": {"type": "integer", "minimum": 0, "maximum": 5}},
                    refuses=_too_little,
                    max_tokens=64,
                ),
                Step("point", ("source",), {"point": TEXT, "quote": TEXT}, quotes=_quote, max_tokens=512),
                Step("question", ("point", "quote"), {"question": TEXT}, max_tokens=512),
                ANSWER,
                CORRECT,
            ),
            _qa,
            before="answer",
        ),
        Stream(
            "case",
            "CASE",
            (
                Step(
                    "decisions",
                    ("source",),
                    {"decisions": {"type": "array", "items": _DECISION, "minItems": 1, "maxItems": 6}},
                    quotes=lambda values: [d["quote"] for d in values["decisions"]],
                ),
                Step(
                    "evidence",
                    ("source", "decisions"),
                    {"evidence": {"type": "array", "items": _WEIGHED, "minItems": 1, "maxItems": 6}},
                    quotes=_evidence_quotes,
                    refuses=_uneven,
                    max_tokens=2048,
                ),
                Step("reasoning", ("evidence",), max_tokens=3072),
                Step(
                    "integrate",
                    ("source", "reasoning"),
                    {"text": TEXT, "quote": TEXT},
                    quotes=_quote,
                    max_tokens=4096,
                ),
            ),
            _case,
            whole=True,
        ),
        Stream(
            "paper",
            "PAPER",
            (
                Step(
                    "evidence",
                    ("source",),
                    {"evidence": TEXTS | {"minItems": 2}, "conclusion": TEXT},
                    quotes=lambda values: [*values["evidence"], values["conclusion"]],
                ),
                Step("bridge", ("evidence", "conclusion"), {"reasoning": TEXT}, max_tokens=3072),
            ),
            _paper,
            whole=True,
        ),
        Stream(
            "answers",
            "QA",
            (
                ANSWER,
                CORRECT,
            ),
            _qa,
            before="answer",
            asks=True,
        ),
    )
}
