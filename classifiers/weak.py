"""Labels without labelled rows: texts whose terms point one way, and lines made of terms alone."""

import random
from collections import Counter
from collections.abc import Iterator

from classifiers.features import clip
from classifiers.terms import LEXICONS, MEDICAL, find_terms
from datagen.taxonomy import LANGUAGES, NOT_MEDICAL, load_lexicon

CLEAR_TERMS = 3
CLEAR_RATIO = 2
LINES = 40
"""Lines of terms per label and language."""


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
