"""GA4GH Phenopackets: what a published patient had, had not, and was diagnosed with, as case text."""

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from collectors.clinical.nested import at, objects, string
from collectors.document import Document, DocumentSource
from collectors.tables.rows_json import parse
from collectors.text.encoding import decode
from datagen.archives import RawFile
from datagen.errors import InputError

_DURATION = re.compile(r"P(?:(\d+(?:\.\d+)?)Y)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)W)?(?:(\d+(?:\.\d+)?)D)?(?:T.*)?")
_UNITS = ("year", "month", "week", "day")


class Phenopackets(DocumentSource):
    """Patients in GA4GH Phenopackets (JSON, version 2), one a file, as records of content type CASE: sex and age,
    findings with their onset and severity, findings that were looked for and not there, measurements with reference
    ranges, genes and variants, treatments, and last the diagnosis. All names of terms are those in the file.

    Patients of one paper are a family. The packet's own number for the patient is not told. `meta` keeps `pmid`, the
    ids of diagnoses (`diseases`), `genes`, and HPO ids as `phenotypes` and `excluded`.

    Quarantined: bad_json, json_limits, not_a_phenopacket, no_findings, bad_encoding.
    """

    version: ClassVar[str] = "5"
    suffixes: ClassVar[tuple[str, ...]] = (".json",)

    def documents(self, file: RawFile) -> Iterator[Document | InputError]:
        packet = parse(decode(file.data))
        if not isinstance(packet, dict) or not isinstance(packet.get("id"), str) or "metaData" not in packet:
            raise InputError("not_a_phenopacket")
        features = objects(packet, "phenotypicFeatures")
        there = [f for f in features if at(f, "excluded") is not True]
        not_there = [f for f in features if at(f, "excluded") is True]
        if not features and not objects(packet, "measurements"):
            raise InputError("no_findings")
        parts = (
            _subject(packet),
            _list("Findings", [_finding(feature) for feature in there]),
            _list("Looked for and not found", [_label(at(feature, "type")) for feature in not_there]),
            _list("Measurements", [_measurement(m) for m in objects(packet, "measurements")]),
            _list("Treatment", [_action(action) for action in objects(packet, "medicalActions")]),
            _list("Genetics", [_variant(genomic) for genomic in _genomic(packet)]),
            _list("Diagnosis", _diagnoses(packet, excluded=False)),
            _list("Ruled out", _diagnoses(packet, excluded=True)),
        )
        papers = [r for r in objects(at(packet, "metaData"), "externalReferences") if _pmid(r)]
        pmid = _pmid(papers[0]) if papers else None
        yield Document(
            source_id=packet["id"],
            text="\n\n".join(part for part in parts if part),
            group=f"PMID:{pmid}" if pmid else None,
            language="en",
            url=f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/" if pmid else None,
            content_type="CASE",
            meta=_meta(packet, pmid, there, not_there),
        )


def _subject(packet: dict[str, Any]) -> str:
    subject = at(packet, "subject")
    sex = {"MALE": "male", "FEMALE": "female", "OTHER_SEX": "intersex"}.get(string(subject, "sex"))
    age = _time(at(subject, "timeAtLastEncounter"))
    died = string(subject, "vitalStatus", "status") == "DECEASED"
    told = [part for part in (sex, f"last seen at {age}" if age else None, "deceased" if died else None) if part]
    return f"Patient: {', '.join(told)}." if told else ""


def _finding(feature: dict[str, Any]) -> str | None:
    name, onset = _label(at(feature, "type")), _time(at(feature, "onset"))
    details = (
        _label(at(feature, "severity")),
        *(_label(modifier) for modifier in objects(feature, "modifiers")),
        f"onset: {onset}" if onset else None,
        f"resolved: {end}" if (end := _time(at(feature, "resolution"))) else None,
    )
    return _with(name, *details)


def _measurement(measurement: dict[str, Any]) -> str | None:
    name, value = _label(at(measurement, "assay")), at(measurement, "value")
    amount, unit = at(value, "quantity", "value"), _label(at(value, "quantity", "unit")) or ""
    low, high = (at(value, "quantity", "referenceRange", side) for side in ("low", "high"))
    told = f"{amount:g} {unit}".strip() if _is_number(amount) else _label(at(value, "ontologyClass"))
    if not name or not told:
        return None
    reference = f"reference {low:g} to {high:g}" if _is_number(low) and _is_number(high) else None
    return _with(f"{name}: {told}", reference)


def _action(action: dict[str, Any]) -> str | None:
    names = (("treatment", "agent"), ("procedure", "code"), ("therapeuticRegimen", "ontologyClass"))
    name = next((label for path in names if (label := _label(at(action, *path)))), None)
    response = _label(at(action, "responseToTreatment"))
    return _with(name, f"response: {response}" if response else None)


