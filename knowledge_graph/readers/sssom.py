"""Cross-walks in SSSOM TSV (Matentzoglu et al. 2022, Database baac035): which terms are the same."""

from knowledge_graph.readers.entries import Content, Entry, Term, decode, tab_rows

COLUMNS = ("subject_id", "predicate_id", "object_id")
EXACT = frozenset(("skos:exactMatch", "owl:equivalentClass", "owl:sameAs", "semapv:exactMatch"))
NOT = "Not"
META = "#"


def read_sssom(data: bytes) -> Content:
    """Exact matches are identity, others (broad, narrow, close, related) are dropped by their predicate; a denied match
    (`predicate_modifier: Not`) too. The YAML header's `license` and `mapping_set_version` count.

    Raises InputError(not_utf8, bad_header or empty_file); a row of another width is an entry with `bad` set.
    """
    text = decode(data)
    content = Content([_entry(line, row) for line, row in tab_rows(text, COLUMNS)])
    for line in text.split("\n"):
        if not line.startswith(META):
            break
        key, _, value = line.lstrip("# ").partition(":")
        if key == "mapping_set_version":
            content.version = value.strip(" \"'")
        elif key == "license" and "/" not in value:
            content.license = value.strip(" \"'")
    return content


def _entry(line: int, row: dict[str, str] | None) -> Entry:
    if row is None:
        return Entry(line, bad="bad_width")
    subject, object_ = row["subject_id"], row["object_id"]
    if ":" not in subject or ":" not in object_:
        return Entry(line, bad="no_id")
    if row["predicate_id"] not in EXACT or row.get("predicate_modifier") == NOT:
        return Entry(line, dropped="not_exact")
    names = tuple(
        Term(row[f"{end}_id"], row[f"{end}_label"]) for end in ("subject", "object") if row.get(f"{end}_label")
    )
    return Entry(line, terms=names, same=((subject, object_),))
