"""Readers of cross-walks, terminologies and tables: what they find, and what they do with what is broken."""

import contextlib
import csv
import io
import json
import zipfile

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datagen.errors import InputError
from knowledge_graph.curies import canonical
from knowledge_graph.kinds import kind_of
from knowledge_graph.readers import tables
from knowledge_graph.readers.entries import Label, Statement, Term
from knowledge_graph.readers.hetionet import read_hetionet
from knowledge_graph.readers.icd10 import read_icd10
from knowledge_graph.readers.mesh import read_mesh
from knowledge_graph.readers.orphadata import read_orphadata
from knowledge_graph.readers.sssom import read_sssom
from knowledge_graph.readers.tables import Columns, read_table
from knowledge_graph.readers.wikidata import read_wikidata

BOMB = b'<!DOCTYPE a [<!ENTITY x "xxxxxxxxxx"><!ENTITY y "&x;&x;&x;">]><a>&y;</a>'


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("MIM:219700", "OMIM:219700"),
        ("Orphanet:586", "ORPHA:586"),
        ("ORDO:586", "ORPHA:586"),
        ("http://www.orpha.net/ORDO/Orphanet_586", "ORPHA:586"),
        ("SNOMEDCT_US_2025_09_01:190905008", "SNOMEDCT:190905008"),
        ("http://snomed.info/id/190905008", "SNOMEDCT:190905008"),
        ("UMLS_CUI:C0010674", "UMLS:C0010674"),
        ("MeSH:D003550", "MESH:D003550"),
        ("NCI:C2975", "NCIT:C2975"),
        ("http://purl.obolibrary.org/obo/MONDO_0009061", "MONDO:0009061"),
        ("DOID:1485", "DOID:1485"),
        ("no id at all", "no id at all"),
    ],
)
def test_one_spelling_for_every_identifier(written, meant):
    assert canonical(written) == meant and canonical(meant) == meant


def test_sssom_says_what_is_the_same():
    text = """#mapping_set_version: 2026-02-01
#license: CC0-1.0
subject_id\tsubject_label\tpredicate_id\tobject_id\tpredicate_modifier
MONDO:1\tone\tskos:exactMatch\tOMIM:1\t
MONDO:2\ttwo\tskos:broadMatch\tOMIM:2\t
MONDO:3\tthree\tskos:exactMatch\tOMIM:3\tNot
MONDO4\tfour\tskos:exactMatch\tOMIM:4\t
MONDO:5
"""
    content = read_sssom(text.encode())
    assert (content.version, content.license) == ("2026-02-01", "CC0-1.0")
    assert content.entries[0].same == (("MONDO:1", "OMIM:1"),) and content.entries[0].terms[0].name == "one"
    assert [e.dropped or e.bad for e in content.entries[1:]] == ["not_exact", "not_exact", "no_id", "bad_width"]


ORPHADATA = """<?xml version="1.0" encoding="ISO-8859-1"?>
<JDBOR date="2026-01-01 04:32:16"><Availability><Licence><ShortIdentifier>CC-BY-4.0</ShortIdentifier></Licence>
</Availability><DisorderList>
<Disorder id="1"><OrphaCode>586</OrphaCode><Name lang="en">Cystic fibrosis \xe9</Name>
 <SynonymList><Synonym lang="en">CF</Synonym></SynonymList>
 <ExternalReferenceList>
  <ExternalReference><Source>OMIM</Source><Reference>219700</Reference>
   <DisorderMappingRelation><Name lang="en">E (Exact mapping)</Name></DisorderMappingRelation></ExternalReference>
  <ExternalReference><Source>ICD-10</Source><Reference>E84.0</Reference>
   <DisorderMappingRelation><Name lang="en">NTBT (narrower)</Name></DisorderMappingRelation></ExternalReference>
 </ExternalReferenceList>
 <PrevalenceList><Prevalence><PrevalenceType><Name>Point prevalence</Name></PrevalenceType>
  <PrevalenceClass><Name>1-9 / 100 000</Name></PrevalenceClass>
  <PrevalenceGeographic><Name>Worldwide</Name></PrevalenceGeographic></Prevalence></PrevalenceList>
 <HPODisorderAssociationList>
  <HPODisorderAssociation><HPO><HPOId>HP:1</HPOId><HPOTerm>Cough</HPOTerm></HPO>
   <HPOFrequency><Name>Very frequent (99-80%)</Name></HPOFrequency></HPODisorderAssociation>
  <HPODisorderAssociation><HPO><HPOId>HP:2</HPOId><HPOTerm>Deafness</HPOTerm></HPO>
   <HPOFrequency><Name>Excluded (0%)</Name></HPOFrequency></HPODisorderAssociation>
 </HPODisorderAssociationList>
 <DisorderGeneAssociationList><DisorderGeneAssociation><SourceOfValidation>123[PMID]_45[PMID]</SourceOfValidation>
  <Gene><Name>CF regulator</Name><Symbol>CFTR</Symbol><ExternalReferenceList><ExternalReference><Source>HGNC</Source>
  <Reference>1884</Reference></ExternalReference></ExternalReferenceList></Gene>
  <DisorderGeneAssociationType><Name>Disease-causing germline mutation(s) in</Name></DisorderGeneAssociationType>
  <DisorderGeneAssociationStatus><Name>Assessed</Name></DisorderGeneAssociationStatus>
 </DisorderGeneAssociation></DisorderGeneAssociationList>
</Disorder>
<Disorder id="2"><Name lang="en">without number</Name></Disorder></DisorderList></JDBOR>""".encode("iso-8859-1")


