"""Language and script of a text, abstaining on what is too short to tell."""

from functools import cache

import py3langid
import regex

MIN_LETTERS = 20
_HAN = regex.compile(r"\p{Han}")
_KANA = regex.compile(r"[\p{Hiragana}\p{Katakana}]")
_LETTER = regex.compile(r"\p{L}")
_SCRIPTS = {
    name: regex.compile(rf"\p{{Script={name}}}")
    for name in (
        "Latin",
        "Cyrillic",
        "Arabic",
        "Devanagari",
        "Greek",
        "Hebrew",
        "Thai",
        "Hangul",
        "Bengali",
        "Tamil",
    )
}
_ISO15924 = {
    "Latin": "Latn",
    "Cyrillic": "Cyrl",
    "Arabic": "Arab",
    "Devanagari": "Deva",
    "Greek": "Grek",
    "Hebrew": "Hebr",
    "Thai": "Thai",
    "Hangul": "Hang",
    "Bengali": "Beng",
    "Tamil": "Taml",
}
SAMPLE = 2000


def identify(text: str, declared: str | None = None) -> tuple[str | None, str | None]:
    """(ISO 639 language, ISO 15924 script); None where it can't be told. A declared language is believed.

    Only the first `SAMPLE` characters are looked at. Chinese is Hans or Hant by the characters peculiar to each.
    """
    sample = text[:SAMPLE]
    letters = len(_LETTER.findall(sample))
    if not letters:
        return declared, None
    han = len(_HAN.findall(sample))
    if han >= 0.3 * letters:
        if _KANA.search(sample):
            return declared or "ja", "Jpan"
        return declared or ("zh" if han >= 5 else None), _han_script(sample)
    script = next((_ISO15924[n] for n, p in _SCRIPTS.items() if len(p.findall(sample)) > letters / 2), None)
    if declared or letters < MIN_LETTERS:
        return declared, script
    return py3langid.classify(sample)[0], script


@cache
def _variants() -> tuple[frozenset[str], frozenset[str]]:
    """Characters that only simplified, and only traditional, writing uses (from OpenCC's dictionaries)."""
    import opencc

    to_simplified, to_traditional = opencc.OpenCC("t2s"), opencc.OpenCC("s2t")
    block = "".join(map(chr, range(0x4E00, 0x9FA6)))
    simplified, traditional = to_simplified.convert(block), to_traditional.convert(block)
    only_traditional = frozenset(c for c, s in zip(block, simplified, strict=True) if c != s)
    only_simplified = frozenset(c for c, t in zip(block, traditional, strict=True) if c != t)
    return only_simplified - only_traditional, only_traditional - only_simplified


def _han_script(sample: str) -> str:
    simplified, traditional = _variants()
    balance = sum((c in simplified) - (c in traditional) for c in sample)
    return "Hans" if balance > 0 else "Hant" if balance < 0 else "Hani"
