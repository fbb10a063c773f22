"""The one protocol behind which text is generated: templates, local models, servers. Found by entry point."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import entry_points
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from datagen.errors import UsageError

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
    """

    id: str
    messages: tuple[dict[str, str], ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    seed: int = 0
    max_tokens: int = 512
    temperature: float = 0.7
    schema: dict[str, Any] | None = None
    restricted: bool = False


@dataclass(frozen=True)
class Response:
    """What came back. With `error` set there is no text, and finish_reason is `error`."""

    id: str
    text: str
    usage: Usage = Usage()
    finish_reason: FinishReason = "stop"
    error: str | None = None
    trace: dict[str, Any] = field(default_factory=dict)


class Generator(BaseModel):
    """Base of all generators: a frozen model whose fields are its options."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    remote: ClassVar[bool] = False
    """Whether prompts leave the cluster."""
    license: ClassVar[str] = "CC0-1.0"
    """SPDX licence of what it writes, by its own terms."""

    def setup(self) -> None:
        """Load models or open connections, once per worker."""

    def generate(self, requests: Sequence[Request]) -> list[Response]:
        """One response per request, in order. Never raises for a single request: its response says what failed."""
        raise TypeError(f"{type(self).__name__} must define generate()")


@cache
def generator_names() -> dict[str, Any]:
    return {point.name: point for point in sorted(entry_points(group=GROUP))}


def make_generator(name: str, **options) -> Generator:
    """A generator by name. Raises UsageError for an unknown name."""
    point = generator_names().get(name)
    if point is None:
        raise UsageError(f"no generator is named {name}", f"there are {', '.join(generator_names())}")
    return point.load()(**options)
