"""FHIR bundles as clinical narratives."""

import json
from base64 import b64encode

import pytest

from collectors.clinical.fhir import FHIR
from tests.collectors.reading import Read, read

PATIENT = {
    "resourceType": "Patient",
    "id": "p1",
    "name": [{"family": "Featherstone", "given": ["Gwendolen", "Mae"], "prefix": ["Mrs."]}],
    "telecom": [{"system": "phone", "value": "555-0142-77"}],
    "identifier": [{"system": "mrn", "value": "MRN-99812"}],
    "address": [{"line": ["12 Quarry Lane"], "city": "Ashcombe", "postalCode": "01234"}],
    "gender": "female",
    "birthDate": "1950-06-15",
}
DOCTOR = {"resourceType": "Practitioner", "id": "d1", "name": [{"family": "Okonkwo", "given": ["Chidi"]}]}


def concept(text: str) -> dict:
    return {"coding": [{"system": "http://snomed.info/sct", "code": "1", "display": text}]}


def visit(number: int, start: str, **more) -> dict:
    kind = {"type": [concept("Consultation (procedure)")], "class": {"code": "EMER"}}
    return {"resourceType": "Encounter", "id": f"e{number}", "period": {"start": start}, **kind, **more}


def of(kind: str, number: int | None = None, **more) -> dict:
    encounter = {"encounter": {"reference": f"Encounter/e{number}"}} if number else {}
    return {"resourceType": kind, "subject": {"reference": "Patient/p1"}, **encounter, **more}


def bundle(*resources: dict) -> bytes:
    entries = [{"fullUrl": f"https://h/{r['resourceType']}/{r.get('id')}", "resource": r} for r in resources]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}, ensure_ascii=False).encode()


@pytest.fixture
def reading(tmp_path):
    def read_file(data: bytes, name: str = "Gwendolen_Featherstone.json", **options) -> Read:
        (tmp_path / "raw").mkdir(exist_ok=True)
        (tmp_path / "raw" / name).write_bytes(data)
        return read(FHIR(path=str(tmp_path / "raw" / name), **{"deidentify": "none"} | options), tmp_path)

    return read_file


@pytest.mark.proof("collectors.fhir", "fixture")
def test_a_record_is_told_by_encounter_in_order_of_time(reading):
    fever = of(
        "Condition", 2, id="c1", code=concept("Fever (finding)"), onsetDateTime="2019-05-01", severity=concept("Severe")
    )
    found = reading(
        bundle(
            PATIENT,
            visit(2, "2019-05-02T08:00:00+02:00", reasonCode=[concept("Cough")]),
            visit(1, "2011-01-01"),
            fever,
            of(
                "MedicationRequest",
                2,
                status="stopped",
                medicationReference={"reference": "Medication/m1"},
                reasonReference=[{"reference": "Condition/c1"}],
                dosageInstruction=[
                    {
                        "doseAndRate": [{"doseQuantity": {"value": 2, "unit": "tablets"}}],
                        "route": concept("oral"),
                        "timing": {"repeat": {"frequency": 1, "period": 8, "periodUnit": "h"}},
                        "asNeededBoolean": True,
                    }
                ],
            ),
            {"resourceType": "Medication", "id": "m1", "code": concept("Paracetamol 500 MG")},
            of(
                "AllergyIntolerance",
                1,
                code=concept("Penicillin"),
                criticality="high",
                reaction=[{"manifestation": [concept("Hives")]}],
            ),
            of("Immunization", 1, status="not-done", vaccineCode=concept("Influenza"), statusReason=concept("Refused")),
            of("Procedure", 1, status="completed", code=concept("Appendectomy"), performedDateTime="2011-01-01"),
        )
    )
    assert found.texts == [
        "# Patient record\n\nSex: female\n\n"
        "## 2011-01-01, age 60 years: Consultation (emergency)\n\n"
        "Allergies and intolerances:\n- Penicillin (criticality high; reaction Hives)\n\n"
        "Procedures:\n- Appendectomy\n\nImmunisations:\n- Influenza (not-done; reason Refused)\n\n"
        "## 2019-05-02, age 68 years: Consultation (emergency; reason Cough)\n\n"
        "Conditions:\n- Fever (Severe; since 2019-05-01)\n\n"
        "Medications:\n- Paracetamol 500 MG (stopped; 2 tablets, oral, once every 8 hours, as needed; reason Fever)"
    ]
    (row,) = found.rows
    assert row["content_type"] == "NOTE" and row["language"] == "en"
    assert row["source_id"] == row["id"] and row["url"] is None


