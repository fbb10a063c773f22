"""One spelling for every identifier: sources write the same CURIE in many ways."""

import re
from functools import lru_cache

PREFIXES = {
    "MIM": "OMIM",
    "ORDO": "ORPHA",
    "ORPHANET": "ORPHA",
    "MSH": "MESH",
    "MESHD": "MESH",
    "NCI": "NCIT",
    "UMLS_CUI": "UMLS",
    "UMLS_ID": "UMLS",
    "SCTID": "SNOMEDCT",
    "SNOMED": "SNOMEDCT",
    "ICD-10": "ICD10",
    "ICD10WHO": "ICD10",
    "ICD10_CM": "ICD10CM",
    "MEDDRA": "MEDDRA",
    "MEDRA": "MEDDRA",
    "ENTREZ": "NCBIGENE",
    "WD": "WIKIDATA",
}
VERSIONED = re.compile(r"(SNOMEDCT_US|NCI|ICD9CM|ICD10CM)_\d{4}\w*", re.I)
PAGES = (
    (re.compile(r"https?://(?:www\.)?omim\.org/entry/(\d{6})"), "OMIM"),
    (re.compile(r"https?://(?:www\.)?omim\.org/phenotypicSeries/(PS\d+)"), "OMIMPS"),
    (re.compile(r"https?://snomed\.info/(?:id|sct)/(\d+)"), "SNOMEDCT"),
    (re.compile(r"https?://linkedlifedata\.com/resource/umls/id/(C\d+)"), "UMLS"),
    (re.compile(r"https?://www\.orpha\.net/ORDO/Orphanet_(\d+)"), "ORPHA"),
    (re.compile(r"https?://www\.wikidata\.org/entity/(Q\d+)"), "WIKIDATA"),
    (re.compile(r"https?://identifiers\.org/(\w+)/(\S+)"), None),
    (re.compile(r"https?://purl\.obolibrary\.org/obo/([A-Za-z]+)_(\w+)"), None),
)
UPPER = frozenset((*PREFIXES.values(), "DOID", "MONDO", "HP", "SYMP", "HGNC", "UBERON", "GARD", "MEDGEN", "ORPHA"))


@lru_cache(maxsize=1 << 20)
def canonical(name: str) -> str:
    """An identifier as this graph spells it; one that it doesn't know stays as it is.

    >>> [canonical(name) for name in ("MIM:219700", "Orphanet:586", "https://omim.org/entry/219700", "MeSH:D003550")]
    ['OMIM:219700', 'ORPHA:586', 'OMIM:219700', 'MESH:D003550']
    """
    if name.startswith("http"):
        for pattern, prefix in PAGES:
            if found := pattern.fullmatch(name):
                return f"{prefix}:{found[1]}" if prefix else canonical(f"{found[1]}:{found[2]}")
        return name
    prefix, colon, local = name.partition(":")
    if not colon:
        return name
    upper = prefix.upper()
    if versioned := VERSIONED.fullmatch(upper):
        upper = versioned[1].removesuffix("_US")
    upper = PREFIXES.get(upper, upper)
    return f"{upper}:{local}" if upper in UPPER or upper != prefix.upper() else name


def authority(name: str) -> str:
    """Whose identifier it is: its prefix."""
    return name.partition(":")[0]
