"""Many files, one graph: what is merged, inherited, counted and refused."""

import json
from collections import Counter

import pyarrow.parquet as pq
import pytest

from datagen.errors import TooManyBadInputs, UsageError
from datagen.recipe import load_recipe
from datagen.runs import run_recipe
from datagen.verify import verify_run
from knowledge_graph import load
from knowledge_graph.build import Build
from knowledge_graph.readers.hpoa import COLUMNS
from tests.knowledge_graph.conftest import SAMPLE, build
from tests.knowledge_graph.test_readers import packet

NEW = """data-version: 2026-01-01

[Term]
id: DOID:1
name: heart disease
relationship: belongs_to_department DEPT:1

[Term]
id: DOID:2
name: myocarditis
synonym: "inflamed heart muscle" EXACT []
alt_id: DOID:20
is_a: DOID:1
relationship: has_symptom SYMP:1
relationship: lacks_symptom SYMP:2
relationship: has_symptom SYMP:404

[Term]
id: DOID:3
name: viral myocarditis
is_a: DOID:2
is_a: DOID:1

[Term]
id: DOID:5
is_obsolete: true
replaced_by: DOID:3

[Term]
id: DEPT:1
name: Cardiology
namespace: department
property_value: dept_code "CARD" xsd:string

[Term]
id: SYMP:1
name: chest pain

[Term]
id: SYMP:2
name: cough

[Term]
id: X:1
"""
OLD = """data-version: 2016-01-01
remark: http://creativecommons.org/licenses/by/3.0/

[Term]
id: DOID:2
name: carditis
def: "Old words." []
is_a: DOID:1

[Term]
id: DOID:5
name: a name given up
relationship: has_symptom SYMP:1

[Term]
id: DOID:6
name: child of an old number
is_a: DOID:20
is_a: DOID:6
"""


@pytest.fixture
def sources(tmp_path):
    (tmp_path / "new.obo").write_text(NEW)
    (tmp_path / "old.obo").write_text(OLD)
    return tmp_path


def ledger(commit, out):
    rows = [row for path in commit.paths("ledger") for row in pq.read_table(out / path).to_pylist()]
    return Counter((row["outcome"], row["reason"]) for row in rows)


def test_terms_merge_and_the_newest_release_counts(sources):
    out = sources / "run"
    folder, commit = build(out, obo=[str(sources / "old.obo"), str(sources / "new.obo")], license="CC0-1.0")
    graph = load(folder)
    node = graph.node("DOID:2")
    assert (node.name_en, node.synonyms) == ("myocarditis", ("inflamed heart muscle", "carditis"))
    assert (node.definition, node.license) == ("Old words.", "CC-BY-3.0 AND CC0-1.0")
    assert (node.version, node.source) == ("2026-01-01", "obo/new.obo")
    assert graph.node("DOID:20") == node
    assert "DOID:5" not in graph and "X:1" not in graph
    assert graph.type_of("DOID:2") == "disease" and graph.type_of("SYMP:1") == "symptom"
    assert graph.ancestors("DOID:6") == {"DOID:2", "DOID:1"}
    assert [(e.object, e.polarity) for e in graph.edges_of("DOID:2", "has_symptom")] == [("SYMP:1", 1), ("SYMP:2", -1)]
    assert graph.departments == {"CARD": ("DEPT:1", "DOID:1", "DOID:2", "DOID:3", "DOID:6")}
    assert commit.result["dangling"] == {"has_symptom": 1, "is_a itself": 1, "of obsolete terms": 1}
    assert commit.result["edges"]["has_symptom"] == {"affirmed": 1, "excluded": 1}
    assert commit.result["merged_statements"] == 1  # DOID:2 is_a DOID:1, by both
    assert ledger(commit, out) == {
        ("kept", None): 7,
        ("merged", None): 1,
        ("dropped", "obsolete"): 2,
        ("dropped", "no_name"): 1,
    }
    assert commit.counts["inputs"] == 11


def test_patients_become_frequencies_and_exclusions(tmp_path):
    folder = tmp_path / "cases"
    folder.mkdir()
    for number in range(4):
        found = [("HP:1", number < 3), ("HP:2", False)]
        (folder / f"{number}.json").write_text(json.dumps(packet(found, pmid=f"PMID:{number}")))
    (folder / "broken.json").write_text("{")
    (folder / "copy.json").write_bytes((folder / "0.json").read_bytes())
    out, commit = build(tmp_path / "run", phenopackets=str(folder), license="BSD-3-Clause")
    graph = load(out)
    seen, never = graph.edges_of("OMIM:1", "has_phenotype")
    assert (seen.polarity, seen.frequency, seen.n) == (1, 0.75, 4)
    assert seen.evidence == ("PMID:0", "PMID:1", "PMID:2")
    assert (never.polarity, never.n, len(never.evidence)) == (-1, 4, 4)
    assert graph.edges_of("OMIM:1", "associated_gene")[0].object == "HGNC:1"
    assert graph.node("HP:1").name_en == "finding HP:1"
    assert ledger(commit, tmp_path / "run") == {
        ("kept", None): 4,
        ("quarantined", "not_json"): 1,
        ("dropped", "same_content"): 1,
    }
    held = build(tmp_path / "held", phenopackets=str(folder), split={"validation": 0.0, "test": 1.0})[1]
    assert ledger(held, tmp_path / "held")["dropped", "held_out"] == 4
    assert held.result["edges"] == {}


