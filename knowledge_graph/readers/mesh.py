"""MeSH: the National Library of Medicine's descriptor XML, or tables of ids, names and tree numbers."""

import io
from collections.abc import Iterable

from datagen.xml import iter_elements, text_of
from knowledge_graph.readers.entries import Content, Entry, Statement, Term, decode, tab_rows

COLUMNS = ("mesh_id", "mesh_name")
KINDS = (
    ("C23.888", "symptom"),
    ("C23", "finding"),
    ("C", "disease"),
    ("F03", "disease"),
    ("D", "drug"),
    ("A", "anatomy"),
    ("B03", "pathogen"),
    ("B04", "pathogen"),
    ("E01", "test"),
    ("E02", "treatment"),
    ("E04", "procedure"),
    ("M01", "population"),
)
"""What branches of the tree hold, the first that fits; a descriptor in several is what stands first in RANK."""
RANK = ("disease", "symptom", "finding", "drug", "test", "treatment", "procedure", "anatomy", "pathogen", "population")
KIND_OF = ("B", "C", "D", "E", "F03")
"""Branches whose narrower descriptors are kinds of the broader ones; elsewhere they are parts or topics."""


def read_mesh(data: bytes) -> Content:
    """Descriptors with type by branch, and `is_a` (kinds) or `broader` (parts, topics) up the tree.

    Raises InputError: bad_xml, xml_entities, xml_limits, not_utf8, bad_header, empty_file.
    """
    return _descriptors(data) if data.lstrip()[:1] == b"<" else _table(data)


def _descriptors(data: bytes) -> Content:
    rows, entries = [], []
    for record in iter_elements(io.BytesIO(data), "DescriptorRecord"):
        name, label = text_of(record, "DescriptorUI"), text_of(record, "DescriptorName/String")
        trees = [t.text.strip() for t in record.iterfind("TreeNumberList/TreeNumber") if t.text]
        terms = [t.text.strip() for t in record.iterfind("ConceptList/Concept/TermList/Term/String") if t.text]
        note = text_of(record, "ConceptList/Concept/ScopeNote")
        line = record.sourceline or 1
        if not name or not label:
            entries.append(Entry(line, bad="no_id"))
            continue
        rows += [(line, name, tree) for tree in trees]
        synonyms = tuple(t for t in dict.fromkeys(terms) if t != label)
        entries.append(Entry(line, f"MESH:{name}", (Term(f"MESH:{name}", label, _kind(trees), synonyms, note),)))
    above = _above(rows)
    for place, entry in enumerate(entries):
        if entry.defines:
            entries[place] = Entry(entry.line, entry.defines, entry.terms, statements=above.get(entry.defines[5:], ()))
    return Content(entries)


def _table(data: bytes) -> Content:
    rows = list(tab_rows(decode(data), COLUMNS))
    trees: dict[str, list[str]] = {}
    placed = []
    for line, row in rows:
        if row and row.get("mesh_tree_number"):
            trees.setdefault(row["mesh_id"], []).append(row["mesh_tree_number"])
            placed.append((line, row["mesh_id"], row["mesh_tree_number"]))
    parents = {tree: name for _, name, tree in placed}
    entries = []
    for line, row in rows:
        if row is None:
            entries.append(Entry(line, bad="bad_width"))
        elif not row["mesh_id"] or not row["mesh_name"]:
            entries.append(Entry(line, bad="no_id"))
        else:
            name, tree = row["mesh_id"], row.get("mesh_tree_number")
            term = Term(f"MESH:{name}", row["mesh_name"], _kind(trees.get(name, ())))
            up = _statement(name, tree, parents) if tree else None
            entries.append(Entry(line, term.id, (term,), statements=(up,) if up else ()))
    return Content(entries)


def _above(placed: list[tuple[int, str, str]]) -> dict[str, tuple[Statement, ...]]:
    parents = {tree: name for _, name, tree in placed}
    found: dict[str, dict[Statement, None]] = {}
    for _, name, tree in placed:
        if up := _statement(name, tree, parents):
            found.setdefault(name, {})[up] = None
    return {name: tuple(statements) for name, statements in found.items()}


def _statement(name: str, tree: str, parents: dict[str, str]) -> Statement | None:
    """What a descriptor's place in the tree says. Above the top of a branch there is nothing."""
    parent = parents.get(tree.rpartition(".")[0])
    relation = "is_a" if tree.startswith(KIND_OF) else "broader"
    return Statement(f"MESH:{name}", relation, f"MESH:{parent}") if parent else None


def _kind(trees: Iterable[str]) -> str | None:
    kinds = {next((kind for branch, kind in KINDS if tree.startswith(branch)), None) for tree in trees}
    return next((kind for kind in RANK if kind in kinds), None)
