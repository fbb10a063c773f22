"""One normal form for names and text: case, width, accents, hyphens, possessives and Chinese script folded, with the
way back to offsets."""

from collections.abc import Sequence

import numpy as np

from knowledge_graph.characters import tables
from knowledge_graph.kernels import fold_into


def fold(text: str) -> tuple[str, np.ndarray]:
    """The normal form, and for each of its characters the offset in `text` of what it stands for (int32).

    Every word (run of letters or digits) is preceded by one space and no other space is left, so that a name that
    starts with a word can only match at a word's start. Han characters stand by themselves, in simplified script; all
    punctuation is a comma (NUL stays NUL); a possessive 's is dropped.

    >>> fold("Alzheimer’s  DISEASE（又称阿爾茨海默病）")[0]
    ' alzheimer disease,又称阿尔茨海默病,'
    """
    folded, offsets = fold_codes(codes_of(text))
    return folded.tobytes().decode("utf-32-le", "replace"), offsets


def fold_all(texts: Sequence[str]) -> list[str]:
    """Normal forms of many short texts, in one go."""
    return fold("\0".join(texts))[0].split("\0") if texts else []


def codes_of(text: str) -> np.ndarray:
    """Code points of a text: uint32[characters]."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")


def fold_codes(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The normal form as code points (uint32[n]) and its offsets (int32[n])."""
    folded, offsets = np.empty(2 * len(codes), np.uint32), np.empty(2 * len(codes), np.int32)
    count = fold_into(codes, *tables(), folded, offsets)
    return folded[:count], offsets[:count]
