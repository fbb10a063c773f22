"""The item: one question of a benchmark."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Item:
    """One question of a benchmark, in its published words.

    Attributes:
        benchmark: the benchmark's name, `medqa`.
        id: who the item is within the benchmark.
        question: what is asked; the stem of a multiple-choice question.
        options: the choices in their published order, without their letters; none for an open question.
        answer: the right answer: for a choice the text of the option, else as published; None where it isn't given.
        context: what the question is about: a case, a note, an abstract.
        language: ISO 639.
        origins: the texts it was made from, by identifier: `pmid:21645374`, `pmc:PMC7671985`, `doi:10.1000/x`.
        gold: places of the right options; none where it isn't given.
        row: what was published of it, as it is, for those who score an answer: limits, rubrics, subjects.
    """

    benchmark: str
    id: str
    question: str
    options: tuple[str, ...] = ()
    answer: str | None = None
    context: str | None = None
    language: str = "en"
    origins: tuple[str, ...] = ()
    gold: tuple[int, ...] = ()
    row: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
