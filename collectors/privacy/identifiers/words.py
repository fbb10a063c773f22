"""What is known of words and of names: loaded once, when the first text needs them."""

import pkgutil
from functools import cache
from importlib import import_module
from importlib.resources import files

import faker.providers.person
import regex

_LETTERS = regex.compile(r"(?![aiAI]\b)[\p{L}'\u2019]+")
_BESIDE = regex.compile(r"(?<!\p{L})(?P<first>\p{L}{3,}) (?P<last>\p{L}{4,})(?!\p{L})")
_ORDINARY = (
    "will may can see the and was for has had are not she her his him who due set out off pain case left right care"
    " home"
    " long short back side good best day days week weeks drink take took this that with from more less than then well"
    " been being have does done did made make test tests line lines bone vein part parts post pass rate term white"
    " black brown green gray grey young love hope joy grace mark bill rich ray per art"
)
_NO_NAMES = frozenset(_ORDINARY.split())
"""On lists of names, and mere words in text without capitals."""
_TITLE_WORDS = frozenset(("mr", "mrs", "ms", "miss", "dr", "prof"))


@cache
def ordinary_words() -> frozenset[str]:
    """English words, written small in open medical and general text, and the inflections seen there."""
    return frozenset(word for word in _lexicon() if word[0].islower())


@cache
def medical_names() -> frozenset[str]:
    """Words, in lower case, that medicine writes with a capital: eponyms, drugs, instruments, organisms."""
    return frozenset(word.lower() for word in _lexicon() if word[0].isupper())


@cache
def _lexicon() -> tuple[str, ...]:
    return tuple(files("collectors.privacy.identifiers").joinpath("english.txt").read_text("utf-8").split())


@cache
def medical_strings() -> frozenset[str]:
    """Two to four Chinese characters that begin like a surname, and are medicine's, or begin a term of it."""
    return frozenset(files("collectors.privacy.identifiers").joinpath("chinese.txt").read_text("utf-8").split())


@cache
def given_names() -> frozenset[str]:
    """Given names of many countries in Latin letters, in lower case."""
    return _names("first")


@cache
def family_names() -> frozenset[str]:
    """Family names of many countries in Latin letters, in lower case."""
    return _names("last")


def _names(which: str) -> frozenset[str]:
    found: set[str] = set()
    for module in pkgutil.iter_modules(faker.providers.person.__path__):
        provider = import_module(f"faker.providers.person.{module.name}").Provider
        for attribute in dir(provider):
            if which in attribute and isinstance(values := getattr(provider, attribute), tuple | list | dict):
                for value in values:
                    found.update(word.lower() for word in str(value).replace("-", " ").split() if _is_latin(word))
    return frozenset(found)


def _is_latin(word: str) -> bool:
    return len(word) > 1 and word[0].isupper() and max(word) < "\u0250" and word.replace("'", "").isalpha()


def with_capitals(text: str) -> str:
    """A text written all small, or all large, as it might have been written: its rarer words with a capital, and the
    names beside them."""
    return _BESIDE.sub(_name_beside, _LETTERS.sub(lambda match: _capital(match[0]), text))


def _name_beside(match: regex.Match) -> str:
    first, last = match["first"], match["last"]
    if first[0].islower() and last[0].isupper() and first in given_names() and first not in _NO_NAMES:
        return f"{first.title()} {last}"
    if first[0].isupper() and last[0].islower() and last in family_names() and last not in _NO_NAMES:
        return f"{first} {last.title()}"
    return match[0]


def _capital(word: str) -> str:
    small = word.lower()
    capital = small if small in ordinary_words() and small not in _TITLE_WORDS else small.title()
    return capital if len(capital) == len(word) else word
