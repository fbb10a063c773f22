"""How the dictionary cuts Chinese text, for the recognisers of names."""

import itertools
import re
from functools import lru_cache

import rjieba

_HAN = re.compile("[\u4e00-\u9fff]")
_LINKS = ("v", "p", "c", "u", "t", "r", "m", "d", "y", "f", "q")
"""Parts of speech that stand beside a name rather than inside a longer noun."""


class Words:
    """How the dictionary cuts a text."""

    def __init__(self, text: str):
        self._text = text
        cut = rjieba.tag(text, False)
        words, tags = zip(*cut, strict=True) if cut else ((), ())
        ends = list(itertools.accumulate(map(len, words)))
        self._at = dict(zip((0, *ends), zip(ends, tags, strict=True), strict=False))
        self._before = dict(zip(ends, tags, strict=True))

    def begins(self, position: int) -> bool:
        return position in self._at or position == len(self._text)

    def at(self, position: int) -> tuple[int, str]:
        """End and part of speech of the word that begins here."""
        return self._at[position]

    def beginning(self, position: int) -> int:
        """Where the word begins that covers this character."""
        while position not in self._at:
            position -= 1
        return position

    def is_spelled(self, start: int, end: int) -> bool:
        """Whether the dictionary knows none of the words here, or only names."""
        while start < end:
            stop, tag = self.at(start) if self.begins(start) else (start + 2, "")
            if stop > start + 1 and not tag.startswith("nr"):
                return False
            start = stop
        return True

    def left(self, position: int) -> int:
        """1 if what ends here may stand before a name."""
        if position == 0 or not _HAN.match(self._text, position - 1):
            return int(position == 0 or self._text[position - 1] != "、")
        return int(self._before.get(position, "n").startswith(_LINKS))

    def right(self, position: int) -> int:
        """1 if what begins here may stand after a name."""
        if position == len(self._text) or not _HAN.match(self._text, position):
            return int(position == len(self._text) or self._text[position] != "、")
        return int(position in self._at and self._at[position][1].startswith(_LINKS))


@lru_cache(1)
def words_of(text: str) -> Words:
    """The words of a text; those of the last text are kept for the next question about it."""
    return Words(text)


@lru_cache(1 << 16)
def is_word(value: str) -> bool:
    """The dictionary has the whole value, and not as a name."""
    cut = rjieba.tag(value, False)
    return len(cut) == 1 and not cut[0][1].startswith("nr")


def are_words(one: str, other: str) -> bool:
    """The dictionary has both, and neither as a name."""
    return len(other) > 1 and is_word(other) and is_word(one)