def test_observations_have_units_references_and_meaning(reading):
    quantity = {"value": 7.25, "comparator": ">", "unit": "mmol/L"}
    potassium = of(
        "Observation",
        1,
        id="o1",
        code=concept("Potassium"),
        valueQuantity=quantity,
        interpretation=[concept("High")],
        referenceRange=[{"low": {"value": 3.5, "unit": "mmol/L"}, "high": {"value": 5.0, "unit": "mmol/L"}}],
    )
    component = [
        {"code": concept("Systolic"), "valueQuantity": {"value": 120.70000001, "code": "mm[Hg]"}},
        {"code": concept("Diastolic"), "valueQuantity": {"value": 80, "code": "mm[Hg]"}},
    ]
    found = reading(
        bundle(
            PATIENT,
            visit(1, "2020-01-01"),
            potassium,
            of("Observation", 1, code=concept("Blood pressure"), component=component),
            of("Observation", 1, code=concept("Smoker"), valueBoolean=False),
            of("Observation", 1, code=concept("Troponin"), dataAbsentReason=concept("Not performed")),
            of("Observation", 1, code=concept("Lactate"), status="entered-in-error", valueInteger=4),
            of(
                "DiagnosticReport",
                1,
                code=concept("Electrolytes"),
                result=[{"reference": "Observation/o1"}],
                conclusion="Hyperkalaemia.",
            ),
        )
    )
    text = found.texts[0]
    assert "- Blood pressure: Systolic: 120.7 mmHg, Diastolic: 80 mmHg\n- Smoker: no\n" in text
    assert "- Troponin: no value (Not performed)" in text and "Lactate" not in text
    assert (
        "- Electrolytes:\n  - Potassium: >7.25 mmol/L (reference 3.5–5.0 mmol/L; High)\n  - conclusion: Hyperkalaemia."
        in text
    )
    assert text.count("Potassium") == 1
    meta = json.loads(found.rows[0]["meta"])
    assert meta["told"] == {"DiagnosticReport": 1, "Encounter": 1, "Observation": 4}
    assert meta["left_out"] == {"Observation": 1}


def test_what_was_refuted_or_not_to_be_given_says_so(reading):
    refuted = {"coding": [{"code": "refuted"}]}
    text = reading(
        bundle(
            PATIENT,
            of("Condition", code=concept("Pneumonia"), verificationStatus=refuted, recordedDate="2020-02-03"),
            of("Condition", code=concept("Gout"), clinicalStatus={"coding": [{"code": "active"}]}),
            of("ServiceRequest", code=concept("MRI"), doNotPerform=True, authoredOn="2020-02-03"),
        )
    ).texts[0]
    assert (
        "## 2020-02-03, age 69 years\n\nConditions:\n- Pneumonia (refuted)\n\nOrders:\n- MRI (not to be given)" in text
    )
    assert text.endswith("## Without a date\n\nConditions:\n- Gout")


def note(text: str, kind: str = "text/plain") -> dict:
    data = b64encode(text.encode()).decode()
    return of(
        "DocumentReference",
        type=concept("Progress note"),
        date="2020-01-02",
        content=[{"attachment": {"contentType": kind, "data": data}}],
    )