def test_orphadata_of_every_product():
    content = read_orphadata(ORPHADATA)
    assert (content.version, content.license) == ("2026-01-01", "CC-BY-4.0")
    fibrosis, broken = content.entries
    term = fibrosis.terms[0]
    assert (term.id, term.name, term.synonyms, term.prevalence) == (
        "ORPHA:586",
        "Cystic fibrosis é",
        ("CF",),
        "1-9 / 100 000",
    )
    assert fibrosis.same == (("ORPHA:586", "OMIM:219700"),)  # the narrower ICD-10 code is something else
    gene, cough, deaf = fibrosis.statements
    assert gene == Statement("ORPHA:586", "associated_gene", "HGNC:1884", evidence=("PMID:123", "PMID:45"))
    assert (cough.polarity, cough.share, deaf.polarity) == (1, 0.895, -1)
    assert broken.bad == "no_id"
    with pytest.raises(InputError, match="not_orphadata"):
        read_orphadata(b"<a/>")


def test_mesh_in_tables_and_in_xml():
    table = "mesh_id\tmesh_name\tmesh_tree_number\n"
    table += "D1\tHeart Diseases\tC14.280\nD2\tMyocarditis\tC14.280.238\nD3\tFever\tC23.888.119\nD4\tHeart\tA07.541\n"
    table += "D5\tHeart Valves\tA07.541.510\n\tnobody\tC01\n"
    entries = read_mesh(table.encode()).entries
    assert [e.terms[0].kind for e in entries[:5]] == ["disease", "disease", "symptom", "anatomy", "anatomy"]
    assert entries[1].statements == (Statement("MESH:D2", "is_a", "MESH:D1"),)
    assert entries[4].statements == (Statement("MESH:D5", "broader", "MESH:D4"),)
    assert entries[5].bad == "no_id"
    record = (
        "<DescriptorRecord><DescriptorUI>{}</DescriptorUI><DescriptorName><String>{}</String></DescriptorName>"
        "<TreeNumberList><TreeNumber>{}</TreeNumber></TreeNumberList>"
        "<ConceptList><Concept><ScopeNote>n</ScopeNote>"
        "<TermList><Term><String>other words</String></Term></TermList></Concept></ConceptList></DescriptorRecord>"
    )
    rows = [("D1", "Heart Diseases", "C14.280"), ("D2", "Myocarditis", "C14.280.238")]
    xml = "<DescriptorRecordSet>" + "".join(record.format(*row) for row in rows) + "</DescriptorRecordSet>"
    heart, muscle = read_mesh(xml.encode()).entries
    assert (heart.terms[0].synonyms, heart.terms[0].definition) == (("other words",), "n")
    assert muscle.statements == (Statement("MESH:D2", "is_a", "MESH:D1"),)


def workbook(rows) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_icd10_of_both_countries():
    tree = {"id": "A00", "children": [{"id": "A00.0"}, {"id": "nonsense"}]}
    tree = {"id": "root", "children": [{"id": "Intestinal infectious diseases (A00-A09)", "children": [tree]}]}
    root, block, cholera, code, bad = read_icd10(json.dumps({"tree": tree}).encode()).entries
    assert (root.dropped, bad.bad) == ("root", "bad_code")
    assert (block.terms[0].id, block.terms[0].name) == ("ICD10CM:A00-A09", "Intestinal infectious diseases")
    assert cholera.terms[0].name == "ICD-10-CM A00"  # which no text means by accident
    assert code.statements == (Statement("ICD10CM:A00.0", "is_a", "ICD10CM:A00"),)
    rows = [
        ("疾病诊断编码", "疾病诊断名称"),
        ("A01.000", "伤寒"),
        ("A01.000x003+G01*", "伤寒性脑膜炎"),
        ("A01.003", "伤寒肝炎"),
    ]
    header, typhoid, meninges, liver, bad = read_icd10(workbook([*rows, ("!!", "x")])).entries
    assert (header.dropped, bad.bad) == ("header", "bad_code")
    assert typhoid.labels == (Label("ICD10CN:A01.000", "name_zh", "伤寒"),) and not typhoid.statements
    assert {e.statements[0].object for e in (meninges, liver)} == {"ICD10CN:A01.000"}
    for broken in (b"{", b"[]", b'{"tree": 3}', b"PK\x03\x04"):
        with pytest.raises(InputError):
            read_icd10(broken)


