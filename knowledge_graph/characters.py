"""What every character of a text is to linking, and its normal form: tables over the basic plane."""

import unicodedata
from functools import lru_cache

import numpy as np

DROP, SPACE, WORD, HAN, MARK, APOSTROPHE = range(6)
"""What a character is: nothing, a gap, part of a word, a Han character, punctuation, an apostrophe."""
BASIC = 0x10000
HAN_RANGES = ((0x3400, 0x4DC0), (0x4E00, 0xA000), (0xF900, 0xFB00), (0x20000, 0x32000))
APOSTROPHES = "'’‘ʼ＇`´"
GAPS = "-‐‑‒–—－_/"
COMMA = ord(",")


@lru_cache(maxsize=1)
def tables() -> tuple[np.ndarray, np.ndarray]:
    """Kind (uint8) and normal form (uint32) of every code point of the basic plane."""
    kinds, forms = (np.array(column) for column in zip(*map(_classify, map(chr, range(BASIC))), strict=True))
    han = np.flatnonzero(kinds == HAN)
    forms[han] = _simplified(han)
    return kinds.astype(np.uint8), forms.astype(np.uint32)


def _classify(character: str) -> tuple[int, int]:
    code, category = ord(character), unicodedata.category(character)
    if code == 0:
        return MARK, 0
    if character in APOSTROPHES:
        return APOSTROPHE, 0
    if category in ("Mn", "Me", "Cf", "Cs", "Cn"):
        return DROP, 0
    if character in GAPS or category in ("Zs", "Zl", "Zp") or character in "\t\n\v\f\r":
        return SPACE, 0
    if any(low <= code < high for low, high in HAN_RANGES):
        return HAN, code
    if category[0] not in "LN":
        return MARK, COMMA
    plain = [c for c in unicodedata.normalize("NFKD", character).lower() if not unicodedata.combining(c)]
    return WORD, ord(plain[0]) if len(plain) == 1 else code


def _simplified(han: np.ndarray) -> list[int]:
    import opencc

    lines = opencc.OpenCC("t2s").convert("\n".join(map(chr, han.tolist()))).split("\n")
    return [ord(line) if len(line) == 1 else code for line, code in zip(lines, han.tolist(), strict=True)]
