"""Every graph source of the data folder built into one graph: what each file holds by its own count, what was read of
it, what became of it, and how long it took.

Each file's terms and edges are counted here by other means than the readers' (lines and patterns), with the exact
outcome of every entry beside them; nothing may be left over. Target: <= 2 minutes on two cores, 0 dangling edges.
"""

import gzip
import io
import json
import re
import tarfile
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq

from datagen.task import Job
from datagen.worker import run_shard
from knowledge_graph import Graph, load
from knowledge_graph.build import PATIENTS, Build

DO, MONDO, WIKI = "kg_disease_ontology", "kg_mondo", "kg_wikidata_disease_drug/openVirus202011"
SPANISH = f"{WIKI}/disease/work/sparql_enfermedad"
XREFS = {"fields": {"id": "id", "name": "label", "xrefs": "xrefs"}, "constants": {"kind": "disease"}, "separator": ", "}
COLUMNS = {
    "*HumanDO.tsv*": {
        "fields": {"id": "id", "name": "label", "parent_name": "subClassOf"},
        "constants": {"kind": "disease"},
    },
    "*allXREFinDO.tsv*": {"fields": {"id": "id", "name": "label", "xrefs": "xref"}, "constants": {"kind": "disease"}},
    "*inDO.tsv": XREFS,
    "*disease-symptom.tsv": {
        "fields": {
            "subject": "disease_id",
            "subject_name": "disease_label",
            "object": "symptom_id",
            "object_name": "symptom_label",
        },
        "constants": {"relation": "has_symptom", "subject_kind": "disease", "object_kind": "symptom"},
    },
    "*doid-es-translated.tsv*": {
        "fields": {"id": "source_id", "synonyms": "source_text"},
        "constants": {"kind": "disease"},
        "separator": "\n",
        "where": {"predicate": ["oboInOwl:hasExactSynonym", "rdfs:label"]},
    },
    "*new-rare-diseases.tsv*": {
        "fields": {"id": "ID", "name": "LABEL", "synonyms": "SYNONYMS"},
        "constants": {"kind": "disease"},
    },
    "*gard-subset.template.tsv*": {"fields": {"id": "mondo_id", "xrefs": "{gard_id}|{source_external}"}},
    "*mondo-rare_edges.tsv*": {
        "fields": {"subject": "subject", "relation": "predicate", "object": "object"},
        "relations": {"biolink:subclass_of": "is_a", "biolink:related_to": "related_to"},
    },
    "*disease-disease-cooccurrence.tsv*": {
        "fields": {
            "subject": "doid_code_0",
            "subject_name": "doid_name_0",
            "object": "doid_code_1",
            "object_name": "doid_name_1",
            "n": "cooccurrence",
        },
        "constants": {"relation": "co_occurs_with", "tier": "C"},
        "where": {"p_fisher": "<= 1e-6", "enrichment": "> 1"},
    },
    "*DO-slim-to-mesh.tsv": {
        "fields": {"id": "doid_code", "name": "doid_name", "xrefs": "MESH:{mesh_id}"},
        "constants": {"kind": "disease"},
    },
    "*symptoms.tsv": {"fields": {"id": "MESH:{mesh_id}", "name": "mesh_name"}, "constants": {"kind": "symptom"}},
    "*进口药品*": {
        "fields": {"id": "NMPA:{药品编码}", "name_zh": "产品名称"},
        "constants": {"kind": "drug"},
        "skip": 1,
    },
    **{
        f"*{file}.txt*": {"fields": {"name_zh": "name"}, "constants": {"kind": kind}, "header": ["name"]}
        for file, kind in (
            ("disease", "disease"),
            ("symptom", "symptom"),
            ("drug", "drug"),
            ("producer", "drug"),
            ("check", "test"),
            ("food", "food"),
            ("department", "department"),
        )
    },
}


