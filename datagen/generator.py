"""The one protocol behind which text is generated: templates, local models, servers. Found by entry point."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, wraps
from importlib.metadata import entry_points
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from datagen.answers import Answers, Meter
from datagen.errors import UsageError
from datagen.licence import allowed

GROUP = "datagen.generators"
FinishReason = Literal["stop", "length", "error"]


@dataclass(frozen=True)
class Usage:
    """Tokens that a response cost; zero where nothing is counted."""

    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True)
class Request:
    """One text to generate.

    Attributes:
        id: names the request; the response carries it back.
        messages: chat messages, for generators that read prose.
        facts: structured content of the prompt (task, language, evidence, ...), for generators that read structure.
        seed: everything random about the response depends on it alone.
        schema: JSON schema that the text must satisfy, or None for prose.
        restricted: the prompt holds restricted text, which must not leave the cluster.
        patient_level: the prompt holds text about one patient, which may leave the cluster only where the recipe
            approves it.
        licenses: those of the texts in the prompt, all of which must let others be derived.
    """

    id: str
    messages: tuple[dict[str, str], ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    seed: int = 0
    max_tokens: int = 512
    temperature: float = 0.7
    schema: dict[str, Any] | None = None
    restricted: bool = False
    patient_level: bool = False
    licenses: tuple[str, ...] = ()

    @classmethod
    def about(cls, records: Iterable[Mapping[str, Any]], **fields: Any) -> "Request":
        """A request whose prompt holds the text of these records (rows of the record schema): as restricted, as
        patient-level and as licensed as they are. Text whose status of identifiers is unknown is restricted; sources
        of patients' texts keep no identifier but their record's own."""
        rows = list(records)
        return cls(
            restricted=any(r["access"] == "restricted" or r["phi_status"] == "unknown" for r in rows),
            patient_level=any(r["source_id"] == r["id"] for r in rows),
            licenses=tuple(sorted({r["license"] for r in rows})),
            **fields,
        )


@dataclass(frozen=True)
class Response:
    """What came back. With `error` set there is no text, and finish_reason is `error`."""

    id: str
    text: str
    usage: Usage = Usage()
    finish_reason: FinishReason = "stop"
    error: str | None = None
    trace: dict[str, Any] = field(default_factory=dict)


REFUSALS = ("licence", "restricted", "patient_level")
"""Errors of requests that policy forbids; the generator never saw them."""


class Generator(BaseModel):
    """Base of all generators: a frozen model whose fields are its options.

    Policy is enforced here, for every subclass: `generate` gets only requests that may be answered. One whose parents'
    licence forbids derived text is answered with the error `licence`; restricted text never reaches a remote generator
    (`restricted`), a patient's only one that the recipe approves (`patient_level`).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    remote: ClassVar[bool] = False
    """Whether prompts leave the cluster. Where options decide, a property."""
    license: ClassVar[str] = "CC0-1.0"
    """SPDX licence of what it writes, by its own terms. Where options decide, a property."""
    reads: ClassVar[Literal["facts", "messages"]] = "messages"
    """What of a request it is asked by."""

    output_may_train: bool = Field(
        True, description="whether the terms of its provider let other models be trained on what it writes"
    )
    patient_text_approved: bool = Field(
        False, description="for a remote generator: that patients' (never restricted) texts may be sent to it"
    )

    _answers: Answers | None = PrivateAttr(None)
    _meter: Meter | None = PrivateAttr(None)

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if not hasattr(cls.generate, "__wrapped__"):
            cls.generate = _guarded(cls.generate)

    def setup(self) -> None:
        """Load models or open connections, once per worker."""

    def remember(self, answers: Answers, meter: Meter) -> None:
        """Keep what is paid for, and count it, in a run. Generators that cost nothing make no use of it."""
        self._answers, self._meter = answers, meter

    def generate(self, requests: Sequence[Request]) -> list[Response]:
        """One response per request, in order. Never raises for a single request: its response says what failed."""
        raise TypeError(f"{type(self).__name__} must define generate()")


def refusal(generator: Generator, request: Request) -> str | None:
    """Why policy keeps a request from a generator (one of `REFUSALS`), or None."""
    if any("derive" not in allowed(license) for license in request.licenses):
        return "licence"
    if generator.remote and request.restricted:
        return "restricted"
    if generator.remote and request.patient_level and not generator.patient_text_approved:
        return "patient_level"
    return None


def _guarded(
    generate: Callable[[Generator, Sequence[Request]], list[Response]],
) -> Callable[[Generator, Sequence[Request]], list[Response]]:
    """`generate` for the requests that policy allows; the others are answered with the reason."""

    @wraps(generate)
    def guarded(self: Generator, requests: Sequence[Request]) -> list[Response]:
        refusals = [refusal(self, request) for request in requests]
        passed = [request for request, reason in zip(requests, refusals, strict=True) if reason is None]
        answers = generate(self, passed) if passed else []
        if len(answers) != len(passed):
            raise ValueError(f"{type(self).__name__} answered {len(answers)} of {len(passed)} requests")
        waiting = iter(answers)
        return [
            next(waiting) if reason is None else Response(request.id, "", finish_reason="error", error=reason)
            for request, reason in zip(requests, refusals, strict=True)
        ]

    return guarded


@cache
def generator_names() -> dict[str, Any]:
    return {point.name: point for point in sorted(entry_points(group=GROUP))}


def make_generator(name: str, **options) -> Generator:
    """A generator by name. Raises UsageError for an unknown name, and for one whose terms forbid training on what it
    writes, which is what all output here is for."""
    point = generator_names().get(name)
    if point is None:
        raise UsageError(f"no generator is named {name}", f"there are {', '.join(generator_names())}")
    generator = point.load()(**options)
    if not generator.output_may_train:
        raise UsageError(
            f"the terms of generator {name} forbid training models on what it writes (output_may_train: false)",
            "use another generator",
        )
    return generator
