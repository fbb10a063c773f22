"""A stream's steps over a batch: every step is one batch of calls, and what one answers the next may see."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from datagen.generator import REFUSALS, Generator, Request, Usage, generator_names
from datagen.record import record_id
from synthesis.grounding import quoted
from synthesis.prompting import drawn, prompts
from synthesis.streams import SHOWN, Step, Stream, Values

EXPECTED = ("schema", "refused", "prompt_too_long", *REFUSALS)
"""Errors of a generator that are about this text: it is dropped. Others are faults, and quarantined."""


def reads_prose(stage: Any) -> Any:
    """Refuse a stage whose generator can't read what it is asked. Of other mistakes the recipe's own check tells."""
    if stage.generator in generator_names() and generator_names()[stage.generator].load().reads == "facts":
        raise ValueError(f"the generator {stage.generator} reads facts, not prose: name a language model's")
    return stage


@dataclass
class Work:
    """One text on its way: the record and passage it is made from, what the steps have found, and where it ended."""

    record: dict[str, Any]
    key: str
    values: Values
    seed: int
    reason: str | None = None
    fault: str | None = None
    usage: Usage = field(default_factory=Usage)
    prompts: list[str] = field(default_factory=list)

    @property
    def ended(self) -> bool:
        return self.reason is not None or self.fault is not None


def run(stream: Stream, works: Sequence[Work], generator: Generator) -> None:
    """Take every text through the steps, as far as it gets."""
    for step in stream.steps:
        going = [work for work in works if not work.ended]
        if not going:
            return
        requests = [_request(stream, step, work) for work in going]
        for work, response in zip(going, generator.generate(requests), strict=True):
            work.usage = Usage(
                work.usage.prompt_tokens + response.usage.prompt_tokens,
                work.usage.completion_tokens + response.usage.completion_tokens,
            )
            if response.error:
                work.reason = response.error if response.error in EXPECTED else None
                work.fault = None if work.reason else response.error
            elif response.finish_reason == "length":
                work.reason = "truncated"
            else:
                work.reason = _taken(step, work, response.text)


def _request(stream: Stream, step: Step, work: Work) -> Request:
    language = work.record["language"]
    name = f"{stream.name}.{step.name}"
    prompt = prompts("text", language)[name]
    shown = {key: work.values[key] for key in step.sees}
    shown |= {key: show(work.values) for key, show in SHOWN.get(name, {}).items()}
    variety = {"audience": drawn("audience", language, work.seed), "style": drawn("text", language, work.seed)}
    work.prompts.append(prompt.label)
    return Request.about(
        [work.record],
        id=record_id(name, work.key),
        messages=prompt.messages(**variety, **shown),
        seed=work.seed,
        schema=step.schema,
        max_tokens=step.max_tokens,
    )


def _taken(step: Step, work: Work, text: str) -> str | None:
    """Enter a step's answer; says why the text ends here."""
    if step.schema is None:
        if not text.strip():
            return "malformed"
        work.values[step.name] = text.strip()
        return None
    found = json.loads(text)
    work.values |= {step.into.get(name, name): value for name, value in found.items()}
    if not quoted(step.quotes(work.values), work.values["source"]):
        return "misquoted"
    return step.refuses(work.values)