IDENTITIES = (
    "Featherstone",
    "FEATHERSTONE",
    "Gwendolen",
    "Okonkwo",
    "555-0142-77",
    "MRN-99812",
    "Quarry",
    "Ashcombe",
    "1950-06",
)


@pytest.mark.parametrize("level", ["none", "light", "full"])
def test_identities_stay_out_of_notes(reading, level):
    told = (
        "Mrs Featherstone (Gwendolen Mae Featherstone, FEATHERSTONE, MRN-99812, 555-0142-77, born 1950-06-15) of"
        " 12 Quarry Lane, Ashcombe, seen by Dr Okonkwo. Mae was feverish in May."
    )
    found = reading(
        bundle(
            PATIENT, DOCTOR, note(told), of("Observation", code=concept("Comment"), valueString="Gwendolen is well")
        ),
        deidentify=level,
    )
    everything = json.dumps([found.rows, found.quarantined, found.dropped], ensure_ascii=False)
    assert not [name for name in IDENTITIES if name in everything]
    assert "was feverish in May" in found.texts[0] and "is well" in found.texts[0]


def test_notes_in_html_and_sections_of_documents(reading):
    composition = of(
        "Composition",
        type=concept("Discharge summary"),
        date="2020-03-04",
        section=[
            {
                "title": "Course",
                "text": {"div": "<div xmlns='http://www.w3.org/1999/xhtml'><p>Got better.</p><p>Left.</p></div>"},
            }
        ],
    )
    page = "<html><head><style>p{}</style></head><body><script>x()</script>"
    page += "<p>Seen&nbsp;today</p><ul><li>one<li>two</ul></body></html>"
    text = reading(bundle(PATIENT, composition, note(page, "text/html"))).texts[0]
    assert "- Discharge summary:\nCourse\nGot better.\nLeft." in text
    assert "- Progress note:\nSeen today\none\ntwo" in text


def test_an_attachment_that_cannot_be_read_is_counted(reading):
    broken = note("x")
    broken["content"][0]["attachment"]["data"] = "%%%"
    scan = note("x", "application/pdf")
    found = reading(bundle(PATIENT, broken, scan, of("Condition", code=concept("Gout"))))
    assert json.loads(found.rows[0]["meta"])["left_out"] == {
        "DocumentReference": 1,
        "DocumentReference: bad_attachment": 1,
    }


def test_chinese_records_have_chinese_headings(reading):
    patient = {
        "resourceType": "Patient",
        "id": "p1",
        "gender": "male",
        "birthDate": "1980-01-01",
        "name": [{"text": "欧阳修远", "family": "欧阳", "given": ["修远"]}],
    }
    data = bundle(
        patient,
        visit(1, "2021-03-04", type=[{"text": "急诊就诊"}]),
        of("Condition", 1, code={"text": "急性阑尾炎"}, clinicalStatus={"coding": [{"code": "resolved"}]}),
        of("Observation", 1, code={"text": "体温"}, valueQuantity={"value": 38.5, "unit": "Cel"}),
        of(
            "MedicationRequest",
            1,
            medicationCodeableConcept={"text": "头孢呋辛"},
            dosageInstruction=[{"timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}}}],
            note=[{"text": "欧阳修远对青霉素过敏"}],
        ),
    )
    found = reading(data, language="zh")
    assert found.texts == [
        "# 患者病历\n\n性别: 男\n\n## 2021-03-04, 41岁: 急诊就诊 (急诊)\n\n诊断:\n- 急性阑尾炎 (已痊愈)\n\n"
        "检查结果:\n- 体温: 38.5 °C\n\n用药:\n- 头孢呋辛 (每天2次). [REDACTED]对青霉素过敏"
    ]
    assert found.rows[0]["language"] == "zh"


def test_ages_over_89_are_not_told(reading):
    text = reading(bundle(PATIENT, visit(1, "2041-01-01"), of("Condition", 1, code=concept("Gout")))).texts[0]
    assert "age 90 years or over" in text and " 90 years:" not in text


def test_a_bundle_of_several_patients_and_lines_of_resources(reading):
    second = {"resourceType": "Patient", "id": "p2", "gender": "male"}
    theirs = {"resourceType": "Condition", "subject": {"reference": "Patient/p2"}, "code": concept("Asthma")}
    resources = (PATIENT, second, of("Condition", code=concept("Gout")), theirs)
    for data, name in (
        (bundle(*resources), "both.json"),
        (b"\n".join(json.dumps(r).encode() for r in resources), "export.ndjson"),
        (bundle(PATIENT, resources[2]) + b"\n" + bundle(second, theirs), "bundles.ndjson"),
    ):
        found = reading(data, name)
        assert [("Gout" in t, "Asthma" in t) for t in found.texts] == [(True, False), (False, True)], name
        assert len({row["group"] for row in found.rows}) == 2


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"{", "bad_json"),
        (b"[]", "not_fhir"),
        (b'{"resourceType": 3}', "not_fhir"),
        (b"[" * 50_000, "json_limits"),
        (b'{"resourceType": "Bundle", "entry": {"resource": "x"}}', "no_patient"),
        (bundle({"resourceType": "Organization", "id": "o", "name": "H"}), "no_patient"),
        (bundle(PATIENT, of("Claim", id="c")), "no_clinical_content"),
    ],
)
def test_what_is_no_patient_record_is_refused(reading, data, reason):
    found = reading(data)
    assert list(found.quarantined.values()) == [reason] and not found.rows


