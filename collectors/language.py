"""Language and script of a text, abstaining where it can't be told."""

import re
from collections import Counter
from functools import cache

import regex

MIN_LETTERS = 20
MIN_CONFIDENCE = 0.5
WINDOWS = (80, 500)
"""Characters looked at, at the beginning and again in the middle; more of them where the fewer leave doubt."""
_SCRIPTS = {
    "Latn": "Latin",
    "Hani": "Han",
    "Jpan": "Hiragana|Katakana",
    "Hang": "Hangul",
    "Cyrl": "Cyrillic",
    "Arab": "Arabic",
    "Deva": "Devanagari",
    "Grek": "Greek",
    "Hebr": "Hebrew",
    "Thai": "Thai",
    "Beng": "Bengali",
    "Taml": "Tamil",
    "Telu": "Telugu",
    "Gujr": "Gujarati",
    "Guru": "Gurmukhi",
    "Knda": "Kannada",
    "Mlym": "Malayalam",
    "Armn": "Armenian",
    "Geor": "Georgian",
    "Ethi": "Ethiopic",
    "Khmr": "Khmer",
    "Mymr": "Myanmar",
    "Sinh": "Sinhala",
    "Laoo": "Lao",
    "Tibt": "Tibetan",
}
_PATTERNS = {
    code: regex.compile("|".join(rf"\p{{Script={name}}}" for name in names.split("|")))
    for code, names in _SCRIPTS.items()
}
_LETTER = regex.compile(r"\p{L}")
_TAG = re.compile(r"([A-Za-z]{2,3})(?:[-_].*)?")


def identify(text: str, declared: str | None = None) -> tuple[str | None, str | None]:
    """(ISO 639 language, ISO 15924 script); None where it can't be told. A declared language is believed.

    Chinese is Hans or Hant by the characters peculiar to each, Hani where there is none.
    """
    sample = _sample(text, WINDOWS[0])
    scripts: Counter[str] = Counter()
    letters = 0
    for character, count in Counter(sample).items():
        if script := _script(character):
            letters += count
            scripts[script] += count
    if not letters:
        return declared, None
    han, kana = scripts["Hani"], scripts["Jpan"]
    if kana > 0.05 * (han + kana) and han + kana >= 0.3 * letters:
        return declared or "ja", "Jpan"
    if han >= 0.3 * letters:
        return declared or ("zh" if han >= 5 else None), _han_script(sample)
    script, most = scripts.most_common(1)[0]
    script = script if most > letters / 2 and script != "Zyyy" else None
    if declared or letters < MIN_LETTERS:
        return declared, script
    for window in WINDOWS:
        language, confidence = _identifier().classify(_sample(text, window))
        if confidence >= MIN_CONFIDENCE:
            return normal_language(language), script
    return None, script


def _sample(text: str, window: int) -> str:
    if len(text) <= 2 * window:
        return text
    middle = len(text) // 2
    return f"{text[:window]}\n{text[middle : middle + window]}"


def normal_language(tag: str | None) -> str | None:
    """The language of an IETF tag such as `zh-Hans` or `EN`, in lower case; None for no tag, or undetermined ones."""
    match = _TAG.fullmatch((tag or "").strip())
    language = match[1].lower() if match else None
    return None if language in ("und", "mul", "zxx") else language


@cache
def _script(character: str) -> str | None:
    """The script of a letter (`Zyyy` for one of no script above); None for what is no letter."""
    if not _LETTER.match(character):
        return None
    return next((code for code, pattern in _PATTERNS.items() if pattern.match(character)), "Zyyy")


@cache
def _identifier():
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


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
