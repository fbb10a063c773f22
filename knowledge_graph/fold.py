"""One normal form for names and text: case, width, accents, hyphens, possessives and Chinese script folded, with the
way back to offsets. Works on whole texts at once with numpy."""

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

DROP, SPACE, WORD, HAN, MARK, APOSTROPHE = range(6)
"""What a character is: nothing, a gap, part of a word, a Han character, punctuation, an apostrophe."""
BASIC = 0x10000
HAN_RANGES = ((0x3400, 0x4DC0), (0x4E00, 0xA000), (0xF900, 0xFB00), (0x20000, 0x32000))
APOSTROPHES = "'’‘ʼ＇`´"
GAPS = "-‐‑‒–—－_/"
COMMA = ord(",")


def fold(text: str) -> tuple[str, np.ndarray]:
    """The normal form, and for each of its characters the offset in `text` of what it stands for (int32).

    Every word (run of letters or digits) is preceded by one space and no other space is left, so that a name that
    starts with a word can only match at a word's start. Han characters stand by themselves, in simplified script; all
    punctuation is a comma (NUL stays NUL); a possessive 's is dropped.

    >>> fold("Alzheimer’s  DISEASE（又称阿爾茨海默病）")[0]
    ' alzheimer disease,又称阿尔茨海默病,'
    """
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
    kind, form = (table[np.minimum(codes, BASIC - 1)] for table in _tables())
    if (rare := codes >= BASIC).any():
        kind[rare] = np.where(_is_han(codes[rare]), HAN, MARK)
        form[rare] = np.where(kind[rare] == HAN, codes[rare], COMMA)
    mark = np.flatnonzero(kind == APOSTROPHE)
    ends = np.concatenate([kind, [MARK, MARK]])[mark + 2] != WORD
    kind[(mark + 1)[ends & (np.append(form, COMMA)[mark + 1] == ord("s"))]] = DROP
    kind[mark] = DROP
    kept = np.flatnonzero(kind != DROP).astype(np.int32)
    kind, form = kind[kept], form[kept]
    word = kind == WORD
    first = word.copy()
    first[1:] &= ~word[:-1]
    copies = (kind != SPACE).astype(np.int8) + first
    folded = np.repeat(form, copies)
    folded[(np.cumsum(copies, dtype=np.int32) - copies)[first]] = ord(" ")
    return folded.astype("<u4", copy=False).tobytes().decode("utf-32-le", "replace"), np.repeat(kept, copies)


def fold_all(texts: Sequence[str]) -> list[str]:
    """Normal forms of many short texts, in one go."""
    return fold("\0".join(texts))[0].split("\0") if texts else []


@lru_cache(maxsize=1)
def _tables() -> tuple[np.ndarray, np.ndarray]:
    """Kind (uint8) and normal form (uint32) of every code point of the basic plane."""
    kinds, forms = (np.array(column) for column in zip(*map(_classify, map(chr, range(BASIC))), strict=True))
    han = np.flatnonzero(kinds == HAN)
    forms[han] = _simplified(han)
    return kinds.astype(np.uint8), forms.astype(np.uint32)


def _is_han(codes: np.ndarray) -> np.ndarray:
    return np.any([(codes >= low) & (codes < high) for low, high in HAN_RANGES], axis=0)


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