def _genomic(packet: dict[str, Any]) -> list[dict[str, Any]]:
    """What was found in genes, but for what was not held to matter."""
    found = [
        genomic
        for interpretation in objects(packet, "interpretations")
        for genomic in objects(at(interpretation, "diagnosis"), "genomicInterpretations")
    ]
    return [genomic for genomic in found if string(genomic, "interpretationStatus") != "REJECTED"]


def _variant(genomic: dict[str, Any]) -> str | None:
    variant = at(genomic, "variantInterpretation", "variationDescriptor")
    gene = string(variant, "geneContext", "symbol") or string(genomic, "gene", "symbol")
    written = {string(e, "syntax"): string(e, "value") for e in objects(variant, "expressions")}
    change = ", ".join(filter(None, (written.get("hgvs.c") or written.get("hgvs.g"), written.get("hgvs.p"))))
    pathogenicity = string(genomic, "variantInterpretation", "acmgPathogenicityClassification")
    name = " ".join(filter(None, (gene, change or string(variant, "label") or string(variant, "description"))))
    structure = (string(variant, "structuralType", "label") or "").replace("_", " ")
    details = (
        structure,
        string(variant, "allelicState", "label"),
        None if pathogenicity in (None, "NOT_PROVIDED") else pathogenicity.replace("_", " ").lower(),
    )
    return _with(name, *details)


def _diagnoses(packet: dict[str, Any], excluded: bool) -> list[str]:
    """Diseases with their onset, told once each."""
    onsets = {}
    for disease in objects(packet, "diseases"):
        if (at(disease, "excluded") is True) == excluded:
            onsets.setdefault(_coded(at(disease, "term")), _time(at(disease, "onset")))
    for interpretation in objects(packet, "interpretations") if not excluded else ():
        onsets.setdefault(_coded(at(interpretation, "diagnosis", "disease")), None)
    return [f"{name}; onset: {onset}" if onset else name for name, onset in onsets.items() if name]


def _time(element: Any) -> str | None:
    """A TimeElement in words: an age, an age range, weeks of gestation, or the name of a period of life."""
    age = _age(string(element, "age", "iso8601duration"))
    low, high = (_age(string(element, "ageRange", side, "iso8601duration")) for side in ("start", "end"))
    weeks, days = (at(element, "gestationalAge", unit) for unit in ("weeks", "days"))
    if _is_number(weeks):
        past = f" and {days} days" if _is_number(days) and days else ""
        return f"{weeks} weeks{past} of gestation"
    period = (_label(at(element, "ontologyClass")) or "").removesuffix(" onset")
    return age or (f"{low} to {high}" if low and high else None) or period or None


def _age(duration: str | None) -> str | None:
    found = _DURATION.fullmatch(duration) if duration else None
    if not found:
        return None
    amounts = [(float(n), unit) for n, unit in zip(found.groups(), _UNITS, strict=True) if n]
    told = [f"{n:g} {unit}{'' if n == 1 else 's'}" for n, unit in amounts if n]
    return " and ".join(told) or ("birth" if amounts else None)


def _meta(packet: dict[str, Any], pmid: str | None, there: list, not_there: list) -> dict[str, Any]:
    diseases = [at(d, "term") for d in objects(packet, "diseases") if at(d, "excluded") is not True]
    diseases += [at(i, "diagnosis", "disease") for i in objects(packet, "interpretations")]
    variants = [at(genomic, "variantInterpretation", "variationDescriptor") for genomic in _genomic(packet)]
    meta = {
        "pmid": pmid,
        "diseases": _unique(string(disease, "id") for disease in diseases),
        "genes": _unique(string(variant, "geneContext", "symbol") for variant in variants),
        "phenotypes": _unique(string(feature, "type", "id") for feature in there),
        "excluded": _unique(string(feature, "type", "id") for feature in not_there),
    }
    return {key: value for key, value in meta.items() if value}


def _pmid(reference: dict[str, Any]) -> str | None:
    found = re.fullmatch(r"PMID:\s*(\d{1,9})", string(reference, "id") or "")
    return found[1] if found else None


def _label(term: Any) -> str | None:
    return string(term, "label")


def _coded(term: Any) -> str | None:
    label, code = _label(term), string(term, "id")
    return f"{label} ({code})" if label and code else label


def _with(name: str | None, *details: str | None) -> str | None:
    told = ", ".join(detail for detail in details if detail)
    return f"{name} ({told})" if name and told else name or None


def _list(heading: str, items: list[str | None]) -> str:
    told = _unique(items)
    return f"{heading}: {'; '.join(told)}." if told else ""


def _unique(values) -> list[str]:
    return list(dict.fromkeys(value for value in values if value))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15
