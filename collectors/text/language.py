"""Language and script of a text, abstaining where it can't be told.

Scripts that one language alone writes decide by themselves, Han and kana by their proportions. For the rest two models
vote: CLD2 (quick, sees which languages are mixed) and, on short texts, py3langid, which must agree with it.
"""

import difflib
import re
from collections import Counter
from functools import cache

import regex
from pydantic_core import PydanticCustomError

LONG = 100
"""Letters (and marks) from which CLD2 is believed alone."""
MIN_LETTERS = 60
"""Letters from which CLD2 is believed about a language that py3langid doesn't know."""
MIN_CONFIDENCE = {"en": 0.3}
MIN_CONFIDENCE_ELSE = 0.5
"""Of py3langid, in the language that both name: on lists of drugs and diseases both name others than English easily."""
MIN_SHARE = 60
"""Per cent of a text that its language must have; a text of two languages, neither with so much, has none."""
WINDOW = 2000
"""Characters looked at, at the beginning, in the middle and at the end."""
HAN_LETTERS = 3
"""Letters of an alphabet that say as much as one Han character."""
MIN_HAN = 5
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
_ONE_LANGUAGE = {
    "Hang": "ko",
    "Grek": "el",
    "Thai": "th",
    "Taml": "ta",
    "Telu": "te",
    "Gujr": "gu",
    "Guru": "pa",
    "Knda": "kn",
    "Mlym": "ml",
    "Armn": "hy",
    "Geor": "ka",
    "Khmr": "km",
    "Sinh": "si",
    "Laoo": "lo",
}
_MIN_OWN_LETTERS = 4
"""Of a script that one language writes: fewer may be symbols, as Greek letters are."""
_PATTERNS = {
    code: regex.compile("|".join(rf"\p{{Script={name}}}" for name in names.split("|")))
    for code, names in _SCRIPTS.items()
}
_LETTER = regex.compile(r"[\p{L}\p{M}]")
_TAG = re.compile(r"([A-Za-z]{2,3})(?:[-_].*)?")
_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef]|[^\x00-\uffff]|[\ufffe\uffff]")
"""What CLD2 refuses (control characters, noncharacters) and what tells no language (all beyond the basic plane)."""
_CLD2_CODES = {"iw": "he", "jw": "jv", "zh-Hant": "zh", "sr-ME": "sr", "un": None, "xxx": None}


def identify(text: str, declared: str | None = None) -> tuple[str | None, str | None]:
    """(ISO 639 language, ISO 15924 script); None where it can't be told. A declared language is believed.

    Chinese is Hans or Hant by the characters peculiar to each, Hani where there is none. All that is written in Han
    characters alone is `zh`, its regional languages too.
    """
    sample = _sample(text)
    characters = Counter(sample)
    scripts: Counter[str] = Counter()
    letters = 0
    for character, count in characters.items():
        if script := _script(character):
            letters += count
            scripts[script] += count
    if not letters:
        return declared, None
    han, kana = scripts["Hani"], scripts["Jpan"]
    ideographic = HAN_LETTERS * (han + kana)
    share = 100 * ideographic / (ideographic + letters - han - kana)
    if share >= MIN_SHARE:
        if kana > 0.05 * (han + kana):
            return declared or "ja", "Jpan"
        return declared or ("zh" if han >= MIN_HAN else None), _han_script(characters)
    script, most = scripts.most_common(1)[0]
    script = script if most > letters / 2 and script != "Zyyy" else None
    if declared or share > 100 - MIN_SHARE:
        return declared, script
    if script in _ONE_LANGUAGE:
        return (_ONE_LANGUAGE[script] if most >= _MIN_OWN_LETTERS else None), script
    return _vote(sample, letters), script


def latin_likelihood(text: str) -> float | None:
    """How much a text in Latin letters is like text of its likeliest language, to compare readings of the same bytes;
    None for other scripts."""
    letters = [c for c in text if _script(c)]
    if 2 * sum(_script(c) == "Latn" for c in letters) <= len(letters):
        return None
    reliable, _, _, score = _first_model(_UNFIT.sub(" ", text))
    return score if reliable else 0.0


def _first_model(fit: str) -> tuple[bool, str, int, float]:
    """CLD2's verdict: whether it trusts it, the code of the main language, its per cent of the text, its score."""
    import pycld2

    reliable, _, found = pycld2.detect(fit, isPlainText=True, bestEffort=True)
    return reliable, *found[0][1:]


def _vote(sample: str, letters: int) -> str | None:
    fit = _UNFIT.sub(" ", sample)
    if sum(map(str.isupper, fit)) > letters / 2:  # both know languages by their small letters
        fit = fit.lower()
    reliable, code, share, _ = _first_model(fit)
    language = _CLD2_CODES.get(code, code)
    if language is None or share < MIN_SHARE:
        return None
    if letters >= LONG:
        return language if reliable else None
    model, known = _second_model()
    if language not in known:
        return language if reliable and letters >= MIN_LETTERS else None
    second, confidence = model.classify(fit)
    return language if second == language and confidence >= MIN_CONFIDENCE.get(language, MIN_CONFIDENCE_ELSE) else None


def _sample(text: str) -> str:
    if len(text) <= 3 * WINDOW:
        return text
    middle = len(text) // 2
    return f"{text[:WINDOW]}\n{text[middle : middle + WINDOW]}\n{text[-WINDOW:]}"


def normal_language(tag: str | None) -> str | None:
    """The language of an IETF tag such as `zh-Hans` or `EN`, in lower case; None for no tag, or undetermined ones."""
    match = _TAG.fullmatch((tag or "").strip())
    language = match[1].lower() if match else None
    return None if language in ("und", "mul", "zxx") else language


def declared_language(code: str) -> str:
    """A language as a recipe states it: a code of ISO 639, in lower case.

    Raises PydanticCustomError (with the `nearest` right one) for what is none, such as a language's English name.
    """
    if language := normal_language(code):
        return language
    import pycld2

    names = {name: code for name, code in pycld2.LANGUAGES if len(code) == 2}
    near = difflib.get_close_matches(code.upper(), names, 1)
    raise PydanticCustomError(
        "language", "must be a code of ISO 639, such as en or zh", {"nearest": names[near[0]] if near else ""}
    )


@cache
def _script(character: str) -> str | None:
    """The script of a letter (`Zyyy` for one of no script above); None for what is no letter."""
    if not _LETTER.match(character):
        return None
    return next((code for code, pattern in _PATTERNS.items() if pattern.match(character)), "Zyyy")


@cache
def _second_model():
    """py3langid's model, and the languages it knows."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    model = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    return model, frozenset(model.labels)


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


def _han_script(characters: Counter[str]) -> str:
    simplified, traditional = _variants()
    balance = sum(((c in simplified) - (c in traditional)) * count for c, count in characters.items())
    return "Hans" if balance > 0 else "Hant" if balance < 0 else "Hani"