def sources(data: Path, scratch: Path) -> Build:
    """The stage over all graph sources. One file has a name without suffix, and is read from a copy that has one."""
    spanish = scratch / "diseases-es.srx"
    spanish.write_bytes((data / SPANISH).read_bytes())
    return Build(
        obo=[str(data / p) for p in (DO, "kg_symptom_ontology", "kg_hpo_2015", MONDO)],
        babelon=str(data / "kg_hpo_zh"),
        hpoa=str(data / "kg_hpoa_excerpt"),
        phenopackets=str(data / "case_rare_phenopackets_A-M"),
        orphadata=str(data / "kg_hpoa_excerpt"),
        mesh=[str(data / "kg_mesh/data" / f"{name}.tsv.gz") for name in ("terms", "tree-numbers")],
        icd10=[str(data / "kg_icd10_en"), str(data / "kg_icd10_zh/data/国家临床版2.0疾病诊断编码（ICD-10）.xlsx")],
        hetionet=str(data / "kg_hetionet_nodes"),
        wikidata=[str(data / f"{WIKI}/disease"), str(data / f"{WIKI}/drug"), str(spanish)],
        tables=[
            str(data / f"{DO}/DOreports"),
            str(data / f"{DO}/src/translations"),
            str(data / MONDO),
            str(data / "kg_medline_cooccurrence"),
            str(data / "kg_mesh/data/symptoms.tsv"),
            str(data / "kg_icd10_zh/data/国家药品编码本位码信息（进口药品）.xlsx"),
            str(data / "kg_zh_disease_kb_dicts"),
        ],
        columns=COLUMNS,
        exclude=("*deny.txt",),  # words that deny, no terms
        license="CC0-1.0",
    )


def build(stage: Build, out: Path) -> tuple[Graph, dict, list[dict]]:
    """The graph, the report and the ledger, made by the stage's own phase in this process."""
    split = {"validation": 0.0, "test": 0.0}
    job = Job(
        "all",
        stage,
        "knowledge_graph.build",
        str(out),
        "0" * 12,
        None,
        items=tuple(stage.items()),
        settings={"split": split},
    )
    commit = run_shard(job, "graph", 0, 0)
    for kind in ("nodes", "edges"):
        (out / "data" / kind).mkdir(parents=True)
        for number, path in enumerate(commit.paths(kind)):
            (out / "data" / kind / f"part-{number:05d}.parquet").write_bytes(job.store.read(path))
    ledger = [row for path in commit.paths("ledger") for row in pq.read_table(out / path).to_pylist()]
    return load(out / "data"), commit.result, ledger


