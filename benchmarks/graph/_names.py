"""A graph of everything the sources in `../shared/data` call a disease or a finding: names only, no edges."""

import csv
import gzip
import io
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pyarrow as pa
from lxml import etree

from knowledge_graph import EDGES, NODES, Graph
from knowledge_graph.kinds import kinds_below
from knowledge_graph.model import IS_A
from knowledge_graph.readers.babelon import read_babelon
from knowledge_graph.readers.entries import Term
from knowledge_graph.readers.obo import read_obo

ONTOLOGIES = (
    "kg_disease_ontology/src/ontology/subsets/*.obo.gz",
    "kg_disease_ontology/src/ontology/doid.obo.gz",
    "kg_symptom_ontology/src/ontology/symp.obo",
    "kg_hpo_2015/hpo_similarity/data/hp.obo.gz",
)
MONDO = "kg_mondo/src/ontology/reports/new-rare-diseases.tsv.gz"
MESH = "kg_mesh/data/tree-numbers.tsv.gz"
WIKIDATA = "kg_wikidata_disease_drug/openVirus202011/disease/work/disease_synonym.xml.gz"
BABELON = "kg_hpo_zh/src/translations/hp-zh.babelon.tsv.gz"
ICD10 = "kg_icd10_zh/data/国家临床版2.0疾病诊断编码（ICD-10）.xlsx"
CHINESE = {"disease": "disease", "symptom": "symptom", "drug": "drug", "check": "test"}
MESH_TREES = {"C": "disease", "F03": "disease", "C23": "finding"}
"""Branches of MeSH: diseases, mental disorders; signs and symptoms."""
TYPES = {"DOID": "disease", "SYMP": "symptom", "HP": "phenotype"}


def text_of(path: Path) -> str:
    """A text file, compressed or not."""
    data = path.read_bytes()
    return (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8-sig")


def graph_of(data: Path, chinese: bool = True) -> Graph:
    """The graph. English names of diseases and findings, and Chinese ones of these and of drugs and tests."""
    nodes: dict[str, dict] = {}
    for kind, term in (*_ontologies(data), *_mondo(data), *_mesh(data), *_wikidata(data)):
        node = nodes.setdefault(term.id, _node(term.id, kind))
        if node["name_en"] is None:
            node["name_en"] = term.name
        elif term.name:
            node["synonyms"].append(term.name)
        node["synonyms"] += term.synonyms
    if chinese:
        for entry in read_babelon(text_of(data / BABELON).encode()).entries:
            for label in entry.labels:
                if label.field == "name_zh" and label.term in nodes:
                    nodes[label.term]["name_zh"] = label.text
        for file, kind in CHINESE.items():
            lines = text_of(data / f"kg_zh_disease_kb_dicts/{file}.txt").split("\n")
            for number, name in enumerate(filter(None, map(str.strip, lines)), 1):
                nodes[f"ZH{kind}:{number}"] = _node(f"ZH{kind}:{number}", kind) | {"name_zh": name}
        sheet = openpyxl.load_workbook(data / ICD10, read_only=True).worksheets[0]
        for code, name, *_ in sheet.iter_rows(min_row=2, values_only=True):
            if code and name:
                nodes[f"ICD10:{code}"] = _node(f"ICD10:{code}", "disease") | {"name_zh": str(name).strip()}
    named = [node for _, node in sorted(nodes.items()) if node["name_en"] or node["name_zh"]]
    return Graph(pa.Table.from_pylist(named, NODES), EDGES.empty_table())


def _node(id: str, kind: str) -> dict:
    lists = ("synonyms", "synonyms_zh", "departments", "alt_ids", "xrefs")
    return {
        **dict.fromkeys(NODES.names),
        **{name: [] for name in lists},
        "id": id,
        "type": kind,
        "license": "NOASSERTION",
        "source": "benchmark",
    }


def _ontologies(data: Path) -> Iterator[tuple[str, Term]]:
    for pattern in ONTOLOGIES:
        for path in sorted(data.glob(pattern)):
            entries = read_obo(text_of(path).encode()).entries
            kinds = kinds_below((s.subject, s.object) for e in entries for s in e.statements if s.relation == IS_A)
            for entry in entries:
                if entry.defines and not entry.dropped and not entry.bad:
                    kind = TYPES.get(entry.defines.partition(":")[0], "other")
                    yield kinds.get(entry.defines, kind), entry.terms[0]


def _mondo(data: Path) -> Iterator[tuple[str, Term]]:
    for row in csv.DictReader(io.StringIO(text_of(data / MONDO)), delimiter="\t"):
        synonyms = tuple(filter(None, row["SYNONYMS"].split("|")))
        yield "disease", Term(row["ID"], row["LABEL"], synonyms=synonyms)


def _mesh(data: Path) -> Iterator[tuple[str, Term]]:
    for row in csv.DictReader(io.StringIO(text_of(data / MESH)), delimiter="\t"):
        kinds = [kind for tree, kind in MESH_TREES.items() if row["mesh_tree_number"].startswith(tree)]
        if kinds:
            yield kinds[-1], Term(f"MESH:{row['mesh_id']}", row["mesh_name"])


def _wikidata(data: Path) -> Iterator[tuple[str, Term]]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    for entry in etree.fromstring(text_of(data / WIKIDATA).encode(), parser).iter("entry"):
        synonyms = tuple(s.text.strip() for s in entry.iter("synonym") if s.text and s.text.strip())
        yield "disease", Term(f"WIKIDATA:{entry.get('wikidata')}", entry.get("name"), synonyms=synonyms)
