"""The words of a text as numbers, read once for all features."""

import re
import zlib
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

UNITS = {
    "毫克": "mg", "微克": "mcg", "克": "g", "毫升": "ml", "岁": "year", "年": "year", "个月": "month", "周": "week",
    "天": "day", "小时": "hour", "分钟": "minute", "毫米": "mm", "厘米": "cm", "µg": "mcg", "μg": "mcg",
}  # fmt: skip
"""Units that are written in several ways."""
AMOUNT = re.compile(
    r"(\d+(?:\.\d+)?)\s?(mg/kg|mmol/l|mmhg|mg|mcg|µg|μg|kg|g|ml|iu|%|(?:unit|minute|hour|day|week|month|year)s?|cm|mm|"
    + "|".join(sorted((unit for unit in UNITS if unit > "\u3400"), key=len, reverse=True))
    + r")(?![a-z])"
)
TERM = re.compile(
    rf"{AMOUNT.pattern.replace('(', '(?:').replace('(?:?:', '(?:').replace('(?:?!', '(?!')}"
    r"|[a-z0-9]+(?:'[a-z]+)?|[\u3400-\u9fff]+|[.!?;\n。\uff01\uff1f\uff1b]"
)
END = frozenset(".!?;\n。\uff01\uff1f\uff1b")
LATIN, HAN, AMOUNTS, CHARACTER = range(4)
WORDS = 1 << 21
"""Numbers that a word can have; what it is is the number's remainder by 4 (LATIN, HAN: a Chinese word, AMOUNTS,
CHARACTER: a Chinese character by itself)."""


@dataclass(frozen=True)
class Reading:
    """A text and the numbers of its words, int64[terms]; 0 is what ends a sentence."""

    text: str
    ids: np.ndarray

    @cached_property
    def words(self) -> np.ndarray:
        return self.ids[self.ids > 0]

    @cached_property
    def characters(self) -> np.ndarray:
        """Numbers of Chinese characters, 0 for every other: int64[characters]."""
        codes = np.frombuffer(self.text.encode("utf-32-le", "replace"), np.uint32).astype(np.int64)
        return np.where((codes >= 0x3400) & (codes <= 0x9FFF), 4 * codes + CHARACTER, 0)

    @cached_property
    def chinese(self) -> float:
        """Share of words that are Chinese."""
        return float(np.mean(self.words % 4 == HAN)) if len(self.words) else 0.0


def read(text: str) -> Reading:
    return Reading(text, np.array([number(term) for term in terms(text)], np.int64))


def terms(text: str) -> list[str]:
    """Words in lower case, Chinese ones as jieba cuts them, amounts with their unit, and the marks that end a sentence
    between them."""
    found: list[str] = []
    for term in TERM.findall(text.lower()):
        if term[0] >= "\u3400" and term not in END:
            found += _cut(term)
        else:
            found.append(term)
    return found


def _cut(text: str) -> list[str]:
    import rjieba

    return rjieba.cut(text)


@lru_cache(maxsize=1 << 18)
def number(term: str) -> int:
    """Of a word, plural or singular alike; 0 for what ends a sentence."""
    if term in END:
        return 0
    amount = AMOUNT.fullmatch(term)
    if amount:
        kind, term = AMOUNTS, amount[1] + UNITS.get(amount[2], amount[2].removesuffix("s"))
    elif term[0] >= "\u3400":
        kind = HAN
    else:
        kind, term = LATIN, _singular(term.removesuffix("'s"))
    return (zlib.crc32(term.encode()) % (WORDS // 4 - 1) + 1) * 4 + kind


def _singular(word: str) -> str:
    if len(word) < 4 or word[-1] != "s" or word[-2] in "sui":
        return word
    return word[:-3] + "y" if word.endswith("ies") else word[:-1]
