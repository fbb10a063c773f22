"""Rare diseases in Orphadata's XML products: names and cross-walk (1), phenotypes (4), genes (6), prevalence and onset
(9). A product is known by what its disorders hold."""

import io
import re
from collections.abc import Iterator

from lxml import etree

from datagen.errors import InputError
from datagen.xml import iter_elements, text_of
from knowledge_graph.readers.entries import Content, Entry, Statement, Term

REFERENCES = {"OMIM": "OMIM", "MONDO": "MONDO", "ICD-10": "ICD10", "MeSH": "MESH", "UMLS": "UMLS", "GARD": "GARD"}
EXACT = "E"
"""How Orphanet's relation to another vocabulary begins where it says that both are the same."""
SHARES = (
    ("Obligate", 1.0),
    ("Very frequent", 0.895),
    ("Frequent", 0.545),
    ("Occasional", 0.17),
    ("Very rare", 0.025),
    ("Excluded", 0.0),
)
"""Frequency classes as shares: the middle of the range that each stands for, as in HPOA."""
CAUSES = re.compile(r"causing|susceptibility|modifying|role in|candidate|fusion|biomarker", re.I)
PUBMED = re.compile(r"(\d{1,9})\[PMID\]")
POINT = "Point prevalence"


def read_orphadata(data: bytes) -> Content:
    """Each disorder is an entry. Raises InputError(bad_xml, xml_entities, xml_limits or not_orphadata)."""
    entries: list[Entry] = []
    released = licence = None
    for disorder in iter_elements(io.BytesIO(data), "Disorder"):
        if not entries:  # what the file says of itself stands before its disorders
            root = disorder.getroottree().getroot()
            if root.tag != "JDBOR":
                break
            released, licence = (root.get("date") or "")[:10], text_of(root, "Availability/Licence/ShortIdentifier")
        entries.append(_entry(disorder))
    if not entries:
        raise InputError("not_orphadata", "no Disorder")
    return Content(entries, released or None, licence)


def _entry(disorder: etree._Element) -> Entry:
    line = disorder.sourceline or 1
    number = text_of(disorder, "OrphaCode") or text_of(disorder, "OrphaNumber")
    if number is None or not number.isdigit():
        return Entry(line, bad="no_id")
    name = f"ORPHA:{number}"
    exact, loose = [], []
    for reference in disorder.iterfind("ExternalReferenceList/ExternalReference"):
        source, local = text_of(reference, "Source"), text_of(reference, "Reference")
        if source in REFERENCES and local:
            relation = text_of(reference, "DisorderMappingRelation/Name") or ""
            (exact if relation.startswith(EXACT) else loose).append(f"{REFERENCES[source]}:{local}")
    term = Term(
        name,
        text_of(disorder, "Name"),
        "disease",
        tuple(s.text.strip() for s in disorder.iterfind("SynonymList/Synonym") if s.text and s.text.strip()),
        xrefs=tuple(exact),
        prevalence=_prevalence(disorder),
    )
    found = list(_statements(name, disorder))
    return Entry(
        line,
        defines=name,
        terms=(term, *(term for terms, _ in found for term in terms)),
        statements=tuple(statement for _, statement in found),
        same=tuple((name, other) for other in exact),
    )


def _statements(name: str, disorder: etree._Element) -> Iterator[tuple[tuple[Term, ...], Statement]]:
    for association in disorder.iterfind("DisorderGeneAssociationList/DisorderGeneAssociation"):
        symbol = text_of(association, "Gene/Symbol")
        numbers = {
            text_of(r, "Source"): text_of(r, "Reference")
            for r in association.iterfind("Gene/ExternalReferenceList/ExternalReference")
        }
        gene = f"HGNC:{numbers['HGNC']}" if numbers.get("HGNC") else f"ORPHAGENE:{symbol}"
        synonyms = tuple(s.text for s in association.iterfind("Gene/SynonymList/Synonym") if s.text)
        full = text_of(association, "Gene/Name")
        papers = PUBMED.findall(text_of(association, "SourceOfValidation") or "")
        assessed = text_of(association, "DisorderGeneAssociationStatus/Name") == "Assessed"
        kind = text_of(association, "DisorderGeneAssociationType/Name") or ""
        relation = "associated_gene" if CAUSES.search(kind) else "related_gene"
        yield (
            (Term(gene, symbol, "gene", (full, *synonyms) if full else synonyms),),
            Statement(name, relation, gene, evidence=tuple(f"PMID:{p}" for p in papers), tier="A" if assessed else "B"),
        )
    for association in disorder.iterfind("HPODisorderAssociationList/HPODisorderAssociation"):
        finding, label = text_of(association, "HPO/HPOId"), text_of(association, "HPO/HPOTerm")
        if finding:
            frequency = text_of(association, "HPOFrequency/Name") or ""
            share = next((share for word, share in SHARES if frequency.startswith(word)), None)
            polarity = -1 if share == 0 else 1
            terms = (Term(finding, label, "phenotype"),)
            yield terms, Statement(name, "has_phenotype", finding, polarity, share=share)


def _prevalence(disorder: etree._Element) -> str | None:
    """The class of point prevalence, the world's where there are several regions."""
    found = {}
    for prevalence in disorder.iterfind("PrevalenceList/Prevalence"):
        if text_of(prevalence, "PrevalenceType/Name") == POINT and (
            kind := text_of(prevalence, "PrevalenceClass/Name")
        ):
            found.setdefault(text_of(prevalence, "PrevalenceGeographic/Name"), kind)
    return found.get("Worldwide") or next(iter(found.values()), None)
