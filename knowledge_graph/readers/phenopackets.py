"""Patients in GA4GH Phenopackets (JSON, version 2): what was observed and what was looked for and not found."""

import json
import re
from typing import Any

from datagen.errors import InputError
from datagen.record import record_id
from knowledge_graph.readers.entries import Entry, Statement, Term

SEXES = {"FEMALE": "female", "MALE": "male"}
AGE = re.compile(r"P(?:(\d{1,3})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T\S*)?")
ONSETS = (
    (1, "HP:0003577"),
    (28, "HP:0003623"),
    (365, "HP:0003593"),
    (5 * 365, "HP:0011463"),
    (16 * 365, "HP:0003621"),
    (float("inf"), "HP:0003581"),
)
"""Age in days below which an onset is congenital, neonatal, infantile, childhood, juvenile; then it is adult."""


def read_phenopacket(data: bytes) -> tuple[Entry, str | None]:
    """One patient as statements about the diagnosed disease (`shown` 1 or 0 of `n` 1), with the PMIDs of the paper, and
    the patient's case family: a hash of the paper, None where none is named. Onset (of findings and of the disease, as
    a term of HPO) and sex count where they are given.

    Nothing that identifies the patient is read. Findings both observed and excluded are left out. An entry with `bad`
    set: not_json, not_a_phenopacket, no_single_diagnosis, bad_finding; one without findings is dropped (no_findings).
    """
    try:
        packet = json.loads(data)
    except (ValueError, RecursionError):
        return Entry(1, bad="not_json"), None
    if not isinstance(packet, dict) or not isinstance(packet.get("phenotypicFeatures", []), list):
        return Entry(1, bad="not_a_phenopacket"), None
    try:
        return _entry(packet)
    except InputError as error:
        return Entry(1, bad=error.reason), None
    except (KeyError, TypeError, AttributeError):
        return Entry(1, bad="not_a_phenopacket"), None


def _entry(packet: dict[str, Any]) -> tuple[Entry, str | None]:
    disease = _diagnosis(packet)
    papers = tuple(
        sorted(
            reference["id"]
            for reference in packet.get("metaData", {}).get("externalReferences", [])
            if str(reference.get("id", "")).startswith("PMID:")
        )
    )
    family = record_id("PMID", papers[0]) if papers else None
    findings = _findings(packet)
    sex = SEXES.get(packet.get("subject", {}).get("sex", ""))
    if not findings:
        return Entry(1, dropped="no_findings"), family
    statements = [
        Statement(
            disease.id, "has_phenotype", term.id, 1 if seen else -1, int(seen), 1, None, papers, onset=onset, sex=sex
        )
        for term, seen, onset in findings
    ]
    if onset := _disease_onset(packet, disease.id):
        statements.append(Statement(disease.id, "has_course", onset, evidence=papers, sex=sex))
    genes = _genes(packet)
    statements += [Statement(disease.id, "associated_gene", gene.id, evidence=papers) for gene in genes]
    return Entry(1, terms=(disease, *(term for term, _, _ in findings), *genes), statements=tuple(statements)), family


def _diagnosis(packet: dict[str, Any]) -> Term:
    found = {}
    for interpretation in packet.get("interpretations", []):
        disease = interpretation.get("diagnosis", {}).get("disease")
        if disease:
            found[disease["id"]] = disease.get("label")
    for disease in packet.get("diseases", []) if not found else ():
        if not disease.get("excluded"):
            found[disease["term"]["id"]] = disease["term"].get("label")
    if len(found) != 1:
        raise InputError("no_single_diagnosis", f"{len(found)} diagnoses")
    ((disease, label),) = found.items()
    return Term(disease, label, "disease")


def _findings(packet: dict[str, Any]) -> list[tuple[Term, bool, str | None]]:
    seen: dict[str, set[bool]] = {}
    labels: dict[str, str | None] = {}
    onsets: dict[str, str | None] = {}
    for feature in packet.get("phenotypicFeatures", []):
        term, excluded = feature["type"], feature.get("excluded", False)
        if ":" not in term["id"] or not isinstance(excluded, bool):
            raise InputError("bad_finding")
        seen.setdefault(term["id"], set()).add(not excluded)
        labels[term["id"]] = term.get("label")
        onsets.setdefault(term["id"], None if excluded else _onset(feature.get("onset") or {}))
    return [(Term(i, labels[i]), *values, onsets[i]) for i, values in seen.items() if len(values) == 1]


def _disease_onset(packet: dict[str, Any], disease: str) -> str | None:
    for stated in packet.get("diseases", []):
        if stated["term"]["id"] == disease:
            return _onset(stated.get("onset") or {})
    return None


def _onset(onset: dict[str, Any]) -> str | None:
    """HPO's class of an age, or the one that is stated."""
    if stated := onset.get("ontologyClass", {}).get("id"):
        return stated
    age = AGE.fullmatch(onset.get("age", {}).get("iso8601duration", ""))
    if age is None:
        return None
    years, months, weeks, days = (int(part or 0) for part in age.groups())
    total = 365 * years + 30 * months + 7 * weeks + days
    return next(term for below, term in ONSETS if total < below)


def _genes(packet: dict[str, Any]) -> list[Term]:
    genes = {}
    for interpretation in packet.get("interpretations", []):
        for genomic in interpretation.get("diagnosis", {}).get("genomicInterpretations", []):
            variant = genomic.get("variantInterpretation", {}).get("variationDescriptor", {})
            gene = variant.get("geneContext") or genomic.get("gene") or {}
            if gene.get("valueId") and genomic.get("interpretationStatus") in ("CAUSATIVE", "CONTRIBUTORY"):
                genes[gene["valueId"]] = Term(gene["valueId"], gene.get("symbol"), "gene")
    return list(genes.values())
