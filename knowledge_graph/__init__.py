"""Ontologies in, a typed bilingual graph with polarity out: build, load, link, sample, verify, diagnose."""

from knowledge_graph.bundle import Bundle, Entity, Fact
from knowledge_graph.deal import Bundles, Dealer
from knowledge_graph.diagnose import Diagnoser, Diagnosis
from knowledge_graph.exposure import Exposure
from knowledge_graph.link import Linker, Mention
from knowledge_graph.model import Edge, Graph, Node, load
from knowledge_graph.quotas import Cell
from knowledge_graph.sample import Draw, anchors, capacity, sample_bundle, sample_bundles
from knowledge_graph.schema import EDGES, NODES
from knowledge_graph.verify import Claim, verify
from knowledge_graph.walk import METAPATHS, MetaPath, Walker

__all__ = [
    "EDGES",
    "METAPATHS",
    "NODES",
    "Bundle",
    "Bundles",
    "Cell",
    "Claim",
    "Dealer",
    "Diagnoser",
    "Diagnosis",
    "Draw",
    "Edge",
    "Entity",
    "Exposure",
    "Fact",
    "Graph",
    "Linker",
    "Mention",
    "MetaPath",
    "Node",
    "Walker",
    "anchors",
    "capacity",
    "load",
    "sample_bundle",
    "sample_bundles",
    "verify",
]
