"""FHIR R4 resources as lines of a clinical narrative."""

import re
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from collectors.clinical.fhir_values import Resource, concept, concepts, day, is_wrong, number, plain
from collectors.clinical.fhir_words import CODES_EN, CODES_ZH, UNITS, WORDS
from collectors.clinical.nested import at, objects, string
from collectors.text.encoding import decode
from datagen.errors import InputError

MAX_ATTACHMENT = 16 << 20
_USUAL = {"final", "amended", "corrected", "active", "completed", "finished", "confirmed", "unknown", "current"}
"""States that go without saying."""


@dataclass(frozen=True)
class Line:
    """One resource in words. `parts` are resources told within it."""

    kind: str
    text: str
    parts: tuple[int, ...] = ()


class Narrator:
    """Puts resources of one bundle into words of one language.

    `resolve` finds the resource that a reference of another one names, `scrub` takes identities out of free text.
    """

    def __init__(self, language: str, resolve: Callable[[Resource, Any], Resource | None], scrub: Callable[[str], str]):
        self.words, self._codes = WORDS[language], CODES_ZH if language == "zh" else CODES_EN
        self.resolve, self.scrub = resolve, scrub

    def line(self, resource: Resource) -> Line | None:
        """None for resources without clinical content."""
        teller = _TELLERS.get(resource.get("resourceType"))
        return teller(self, resource) if teller else None

    # Parts of sentences

    def code(self, value: str | None) -> str | None:
        return self._codes.get(value, value) if value else None

    def state(self, resource: Resource, *keys: str | int) -> str | None:
        found = string(resource, *keys)
        return None if found in _USUAL else self.code(found)

    def named(self, word: str, values: list[str] | str | None) -> str | None:
        values = [values] if isinstance(values, str) else values
        return f"{self.words[word]} {', '.join(values)}" if values else None

    def quantity(self, value: Any) -> str | None:
        amount = number(at(value, "value"))
        if amount is None:
            return None
        unit = string(value, "unit") or string(value, "code") or ""
        unit = UNITS.get(unit, unit)
        unit = re.sub(r"\{([^{}]*)\}", r"\1", unit)
        return f"{string(value, 'comparator') or ''}{amount}{'' if unit.startswith('%') else ' '}{unit}".strip()

    def range(self, value: Any) -> str | None:
        if text := string(value, "text"):
            return text
        low, high = self.quantity(at(value, "low")), self.quantity(at(value, "high"))
        if low and high:
            unit = high.partition(" ")[2]
            return f"{low.removesuffix(' ' + unit) if unit else low}–{high}"
        return f"≥{low}" if low else f"≤{high}" if high else None

    def value(self, holder: Resource) -> str | None:
        """The `value[x]` of an observation or a component."""
        if (found := at(holder, "valueBoolean")) is not None:
            return self.words["yes" if found is True else "no"]
        ratio = [self.quantity(at(holder, "valueRatio", side)) for side in ("numerator", "denominator")]
        text = string(holder, "valueString")
        return (
            self.quantity(at(holder, "valueQuantity"))
            or concept(at(holder, "valueCodeableConcept"))
            or (self.scrub(text) if text else None)
            or number(at(holder, "valueInteger"))
            or self.range(at(holder, "valueRange"))
            or (" / ".join(ratio) if all(ratio) else None)
            or day(at(holder, "valueDateTime"))
            or day(at(holder, "valuePeriod"))
            or string(holder, "valueTime")
        )

    def reasons(self, resource: Resource) -> list[str]:
        return [*concepts(resource, "reasonCode"), *self.referenced(resource, "reasonReference")]

    def referenced(self, resource: Resource, key: str) -> list[str]:
        """Names of the resources under a key."""
        names = []
        for reference in objects(resource, key):
            target = self.resolve(resource, reference)
            name = concept(at(target, "code")) or string(target, "description", "text") or string(reference, "display")
            if name and name not in names:
                names.append(name)
        return names

    def free(self, text: str | None) -> str | None:
        return self.scrub(text) if text else None

    def annotations(self, resource: Resource) -> list[str]:
        return [self.scrub(text) for note in objects(resource, "note") if (text := string(note, "text"))]

    def attachment(self, value: Any) -> str | None:
        """The text of an attachment that carries text itself. Raises InputError for one that can't be decoded."""
        kind, data = (string(value, "contentType") or "").partition(";")[0].lower(), string(value, "data")
        if not data or kind not in ("text/plain", "text/html", "application/xhtml+xml", "text/markdown"):
            return None
        if len(data) > MAX_ATTACHMENT:
            raise InputError("too_large", "attachment")
        try:
            text = decode(b64decode("".join(data.split()), validate=True))
        except ValueError:
            raise InputError("bad_attachment") from None
        return self.scrub(plain(text) if "html" in kind else text)


