"""Degree-corrected walks along typed meta-paths: what leads from a symptom to a test, from a gene to a treatment.

A meta-path (Sun et al. 2011, PathSim) is a sequence of relations with the types they lead to. A walk takes one edge of
each, a node of degree d with weight d^-0.75: rare neighbours come as often as hubs, and no shortest path is asked for.
"""

from dataclasses import dataclass

import numpy as np

from knowledge_graph.deal import DEGREE_POWER, hashed
from knowledge_graph.model import FINDINGS, IS_A, Graph

SIGNS = ("phenotype", "symptom", "finding")
TREATED_BY, TREATS = ("treated_by",), ("treats", "palliates")


@dataclass(frozen=True)
class Step:
    """Along one of these relations (`back`: against it) to a node of one of these types."""

    relations: tuple[str, ...]
    types: tuple[str, ...]
    back: bool = False


@dataclass(frozen=True)
class MetaPath:
    """A kind of path: where it starts, and the steps it takes."""

    name: str
    start: tuple[str, ...]
    steps: tuple[Step, ...]


_SHOWS, _SHOWN_BY = Step(FINDINGS, SIGNS), Step(FINDINGS, ("disease",), back=True)
_TEST, _TREATMENT = Step(("diagnosed_by",), ("test", "procedure")), Step(TREATED_BY, ("treatment", "drug", "procedure"))
_DRUG, _GENE = Step(TREATS, ("drug",), back=True), Step(("associated_gene",), ("gene",))
_BACK_GENE = Step(("associated_gene",), ("disease",), back=True)
_SITE, _BACK_SITE = Step(("located_in",), ("anatomy",)), Step(("located_in",), ("disease",), back=True)
_UP, _DOWN = Step((IS_A,), ("disease",)), Step((IS_A,), ("disease",), back=True)
_RISK = Step(("has_risk_factor", "risk_factor"), ("risk_factor",))
_CAUSE = Step(("caused_by",), ("pathogen", "disease"))
_COMPLICATION, _DEPARTMENT = Step(("complicates",), ("disease",)), Step(("belongs_to_department",), ("department",))
_ALIKE, _MINED = Step(("resembles",), ("disease",)), Step(("co_occurs_with",), ("disease", *SIGNS, "drug", "test"))
_BARRED = Step(("contraindicated", "contraindicated_with"), ("drug", "treatment", "procedure"))
_INHERITED, _COURSE = Step(("has_inheritance",), ("inheritance",)), Step(("has_course",), ("course",))
_SIGN, _DISEASE = SIGNS, ("disease",)
METAPATHS = (
    MetaPath("finding, disease, test", _SIGN, (_SHOWN_BY, _TEST)),
    MetaPath("finding, disease, treatment", _SIGN, (_SHOWN_BY, _TREATMENT)),
    MetaPath("finding, disease, drug", _SIGN, (_SHOWN_BY, _DRUG)),
    MetaPath("finding, disease, department", _SIGN, (_SHOWN_BY, _DEPARTMENT)),
    MetaPath("finding, disease, gene", _SIGN, (_SHOWN_BY, _GENE)),
    MetaPath("finding, disease, site", _SIGN, (_SHOWN_BY, _SITE)),
    MetaPath("finding, disease, inheritance", _SIGN, (_SHOWN_BY, _INHERITED)),
    MetaPath("finding, disease, course", _SIGN, (_SHOWN_BY, _COURSE)),
    MetaPath("finding, disease, finding", _SIGN, (_SHOWN_BY, _SHOWS)),
    MetaPath("finding, disease, risk factor", _SIGN, (_SHOWN_BY, _RISK)),
    MetaPath("finding, disease, broader disease", _SIGN, (_SHOWN_BY, _UP)),
    MetaPath("disease, finding, disease", _DISEASE, (_SHOWS, _SHOWN_BY)),
    MetaPath("disease, finding, disease, test", _DISEASE, (_SHOWS, _SHOWN_BY, _TEST)),
    MetaPath("disease, finding, disease, treatment", _DISEASE, (_SHOWS, _SHOWN_BY, _TREATMENT)),
    MetaPath("disease, sibling, finding", _DISEASE, (_UP, _DOWN, _SHOWS)),
    MetaPath("disease, sibling, treatment", _DISEASE, (_UP, _DOWN, _TREATMENT)),
    MetaPath("disease, gene, disease", _DISEASE, (_GENE, _BACK_GENE)),
    MetaPath("gene, disease, finding", ("gene",), (_BACK_GENE, _SHOWS)),
    MetaPath("gene, disease, inheritance", ("gene",), (_BACK_GENE, _INHERITED)),
    MetaPath("disease, site, disease", _DISEASE, (_SITE, _BACK_SITE)),
    MetaPath("disease, complication, treatment", _DISEASE, (_COMPLICATION, _TREATMENT)),
    MetaPath("disease, cause, treatment", _DISEASE, (_CAUSE, _TREATMENT)),
    MetaPath("disease, alike, finding", _DISEASE, (_ALIKE, _SHOWS)),
    MetaPath("drug, disease, contraindication", ("drug",), (Step(TREATS, _DISEASE), _BARRED)),
    MetaPath("treatment, disease, finding", ("treatment", "drug"), (Step(TREATED_BY, _DISEASE, back=True), _SHOWS)),
    MetaPath("disease, mined with", _DISEASE, (_MINED,)),
)


