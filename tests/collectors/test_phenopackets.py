"""Phenopackets as case text."""

import json

import pytest

from collectors.clinical.phenopackets import Phenopackets
from tests.collectors.reading import Read, read

PACKET = {
    "id": "PMID_1_Patient_7",
    "subject": {"id": "Patient 7", "sex": "FEMALE", "timeAtLastEncounter": {"age": {"iso8601duration": "P2Y1M"}}},
    "phenotypicFeatures": [
        {
            "type": {"id": "HP:0001250", "label": "Seizure"},
            "onset": {"age": {"iso8601duration": "P3M"}},
            "severity": {"id": "HP:0012828", "label": "Severe"},
        },
        {"type": {"id": "HP:0001252", "label": "Hypotonia"}, "onset": {"ontologyClass": {"label": "Congenital onset"}}},
        {"type": {"id": "HP:0000365", "label": "Hearing impairment"}, "excluded": True},
    ],
    "measurements": [
        {
            "assay": {"id": "LOINC:1", "label": "Cortisol"},
            "value": {
                "quantity": {
                    "unit": {"label": "nanomole per liter"},
                    "value": 78.0,
                    "referenceRange": {"low": 140.0, "high": 690.0},
                }
            },
        }
    ],
    "medicalActions": [
        {"treatment": {"agent": {"label": "Vigabatrin"}}, "responseToTreatment": {"label": "Favorable"}}
    ],
    "interpretations": [
        {
            "diagnosis": {
                "disease": {"id": "OMIM:1", "label": "Some epilepsy"},
                "genomicInterpretations": [
                    {
                        "interpretationStatus": "CAUSATIVE",
                        "variantInterpretation": {
                            "acmgPathogenicityClassification": "LIKELY_PATHOGENIC",
                            "variationDescriptor": {
                                "geneContext": {"symbol": "GENE1"},
                                "expressions": [{"syntax": "hgvs.c", "value": "NM_1.1:c.1A>G"}],
                                "allelicState": {"label": "heterozygous"},
                            },
                        },
                    },
                    {"interpretationStatus": "REJECTED", "gene": {"symbol": "GENE2"}},
                ],
            }
        }
    ],
    "diseases": [
        {
            "term": {"id": "OMIM:1", "label": "Some epilepsy"},
            "onset": {"gestationalAge": {"weeks": 40}},
        },
        {"term": {"id": "OMIM:2", "label": "Another one"}, "excluded": True},
    ],
    "metaData": {"externalReferences": [{"id": "DOI:x"}, {"id": "PMID:123", "description": "A paper"}]},
}


@pytest.fixture
def reading(tmp_path):
    def read_packets(*packets: object, **options) -> Read:
        (tmp_path / "raw").mkdir(exist_ok=True)
        for number, packet in enumerate(packets):
            data = packet if isinstance(packet, bytes) else json.dumps(packet).encode()
            (tmp_path / "raw" / f"{number}.json").write_bytes(data)
        return read(Phenopackets(path=str(tmp_path / "raw"), license="BSD-3-Clause", **options), tmp_path)

    return read_packets


@pytest.mark.proof("collectors.phenopackets", "fixture")
def test_a_packet_is_told_as_a_case(reading):
    (row,) = reading(PACKET).rows
    assert row["text"] == (
        "Patient: female, last seen at 2 years and 1 month.\n\n"
        "Findings: Seizure (Severe, onset: 3 months); Hypotonia (onset: Congenital).\n\n"
        "Looked for and not found: Hearing impairment.\n\n"
        "Measurements: Cortisol: 78 nanomole per liter (reference 140 to 690).\n\n"
        "Treatment: Vigabatrin (response: Favorable).\n\n"
        "Genetics: GENE1 NM_1.1:c.1A>G (heterozygous, likely pathogenic).\n\n"
        "Diagnosis: Some epilepsy (OMIM:1); onset: 40 weeks of gestation.\n\n"
        "Ruled out: Another one (OMIM:2)."
    )
    assert json.loads(row["meta"]) == {
        "pmid": "123",
        "diseases": ["OMIM:1"],
        "genes": ["GENE1"],
        "phenotypes": ["HP:0001250", "HP:0001252"],
        "excluded": ["HP:0000365"],
    }
    assert (row["content_type"], row["language"], row["license"]) == ("CASE", "en", "BSD-3-Clause")
    assert row["url"] == "https://pubmed.ncbi.nlm.nih.gov/123/"


def test_patients_of_one_paper_are_a_family(reading):
    other = {**PACKET, "id": "PMID_1_Patient_8"}
    alone = {**PACKET, "id": "x", "metaData": {}}
    first, second, third = reading(PACKET, other, alone).rows
    assert first["group"] == second["group"] != third["group"] and first["id"] != second["id"]
    assert "pmid" not in json.loads(third["meta"])


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        (b"{", "bad_json"),
        (b"[" * 50_000, "json_limits"),
        ([PACKET], "not_a_phenopacket"),
        ({**PACKET, "id": 7}, "not_a_phenopacket"),
        ({"id": "x", "subject": {}}, "not_a_phenopacket"),
        ({"id": "x", "metaData": {}, "subject": {"sex": "MALE"}}, "no_findings"),
    ],
)
def test_what_is_no_phenopacket_is_refused(reading, packet, reason):
    assert list(reading(packet).quarantined.values()) == [reason]


@pytest.mark.parametrize("odd", [None, 3, "x", [], {}, [None], [[1]], {"label": 1}, True, 1e300])
def test_fields_of_an_odd_shape_break_nothing(reading, odd):
    keys = ("subject", "measurements", "medicalActions", "interpretations", "diseases", "metaData")
    feature = {"type": {"label": "Seizure"}, "onset": odd, "severity": odd, "modifiers": odd, "resolution": odd}
    measured = [{"assay": {"label": "A"}, "value": {"quantity": {"value": odd, "unit": odd, "referenceRange": odd}}}]
    found = reading(
        {**PACKET, **dict.fromkeys(keys, odd), "phenotypicFeatures": [feature]}, {**PACKET, "measurements": measured}
    )
    assert all("Seizure" in text for text in found.texts) and len(found.rows) == 2


@pytest.mark.proof("collectors.phenopackets", "real")
def test_a_paper_of_the_phenopacket_store(real_data, tmp_path):
    """The first 300 packets of the archive: all are read, none is without diagnosis, genes and their change."""
    import tarfile

    with tarfile.open(real_data / "case_rare_phenopackets_A-M" / "phenopackets_A-M.tar.gz") as archive:
        for _, member in zip(range(300), archive, strict=False):
            (tmp_path / "raw").mkdir(exist_ok=True)
            (tmp_path / "raw" / member.name.rpartition("/")[2]).write_bytes(archive.extractfile(member).read())
    found = read(Phenopackets(path=str(tmp_path / "raw"), license="BSD-3-Clause"), tmp_path)
    assert len(found.rows) == 300 and not found.quarantined
    for row in found.rows:
        assert "\n\nDiagnosis: " in row["text"] and "\n\nGenetics: " in row["text"]
        assert json.loads(row["meta"])["pmid"].isdecimal() and row["phi_status"] == "clean"
