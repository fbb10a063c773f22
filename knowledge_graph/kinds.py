"""Node types: by the ontology's own namespace, by CURIE prefix, and for HPO by branch."""

from collections.abc import Iterable

from knowledge_graph.readers.entries import Term

KINDS = frozenset(
    (
        "disease",
        "phenotype",
        "symptom",
        "finding",
        "drug",
        "treatment",
        "test",
        "anatomy",
        "gene",
        "department",
        "pathogen",
        "risk_factor",
        "procedure",
        "population",
        "drug_class",
        "pathway",
        "biological_process",
        "cellular_component",
        "molecular_function",
        "dose",
        "food",
        "other",
    )
)
NAMESPACES = {"disease_ontology": "disease", "symptoms": "symptom", "human_phenotype": "phenotype"}
PREFIXES = {
    "DOID": "disease",
    "MONDO": "disease",
    "OMIM": "disease",
    "ORPHA": "disease",
    "ORPHANET": "disease",
    "DECIPHER": "disease",
    "HP": "phenotype",
    "SYMP": "symptom",
    "CHEBI": "drug",
    "DRUGBANK": "drug",
    "RXNORM": "drug",
    "ATC": "drug",
    "MAXO": "treatment",
    "UBERON": "anatomy",
    "FMA": "anatomy",
    "HGNC": "gene",
    "NCBIGENE": "gene",
    "NCBITAXON": "pathogen",
}
BRANCHES = {
    "HP:0000004": "course",
    "HP:0031797": "course",
    "HP:0000005": "inheritance",
    "HP:0012823": "modifier",
    "HP:0040279": "frequency",
    "HP:0032443": "history",
    "HP:0032223": "blood_group",
}
"""Branches of HPO that are not findings in a patient. Onset, once a branch of its own, is below the clinical course."""
MEMBERS = {
    "modifier": """
        0012824 0012825 0012826 0012827 0012828 0012829 0012830 0012832 0012833 0012834 0012835 0012837 0012838 0012839
        0012840 0020034 0025153 0025204 0025254 0025275 0025281 0025283 0025297 0025304 0030645 0030646 0031375 0031796
        0031915 0032319 0032320 0032321 0032322 0032535
    """,
    "frequency": "0040280 0040281 0040282 0040283 0040284 0040285",
    "history": "0032316",
}
"""Of these branches (Severe, Left, Occasional, Family history): files of names alone don't say where they stand."""
OF_HPO = {f"HP:{number}": kind for kind, numbers in MEMBERS.items() for number in numbers.split()}
OTHER = "other"


def kind_of(term: Term) -> str:
    """The type of a term: what the file calls it where that is a type of ours, else what its prefix stands for."""
    if term.kind in KINDS:
        return term.kind
    return OF_HPO.get(term.id) or NAMESPACES.get(term.kind) or PREFIXES.get(term.id.partition(":")[0].upper(), OTHER)


def kinds_below(is_a: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Types of the terms in HPO's branches, by (child, parent) pairs."""
    below: dict[str, list[str]] = {}
    for child, parent in is_a:
        below.setdefault(parent, []).append(child)
    kinds: dict[str, str] = {}
    for root, kind in BRANCHES.items():
        queue = [root] if root in below else []
        while queue:
            name = queue.pop()
            if name not in kinds:
                kinds[name] = kind
                queue += below.get(name, ())
    return kinds