def measure(data: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        stage = sources(data, Path(folder))
        started, cpu = time.monotonic(), time.process_time()
        graph, report, ledger = build(stage, Path(folder) / "run")
        seconds, cpu = time.monotonic() - started, time.process_time() - cpu
        own = {_read_as(item.name): _own_count(item.name, Path(item.url)) for item in stage.items()}
    print(f"{'file':58} {'its terms':>10} {'read':>8} {'its edges':>10} {'read':>8}")
    wrong = 0
    for file in sorted(report["files"], key=lambda f: f["name"]):
        terms, edges = own.get(file["name"], (None, None))
        differs = terms != file["entries"] or (edges is not None and edges != file["statements"])
        wrong += differs
        counts = f"{_or_dash(terms):>10} {file['entries']:>8} {_or_dash(edges):>10} {file['statements']:>8}"
        print(f"{file['name'][-58:]:58} {counts}" + ("  DIFFERS" if differs else ""))
    outcomes = Counter((row["outcome"], row["reason"] or "") for row in ledger)
    print("\nentries by outcome: " + ", ".join(f"{o} {r}".strip() + f" {n}" for (o, r), n in sorted(outcomes.items())))
    entries, statements = (sum(f[k] for f in report["files"]) for k in ("entries", "statements"))
    print(f"cross-walk (pairs of ids): {json.dumps(report['crosswalk'])}")
    print(f"nodes: {json.dumps(report['nodes'])}")
    print(f"statements about unknown nodes or themselves: {json.dumps(report['dangling'])}\n")
    lost = statements - sum(report["dangling"].values()) - report["merged_statements"] - len(graph.edges)
    dangling = sum(not (end.min() >= 0 and end.max() < len(graph)) for end in (graph.subject, graph.object))
    rows = (
        ("files whose own count differs", wrong, "0"),
        ("entries without outcome", entries - len(ledger), "0"),
        ("statements without outcome", lost, "0"),
        ("dangling edges", dangling, "0"),
        ("nodes", len(graph), "-"),
        ("nodes with a Chinese name", report["nodes_zh"], "-"),
        ("edges", len(graph.edges), "-"),
        ("entries read", entries, "-"),
        ("seconds", round(seconds, 1), "<= 120"),
        ("CPU seconds (one core)", round(cpu, 1), "-"),
    )
    print(f"{'measure':58} {'ours':>10} {'target':>8}")
    for name, value, target in rows:
        print(f"{name:58} {value:>10} {target:>8}")


def _or_dash(value: int | None) -> str:
    return "-" if value is None else str(value)


def _read_as(name: str) -> str:
    """What the report calls a file: all patients are one source."""
    return PATIENTS if name.startswith(f"{PATIENTS}/") else name


def _own_count(name: str, path: Path) -> tuple[int | None, int | None]:
    """Terms (or rows) and edges of a file, counted without the readers; None where they are not what it holds."""
    kind = name.partition("/")[0]
    raw = path.read_bytes()
    raw = gzip.decompress(raw) if path.suffix == ".gz" else raw
    if kind == PATIENTS:
        with tarfile.open(fileobj=io.BytesIO(raw)) as packed:
            packets = [json.load(packed.extractfile(m)) for m in packed if m.name.endswith(".json")]
        return len(packets), None
    if raw[:2] == b"PK":
        return _sheet_rows(raw) - (2 if "进口药品" in name else 0), None
    text = raw.decode("iso-8859-1" if kind == "orphadata" else "utf-8-sig")
    return COUNTS[kind](text, name)


def _sheet_rows(raw: bytes) -> int:
    with zipfile.ZipFile(io.BytesIO(raw)) as book:
        return len(re.findall(rb"<row[ >]", book.read("xl/worksheets/sheet1.xml")))


def _lines(text: str, name: str) -> tuple[int, int | None]:
    """Rows under a header; in these files no cell holds a line break outside quotes."""
    quoted = re.sub(r'(?<![^\t\n])"(?:[^"]|"")*"(?![^\t\r\n])', "x", text)
    rows = sum(bool(line.strip()) for line in quoted.split("\n"))
    return (rows if name.endswith((".txt", ".txt.gz")) else rows - 1), None


def _edges(text: str, name: str) -> tuple[int, int | None]:
    rows, _ = _lines(text, name)
    return rows, (rows if name.rpartition("/")[2].startswith(("disease-symptom", "mondo-rare_edges")) else None)


def _obo(text: str, name: str) -> tuple[int, int]:
    stanzas = re.split(r"^\[", text, flags=re.M)
    terms = [s for s in stanzas if s.startswith("Term]")]
    alive = [s for s in terms if "is_obsolete: true" not in s]
    return len(terms), sum(len(re.findall(r"^(?:is_a|relationship):", s, re.M)) for s in alive)


def _mesh(text: str, name: str) -> tuple[int, int]:
    rows = [line.split("\t") for line in text.strip().split("\n")[1:]]
    trees = {row[2].strip() for row in rows if len(row) > 2}
    return len(rows), sum(row[2].strip().rpartition(".")[0] in trees for row in rows if len(row) > 2)


def _icd10(text: str, name: str) -> tuple[int, int]:
    return text.count('"id":'), text.count('"id":') - 1 - len(json.loads(text)["tree"]["children"])


COUNTS: dict[str, Callable[[str, str], tuple[int | None, int | None]]] = {
    "obo": _obo,
    "babelon": _lines,
    "hpoa": lambda text, name: (n := sum(bool(re.match(r"(OMIM|ORPHA|DECIPHER):", s)) for s in text.split("\n")), n),
    "orphadata": lambda text, name: (text.count("<Disorder id"), text.count("<DisorderGeneAssociation>")),
    "mesh": _mesh,
    "icd10": _icd10,
    "hetionet": _lines,
    "wikidata": lambda text, name: (len(re.findall(r"<entry[ >]|<result>", text)), 0),
    "tables": _edges,
}
