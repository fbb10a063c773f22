"""English agreement: the article before a word, the number of a noun phrase and of its verb."""

import re

_SILENT_H = ("hour", "heir", "honest", "honour", "honor")
_CONSONANT_SOUND = re.compile(r"(?:eu|ewe|one(?![a-z])|one-|once|uni(?!n|m)|us(?:e|u|a)|ur(?:i|o|e)|ut(?:e|i))", re.I)
_LETTERS_WITH_VOWEL_SOUND = "AEFHILMNORSX"
_PREPOSITION = re.compile(
    r"\b(?:of|in|into|on|onto|at|by|with|without|to|from|for|around|behind|along|than|beyond|after|before|during|between|that)\b"
)
_SINGULAR = re.compile(
    r"(?:ss|us|is|diabetes|measles|mumps|rabies|rickets|shingles|scabies|herpes|caries|nigricans|ascites|tetanus|gas|lens)$"
)
_PLURAL = re.compile(r"(?:s|naevi|nevi|criteria|bacteria|teeth|feet|people|children|striae|petechiae|tophi)$")
_IRREGULAR = {"is": "are", "has": "have", "was": "were", "does": "do"}


def article(word: str) -> str:
    """ "a" or "an", by how the next word sounds.

    >>> [article(w) for w in ("ECG", "CT", "ulcer", "unilateral", "hour-long", "X-ray")]
    ['an', 'a', 'an', 'a', 'an', 'an']
    """
    head = re.split(r"[^A-Za-z]", word, maxsplit=1)[0]
    if head.isupper() and len(head) <= 4:
        return "an" if head[0] in _LETTERS_WITH_VOWEL_SOUND else "a"
    if word.lower().startswith(_SILENT_H):
        return "an"
    return "an" if word[:1].lower() in "aeiou" and not _CONSONANT_SOUND.match(word) else "a"


def plural_phrase(phrase: str) -> bool:
    """Whether a noun phrase is plural, by its head: the word before the first preposition.

    >>> [plural_phrase(p) for p in ("night sweats", "loss of appetite", "halos around lights", "measles", "arthritis")]
    [True, False, True, False, False]
    """
    head = _PREPOSITION.split(phrase.lower(), maxsplit=1)[0].strip() or phrase.lower()
    return bool(_PLURAL.search(head)) and not _SINGULAR.search(head)


def plural_verb(verb: str) -> str:
    """The plural of a verb given in the third person singular.

    >>> [plural_verb(v) for v in ("is", "points", "does not exclude")]
    ['are', 'point', 'do not exclude']
    """
    first, _, rest = verb.partition(" ")
    return " ".join(filter(None, [_IRREGULAR.get(first) or first.removesuffix("s"), rest]))
