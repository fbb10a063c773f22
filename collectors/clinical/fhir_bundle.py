"""Resources of FHIR R4 that refer to each other, by patient; and what they say of who people are."""

import json
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from collectors.clinical.fhir_values import Resource
from collectors.clinical.nested import at, objects, string
from collectors.tables.rows_json import parse
from datagen.errors import InputError

_DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=lambda _: None)
_SHARED = {"Patient", "Practitioner", "PractitionerRole", "Organization", "Location", "Medication", "RelatedPerson"}
_SHARED |= {"Bundle", "OperationOutcome", "Device", "Substance"}
"""Types that others refer to: no lines of their own."""


class Bundle:
    """Resources that refer to each other.

    `records` holds the resources of each patient, by the key of the Patient resource. What names no patient belongs to
    the only one, if there is only one.
    """

    def __init__(self, resources: Iterable[tuple[str | None, Resource]]):
        self._index: dict[str, Resource] = {}
        resources = list(resources)
        for url, resource in resources:
            key = _key(resource)
            for name in (url, key):
                if name:
                    self._index.setdefault(name, resource)
        patients = [r for _, r in resources if r["resourceType"] == "Patient"]
        self._only = _key(patients[0]) if len(patients) == 1 else None
        self.records: dict[str, list[Resource]] = {}
        for _, resource in resources:
            if resource["resourceType"] not in _SHARED and (patient := self._patient(resource)):
                self.records.setdefault(patient, []).append(resource)
        people = [r for _, r in resources if r["resourceType"] in _SHARED]
        self._known, self._full_names = _identities(people)

    def find(self, key: str) -> Resource | None:
        return self._index.get(key)

    def resolve(self, resource: Resource, reference: Any) -> Resource | None:
        """The resource that a reference in another one names: contained, by URL, or by type and id."""
        stated = string(reference, "reference")
        if not stated:
            return None
        if stated.startswith("#"):
            return next((r for r in objects(resource, "contained") if r.get("id") == stated[1:]), None)
        stated = stated.partition("/_history/")[0]
        return self._index.get(stated) or self._index.get("/".join(stated.split("/")[-2:]))

    def scrub(self, text: str) -> str:
        """Free text without anything that the bundle says of who and where people are."""
        return _without(text, self._known)

    def scrub_full_names(self, text: str) -> str:
        return _without(text, self._full_names)

    def _patient(self, resource: Resource) -> str | None:
        reference = at(resource, "subject") or at(resource, "patient")
        target = self.resolve(resource, reference)
        if target is not None:
            return _key(target) if target["resourceType"] == "Patient" else None
        stated = string(reference, "reference")
        return self._only or (stated if stated and "Patient/" in stated else None)


def _identities(people: list[Resource]) -> tuple[list[str], list[str]]:
    """Everything known of people and places, to be taken out of free text; and full names, out of any text."""
    known, full = set(), set()
    for person in people:
        for name in [*objects(person, "name"), *({"text": n} for n in [string(person, "name")] if n)]:
            family = string(name, "family")
            given = [part.strip() for part in at(name, "given") or [] if isinstance(part, str) and part.strip()]
            whole = {text} if (text := string(name, "text")) else set()
            if family and given:
                whole |= {f"{' '.join(given)} {family}", f"{given[0]} {family}", f"{family}, {given[0]}"}
                whole |= {family + "".join(given)} if not family.isascii() else set()
            full |= whole
            known |= {*whole, *(part for part in (family, *given) if part and len(part) > (2 if part.isascii() else 1))}
        for extension in objects(person, "extension"):
            if "maidenname" in (string(extension, "url") or "").lower() and (name := string(extension, "valueString")):
                known |= {name, name.rpartition(" ")[2]}
        known |= {name.upper() for name in known if len(name) > 3}
        for address in objects(person, "address"):
            lines = at(address, "line")
            known |= {line for line in (lines if isinstance(lines, list) else []) if isinstance(line, str)}
            known |= {value for key in ("text", "city", "postalCode") if (value := string(address, key))}
        for key in ("telecom", "identifier"):
            known |= {value for item in objects(person, key) if (value := string(item, "value")) and len(value) > 4}
        if born := string(person, "birthDate"):
            known.add(born)
    return _longest_first(known), _longest_first(full)


def _longest_first(values: set[str]) -> list[str]:
    return sorted((value.strip() for value in values if len(value.strip()) > 1), key=lambda v: (-len(v), v))


def _without(text: str, values: list[str]) -> str:
    found = [_bounded(value) for value in values if value in text]
    return re.sub("|".join(found), "[REDACTED]", text) if found else text


def _bounded(value: str) -> str:
    start, end = (r"\b" if c.isascii() and c.isalnum() else "" for c in (value[0], value[-1]))
    return f"{start}{re.escape(value)}{end}"


def _key(resource: Resource) -> str:
    return f"{resource['resourceType']}/{resource.get('id')}"


def parse_resource(text: str) -> Resource:
    """One resource, its decimals as they are written. Raises InputError: bad_json, json_limits, not_fhir."""
    root = parse(text, _DECODER)
    if not isinstance(root, dict) or not isinstance(root.get("resourceType"), str):
        raise InputError("not_fhir")
    return root


def resources_of(root: Resource) -> list[tuple[str | None, Resource]]:
    """(full URL, resource) of a bundle's entries, or of one resource."""
    if root["resourceType"] != "Bundle":
        return [(None, root)]
    entries = [(string(entry, "fullUrl"), at(entry, "resource")) for entry in objects(root, "entry")]
    return [(url, r) for url, r in entries if isinstance(r, dict) and isinstance(r.get("resourceType"), str)]
