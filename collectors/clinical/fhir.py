"""FHIR R4: a patient's resources as one clinical narrative, encounter by encounter."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import ClassVar

from pydantic import Field

from collectors.clinical.fhir_bundle import Bundle, parse_resource, resources_of
from collectors.clinical.fhir_text import Line, Narrator
from collectors.clinical.fhir_values import Resource, concept, concepts, day, is_wrong
from collectors.clinical.fhir_words import KINDS
from collectors.clinical.nested import at, objects, string
from collectors.document import Document, DocumentSource
from collectors.tables.rows_text import lines_of
from collectors.text.encoding import decode, decoded
from datagen.archives import RawFile
from datagen.errors import InputError

MAX_LOOSE = 64 << 20
_UNIX_TIME = datetime.min.replace(tzinfo=UTC)


class FHIR(DocumentSource):
    """Patients' records in FHIR R4 (JSON): bundles, one a file or, in `.ndjson`, one a line. Or resources, one a line,
    as bulk export has them: join its files first, for a record is made of what one file says of a patient.

    Each patient becomes one record of content type NOTE, told by encounter in the order of time: conditions, allergies,
    family history, observations with units and reference ranges, reports, imaging, procedures, orders, medications with
    dosage, immunisations, care plans, goals and notes (attachments decoded). What has no encounter is told by its day.
    Resources entered in error are left out. Headings are Chinese where `language` is zh, or the resources say so.

    Names, addresses, identifiers and dates of birth are not told (an age in years is); those that the bundle has of
    patients, relatives, practitioners, organisations and places are taken out of free text, whatever `deidentify` is.
    `meta` counts resources by type: `told`, and `left_out` for administrative ones and those without content.

    Quarantined: bad_json, json_limits, not_fhir, no_patient, no_clinical_content, bad_encoding, too_large (of
    resources one a line, over 64 MB in a file).
    """

    patient_level: bool = Field(True, description="ids are keyed hashes and no original identifier is kept")

    version: ClassVar[str] = "5"
    suffixes: ClassVar[tuple[str, ...]] = (".json", ".ndjson", ".jsonl")

    def documents(self, file: RawFile) -> Iterator[Document | InputError]:
        if file.name.lower().endswith(".json"):
            yield from self._patients(resources_of(parse_resource(decode(file.data))))
            return
        loose: list[tuple[str | None, Resource]] = []
        held = 0
        for line in lines_of(decoded(file.stream)):
            if isinstance(line, str) and not line.strip():
                continue
            try:
                if isinstance(line, InputError):
                    raise line
                found = resources_of(root := parse_resource(line))
            except InputError as error:
                yield error
                continue
            if root["resourceType"] == "Bundle":
                yield from self._patients(found)
            else:
                loose += found
                held += len(line)
            if held > MAX_LOOSE:
                raise InputError("too_large", f"over {MAX_LOOSE} characters of resources without a bundle")
        if loose:
            yield from self._patients(loose)

    def _patients(self, resources: list[tuple[str | None, Resource]]) -> Iterator[Document | InputError]:
        bundle = Bundle(resources)
        if not bundle.records:
            yield InputError("no_patient")
        for patient, own in bundle.records.items():
            try:
                yield self._document(bundle, patient, own)
            except InputError as error:
                yield error

    def _document(self, bundle: "Bundle", patient: str, own: list[Resource]) -> Document:
        spoken = self.language or next((code for r in own if (code := string(r, "language"))), "en")
        is_chinese = spoken.startswith("zh")
        narrator = Narrator("zh" if is_chinese else "en", bundle.resolve, bundle.scrub)
        told: Counter[str] = Counter()
        left_out: Counter[str] = Counter()
        lines: dict[int, tuple[Resource, Line]] = {}
        for resource in own:
            kind = resource["resourceType"]
            if kind == "Encounter":
                (left_out if is_wrong(resource) else told)[kind] += 1
                continue
            try:
                line = None if is_wrong(resource) else narrator.line(resource)
            except InputError as error:
                line, kind = None, f"{kind}: {error.reason}"
            (told if line else left_out)[kind] += 1
            if line:
                lines[id(resource)] = (resource, line)
        if not lines:
            raise InputError("no_clinical_content")
        within = {part for _, line in lines.values() for part in line.parts}
        text = _narrative(narrator, bundle.find(patient), own, [pair for i, pair in lines.items() if i not in within])
        return Document(
            source_id=patient.removeprefix("Patient/"),
            text=bundle.scrub_full_names(text),
            language="zh" if is_chinese else None,
            content_type="NOTE",
            meta={"told": dict(sorted(told.items())), "left_out": dict(sorted(left_out.items()))},
        )


def _narrative(
    narrator: Narrator, person: Resource | None, own: list[Resource], lines: list[tuple[Resource, Line]]
) -> str:
    """A title, who the patient is, and a section for each encounter, and each day outside of one."""
    visits = {id(r): r for r in own if r["resourceType"] == "Encounter" and not is_wrong(r)}
    told: dict[int | str, list[Line]] = defaultdict(list, {number: [] for number in visits})
    for resource, line in lines:
        reference = at(resource, "encounter") or at(resource, "context", "encounter", 0) or at(resource, "context")
        visit = id(narrator.resolve(resource, reference))
        told[visit if visit in visits else _when(resource)[:10]].append(line)
    sections = []
    for key, within in told.items():
        visit = visits.get(key) if isinstance(key, int) else None
        start = _when(visit) if visit else key
        when = ", ".join(filter(None, (day(start) or narrator.words["undated"], _age(narrator, person, start))))
        title = f"## {when}: {_visit(narrator, visit)}" if visit else f"## {when}"
        sections.append((_moment(start), title, f"{title}\n\n{_body(narrator, within)}".strip()))
    sections.sort(key=lambda section: section[:2])
    about = _about(narrator, person)
    return "\n\n".join(filter(None, (f"# {narrator.words['title']}", about, *(text for *_, text in sections))))


def _about(narrator: Narrator, person: Resource | None) -> str:
    words, lines = narrator.words, []
    if gender := string(person, "gender"):
        lines.append(f"{words['sex']}: {words.get(gender, words['unknown'])}")
    died = string(person, "deceasedDateTime") or ""
    if died or at(person, "deceasedBoolean") is True:
        when = ", ".join(filter(None, (day(died), _age(narrator, person, died))))
        lines.append(f"{words['deceased']}: {when}" if when else words["deceased"])
    return "\n".join(lines)


def _visit(narrator: Narrator, visit: Resource) -> str:
    words = narrator.words
    name = ", ".join(concepts(visit, "type")) or concept(at(visit, "serviceType")) or words["encounter"]
    kind = string(visit, "class", "code")
    disposition = concept(at(visit, "hospitalization", "dischargeDisposition"))
    reasons = narrator.reasons(visit) + [
        found for d in objects(visit, "diagnosis") for found in narrator.referenced(d, "condition")
    ]
    details = (
        words.get(kind) or concept(at(visit, "class")),
        narrator.named("reason", list(dict.fromkeys(reasons))),
        narrator.named("disposition", disposition),
    )
    told = "; ".join(detail for detail in details if detail)
    return f"{name} ({told})" if told else name


def _body(narrator: Narrator, lines: list[Line]) -> str:
    blocks = []
    for kind in KINDS:
        texts = [line.text for line in lines if line.kind == kind]
        if texts:
            blocks.append("\n".join([f"{narrator.words[kind]}:", *(f"- {text}" for text in dict.fromkeys(texts))]))
    return "\n\n".join(blocks)


_TIMES = ("effectiveDateTime", "effectivePeriod", "effectiveInstant", "performedDateTime", "performedPeriod")
_TIMES += ("occurrenceDateTime", "occurrencePeriod", "authoredOn", "onsetDateTime", "onsetPeriod", "period", "started")
_TIMES += ("startDate", "date", "dateAsserted", "recordedDate", "issued", "created")


def _when(resource: Resource) -> str:
    """When it happened, else when it was written down: a FHIR date or dateTime, or nothing."""
    for key in _TIMES:
        value = at(resource, key, "start") if isinstance(at(resource, key), dict) else at(resource, key)
        if day(value):
            return value
    return ""


def _moment(stated: str) -> tuple[bool, datetime]:
    """A key to sort by; what has no date comes last."""
    whole = stated + "-01" * max(0, 3 - len((day(stated) or "").split("-")))
    try:
        moment = datetime.fromisoformat(whole)
    except ValueError:
        return True, _UNIX_TIME
    return False, moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _age(narrator: Narrator, person: Resource | None, stated: str) -> str | None:
    born, then = string(person, "birthDate"), day(stated)
    if not born or not then or len(born) < 10 or len(then) < 10:
        return None
    try:
        first, last = date.fromisoformat(born), date.fromisoformat(then)
    except ValueError:
        return None
    months = (last.year - first.year) * 12 + last.month - first.month - (last.day < first.day)
    if months < 0:
        return None
    if months >= 90 * 12:
        return narrator.words["age_over"]
    return narrator.words["age"].format(months // 12) if months >= 24 else narrator.words["age_months"].format(months)