def test_an_exclusion_beside_an_affirmation_is_a_conflict(tmp_path):
    header = "\t".join(COLUMNS)
    rows = [
        "OMIM:1\tD\t\tHP:1\tPMID:1\tPCS\t\t1/2\t\t\tP\tx",
        "OMIM:1\tD\t\tHP:1\tPMID:2\tPCS\t\t2/2\t\t\tP\tx",
        "OMIM:1\tD\tNOT\tHP:1\tPMID:3\tTAS\t\t\t\t\tP\tx",
        "OMIM:1\tD\t\tHP:2\tPMID:3\tTAS\t\t\t\t\tP\tx",
    ]
    (tmp_path / "a.hpoa").write_text("\n".join([header, *rows]))
    (tmp_path / "hp.obo").write_text("[Term]\nid: HP:1\nname: finding\n")
    out, commit = build(tmp_path / "run", hpoa=str(tmp_path / "a.hpoa"), obo=str(tmp_path / "hp.obo"))
    yes, no = sorted(load(out).edges_of("OMIM:1"), key=lambda e: -e.polarity)
    assert (yes.frequency, yes.n, yes.evidence) == (0.75, 4, ("PMID:1", "PMID:2"))
    assert (no.polarity, no.evidence) == (-1, ("PMID:3",))
    assert commit.result["conflicts"] == 1
    assert ledger(commit, tmp_path / "run")["dropped", "unknown_term"] == 1


def test_hpo_branches_are_not_findings(tmp_path):
    terms = [("HP:0000118", None), ("HP:1", "HP:0000118"), ("HP:0000005", None), ("HP:2", "HP:0000005")]
    text = "".join(f"[Term]\nid: {t}\nname: n {t}\n" + (f"is_a: {p}\n" if p else "") for t, p in terms)
    (tmp_path / "hp.obo").write_text(text)
    graph = load(build(tmp_path / "run", obo=str(tmp_path / "hp.obo"))[0])
    assert [graph.type_of(t) for t in ("HP:1", "HP:2")] == ["phenotype", "inheritance"]


def test_the_same_bytes_in_any_order(sources):
    stage = Build(obo=[str(sources / "new.obo"), str(sources / "old.obo")])
    published = []
    for number, items in enumerate((stage.items(), stage.items()[::-1])):
        folder, _ = build(sources / f"run{number}", obo=stage.obo, items=items)
        published.append([(p.name, p.read_bytes()) for p in sorted(folder.rglob("*.parquet"))])
    assert published[0] == published[1]


def test_it_needs_a_source(tmp_path):
    with pytest.raises(UsageError, match="at least one source"):
        Build().items()
    with pytest.raises(UsageError, match="no such file"):
        Build(obo=str(tmp_path / "missing.obo")).items()


RECIPE = """
name: graphs
stages:
  graph:
    use: knowledge_graph.build
    obo: [sources]
    license: {"*new*": CC0-1.0}
"""


def test_as_a_stage_of_a_run(sources, ray_local):
    (sources / "sources").mkdir()
    for name in ("new.obo", "old.obo"):
        (sources / name).rename(sources / "sources" / name)
    (sources / "recipe.yaml").write_text(RECIPE)
    recipe, out = load_recipe(sources / "recipe.yaml"), sources / "out"
    published = run_recipe(recipe, str(out)).published["graph"]
    assert published["publishes"] == "graph"
    assert published["counts"]["inputs"] == 11
    assert len(load(out / "graph" / published["version"] / "data")) == 7
    from datagen.store import Store

    assert verify_run(Store(str(out)))[0] == []
    assert run_recipe(recipe, str(out)).published == {}
    (sources / "sources" / "new.obo").write_text(NEW.replace("myocarditis", "inflamed heart"))
    assert "graph" in run_recipe(recipe, str(out)).published

    broken = "".join(f"[Term]\nid: B:{i}\nname: one\nname: two\n" for i in range(30))
    (sources / "sources" / "broken.obo").write_text(broken)
    with pytest.raises(TooManyBadInputs, match=r"broken\.obo \(two_name\)"):
        run_recipe(load_recipe(sources / "recipe.yaml"), str(out))


def test_the_sample_is_all_there(sample_graph):
    text = (SAMPLE / "sample.obo").read_text()
    assert len(sample_graph) == text.count("[Term]")
    lines = [line for line in text.splitlines() if line.startswith(("relationship:", "is_a:"))]
    assert len(sample_graph.edges) == len(lines)
    excluded = sum(" lacks_" in line for line in lines)
    assert (sample_graph.polarity < 0).sum() == excluded > 100
    assert all(sample_graph.node(node).name_zh for node in sample_graph.ids)
    assert len(sample_graph.departments) == 35
    diseases = [d for d in sample_graph.of_type("disease") if sample_graph.edges_of(d, "has_symptom")]
    assert all(sample_graph.node(d).departments for d in diseases)


def test_real_sources_are_all_there(real_data, tmp_path):
    folder, commit = build(
        tmp_path / "run",
        obo=[str(real_data / "kg_symptom_ontology"), str(real_data / "kg_hpo_2015")],
        babelon=str(real_data / "kg_hpo_zh/src"),
        hpoa=str(real_data / "kg_hpoa_excerpt/annotations"),
    )
    graph, report = load(folder), commit.result
    files = {file["name"]: file for file in report["files"]}
    assert files["obo/hpo_similarity/data/hp.obo.gz"]["entries"] == 10267
    assert files["babelon/translations/hp-zh.babelon.tsv.gz"]["entries"] == 18988
    assert commit.counts["quarantined"] == 0
    assert sum(report["edges"]["is_a"].values()) == 13458 + 898
    assert report["edges"]["has_phenotype"]["excluded"] > 0
    assert report["nodes_zh"] > 18_000
    assert graph.node("HP:0000003").name_zh == "多囊性肾发育不良"
