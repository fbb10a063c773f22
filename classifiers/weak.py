"""Labels without labelled rows: texts whose terms point one way, lines made of terms alone, and texts by skeleton."""

import random
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

import yaml

from classifiers.features import clip
from classifiers.terms import LEXICONS, MEDICAL, find_terms
from datagen.taxonomy import LANGUAGES, NOT_MEDICAL, load_lexicon

_PLACE = re.compile(r"\{([tsqndi])\}")
CLEAR_TERMS = 3
CLEAR_RATIO = 2
LINES = 40
"""Lines of terms, or texts by skeleton, per label and language."""
STRAY = 0.2
"""Share of the terms in a skeleton that may be of another department."""
WORDS = 6, 18
"""Of a sentence in a skeleton, least and most."""


def weak_label(text: str, lexicon: str = "departments") -> str | None:
    """The label whose terms clearly win: at least 3 different ones, and twice as many as of any other.

    What isn't medical needs 3 terms too, and no medical word at all. Where nothing wins, None.
    """
    place = LEXICONS.index(lexicon)
    found = {term: codes[place] for term, codes in find_terms(clip(text))}
    medical = MEDICAL in found.values()
    ranked = Counter(code for code in found.values() if code and code != MEDICAL).most_common(2)
    if not ranked or ranked[0][1] < CLEAR_TERMS:
        return None
    (best, most), second = ranked[0], ranked[1][1] if len(ranked) > 1 else 0
    if most < CLEAR_RATIO * second or (best == NOT_MEDICAL and (medical or second)):
        return None
    return best


def term_lines(seed: int, lexicon: str = "departments") -> Iterator[tuple[str, str, str]]:
    """Lines as (label, language, text): terms of a label among common words, and fewer of others.

    They are no prose and no evidence; they tell a classifier what each label's terms mean, in both languages.
    """
    terms_of = load_lexicon(lexicon)
    general = lexicon != "departments"
    for code, terms in terms_of.terms.items():
        others = [c for c in terms_of.terms if c not in (code, NOT_MEDICAL)]
        for language in LANGUAGES:
            draw = random.Random(f"{seed}/{code}/{language}")
            for _ in range(LINES):
                own = draw.sample(terms[language], draw.randint(3, 10))
                words = own + draw.sample(terms_of.filler[language], 20)
                if general:
                    words += draw.sample(terms_of.medical[language], 4) if code == "HEALTH" else []
                elif code == NOT_MEDICAL:  # longer, as only then the lack of medical words tells
                    words += draw.sample(terms[language], 15) + draw.sample(terms_of.filler[language], 20)
                else:
                    words += draw.sample(terms_of.medical[language], 4)
                    stray = draw.sample(others, draw.randint(0, min(2, len(own) // 2)))
                    words += [draw.choice(terms_of.terms[other][language]) for other in stray]
                draw.shuffle(words)
                yield code, language, ", ".join(words)


def skeleton_texts(seed: int) -> Iterator[tuple[str, str, str, str]]:
    """Texts as (content type, department, language, text) that look like their kind and say little: skeletons.yaml,
    filled in with terms of one department, some of any, and common words. Every department comes in every kind, so
    that the way of writing points to none."""
    departments = sorted(set(load_lexicon("departments").terms) - {NOT_MEDICAL})
    for code, by_language in skeletons().items():
        for language in LANGUAGES:
            draw = random.Random(f"{seed}/{code}/{language}/skeletons")
            own = draw.sample(departments, len(departments))
            for number in range(LINES):
                skeleton = by_language[language][number % len(by_language[language])]
                department = own[number % len(own)]
                yield code, department, language, _filled(skeleton, department, language, draw)


def _filled(skeleton: str, department: str, language: str, draw: random.Random) -> str:
    return _PLACE.sub(lambda place: _fill(place[1], department, language, draw), skeleton)


def _fill(place: str, department: str, language: str, draw: random.Random) -> str:
    if place == "t":
        terms = load_lexicon("departments").terms
        if draw.random() < STRAY:
            department = draw.choice(sorted(set(terms) - {NOT_MEDICAL}))
        return draw.choice(terms[department][language])
    if place in "sq":
        words = [draw.choice(load_lexicon("departments").filler[language]) for _ in range(draw.randint(*WORDS))]
        words[draw.randrange(len(words))] = _fill("t", department, language, draw)
        if language == "zh":
            return "".join(words) + ("？" if place == "q" else "。")
        return " ".join(words).capitalize() + ("?" if place == "q" else ".")
    if place == "d":
        year, month, day = draw.randint(1950, 2025), draw.randint(1, 12), draw.randint(1, 28)
        chinese = language == "zh" and draw.random() < 0.5
        return f"{year}年{month}月{day}日" if chinese else f"{year}-{month:02}-{day:02}"
    if place == "i":
        letters = "".join(draw.choices("ABCDEGHIKLMORSTZ", k=draw.randint(1, 6)))
        return letters + draw.choice(("", ":", "0")) + "".join(draw.choices("0123456789", k=draw.randint(2, 8)))
    return str(draw.randint(1, draw.choice((9, 99, 500))))


@cache
def skeletons() -> dict[str, dict[str, list[str]]]:
    """By content type and language (skeletons.yaml)."""
    return yaml.safe_load((files("classifiers") / "skeletons.yaml").read_text("utf-8"))
