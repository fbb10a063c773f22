"""Every format's reader: what it finds, and what it does with what is broken."""

import contextlib
import gzip
import io
import json
from pathlib import Path

import obonet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datagen.errors import InputError
from knowledge_graph.readers.babelon import read_babelon
from knowledge_graph.readers.entries import Label, Statement
from knowledge_graph.readers.hpoa import COLUMNS, frequency, read_hpoa
from knowledge_graph.readers.obo import read_obo
from knowledge_graph.readers.phenopackets import read_phenopacket

SAMPLE = Path(__file__).resolve().parents[2] / "datagen" / "sample" / "ontology" / "sample.obo"

OBO = r"""format-version: 1.4
data-version: releases/2026-01-02
property_value: terms:license https://creativecommons.org/licenses/by/4.0/

[Term]
id: T:1 ! comment
name: pain \(severe\), "sharp" {source="x"}
namespace: symptom
def: "A \"bad\" feeling;\nsecond line." [PMID:1, url:http\://x] {comment="c"}
synonym: "ache" EXACT [] ! with a comment
synonym: "suffering" RELATED []
synonym: "ouch" EXACT OMO:0003012 []
alt_id: T:9
xref: MESH:D1 "Pain"
is_a: T:2 {source="y"} ! feeling
relationship: lacks_symptom T:3 ! joy
relationship: RO:0002200 T:4
property_value: dept_code "NEUR" xsd:string
subset: core

[Term]
id: T:8
name: obsolete thing
is_obsolete: true
replaced_by: T:1

[Typedef]
id: RO:0002200
name: has phenotype
"""


def test_obo_reads_what_the_format_says():
    content = read_obo(OBO.encode())
    assert (content.version, content.license) == ("releases/2026-01-02", "CC-BY-4.0")
    pain, gone = content.entries
    term = pain.terms[0]
    assert (term.id, term.kind, term.department) == ("T:1", "symptom", "NEUR")
    assert term.definition == 'A "bad" feeling;\nsecond line.'
    assert term.synonyms == ("ache", "ouch")
    assert (term.alt_ids, term.xrefs) == (("T:9",), ("MESH:D1",))
    assert pain.statements == (
        Statement("T:1", "is_a", "T:2"),
        Statement("T:1", "has_symptom", "T:3", -1),
        Statement("T:1", "has_phenotype", "T:4"),
    )
    assert (gone.dropped, gone.replaces) == ("obsolete", ("T:8", "T:1"))


@pytest.mark.parametrize(
    ("stanza", "reason"),
    [
        ("name: nobody", "no_id"),
        ("id: T:5 T:6\nname: x", "bad_id"),
        ("id: T:5\nname: x\nthis is no tag", "no_tag"),
        ('id: T:5\nname: x\nsynonym: "open EXACT []', "bad_quote"),
        ("id: T:5\nname: x\nname: y", "two_name"),
        ("id: T:5\nname: x\nrelationship: treats", "bad_relationship"),
        ("id: T:1\nname: again", "repeated_id"),
    ],
)
def test_a_broken_stanza_is_one_bad_entry(stanza, reason):
    content = read_obo(f"{OBO}\n[Term]\n{stanza}\n\n[Term]\nid: T:7\nname: fine\n".encode())
    assert [e.bad for e in content.entries] == [None, None, reason, None]
    lines = OBO.count("\n") + 2
    assert lines <= content.entries[2].line <= lines + 3


@pytest.mark.parametrize(
    ("data", "reason"), [(b"", "not_obo"), (b"a,b\n1,2\n", "not_obo"), (b"[Term]\nid: \xff\xfe\n", "not_utf8")]
)
def test_a_file_that_is_no_obo(data, reason):
    with pytest.raises(InputError) as error:
        read_obo(data)
    assert error.value.reason == reason


@given(st.text(alphabet=st.sampled_from(list('[Term]\n\\":!{} idnamesyo_:a')), max_size=300))
def test_obo_never_fails_but_with_a_reason(text):
    with contextlib.suppress(InputError):
        read_obo(b"[Term]\n" + text.encode())


