"""Hetionet (Himmelstein et al. 2017, eLife e26726): its nodes in TSV, its edges in SIF."""

from datagen.errors import InputError
from knowledge_graph.readers.entries import Content, Entry, Statement, Term, decode

NODES = ("id", "name", "kind")
EDGES = ("source", "metaedge", "target")
KINDS = {
    "Anatomy": ("", "anatomy"),
    "Biological Process": ("", "biological_process"),
    "Cellular Component": ("", "cellular_component"),
    "Compound": ("DRUGBANK:", "drug"),
    "Disease": ("", "disease"),
    "Gene": ("NCBIGENE:", "gene"),
    "Molecular Function": ("", "molecular_function"),
    "Pathway": ("PATHWAY:", "pathway"),
    "Pharmacologic Class": ("NDFRT:", "drug_class"),
    "Side Effect": ("UMLS:", "finding"),
    "Symptom": ("MESH:", "symptom"),
}
"""What the graph's kinds are here: the prefix of their ids (none where they carry one), and the type."""
RELATIONS = {
    "AdG": ("downregulates", "A"),
    "AeG": ("expresses", "A"),
    "AuG": ("upregulates", "A"),
    "CbG": ("binds", "A"),
    "CcSE": ("adverse_effect", "A"),
    "CdG": ("downregulates", "B"),
    "CpD": ("palliates", "A"),
    "CrC": ("resembles", "B"),
    "CtD": ("treats", "A"),
    "CuG": ("upregulates", "B"),
    "DaG": ("associated_gene", "B"),
    "DdG": ("downregulates", "B"),
    "DlA": ("located_in", "C"),
    "DpS": ("has_symptom", "C"),
    "DrD": ("resembles", "C"),
    "DuG": ("upregulates", "B"),
    "GcG": ("covaries", "B"),
    "GiG": ("interacts", "A"),
    "GpBP": ("participates_in", "A"),
    "GpCC": ("participates_in", "A"),
    "GpMF": ("participates_in", "A"),
    "GpPW": ("participates_in", "A"),
    "Gr>G": ("regulates", "B"),
    "PCiC": ("includes", "A"),
}
"""Metaedges by their abbreviation: relation, and how it is known (C: inferred from co-occurrence in MEDLINE)."""


def read_hetionet(data: bytes) -> Content:
    """A table of nodes or of edges, by its header.

    Raises InputError: not_utf8, bad_header, empty_file; a row that can't be read is an entry with `bad` set.
    """
    lines = decode(data).split("\n")
    header = tuple(cell.strip() for cell in lines[0].split("\t"))
    if not lines[0].strip():
        raise InputError("empty_file")
    if header not in (NODES, EDGES):
        raise InputError("bad_header", f"neither {', '.join(NODES)} nor {', '.join(EDGES)}")
    read = _node if header == NODES else _edge
    rows = ((line, text.rstrip("\r").split("\t")) for line, text in enumerate(lines[1:], 2) if text.strip())
    return Content([read(line, cells) if len(cells) == 3 else Entry(line, bad="bad_width") for line, cells in rows])


def _node(line: int, cells: list[str]) -> Entry:
    found = _id(cells[0])
    if found is None:
        return Entry(line, bad="no_id")
    return Entry(line, found[0], (Term(found[0], cells[1] or None, found[1]),))


def _edge(line: int, cells: list[str]) -> Entry:
    subject, object_ = _id(cells[0]), _id(cells[2])
    if subject is None or object_ is None:
        return Entry(line, bad="no_id")
    if cells[1] not in RELATIONS:
        return Entry(line, bad="bad_relation")
    relation, tier = RELATIONS[cells[1]]
    return Entry(line, statements=(Statement(subject[0], relation, object_[0], tier=tier),))


def _id(name: str) -> tuple[str, str] | None:
    kind, _, local = name.partition("::")
    if kind not in KINDS or not local:
        return None
    prefix, type_ = KINDS[kind]
    return f"{prefix}{local}", type_
