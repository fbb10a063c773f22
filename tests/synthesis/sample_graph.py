"""The bundled sample ontology as a graph, without a run."""

from functools import cache
from pathlib import Path

from knowledge_graph import Graph
from knowledge_graph.merge import File, Merger
from knowledge_graph.readers.babelon import read_babelon
from knowledge_graph.readers.obo import read_obo

SAMPLE = Path(__file__).parents[2] / "datagen" / "sample" / "ontology"
READERS = {"sample.obo": read_obo, "sample-zh.babelon.tsv": read_babelon}


@cache
def sample_graph() -> Graph:
    files = [File(name, reader((SAMPLE / name).read_bytes()), "CC0-1.0") for name, reader in READERS.items()]
    built = Merger("graph", files).merge()
    return Graph(built.nodes, built.edges)


def node_named(name: str) -> str:
    """The id of a node by its English name."""
    graph = sample_graph()
    return graph.ids[graph.nodes["name_en"].to_pylist().index(name)]