def check_against_obonet(data: bytes, text: str) -> None:
    """Terms, names and is_a edges as another parser finds them."""
    theirs = obonet.read_obo(io.StringIO(text), ignore_obsolete=True)
    kept = [e for e in read_obo(data).entries if e.dropped is None and e.bad is None]
    named = {e.defines: e.terms[0].name for e in kept}
    assert named == {node: found["name"] for node, found in theirs.nodes(data=True) if found.get("name")}
    mine = {(s.subject, s.object) for e in kept for s in e.statements if s.relation == "is_a"}
    assert mine == {(a, b) for a, b, key in theirs.edges(keys=True) if key == "is_a"}


def test_the_sample_as_obonet_reads_it():
    check_against_obonet(SAMPLE.read_bytes(), SAMPLE.read_text())


@pytest.mark.parametrize(
    "path",
    [
        "kg_symptom_ontology/src/ontology/symp.obo",
        "kg_disease_ontology/src/ontology/subsets/DO_rare_slim.obo.gz",
        "kg_hpo_2015/hpo_similarity/data/hp.obo.gz",
    ],
)
def test_real_ontologies_as_obonet_reads_them(real_data, path):
    data = (real_data / path).read_bytes()
    data = gzip.decompress(data) if path.endswith(".gz") else data
    check_against_obonet(data, data.decode())


BABELON = """HEADER
en\tzh\tT:1\trdfs:label\tpain\t疼痛\tOFFICIAL
en\tzh\tT:1\toboInOwl:hasExactSynonym\tpain\t痛\tOFFICIAL
en\tfr\tT:1\trdfs:label\tpain\tdouleur\tOFFICIAL
en\tzh\tT:2\trdfs:label\tfeeling\t\tNOT_TRANSLATED
en\tzh\tT:1\tIAO:0000115\ta\tb\tOFFICIAL
en\tzh\tT:1
"""


BABELON = BABELON.replace(
    "HEADER",
    "source_language\ttranslation_language\tsubject_id\tpredicate_id\tsource_value\ttranslation_value\ttranslation_status",
)


def test_babelon():
    entries = read_babelon(BABELON.encode()).entries
    assert entries[0].labels == (Label("T:1", "name_zh", "疼痛"),)
    assert entries[0].terms[0].name == "pain"
    assert entries[1].labels == (Label("T:1", "synonyms_zh", "痛"),)
    assert [e.dropped for e in entries] == [None, None, "language", "not_translated", "predicate", None]
    assert [e.bad for e in entries][-1] == "bad_width"
    assert entries[-1].line == 7
    with pytest.raises(InputError, match="bad_header"):
        read_babelon(b"id\tname\n1\t2\n")


HPOA = """#description: "HPO annotations"
#version: 2026-02-03
HEADER
OMIM:1\tA disease\t\tHP:1\tPMID:1;PMID:2\tPCS\t\t3/4\t\t\tP\tme
OMIM:1\tA disease\t\tHP:2\tOMIM:1\tIEA\t\tHP:0040281\t\t\tP\tme
OMIM:1\tA disease\tNOT\tHP:3\tPMID:1\tPCS\t\t\t\t\tP\tme
OMIM:1\tA disease\t\tHP:4\tPMID:1\tPCS\t\t0/7\t\t\tP\tme
OMIM:1\tA disease\t\tHP:5\tPMID:1\tPCS\t\t45.5%\t\t\tP\tme
OMIM:1\tA disease\t\tHP:6\tPMID:1\tTAS\t\tHP:0040285\t\t\tP\tme
OMIM:1\tA disease\t\tHP:7\tPMID:1\tTAS\t\t\t\t\tI\tme
OMIM:1\tA disease\t\tHP:8\tPMID:1\tPCS\t\t9/4\t\t\tP\tme
OMIM:1\tA disease\tMAYBE\tHP:8\tPMID:1\tPCS\t\t\t\t\tP\tme
OMIM:1\tA disease\t\tHP:8\tPMID:1\tPCS\t\t\t\t\tX\tme
OMIM:1\tA disease\t\t\tPMID:1\tPCS\t\t\t\t\tP\tme
"""