def test_hetionet_nodes_and_edges():
    nodes = read_hetionet(
        b"id\tname\tkind\nGene::1\tA1BG\tGene\nSide Effect::C1\tRash\tSide Effect\nNo::2\tx\ty\n"
    ).entries
    assert [(e.defines, e.terms[0].kind) for e in nodes[:2]] == [("NCBIGENE:1", "gene"), ("UMLS:C1", "finding")]
    assert nodes[2].bad == "no_id"
    edges = b"source\tmetaedge\ttarget\nCompound::DB1\tCtD\tDisease::DOID:1\nDisease::DOID:1\tDpS\tSymptom::D1\n"
    treats, shows, odd = read_hetionet(edges + b"Gene::1\t??\tGene::2\n").entries
    assert treats.statements == (Statement("DRUGBANK:DB1", "treats", "DOID:1"),)
    assert shows.statements == (Statement("DOID:1", "has_symptom", "MESH:D1", tier="C"),)
    assert odd.bad == "bad_relation"
    with pytest.raises(InputError, match="bad_header"):
        read_hetionet(b"a\tb\n1\t2\n")


def test_wikidata_results_and_dictionaries():
    rows = [
        {
            "item": {"value": "http://www.wikidata.org/entity/Q1"},
            "itemLabel": {"value": "cholera", "xml:lang": "en"},
            "zhLabel": {"value": "霍乱", "xml:lang": "zh-hans"},
            "ICD_10": {"value": "A00"},
        },
        {"itemLabel": {"value": "nobody", "xml:lang": "en"}},
    ]
    cholera, bad = read_wikidata(json.dumps({"results": {"bindings": rows}}).encode()).entries
    assert (cholera.terms[0].name, cholera.terms[0].xrefs, bad.bad) == ("cholera", ("ICD10:A00",), "no_id")
    assert cholera.labels == (Label("WIKIDATA:Q1", "name_zh", "霍乱"),)
    xml = b"""<sparql xmlns='http://www.w3.org/2005/sparql-results#'><results><result>
    <binding name='x'><uri>http://www.wikidata.org/entity/Q2</uri></binding>
    <binding name='xLabel'><literal xml:lang='es'>gripe</literal></binding></result></results></sparql>"""
    assert read_wikidata(xml).entries[0].terms[0].name is None  # Spanish is no language of the graph
    xml = b"<dictionary title='drug'><entry name='aspirin' wikidataID='Q3'><synonym>1-[(3</synonym>"
    entry = read_wikidata(xml + b"<synonym>Aspro</synonym></entry></dictionary>").entries[0]
    assert (entry.terms[0].kind, entry.terms[0].synonyms) == ("drug", ("Aspro",))


def test_tables_by_a_mapping_of_columns():
    mapping = Columns(
        fields={
            "subject": "{x_source}:{x}",
            "subject_name": "x_name",
            "relation": "how",
            "object": "y",
            "frequency": "share",
            "evidence": "papers",
            "polarity": "sign",
        },
        constants={"tier": "B", "object_kind": "phenotype"},
        relations={"disease_phenotype_positive": "has_phenotype"},
        where={"p": "<= 0.05"},
    )
    rows = [
        {"x_source": "MONDO", "x": "1", "x_name": "one", "how": "disease_phenotype_positive", "y": "HP:1"}
        | {"share": "3/4", "papers": "PMID:1|PMID:2", "sign": "", "p": 0.01},
        {"x_source": "MONDO", "x": "1", "x_name": "one", "how": "other", "y": "HP:2"}
        | {"share": "", "papers": "", "sign": "not", "p": 0.02},
        {"x_source": "MONDO", "x": "1", "x_name": "one", "how": "other", "y": "HP:3"}
        | {"share": "", "papers": "", "sign": "", "p": 0.5},
        {"x_source": "", "x": "1", "x_name": "one", "how": "other", "y": "HP:3"}
        | {"share": "", "papers": "", "sign": "", "p": 0.01},
    ]
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    text = "\n".join(",".join(map(str, row)) for row in [rows[0], *(r.values() for r in rows)]).encode()
    for data in (sink.getvalue(), text, workbook([list(rows[0]), *(list(r.values()) for r in rows)])):
        yes, no, weak, nobody = read_table(data, mapping).entries
        assert yes.statements == (
            Statement("MONDO:1", "has_phenotype", "HP:1", 1, 3, 4, None, ("PMID:1", "PMID:2"), "B"),
        )
        assert no.statements[0].polarity == -1 and no.statements[0].relation == "other"
        assert (weak.dropped, nobody.bad) == ("not_wanted", "no_id")
    with pytest.raises(InputError, match="no column"):
        read_table(b"a,b\n1,2\n", mapping)
    with pytest.raises(ValueError, match="edges need"):
        Columns(fields={"subject": "a"})


