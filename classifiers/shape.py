"""The shape of a text: what tells a dialogue from a paper and an exam item from a note, whatever they are about."""

from functools import cache
from importlib.resources import files

import numpy as np
import yaml

from classifiers.scanning import Trait, count_words, hash_words, mark, scan_lines, table_of
from knowledge_graph.fold import codes_of, fold_codes

STEPS = (0.5, 1.5, 3.5, 8.5, 20.5)
DENSE = (0.01, 1.0, 3.0, 8.0, 20.0)
"""Of a trait in every hundred words."""
SIZES, BITS = ("length", "line", "per sentence"), 16
SHORT = 20
"""Words that a text is taken to have at least, so that one trait in a line is no flood."""


@cache
def vocabulary() -> dict[str, tuple[str, ...]]:
    """Words by which the kinds of text are told, in both languages, by the trait that they show."""
    data = yaml.safe_load((files("classifiers") / "shape.yaml").read_text("utf-8"))
    return {name: tuple(word for words in by_language.values() for word in words) for name, by_language in data.items()}


TRAITS = (*(trait.name for trait in Trait), *vocabulary())
SHAPES = (
    *(f"{name}:{bits}" for name in SIZES for bits in range(BITS)),
    *(f"{name}:{step}" for name in TRAITS for step in range(len(STEPS) + 1)),
    *(f"{name}~{step}" for name in TRAITS for step in range(len(DENSE) + 1)),
)
"""Every mark there is."""


@cache
def trait_of_words() -> dict[int, int]:
    """Number of the trait that the hash of a word, or of two together, shows."""
    found: dict[int, int] = {}
    for number, words in enumerate(vocabulary().values(), len(Trait)):
        for word in words:
            folded, _ = fold_codes(codes_of(word))
            hashes = np.empty(2 * len(folded) + 2, np.uint32)
            count, *_ = hash_words(folded, hashes)
            if count not in (1, 3):
                raise ValueError(f"{word!r} is neither a word nor two")
            found[int(hashes[count - 1])] = number
    return found


def traits(codes: np.ndarray, keys: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """How often each of TRAITS (int64) occurs in a text of these code points (uint32) and counted features."""
    found = np.zeros(len(TRAITS), np.int64)
    scan_lines(codes, found)
    words, places, numbers = _words()
    count_words(keys, counts, places, words, numbers, found)
    return found


@cache
def _words() -> tuple[np.ndarray, ...]:
    found = trait_of_words()
    words = np.array(list(found), np.uint32)
    return words, table_of(words), np.array(list(found.values()), np.int64)


def shape(characters: int, lines: int, counts: np.ndarray, words: float) -> np.ndarray:
    """Marks (uint32) such as `length:9` (powers of two of characters), `line:6`, `per sentence:5` (characters in one),
    `turn:2` (how often, in steps) and `turn~3` (how often in a hundred words, in steps)."""
    sizes = characters, characters // lines, characters // max(counts[Trait.sentence], 1)
    of_size, by_step, by_density = _marks()
    there = np.flatnonzero(counts)
    found = counts[there]
    return np.concatenate(
        [
            of_size[np.arange(len(SIZES)), [int(size).bit_length() for size in sizes]],
            by_step[there, np.searchsorted(STEPS, found)],
            by_density[there, np.searchsorted(DENSE, found * (100 / max(words, SHORT)))],
        ]
    )


@cache
def _marks() -> tuple[np.ndarray, ...]:
    """Features by size and its bits, and by trait and step."""
    names = [f"{name}:{bits}" for name in SIZES for bits in range(BITS)]
    steps = [f"{name}:{step}" for name in TRAITS for step in range(len(STEPS) + 1)]
    dense = [f"{name}~{step}" for name in TRAITS for step in range(len(DENSE) + 1)]
    return tuple(
        np.array([mark(name) for name in part], np.uint32).reshape(rows, -1)
        for part, rows in ((names, len(SIZES)), (steps, len(TRAITS)), (dense, len(TRAITS)))
    )
