"""Ontologies in, a typed bilingual graph with polarity out: build, load, link, sample, verify."""

from knowledge_graph.bundle import Bundle, Entity, Fact
from knowledge_graph.link import Linker, Mention
from knowledge_graph.model import EDGES, NODES, Edge, Graph, Node, load
from knowledge_graph.sample import Draw, anchors, capacity, sample_bundle
from knowledge_graph.verify import Claim, verify

__all__ = [
    "EDGES",
    "NODES",
    "Bundle",
    "Claim",
    "Draw",
    "Edge",
    "Entity",
    "Fact",
    "Graph",
    "Linker",
    "Mention",
    "Node",
    "anchors",
    "capacity",
    "load",
    "sample_bundle",
    "verify",
]
