"""Which ids become one node, which clash, and what the graph says of both."""

import pyarrow.parquet as pq
import pytest

from knowledge_graph import load
from knowledge_graph.crosswalk import Crosswalk, Side
from tests.knowledge_graph.conftest import build


def side(*names, kind="disease", xrefs=()):
    return Side(bool(names), kind, frozenset(names), tuple(xrefs))


def test_what_a_source_calls_the_same_is_one():
    sides = {"DOID:1": side("flu"), "MONDO:1": side("influenza"), "OMIM:1": side("flu")}
    walk = Crosswalk(sides, [("MONDO:1", "DOID:1"), ("MONDO:1", "OMIM:1"), ("MONDO:1", "UMLS:C1")])
    assert walk.groups == [["MONDO:1", "DOID:1", "OMIM:1", "UMLS:C1"]]
    assert {outcome for *_, outcome, _ in walk.decisions} == {"merged"}


def test_one_to_many_is_a_clash_and_the_order_does_not_decide():
    sides = {name: side(name) for name in ("MONDO:1", "MONDO:2", "DOID:1", "OMIM:1")}
    pairs = [("MONDO:1", "DOID:1"), ("MONDO:2", "DOID:1"), ("MONDO:1", "OMIM:1")]
    for exact in (pairs, pairs[::-1]):
        walk = Crosswalk(sides, exact)
        assert walk.groups == [["MONDO:1", "OMIM:1"]]
        assert [(a, b) for a, b, outcome, _ in walk.decisions if outcome == "clash"] == [
            ("DOID:1", "MONDO:1"),
            ("DOID:1", "MONDO:2"),
        ]


def test_a_chain_that_ends_at_a_rival_is_left_alone():
    """MONDO:1 = OMIM:1 = ORPHA:1 = MONDO:2, each link one to one."""
    walk = Crosswalk({}, [("MONDO:1", "OMIM:1"), ("OMIM:1", "ORPHA:1"), ("ORPHA:1", "MONDO:2")])
    assert walk.groups == [] and {d[2] for d in walk.decisions} == {"clash"}


def test_types_are_never_mixed():
    walk = Crosswalk({"HP:1": side("pain", kind="phenotype"), "MONDO:1": side("pain")}, [("HP:1", "MONDO:1")])
    assert walk.groups == [] and walk.decisions[0][2] == "other_type"


@pytest.mark.parametrize("hub", ["UMLS:C1", "GARD:1"])
def test_a_mere_reference_needs_a_name_in_common(hub):
    sides = {
        "DOID:1": side("flu", "grippe", xrefs=["MESH:1", hub]),
        "MESH:1": side("grippe"),
        "DOID:2": side("cold", xrefs=["MESH:2"]),
        "MESH:2": side("chill"),
        "ORPHA:1": side("flu", xrefs=[hub]),
    }
    walk = Crosswalk(sides, [])
    assert walk.groups == [["DOID:1", "ORPHA:1", "MESH:1"]]
    assert ("DOID:2", "MESH:2", "unconfirmed", "xref") in walk.decisions


OBO = """[Term]
id: DOID:1
name: influenza
xref: MIM:100
is_a: DOID:9

[Term]
id: DOID:9
name: infection
namespace: disease_ontology
"""
SSSOM = "subject_id\tpredicate_id\tobject_id\nMONDO:1\tskos:exactMatch\tDOID:1\nX:1\tskos:exactMatch\tX:2\n"
TABLE = "code,what,sign\nOMIM:100,Influenza,HP:1\n"


def test_facts_of_all_sources_meet_at_one_node(tmp_path):
    (tmp_path / "d.obo").write_text(OBO)
    (tmp_path / "m.sssom.tsv").write_text(SSSOM)
    (tmp_path / "signs.csv").write_text(TABLE)
    (tmp_path / "hp.obo").write_text("[Term]\nid: HP:1\nname: fever\nnamespace: human_phenotype\n")
    (tmp_path / "names.txt").write_text("流感\nfever\n霍乱\n")
    (tmp_path / "zh.tsv").write_text(
        "translation_language\tsubject_id\tpredicate_id\tsource_value\ttranslation_value\n"
        "zh\tDOID:1\trdfs:label\tinfluenza\t流感\n"
    )
    signs = {"fields": {"subject": "code", "subject_name": "what", "object": "sign"}}
    signs["constants"] = {"relation": "has_phenotype", "subject_kind": "disease"}
    folder, commit = build(
        tmp_path / "run",
        obo=[str(tmp_path / "d.obo"), str(tmp_path / "hp.obo")],
        sssom=str(tmp_path / "m.sssom.tsv"),
        babelon=str(tmp_path / "zh.tsv"),
        tables=[str(tmp_path / "signs.csv"), str(tmp_path / "names.txt")],
        columns={
            "*signs*": signs,
            "*names*": {"fields": {"name_zh": "n"}, "header": ["n"], "constants": {"kind": "disease"}},
        },
    )
    graph = load(folder)
    flu = graph.node("MONDO:1")
    assert graph.node("OMIM:100") == graph.node("DOID:1") == flu
    assert (flu.id, flu.name_zh, set(flu.alt_ids)) == ("DOID:1", "流感", {"MONDO:1", "OMIM:100"})
    assert [e.object for e in graph.edges_of("OMIM:100", "has_phenotype")] == ["HP:1"]
    assert flu.information == 1 and graph.node("DOID:9").information == 0
    alone = [n for n in graph.ids if n.startswith("NAME:")]
    assert sorted(graph.node(n).name_zh for n in alone) == ["fever", "霍乱"]  # 流感 is known; a sign is no disease
    (table,) = (pq.read_table(tmp_path / "run" / p) for p in commit.paths("crosswalk"))
    assert {(r["id"], r["other"], r["outcome"]) for r in table.to_pylist()} >= {("DOID:1", "MONDO:1", "merged")}
    assert commit.result["crosswalk"] == {"exact clash": 1, "exact merged": 1, "xref merged": 1}  # X:1 and X:2
    outcomes = [row for path in commit.paths("ledger") for row in pq.read_table(tmp_path / "run" / path).to_pylist()]
    assert len(outcomes) == sum(f["entries"] for f in commit.result["files"])
    assert [r["reason"] for r in outcomes if r["outcome"] == "dropped"] == ["unknown_term"]  # X:1 and X:2


def test_a_table_without_mapping_is_refused(tmp_path):
    (tmp_path / "signs.csv").write_text(TABLE)
    (tmp_path / "d.obo").write_text(OBO)
    _, commit = build(tmp_path / "run", obo=str(tmp_path / "d.obo"), tables=str(tmp_path / "signs.csv"))
    assert commit.counts["quarantined"] == 1
