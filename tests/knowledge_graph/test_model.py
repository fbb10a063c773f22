"""The graph: lookups in both directions, keys, closures, views, and tables that are not a graph."""

import pickle

import networkx as nx
import numpy as np
import pyarrow as pa
import pytest

from datagen.errors import UsageError
from knowledge_graph import EDGES, NODES, Graph, load
from knowledge_graph.schema import edge_key


def toy(edges, nodes=("D:1", "D:2", "S:1", "S:2", "S:3"), **columns) -> Graph:
    """A graph of (subject, relation, object, polarity) edges; D nodes are diseases, S nodes symptoms."""
    rows = [
        {
            "id": node,
            "type": "disease" if node.startswith("D") else "symptom",
            "name_en": f"name {node}",
            "synonyms": [],
            "synonyms_zh": [],
            "departments": columns.get("departments", {}).get(node, []),
            "alt_ids": ["OLD:1"] if node == "D:1" else [],
            "xrefs": [],
            "license": "CC0-1.0",
            "source": "toy",
        }
        for node in nodes
    ]
    stated = [
        {
            **dict(zip(("subject", "relation", "object", "polarity"), edge, strict=True)),
            "evidence": ["PMID:1"],
            "tier": "A",
            "license": "CC0-1.0",
            "origin": "toy",
            "key": edge_key(*edge),
        }
        for edge in edges
    ]
    return Graph(pa.Table.from_pylist(rows, NODES), pa.Table.from_pylist(stated, EDGES))


EDGE_LIST = [
    ("D:2", "has_symptom", "S:2", 1),
    ("D:1", "has_symptom", "S:2", -1),
    ("D:1", "has_symptom", "S:1", 1),
    ("D:2", "is_a", "D:1", 1),
    ("S:2", "is_a", "S:1", 1),
    ("S:3", "is_a", "S:2", 1),
]


def test_edges_in_both_directions():
    graph = toy(EDGE_LIST)
    assert {(e.object, e.polarity) for e in graph.edges_of("D:1")} == {("S:1", 1), ("S:2", -1)}
    assert [e.object for e in graph.edges_of("D:1", polarity=-1)] == ["S:2"]
    assert [e.object for e in graph.edges_of("D:2", "is_a")] == ["D:1"]
    assert graph.edges_of("D:2", "no_such_relation") == []
    assert {e.subject for e in graph.edges_of("S:2", inverse=True)} == {"D:1", "D:2", "S:3"}
    assert (graph.subject.dtype, graph.object.dtype) == (np.int32, np.int32)
    assert [graph.ids[s] for s in graph.subject] == ["D:1", "D:1", "D:2", "D:2", "S:2", "S:3"]
    assert graph.degree.sum() == 2 * len(EDGE_LIST)


def test_keys_name_what_is_stated_and_nothing_else():
    graph = toy(EDGE_LIST)
    edge = graph.edges_of("D:1", polarity=-1)[0]
    assert graph.edge(edge.key) == edge
    assert edge.key == edge_key("D:1", "has_symptom", "S:2", -1) != edge_key("D:1", "has_symptom", "S:2", 1)
    assert {e.key for e in toy(EDGE_LIST[::-1]).edges_of("D:1")} == {e.key for e in graph.edges_of("D:1")}
    with pytest.raises(KeyError):
        graph.edge("0" * 16)


def test_closures_survive_circles():
    graph = toy([*EDGE_LIST, ("S:1", "is_a", "S:3", 1)])
    assert graph.ancestors("S:2") == {"S:1", "S:3"} == graph.descendants("S:2")
    assert toy(EDGE_LIST).descendants("S:1") == {"S:2", "S:3"}
    assert toy(EDGE_LIST).ancestors("D:1") == set()


def test_nodes():
    graph = toy(EDGE_LIST, departments={"D:1": ["CARD"], "D:2": ["CARD", "RESP"]})
    assert graph.node("OLD:1") == graph.node("D:1")
    assert graph.node("D:1").names("en") == ("name D:1",) and graph.node("D:1").names("zh") == ()
    assert graph.of_type("disease") == ["D:1", "D:2"]
    assert graph.departments == {"CARD": ("D:1", "D:2"), "RESP": ("D:2",)}
    assert "D:9" not in graph
    with pytest.raises(KeyError):
        graph.node("D:9")


def test_networkx_and_its_files(tmp_path):
    graph = toy(EDGE_LIST)
    whole = graph.to_networkx()
    assert (whole.number_of_nodes(), whole.number_of_edges()) == (5, 6)
    nx.write_graphml(whole, tmp_path / "g.graphml")
    assert nx.read_graphml(tmp_path / "g.graphml").number_of_edges() == 6
    part = graph.to_networkx(["D:1", "S:2"])
    assert [(s, o, d["polarity"]) for s, o, d in part.edges(data=True)] == [("D:1", "S:2", -1)]


def test_it_travels_between_processes():
    graph = toy(EDGE_LIST)
    graph.closure(0)
    copy = pickle.loads(pickle.dumps(graph, protocol=5))
    assert copy.edges_of("D:1") == graph.edges_of("D:1")
    assert copy.ancestors("S:3") == {"S:1", "S:2"}


def test_what_is_no_graph_says_so(tmp_path):
    with pytest.raises(UsageError, match="not among the nodes"):
        toy([("D:1", "is_a", "D:9", 1)])
    with pytest.raises(UsageError, match="twice"):
        toy([], nodes=("D:1", "D:1"))
    with pytest.raises(UsageError, match="holds no graph"):
        load(tmp_path)
    with pytest.raises(UsageError, match="not a graph's table"):
        Graph(pa.table({"id": ["D:1"]}), EDGES.empty_table())
    assert len(Graph(NODES.empty_table(), EDGES.empty_table())) == 0