def sentence(head: str | None, *details: str | None, notes: list[str] | tuple[str, ...] = ()) -> str | None:
    if not head:
        return None
    told = "; ".join(detail for detail in details if detail)
    return ". ".join([f"{head} ({told})" if told else head, *notes])


# One function per resource type


def _line(kind: str, text: str | None, parts: tuple[int, ...] = ()) -> Line | None:
    return Line(kind, text, parts) if text else None


def _condition(say: Narrator, r: Resource) -> Line | None:
    when = day(at(r, "onsetDateTime")) or day(at(r, "onsetPeriod")) or string(r, "onsetString")
    end = day(at(r, "abatementDateTime")) or day(at(r, "abatementPeriod")) or string(r, "abatementString")
    details = (
        say.state(r, "verificationStatus", "coding", 0, "code"),
        say.state(r, "clinicalStatus", "coding", 0, "code"),
        concept(at(r, "severity")),
        say.named("site", concepts(r, "bodySite")),
        say.named("onset", when or say.quantity(at(r, "onsetAge"))),
        say.named("abatement", end or say.quantity(at(r, "abatementAge"))),
    )
    return _line("condition", sentence(concept(at(r, "code")), *details, notes=say.annotations(r)))


def _allergy(say: Narrator, r: Resource) -> Line | None:
    reactions = [
        " ".join(filter(None, [", ".join(concepts(reaction, "manifestation")), say.code(string(reaction, "severity"))]))
        for reaction in objects(r, "reaction")
    ]
    details = (
        say.state(r, "verificationStatus", "coding", 0, "code"),
        say.state(r, "clinicalStatus", "coding", 0, "code"),
        say.named("criticality", say.code(string(r, "criticality"))),
        say.named("reaction", [reaction for reaction in reactions if reaction]),
    )
    return _line("allergy", sentence(concept(at(r, "code")), *details, notes=say.annotations(r)))


def _family(say: Narrator, r: Resource) -> Line | None:
    conditions = [
        sentence(concept(at(c, "code")), say.quantity(at(c, "onsetAge")) or string(c, "onsetString"))
        for c in objects(r, "condition")
    ]
    told = ", ".join(condition for condition in conditions if condition)
    relative = concept(at(r, "relationship"))
    return _line("family", f"{relative}: {told}" if relative and told else None)


def measured(say: Narrator, r: Resource) -> str | None:
    """An observation: its name, its value or the values of its components, what they should be, what they mean."""

    def one(holder: Resource) -> str | None:
        value = say.value(holder)
        ranges = [text for item in objects(holder, "referenceRange") if (text := say.range(item))]
        name = concept(at(holder, "code"))
        if not name or not value:
            return None
        return sentence(
            f"{name}: {value}", say.named("reference", ranges), ", ".join(concepts(holder, "interpretation")) or None
        )

    name, whole = concept(at(r, "code")), one(r)
    components = [text for component in objects(r, "component") if (text := one(component))]
    if not name:
        return None
    absent = concept(at(r, "dataAbsentReason"))
    if components:
        whole = f"{whole or name}: {', '.join(components)}" if not whole else f"{whole}; {', '.join(components)}"
    elif not whole and absent:
        whole = f"{name}: {say.words['absent']} ({absent})"
    notes = say.annotations(r)
    if not whole:
        return f"{name}: {'. '.join(notes)}" if notes else None
    return sentence(whole, say.state(r, "status"), say.named("site", concepts(r, "bodySite")), notes=notes)


