"""How varied a text is: distinct 4-grams, what the most frequent ones take, how far it can be packed."""

import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator

import rjieba

WORD = re.compile(r"\w+")
TOKENS = 150_000


def words(text: str, language: str) -> list[str]:
    """English words; Chinese words as jieba cuts them. Marks don't count."""
    return WORD.findall(text.lower()) if language == "en" else [w for w in rjieba.cut(text) if WORD.match(w)]


def first_tokens(texts: Iterable[str], language: str, wanted: int = TOKENS) -> Iterator[tuple[str, list[str]]]:
    """Texts and their words, until there are as many words as wanted."""
    count = 0
    for text in texts:
        found = words(text, language)
        yield text, found
        count += len(found)
        if count >= wanted:
            return


def diversity(texts: Iterable[str], language: str) -> dict[str, float]:
    """Over the first TOKENS words: share of 4-grams that are distinct, share that the 50 most frequent take, bytes per
    byte of zlib. 4-grams don't cross texts."""
    grams: Counter[tuple[str, ...]] = Counter()
    size = 0
    together = []
    for text, found in first_tokens(texts, language):
        grams.update(zip(found, found[1:], found[2:], found[3:], strict=False))
        size += len(found)
        together.append(text)
    data = "\n".join(together).encode()
    total = grams.total()
    return {
        "tokens": size,
        "distinct-4": len(grams) / total,
        "top-50": sum(count for _, count in grams.most_common(50)) / total,
        "zlib": len(data) / len(zlib.compress(data, 6)),
    }
