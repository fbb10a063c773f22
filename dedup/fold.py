"""Folding: the form in which two texts are compared. It is never published.

Folding is Unicode's compatibility decomposition (NFKD), full case folding, removal of marks and format characters,
and traditional Chinese written as simplified, character by character. So full-width and half-width forms, ligatures,
Kangxi radicals, accents, soft hyphens and letter case don't tell two texts apart, and neither do the two ways of
writing Chinese. All of it acts on one character at a time: `fold_table` tabulates it for the compiled loops, and
`fold` is the same by Python's own means. After the foldings of Unicode Technical Report 30 (as in ICU).

Tokens of folded text are runs of word characters (letters, digits, underscore), as `\\w+` finds them, but each Han
character and each kana is a token of its own.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from importlib.metadata import version
from typing import NamedTuple

import numpy as np

# compiled into the kernels: a change here is a change there, or numba's cache keeps the old ones
SEPARATOR, WORD, ALONE, SEVERAL = range(4)  # what a character becomes
KIND_BITS, COUNT_BITS = 2, 5  # of a table entry; its value stands above them

CJK = (
    "\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303c\u3041-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U00016fe0-\U00016fff\U0001aff0-\U0001b16f\U00020000-\U0003ffff"
)
TOKEN = re.compile(rf"(?=\w)[{CJK}]|[^\W{CJK}]+")

_HAN = (range(0x3005, 0x3008), range(0x3400, 0x4DC0), range(0x4E00, 0xA000), range(0x20000, 0x323B0))
_ASSIGNED = (range(1, 0xD800), range(0xE000, 0x32400), range(0xE0000, 0xE0200))  # nothing else has a letter or a mark
_ALONE = re.compile(f"[{CJK}]").match


class FoldTable(NamedTuple):
    """Folding by look-up.

    entries: int64 (0x110000,), by code point. The low 2 bits are the kind, the next 5 a count, the others a value. WORD
    and ALONE: the folded character in UTF-8, its bytes in little-endian order, and how many. SEVERAL: the place in
    `several` (int64) where the entries of the folded characters stand, and how many: none for what is removed.
    text_growth, token_growth: a text of b bytes folds to at most text_growth * b bytes, a space after each token
    counted, and token_growth * b tokens.
    """

    entries: np.ndarray
    several: np.ndarray
    text_growth: int
    token_growth: int


def fold(text: str) -> str:
    """The form in which texts are compared; see the module."""
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(c for c in text if not _is_dropped(c)).translate(_simplified())


def tokens(text: str) -> list[str]:
    """The folded tokens of a text, in order."""
    return TOKEN.findall(fold(text))


def fold_versions() -> dict[str, str]:
    """The versions of the tables that folding is made of: others may fold rare characters otherwise."""
    return {"unicode": unicodedata.unidata_version, "opencc": version("opencc")}


@cache
def fold_table() -> FoldTable:
    """The table of every character's folding, built once per process (about 0.15 s)."""
    entries = np.full(0x110000, _entry(" "), np.int64)
    several: list[int] = []
    text_growth = token_growth = 3.0
    characters = [chr(code) for codes in _ASSIGNED for code in codes]
    for character, folded in zip(characters, fold("\0".join(characters)).split("\0"), strict=True):
        if len(folded) == 1:
            entries[ord(character)] = _entry(folded)
        else:
            entries[ord(character)] = _packed(len(several), len(folded), SEVERAL)
            several += map(_entry, folded)
            size, count = len(character.encode()), len(TOKEN.findall(folded))
            text_growth = max(text_growth, (len(folded.encode()) + count + 1) / size)  # 1 ends the word before it
            token_growth = max(token_growth, count / size)
    return FoldTable(entries, np.array(several, np.int64), int(np.ceil(text_growth)), int(np.ceil(token_growth)))


def _entry(folded: str) -> int:
    if not (folded.isalnum() or folded == "_"):
        folded, kind = " ", SEPARATOR
    else:
        kind = ALONE if _ALONE(folded) else WORD
    utf8 = folded.encode()
    return _packed(int.from_bytes(utf8, "little"), len(utf8), kind)


def _packed(value: int, count: int, kind: int) -> int:
    return (value << COUNT_BITS | count) << KIND_BITS | kind


def _is_dropped(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] == "M" or category == "Cf"


@cache
def _simplified() -> dict[int, str]:
    """OpenCC's simplified form of each traditional character, by code point."""
    from opencc import OpenCC

    traditional = [chr(code) for codes in _HAN for code in codes]
    simplified = OpenCC("t2s").convert("\n".join(traditional)).split("\n")
    return {ord(t): s for t, s in zip(traditional, simplified, strict=True) if t != s}