class Walker:
    """Walks on one graph."""

    def __init__(self, graph: Graph):
        self.graph = graph
        self._weight = np.maximum(graph.degree, 1).astype(np.float64) ** DEGREE_POWER
        self._codes = {name: code for code, name in enumerate(graph.relations)}
        self._kinds = {name: code for code, name in enumerate(graph.types)}

    def walk(self, start: str, path: MetaPath, seed: int = 0, number: int = 0) -> tuple[str, ...] | None:
        """Keys of the edges of walk `number` from a node, or None where it leads nowhere; no node comes twice. The same
        seed and number walk the same way. Raises KeyError for an unknown node."""
        graph, row = self.graph, self.graph.index(start)
        if graph.types[graph.type[row]] not in path.start:
            return None
        seen, keys = {row}, []
        for place, step in enumerate(path.steps):
            edges, others = self._open(row, step, seen)
            if not len(edges):
                return None
            shares = np.cumsum(self._weight[others])
            at = hashed(seed, start, path.name, number, place) / 2**62 * shares[-1]
            pick = min(int(np.searchsorted(shares, at, side="right")), len(edges) - 1)
            row = int(others[pick])
            seen.add(row)
            keys.append(graph.stated.key_at(int(edges[pick])))
        return tuple(keys)

    def starts(self, path: MetaPath) -> list[int]:
        """Rows of the nodes that the first step leads on from."""
        graph, step = self.graph, path.steps[0]
        edges = np.flatnonzero(self._fits(np.arange(len(graph.relation)), step))
        ends, others = (graph.object, graph.subject) if step.back else (graph.subject, graph.object)
        edges = edges[np.isin(graph.type[others[edges]], self._of(step.types))]
        rows = np.unique(ends[edges])
        return rows[np.isin(graph.type[rows], self._of(path.start))].tolist()

    def _open(self, row: int, step: Step, seen: set[int]) -> tuple[np.ndarray, np.ndarray]:
        """Edges that a step may take, and where they lead."""
        graph = self.graph
        edges = graph.rows_of(row, inverse=step.back)
        edges = edges[self._fits(edges, step)]
        others = (graph.subject if step.back else graph.object)[edges]
        free = np.isin(graph.type[others], self._of(step.types)) & ~np.isin(others, list(seen))
        return edges[free], others[free]

    def _fits(self, edges: np.ndarray, step: Step) -> np.ndarray:
        wanted = [self._codes[name] for name in step.relations if name in self._codes]
        return np.isin(self.graph.relation[edges], wanted) & (self.graph.polarity[edges] > 0)

    def _of(self, types: tuple[str, ...]) -> list[int]:
        return [self._kinds[name] for name in types if name in self._kinds]
