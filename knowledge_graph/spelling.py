"""Words that are the same but for number or spelling: singular and plural, British and American."""

from collections.abc import Iterator

SPELLINGS = (
    ("haem", "hem"),
    ("aemi", "emi"),
    ("oedem", "edem"),
    ("oesoph", "esoph"),
    ("rrhoe", "rrhe"),
    ("pnoe", "pne"),
    ("tumour", "tumor"),
    ("paed", "ped"),
    ("foet", "fet"),
    ("gynaec", "gynec"),
    ("anaesth", "anesth"),
    ("oestr", "estr"),
    ("coeliac", "celiac"),
    ("behaviour", "behavior"),
    ("colour", "color"),
    ("fibre", "fiber"),
    ("faec", "fec"),
    ("caec", "cec"),
    ("leucocyt", "leukocyt"),
    ("leucaemi", "leukemi"),
    ("sulph", "sulf"),
    ("dyslipidaem", "dyslipidem"),
    ("titre", "titer"),
    ("litre", "liter"),
    ("diarrhoe", "diarrhe"),
    ("neurone", "neuron"),
    ("caesar", "cesar"),
    ("hypocalcaem", "hypocalcem"),
    ("orthopaed", "orthoped"),
    ("synaes", "synes"),
    ("amoeb", "ameb"),
    ("isation", "ization"),
)
"""British and American."""
SHORTEST = 4
"""Letters a word has at least for its number to be changed: `as` is no plural."""
SINGULAR = ("ss", "us", "is")
"""Endings of words that are no plurals though they end in s."""


def canonical(word: str) -> str:
    """What stands for all spellings of a folded word: American, singular."""
    for british, american in SPELLINGS:
        word = word.replace(british, american)
    if len(word) < SHORTEST or not word.endswith("s") or word.endswith(SINGULAR):
        return word
    if word.endswith("ies") and len(word) > SHORTEST + 1:
        return word[:-3] + "y"
    if word.endswith(("sses", "ches", "shes", "xes", "zes")):
        return word[:-2]
    return word[:-1]


def spellings(word: str) -> Iterator[str]:
    """Other spellings of a canonical word that `canonical` takes back to it, and Greek plurals (metastases)."""
    british = {word}
    for old, new in SPELLINGS:
        british |= {form.replace(new, old) for form in british if new in form}
    for form in british:
        yield form
        if len(form) >= SHORTEST - 1 and form[-1].isalpha():
            if form.endswith(("s", "x", "z", "ch", "sh")):
                yield form + "es"
            else:
                yield form + "s"
            if form.endswith("y") and form[-2:-1] not in "aeiou":
                yield form[:-1] + "ies"
            if form.endswith("sis"):
                yield form[:-2] + "es"
            if form.endswith("oma"):
                yield form + "ta"