@pytest.mark.parametrize("odd", [None, 3, "x", [], {}, [None], [[1]], {"coding": 1}, [{"coding": ["x"]}], True])
def test_fields_of_an_odd_shape_break_nothing(reading, odd):
    keys = (
        "code",
        "subject",
        "encounter",
        "note",
        "component",
        "valueQuantity",
        "referenceRange",
        "result",
        "content",
        "section",
    )
    keys += (
        "dosageInstruction",
        "onsetDateTime",
        "period",
        "type",
        "class",
        "series",
        "reaction",
        "presentedForm",
        "activity",
    )
    kinds = (
        "Condition",
        "Observation",
        "DiagnosticReport",
        "Encounter",
        "MedicationRequest",
        "Composition",
        "ImagingStudy",
    )
    kinds += (
        "CarePlan",
        "Goal",
        "Patient",
        "AllergyIntolerance",
        "DocumentReference",
        "FamilyMemberHistory",
        "Practitioner",
    )
    strange = [
        {"resourceType": kind, "id": odd, "name": odd, "address": odd, **dict.fromkeys(keys, odd)} for kind in kinds
    ]
    found = reading(bundle(PATIENT, *strange, of("Condition", code=concept("Gout"))))
    assert any("Gout" in text for text in found.texts)


@pytest.mark.proof("collectors.fhir", "real")
def test_forty_synthetic_patients(real_data, tmp_path):
    """SOURCE.md: 40 patient bundles, 9608 resources, each of which is told, left out by type, or who and where."""
    found = read(FHIR(path=str(real_data / "case_fhir_synthea_r4"), license="Apache-2.0"), tmp_path)
    metas = [json.loads(row["meta"]) for row in found.rows]
    told = sum(sum(meta["told"].values()) for meta in metas)
    left_out = {
        kind: sum(meta["left_out"].get(kind, 0) for meta in metas) for kind in ("Claim", "ExplanationOfBenefit")
    }
    people = 40 + 67 + 67  # Patient, Practitioner, Organization
    assert len(found.rows) == 40 and not found.quarantined
    assert told + sum(left_out.values()) + people == 9608 and left_out == {"Claim": 1010, "ExplanationOfBenefit": 768}
    names = [path.name.split("_")[0] for path in (real_data / "case_fhir_synthea_r4").glob("*.gz")]
    everything = json.dumps([found.rows, found.quarantined])
    assert not [name for name in names if len(name) > 4 and f"{name} " in everything]
