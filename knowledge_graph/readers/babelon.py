"""Translations in Babelon TSV (the Monarch Initiative's format for translated ontologies)."""

from knowledge_graph.readers.entries import Content, Entry, Label, Term, decode, tab_rows

LANGUAGE = "zh"
FIELDS = {
    "rdfs:label": "name_zh",
    "oboInOwl:hasExactSynonym": "synonyms_zh",
}
COLUMNS = ("translation_language", "subject_id", "predicate_id", "source_value", "translation_value")


def read_babelon(data: bytes) -> Content:
    """Chinese labels and exact synonyms. A label names its term in both languages, so that it counts as known even
    where no ontology given defines it.

    Raises InputError(not_utf8, bad_header or empty_file); a row of another width is an entry with `bad` set.
    """
    return Content([_entry(line, row) for line, row in tab_rows(decode(data), COLUMNS)])


def _entry(line: int, row: dict[str, str] | None) -> Entry:
    if row is None:
        return Entry(line, bad="bad_width")
    term, text = row["subject_id"], row["translation_value"]
    if not term:
        return Entry(line, bad="no_id")
    if not row["translation_language"].startswith(LANGUAGE):
        return Entry(line, dropped="language")
    if not text or row.get("translation_status") == "NOT_TRANSLATED":
        return Entry(line, dropped="not_translated")
    if row["predicate_id"] not in FIELDS:
        return Entry(line, dropped="predicate")
    field = FIELDS[row["predicate_id"]]
    names = (Term(term, row["source_value"]),) if field == "name_zh" and row["source_value"] else ()
    return Entry(line, terms=names, labels=(Label(term, field, text),))
