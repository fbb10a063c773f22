"""Numbers that are public: entries of registers, ontologies and databases, places on chromosomes. Nobody's identifiers,
whatever they look like."""

import re

from collectors.privacy.identifiers.rule import Span

_REGISTERS = (
    r"DOID|MONDO|ORPHA(?:NET)?|OMIM(?:PS)?|MESH|PMID|PMCID|PMC|UMLS(?:_CUI)?|SNOMED\w*|SCTID|ICD-?(?:\d\w*|O)"
    r"|ICD\d*\w*|NCIT"
    r"|CHEBI|CHEMBL\w*|UBERON|MEDDRA|NDFRT|HGNC|ENTREZ|NCBI\w*|ENSEMBL|UNIPROT\w*|KEGG\w*|REACTOME|LOINC|RXNORM|RXCUI"
    r"|DRUGBANK|PUBCHEM\w*|NCT|ISRCTN|EUDRACT|CHICTR\S{0,5}|ANZCTR|DRKS|DOI|ISBN|ISSN|DBSNP|CLINVAR|COSMIC|GENBANK"
    r"|REFSEQ|WIKIDATA"
    r"|NDC|ARXIV|PROSPERO"
)
_SHORT = (
    "HPO?|ORDO|O?MIM|CUI|ICD|NCI|NCI_[A-Z]+|GARD|EFO|CLO?|GO|SO|PATO|SYMP|ATC|CAS|EC|UNII|CID|SID|CTR|CTRI|UMIN|PDB"
    "|GEO|FMA|MP|MGI|BTO|VO|OBI"
)
"""Registers whose names could be words, or initials, unless a colon follows."""
_REGISTER = re.compile(
    rf"(?<![A-Za-z])(?:(?i:{_REGISTERS})(?i: ?(?:id|number|no\.?|code|registry))?\s?[:\uff1a#]?\s?|"
    rf"(?:{_SHORT})[:\uff1a]\s?)"
    r"[A-Z]{0,4}$",
)
_CODE = re.compile(rf"(?:(?i:{_REGISTERS})|{_SHORT})(?=[:\uff1a]\s?[A-Z]{{0,2}}\d)")
_BAND = re.compile(
    r"(?:(?<![A-Za-z0-9])(?:\d{1,2}|[XY])[pq](?:\d{1,2}(?:\.\d{1,2})?|ter)?|chr(?:\d{1,2}|[XY]))[(:]?[\d,_-]{0,12}$"
)

_DOI = re.compile(r"(?<![\d.])10\.\d{4,9}/\S*$")
"""ISO 26324: a prefix of the registrant, and a suffix of any form."""
_TRIAL = re.compile(
    r"(?:UMIN|NTR|JPRN-|jRCT|ChiCTR|ACTRN|CTRI/|KCT|IRCT|PACTR|SLCTR|TCTR|RBR-|EUCTR|NCT|DRKS|ISRCTN|CRD)\w?\d"
)
"""Prefixes of the primary registries of WHO's network, and of reviews."""
_DATABASE = re.compile(
    r"(?<![A-Za-z])[A-Z]\w{1,9}(?:DB|Base|Bank)(?: (?:ID|gene|accession|number|no\.?)){0,2}[:\s]{0,2}$"
)


def is_public(text: str, span: Span) -> bool:
    """Whether the register, or the chromosome band, that a number belongs to stands before it."""
    if _DOI.search(text, max(0, span.start - 80), span.start) or _TRIAL.match(text, span.start):
        return True
    if span.kind == "DATE":
        return False
    before = text[max(0, span.start - 28) : span.start]
    if _DATABASE.search(before):
        return True
    if span.kind == "NAME":
        return _CODE.match(text, span.start) is not None
    return _REGISTER.search(before) is not None or _BAND.search(before) is not None
