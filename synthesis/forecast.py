"""What a run will ask of a paid generator, said before anything is spent."""

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa

from datagen.generator import Generator, make_generator
from datagen.record import count_tokens
from synthesis.prompting import Prompt

FACTS = 160
"""Tokens of a bundle's facts in a prompt, as measured on bundles of the bundled graph in both languages."""
TRIES = (1.0, 1.6)
"""Calls per text wanted: every text accepted at once; and as many rejected and asked for again as is common with
language models (two in five)."""
ANSWER = (0.25, 1.0)
"""Share of `max_tokens` that an answer takes."""


@dataclass(frozen=True)
class Forecast:
    """From, to: calls, tokens of prompts and of answers; and cost by the generator's price, where it has one."""

    calls: tuple[int, int]
    prompt_tokens: tuple[int, int]
    completion_tokens: tuple[int, int]
    cost: tuple[float, float] | None

    def __add__(self, other: "Forecast") -> "Forecast":
        pairs = [
            tuple(a + b for a, b in zip(mine, theirs, strict=True)) if mine and theirs else None
            for mine, theirs in zip(vars(self).values(), vars(other).values(), strict=True)
        ]
        return Forecast(*pairs)

    def __str__(self) -> str:
        tokens = [a + b for a, b in zip(self.prompt_tokens, self.completion_tokens, strict=True)]
        words = f"{self.calls[0]:,} to {self.calls[1]:,} calls, {tokens[0]:,} to {tokens[1]:,} tokens"
        return words + (f", cost {self.cost[0]:,.2f} to {self.cost[1]:,.2f}" if self.cost else "")


def forecast(prompts: Iterable[tuple[Prompt, int, int]], texts: float, name: str, options: dict) -> Forecast | None:
    """For `texts` texts, each of which makes one call by each of these prompts (with tokens filled in, and most tokens
    of the answer), or None where the generator costs nothing."""
    generator = make_generator(name, **options)
    if generator.reads == "facts":
        return None
    asked = [(_size(prompt) + filled, answer) for prompt, filled, answer in prompts]
    calls = tuple(round(texts * len(asked) * tries) for tries in TRIES)
    prompt_tokens = tuple(round(texts * tries * sum(size for size, _ in asked)) for tries in TRIES)
    bounds = zip(TRIES, ANSWER, strict=True)
    completion = tuple(round(texts * tries * share * sum(answer for _, answer in asked)) for tries, share in bounds)
    return Forecast(calls, prompt_tokens, completion, cost(generator, prompt_tokens, completion))


def cost(generator: Generator, prompt: Iterable[int], completion: Iterable[int]) -> tuple[float, ...] | None:
    price = getattr(generator, "price", None)
    if not price or not any(price):
        return None
    return tuple((p * price[0] + c * price[1]) / 1e6 for p, c in zip(prompt, completion, strict=True))


def _size(prompt: Prompt) -> int:
    return sum(count_tokens(pa.array([prompt.system, prompt.user])).to_pylist())