HPOA = HPOA.replace("HEADER", "\t".join(COLUMNS))


def test_hpoa():
    content = read_hpoa(HPOA.encode())
    assert content.version == "2026-02-03"
    said = [e.statements[0] for e in content.entries if not e.bad]
    assert said[0] == Statement("OMIM:1", "has_phenotype", "HP:1", 1, 3, 4, None, ("PMID:1", "PMID:2"), "A")
    assert (said[1].share, said[1].tier) == (0.895, "B")
    assert [s.polarity for s in said] == [1, 1, -1, -1, 1, -1, 1]
    assert (said[3].shown, said[3].n, said[4].share, said[6].relation) == (0, 7, 0.455, "has_inheritance")
    assert [e.bad for e in content.entries[-4:]] == ["bad_frequency", "bad_qualifier", "bad_aspect", "no_id"]
    older = HPOA.replace("database_id\tdisease_name", "#DatabaseID\tDiseaseName").replace("hpo_id", "HPO_ID")
    assert read_hpoa(older.encode()).entries == content.entries


@given(st.integers(0, 200), st.integers(0, 200))
def test_frequency_is_a_share_or_refused(shown, n):
    if 0 < n >= shown:
        assert frequency(f"{shown}/{n}") == (shown, n, None)
    else:
        with pytest.raises(InputError, match="bad_frequency"):
            frequency(f"{shown}/{n}")


def packet(findings, disease="OMIM:1", pmid="PMID:7", status="CAUSATIVE") -> dict:
    return {
        "id": "x",
        "subject": {"id": "patient 1"},
        "phenotypicFeatures": [
            {"type": {"id": i, "label": f"finding {i}"}, **({} if seen else {"excluded": True})} for i, seen in findings
        ],
        "interpretations": [
            {
                "diagnosis": {
                    "disease": {"id": disease, "label": "a disease"},
                    "genomicInterpretations": [
                        {
                            "interpretationStatus": status,
                            "variantInterpretation": {
                                "variationDescriptor": {"geneContext": {"valueId": "HGNC:1", "symbol": "ABC1"}}
                            },
                        }
                    ],
                }
            }
        ],
        "metaData": {"externalReferences": [{"id": pmid}]},
    }


def test_phenopacket():
    found = packet([("HP:1", True), ("HP:2", False), ("HP:3", True), ("HP:3", False)])
    entry, family = read_phenopacket(json.dumps(found).encode())
    said = [(s.object, s.polarity, s.shown, s.n) for s in entry.statements]
    assert said[:2] == [("HP:1", 1, 1, 1), ("HP:2", -1, 0, 1)]
    assert entry.statements[2] == Statement("OMIM:1", "associated_gene", "HGNC:1", evidence=("PMID:7",))
    assert len(entry.statements) == 3  # HP:3 is both, so neither
    assert family and "patient" not in repr(entry)
    other = read_phenopacket(json.dumps(packet([("HP:9", True)], disease="OMIM:2")).encode())
    assert other[1] == family  # one paper, one family
    without_gene, _ = read_phenopacket(json.dumps(packet([("HP:1", True)], status="REJECTED")).encode())
    assert [s.relation for s in without_gene.statements] == ["has_phenotype"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"{", "not_json"),
        (b"[" * 100_000, "not_json"),
        (b"[]", "not_a_phenopacket"),
        (b'{"phenotypicFeatures": [1]}', "no_single_diagnosis"),
        (json.dumps(packet([("HP:1", True)]) | {"phenotypicFeatures": [1]}).encode(), "not_a_phenopacket"),
        (json.dumps(packet([("HP1", True)])).encode(), "bad_finding"),
    ],
)
def test_a_file_that_is_no_phenopacket(data, reason):
    assert read_phenopacket(data)[0].bad == reason
