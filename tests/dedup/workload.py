"""A small corpus with planted copies."""

from dataclasses import dataclass

import numpy as np

from dedup import shingle_strings


@dataclass(frozen=True)
class Corpus:
    """texts, for each the position of its original (its own for an original), and its similarity to it."""

    texts: list[str]
    original: np.ndarray
    jaccard: np.ndarray


def lexicon(language: str, rng: np.random.Generator) -> list[str]:
    if language == "zh":
        return [chr(0x4E00 + code) for code in rng.choice(20_000, 2_500, replace=False)]
    return ["".join(rng.choice(list("abcdefghijklmnop"), rng.integers(2, 9))) for _ in range(6_000)]


def make(language: str, seed: int, originals: int = 1_200, copies: int = 300) -> Corpus:
    """Originals, a third with a shared boilerplate; exact copies; and copies with 2-15% of their tokens edited."""
    rng = np.random.default_rng(seed)
    words = lexicon(language, rng)
    chance = 1 / np.arange(3, len(words) + 3)
    chance /= chance.sum()
    join = ("" if language == "zh" else " ").join

    def draw(count: int) -> list[int]:
        return rng.choice(len(words), count, p=chance).tolist()

    boilerplates = [draw(60) for _ in range(5)]
    tokens = [draw(int(rng.integers(150, 260))) for _ in range(originals)]
    tokens = [boilerplates[i % 5] + doc if i % 3 == 0 else doc for i, doc in enumerate(tokens)]
    original = list(range(originals))
    for number in range(2 * copies):
        source = int(rng.integers(originals))
        doc = list(tokens[source])
        if number >= copies:
            edits = int(rng.uniform(0.02, 0.15) * len(doc))
            burst = int(rng.integers(len(doc) - edits))
            places = range(burst, burst + edits) if number % 2 else rng.choice(len(doc), edits, replace=False)
            for place, token in zip(places, draw(edits), strict=True):
                doc[place] = token
        tokens.append(doc)
        original.append(source)
    order = rng.permutation(len(tokens))
    place = np.argsort(order)
    texts = [join(words[token] for token in tokens[i]) for i in order]
    origin = place[np.array(original)[order]]
    return Corpus(texts, origin, np.array([jaccard(texts[i], texts[j]) for i, j in enumerate(origin)]))


def jaccard(one: str, other: str) -> float:
    a, b = set(shingle_strings(one)), set(shingle_strings(other))
    return len(a & b) / len(a | b)
