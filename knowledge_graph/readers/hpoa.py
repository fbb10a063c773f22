"""Disease-phenotype annotations in HPOA, the 12-column format of the Human Phenotype Ontology."""

import re

from datagen.errors import InputError
from knowledge_graph.readers.entries import Content, Entry, Statement, Term, decode, tab_rows

COLUMNS = (
    "database_id",
    "disease_name",
    "qualifier",
    "hpo_id",
    "reference",
    "evidence",
    "onset",
    "frequency",
    "sex",
    "modifier",
    "aspect",
    "biocuration",
)
LEGACY = {"DatabaseID": "database_id", "DiseaseName": "disease_name", "HPO_ID": "hpo_id"}
"""Column names of releases before 2023."""
RELATIONS = {"P": "has_phenotype", "I": "has_inheritance", "C": "has_course", "M": "has_modifier", "H": "has_history"}
TERMS = {
    "HP:0040280": 1.0,
    "HP:0040281": 0.895,
    "HP:0040282": 0.545,
    "HP:0040283": 0.17,
    "HP:0040284": 0.025,
    "HP:0040285": 0.0,
}
"""Frequency terms as shares: the middle of the range that each stands for (obligate 100 %, very frequent 80-99 %,
frequent 30-79 %, occasional 5-29 %, very rare 1-4 %, excluded 0 %)."""
SEXES = {"female": "female", "male": "male"}
TIERS = {"PCS": "A", "TAS": "A", "IEA": "B"}
VERSION = re.compile(r"^#\s*(?:version|date):\s*(\S+)", re.M)


def read_hpoa(data: bytes) -> Content:
    """One statement per row. `NOT`, a frequency of 0 and the term Excluded have polarity -1.

    Raises InputError(not_utf8, bad_header or empty_file); a row that can't be read is an entry with `bad` set.
    """
    text = decode(data)
    found = VERSION.search(text)
    entries = [_entry(line, row) for line, row in tab_rows(text, COLUMNS, LEGACY)]
    return Content(entries, found[1] if found else None)


def _entry(line: int, row: dict[str, str] | None) -> Entry:
    if row is None:
        return Entry(line, bad="bad_width")
    disease, phenotype = row["database_id"], row["hpo_id"]
    if ":" not in disease or ":" not in phenotype:
        return Entry(line, bad="no_id")
    if row["qualifier"] not in ("", "NOT"):
        return Entry(line, bad="bad_qualifier")
    relation = RELATIONS.get(row["aspect"])
    if relation is None:
        return Entry(line, bad="bad_aspect")
    try:
        shown, n, share = frequency(row["frequency"])
    except InputError as error:
        return Entry(line, bad=error.reason)
    never = row["qualifier"] == "NOT" or shown == 0 or share == 0
    if row["qualifier"] == "NOT":
        shown, share = (None, None) if n is None else (0, None)
    statement = Statement(
        disease,
        relation,
        phenotype,
        -1 if never else 1,
        shown,
        n,
        share,
        tuple(reference for reference in row["reference"].split(";") if reference),
        TIERS.get(row["evidence"], "B"),
        row["onset"] if row["onset"].startswith("HP:") else None,
        SEXES.get(row["sex"].lower()),
    )
    return Entry(line, terms=(Term(disease, row["disease_name"] or None, "disease"),), statements=(statement,))


def frequency(text: str) -> tuple[int | None, int | None, float | None]:
    """(shown, n, share) of a frequency as a term (`HP:0040281`), a ratio (`7/13`) or a percentage (`45%`).

    Raises InputError(bad_frequency).

    >>> frequency("7/13"), frequency("45%"), frequency("HP:0040283"), frequency("")
    ((7, 13, None), (None, None, 0.45), (None, None, 0.17), (None, None, None))
    """
    if not text:
        return None, None, None
    if text in TERMS:
        return None, None, TERMS[text]
    if ratio := re.fullmatch(r"(\d{1,7})\s*/\s*(\d{1,7})", text):
        shown, n = int(ratio[1]), int(ratio[2])
        if 0 < n >= shown:
            return shown, n, None
    if (percent := re.fullmatch(r"(\d{1,3}(?:\.\d+)?)\s*%", text)) and float(percent[1]) <= 100:
        return None, None, float(percent[1]) / 100
    raise InputError("bad_frequency", text[:20])