def test_a_table_of_terms_names_their_parents():
    mapping = Columns(fields={"id": "id", "name": "label", "parent_name": "above", "synonyms": "more"})
    rows = ("id\tlabel\tabove\tmore", "D:1\theart disease\t\t", 'D:2\t"myo\tcarditis"\theart disease\ta|b')
    text = "\n".join((*rows, "D:3\tx\tunheard of\t"))
    top, below, lost = read_table(text.encode(), mapping).entries
    assert below.terms[0].name == "myo\tcarditis" and below.terms[0].synonyms == ("a", "b")
    assert below.statements == (Statement("D:2", "is_a", "D:1"),)
    assert not top.statements and lost.statements == (Statement("D:3", "is_a", ""),)


def test_rows_keep_their_numbers_over_batches(monkeypatch):
    text = b"id,label,p\nD:1, one ,1\n\n , , \nD:2,two\nD:3,three,9\nD:4,four,1\nfive,five,1\n"
    mapping = Columns(fields={"id": "id", "name": "{label} ({{p}"}, where={"p": "< 5"})
    whole = read_table(text, mapping)
    assert [(e.line, e.bad or e.dropped or e.terms[0].name) for e in whole.entries] == [
        (1, "one ({1"),
        (2, "bad_width"),
        (3, "not_wanted"),
        (4, "four ({1"),
        (5, "no_id"),
    ]
    monkeypatch.setattr(tables, "ROWS", 2)
    assert read_table(text, mapping) == whole


def test_rows_above_the_header_are_no_part_of_the_table():
    mapping = Columns(fields={"id": "id", "name": "label"}, skip=1)
    rows = [["made, by, whom", None], ["id", "label"], ["D:1", "a; b"]]
    for data in (b'made, by, whom\nid;label\nD:1;"a; b"\n', workbook(rows)):
        (entry,) = read_table(data, mapping).entries
        assert (entry.terms[0].id, entry.terms[0].name) == ("D:1", "a; b")


def test_no_reader_narrows_the_cells_of_others():
    limit = csv.field_size_limit()
    long = "x" * (limit // 8)
    (entry,) = read_table(f"id,label\nD:1,{long}\n".encode(), Columns(fields={"id": "id", "name": "label"})).entries
    assert len(entry.terms[0].name) == len(long) and csv.field_size_limit() == limit


@pytest.mark.parametrize("read", [read_icd10, lambda data: read_table(data, Columns(fields={"name": "a"}))])
def test_a_sheet_that_claims_a_far_row_is_refused(read):
    source = zipfile.ZipFile(io.BytesIO(workbook([["a"], ["b"]])))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        for part in source.namelist():
            content = source.read(part)
            package.writestr(part, content.replace(b'<row r="2"', b'<row r="1000000"'))
    with pytest.raises(InputError, match="row 1000000"):
        read(out.getvalue())


def test_modifiers_of_hpo_are_no_findings():
    kinds = [kind_of(Term(f"HP:{number}", name)) for number, name in (("0012828", "Severe"), ("0012735", "Cough"))]
    assert kinds == ["modifier", "phenotype"]


@pytest.mark.parametrize("read", [read_orphadata, read_mesh, read_wikidata])
def test_xml_that_declares_entities_is_refused(read):
    with pytest.raises(InputError, match=r"xml_entities|bad_xml"):
        read(BOMB)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data):
    for read in (read_sssom, read_orphadata, read_mesh, read_icd10, read_hetionet, read_wikidata):
        with contextlib.suppress(InputError):
            read(data)
    with contextlib.suppress(InputError):
        read_table(data, Columns(fields={"name": "a"}))
