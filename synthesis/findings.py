"""Who shows what: the affirmed findings of a graph, by disease and by finding."""

import numpy as np

from knowledge_graph import Fact, Graph
from knowledge_graph.model import FINDINGS


class Findings:
    """An index of the edges that affirm a finding."""

    def __init__(self, graph: Graph):
        codes = [code for code, name in enumerate(graph.relations) if name in FINDINGS]
        rows = np.flatnonzero(np.isin(graph.relation, codes) & (graph.polarity > 0))
        names = ("key", "subject", "relation", "object", "polarity", "frequency", "n", "license")
        self._of: dict[str, list[Fact]] = {}
        self._shown_by: dict[str, set[str]] = {}
        for edge in graph.edges.select(names).take(rows).to_pylist():
            self._of.setdefault(edge["subject"], []).append(Fact(**edge))
            self._shown_by.setdefault(edge["object"], set()).add(edge["subject"])

    def of(self, node: str) -> list[Fact]:
        return self._of.get(node, [])

    def shown_by(self, finding: str) -> set[str]:
        return self._shown_by.get(finding, set())
