"""Words of a text as numbers, the way the published quality rules count them."""

import unicodedata
from array import array
from collections.abc import Iterable
from functools import cache

import numpy as np
import regex
import rjieba

from classifiers.english_words import split_chunk

PLAIN, ALPHABETIC, ENDS, MARK = 1, 2, 4, 8
STOP_SHIFT = 4
"""Bits of a word: more than symbols, holds a letter, ends a sentence, is punctuation alone; above, its stop word's."""
SYMBOLS = frozenset(
    "!/—”:％１〈&(、━\\【#%「」，】；+^]~“《„';’{|∶´[=-`*．（–？！：$～«〉,><》)?）。…@_.\"}►»"
    + "".join(map(chr, (*range(9), *range(11, 32), *range(127, 160))))
)
"""What is no word to datatrove's Gopher rules; sentence ends of all scripts are besides."""
MOST_CHUNKS = 1_000_000
_LATIN = regex.compile(r"[a-zA-Z0-9+#&._%\-]+")
_LATIN_PARTS = regex.compile(r"([a-zA-Z0-9]+(?:\.\d+)?%?)")
"""How jieba takes apart what is not Chinese; rjieba leaves it whole."""
_TERMINAL = regex.compile(r"\p{STerm}")


@cache
def is_terminal(character: str) -> bool:
    """Whether a character ends sentences (Unicode's Sentence_Terminal)."""
    return bool(_TERMINAL.match(character))


def split_latin(word: str) -> list[str]:
    """Pieces of a word of a Chinese text.

    >>> split_latin("1.4cm"), split_latin("HBV-DNA"), split_latin("B超")
    (['1.4', 'cm'], ['HBV', '-', 'DNA'], ['B超'])
    """
    return list(filter(None, _LATIN_PARTS.split(word))) if _LATIN.fullmatch(word) else [word]


class Words:
    """Splits texts of one language into words and numbers them: English by spaCy's rules, Chinese by jieba's.

    Attributes:
        lengths, flags: of every word by number: characters (int32), bits (int64).
        pieces, bounds: words (int32) of every chunk between white space, `pieces[bounds[i]:bounds[i + 1]]`.
    """

    def __init__(self, language: str, stop_words: Iterable[str]):
        self._chinese = language == "zh"
        self._stops = {word: 1 << (STOP_SHIFT + number) for number, word in enumerate(stop_words)}
        self._clear()

    def _clear(self) -> None:
        self._words: dict[str, int] = {}
        self._chunks = _Chunks(self._add)
        self._lengths, self._flags = array("i"), array("q")
        self._pieces, self._bounds = array("i"), array("q", [0])

    def chunks(self, line: str) -> Iterable[int]:
        """Numbers of the chunks of a line, in order."""
        if self._chinese:
            return [self._chunks[word.strip()] for word in rjieba.cut(line) if not word.isspace()]
        return map(self._chunks.__getitem__, line.split())

    def forget(self) -> None:
        """Keep memory within bounds; called between texts, as numbers change."""
        if len(self._chunks) > MOST_CHUNKS:
            self._clear()

    @property
    def tables(self) -> tuple[np.ndarray, ...]:
        """`pieces`, `bounds`, `lengths`, `flags`: views, to be let go before the next text."""
        return (
            *(np.frombuffer(self._pieces, np.int32), np.frombuffer(self._bounds, np.int64)),
            *(np.frombuffer(self._lengths, np.int32), np.frombuffer(self._flags, np.int64)),
        )

    def _add(self, chunk: str) -> int:
        words = split_latin(chunk) if self._chinese else split_chunk(chunk)
        self._pieces.extend(self._number(word) for word in words)
        self._bounds.append(len(self._pieces))
        return len(self._bounds) - 2

    def _number(self, word: str) -> int:
        if word not in self._words:
            self._words[word] = len(self._words)
            self._lengths.append(len(word))
            self._flags.append(
                PLAIN * any(c not in SYMBOLS and not is_terminal(c) for c in word)
                | ALPHABETIC * any(map(str.isalpha, word))
                | ENDS * (len(word) == 1 and is_terminal(word))
                | MARK * all(unicodedata.category(c)[0] == "P" for c in word)
                | self._stops.get(word, 0)
            )
        return self._words[word]


class _Chunks(dict):
    def __init__(self, add):
        self._add = add

    def __missing__(self, chunk: str) -> int:
        self[chunk] = number = self._add(chunk)
        return number