def _observation(say: Narrator, r: Resource) -> Line | None:
    members = [m for ref in objects(r, "hasMember") if (m := say.resolve(r, ref)) and m is not r and not is_wrong(m)]
    told = [text for member in members if (text := measured(say, member))]
    if not told:
        return _line("observation", measured(say, r))
    return Line("observation", f"{concept(at(r, 'code'))}: {'; '.join(told)}", tuple(map(id, members)))


def _report(say: Narrator, r: Resource) -> Line | None:
    results = [o for ref in objects(r, "result") if (o := say.resolve(r, ref)) and not is_wrong(o)]
    told = [text for result in results if (text := measured(say, result))]
    texts = [text for form in objects(r, "presentedForm") if (text := say.attachment(form))]
    conclusion = say.free(string(r, "conclusion")) or ", ".join(concepts(r, "conclusionCode"))
    lines = [*(f"  - {text}" for text in told), *(f"  - {say.words['conclusion']}: {c}" for c in [conclusion] if c)]
    if not lines and not texts:
        return None
    head = sentence(concept(at(r, "code")) or say.words["report"], say.state(r, "status"))
    return Line("report", "\n".join([f"{head}:", *lines, *texts]), tuple(map(id, results)))


def _imaging(say: Narrator, r: Resource) -> Line | None:
    series = objects(r, "series")
    modalities = [*concepts(r, "modality"), *(m for s in series if (m := concept(at(s, "modality"))))]
    names = concepts(r, "procedureCode") or list(dict.fromkeys(modalities))
    sites = [site for s in series if (site := concept(at(s, "bodySite")))]
    details = (say.named("site", list(dict.fromkeys(sites))), say.named("reason", say.reasons(r)))
    text = sentence(", ".join(names), *details, notes=say.annotations(r))
    return _line("imaging", ". ".join(filter(None, [text, say.free(string(r, "description"))])))


def _procedure(say: Narrator, r: Resource) -> Line | None:
    details = (
        say.state(r, "status"),
        say.named("site", concepts(r, "bodySite")),
        say.named("reason", say.reasons(r)),
        say.named("outcome", concept(at(r, "outcome"))),
        say.named("complication", concepts(r, "complication")),
    )
    return _line("procedure", sentence(concept(at(r, "code")), *details, notes=say.annotations(r)))


def _order(say: Narrator, r: Resource) -> Line | None:
    refused = say.words["not_given"] if at(r, "doNotPerform") is True else None
    details = (refused, say.state(r, "status"), say.named("reason", say.reasons(r)))
    return _line("order", sentence(concept(at(r, "code")), *details, notes=say.annotations(r)))


def _medication(say: Narrator, r: Resource) -> Line | None:
    referenced = say.resolve(r, at(r, "medicationReference"))
    name = (
        concept(at(r, "medicationCodeableConcept"))
        or concept(at(referenced, "code"))
        or string(r, "medicationReference", "display")
    )
    dosages = [*objects(r, "dosageInstruction"), *objects(r, "dosage")]
    details = (
        say.words["not_given"] if at(r, "doNotPerform") is True else None,
        say.state(r, "status"),
        "; ".join(text for dosage in dosages if (text := _dosage(say, dosage))) or None,
        say.named("reason", say.reasons(r)),
    )
    return _line("medication", sentence(name, *details, notes=say.annotations(r)))


def _dosage(say: Narrator, dosage: Resource) -> str:
    if text := string(dosage, "text"):
        return say.scrub(text)
    dose = at(dosage, "doseAndRate", 0) or dosage  # MedicationAdministration has the dose itself there
    amount = say.quantity(at(dose, "doseQuantity") or at(dose, "dose")) or say.range(at(dose, "doseRange"))
    repeat = at(dosage, "timing", "repeat")
    times, period, unit = at(repeat, "frequency"), number(at(repeat, "period")), say.code(string(repeat, "periodUnit"))
    often = None
    if isinstance(times, int) and period and unit:
        often = say.words["per" if period == "1" else "every"].format(
            times=say.words["once"] if times == 1 else say.words["times"].format(times), period=period, unit=unit
        )
    parts = (
        amount,
        concept(at(dosage, "route")),
        often or concept(at(dosage, "timing", "code")),
        say.words["as_needed"]
        if at(dosage, "asNeededBoolean") is True
        else concept(at(dosage, "asNeededCodeableConcept")),
        *concepts(dosage, "additionalInstruction"),
    )
    return ", ".join(part for part in parts if part)


def _immunization(say: Narrator, r: Resource) -> Line | None:
    details = (say.state(r, "status"), say.named("reason", [*concepts(r, "statusReason"), *say.reasons(r)]))
    return _line("immunization", sentence(concept(at(r, "vaccineCode")), *details, notes=say.annotations(r)))


def _plan(say: Narrator, r: Resource) -> Line | None:
    name = say.free(string(r, "title")) or ", ".join(concepts(r, "category"))
    details = [at(activity, "detail") for activity in objects(r, "activity")]
    activities = [
        sentence(concept(at(detail, "code")) or say.free(string(detail, "description")), say.state(detail, "status"))
        for detail in details
    ]
    head = sentence(name, say.state(r, "status"), say.named("addresses", say.referenced(r, "addresses")))
    told = ", ".join(activity for activity in activities if activity)
    return _line("plan", f"{head}: {told}" if head and told else head)


def _goal(say: Narrator, r: Resource) -> Line | None:
    head = say.free(concept(at(r, "description")))
    details = (say.state(r, "lifecycleStatus"), concept(at(r, "achievementStatus")))
    addressed = say.named("addresses", say.referenced(r, "addresses"))
    return _line("goal", sentence(head, *details, addressed, notes=say.annotations(r)))


def _note(say: Narrator, r: Resource) -> Line | None:
    texts = [text for c in objects(r, "content") if (text := say.attachment(at(c, "attachment")))]
    return _titled(concept(at(r, "type")) or say.free(string(r, "description")), texts)


def _composition(say: Narrator, r: Resource) -> Line | None:
    return _titled(concept(at(r, "type")), list(_sections(say, r, 0)))


def _sections(say: Narrator, r: Resource, depth: int) -> Iterator[str]:
    for section in objects(r, "section") if depth < 8 else ():
        markup = string(section, "text", "div")
        text = say.free(plain(markup)) if markup else None
        if text:
            yield f"{string(section, 'title') or concept(at(section, 'code')) or ''}\n{text}".strip()
        yield from _sections(say, section, depth + 1)


def _impression(say: Narrator, r: Resource) -> Line | None:
    texts = [say.free(text) for key in ("description", "summary") if (text := string(r, key))]
    return _titled(concept(at(r, "code")), [*texts, *say.annotations(r)])


def _titled(title: str | None, texts: list[str]) -> Line | None:
    return _line("note", "\n".join([*([f"{title}:"] if title else []), *texts]) if texts else None)


_TELLERS: dict[str, Callable[[Narrator, Resource], Line | None]] = {
    "Condition": _condition,
    "AllergyIntolerance": _allergy,
    "FamilyMemberHistory": _family,
    "Observation": _observation,
    "DiagnosticReport": _report,
    "ImagingStudy": _imaging,
    "Procedure": _procedure,
    "ServiceRequest": _order,
    "MedicationRequest": _medication,
    "MedicationStatement": _medication,
    "MedicationAdministration": _medication,
    "Immunization": _immunization,
    "CarePlan": _plan,
    "Goal": _goal,
    "DocumentReference": _note,
    "Composition": _composition,
    "ClinicalImpression": _impression,
}
