"""Differential diagnosis from a graph's frequencies: diseases ranked by likelihood ratios, each finding's part named.

After LIRICAL (Robinson et al. 2020, AJHG 107:403) and Phenomizer (Koehler et al. 2009, AJHG 85:457): what a patient
shows is held against each disease's frequencies and against how common it is over all diseases. A finding that a
disease isn't known for still counts by the closest thing above it that the disease is known for, the less the more
common that is. What was looked for and not found counts less than what was found.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from knowledge_graph.model import FINDINGS, Graph

UNSTATED = 0.5
"""Frequency where an edge states none."""
CASES = 2.0
"""Patients that stand behind every disease unseen: a frequency of 1 from one patient is not certain."""
NOISE = 0.03
"""Share of findings that have nothing to do with the disease."""
ABSENT = 0.4
"""How much an excluded finding weighs against one observed."""
RAREST = 1e-4


@dataclass(frozen=True)
class Diagnosis:
    """One disease of a differential: `ratio` is the log likelihood ratio (nats) of all findings, `parts` those of each,
    in the order given, `probability` the posterior among the graph's diseases, all equally likely before."""

    disease: str
    ratio: float
    probability: float
    parts: tuple[float, ...]


class Diagnoser:
    """Frequencies of one graph, D diseases by T findings. Arrays float32[D, T]: `share`, the chance that a patient
    shows a finding or something below it; `lift`, the same over the mean of all diseases."""

    def __init__(self, graph: Graph, types: tuple[str, ...] = ("disease",)):
        self.graph = graph
        codes = [code for code, name in enumerate(graph.relations) if name in FINDINGS]
        kinds = [code for code, name in enumerate(graph.types) if name in types]
        known = np.isin(graph.relation, codes) & np.isin(graph.type[graph.subject], kinds)
        rows = np.flatnonzero(known & (graph.polarity > 0))
        self.diseases = np.unique(graph.subject[rows])
        place = {int(row): i for i, row in enumerate(self.diseases)}
        above = {int(o): [a for a in graph.closure(int(o))] for o in np.unique(graph.object[rows])}
        self._column = {row: i for i, row in enumerate(sorted(set().union(*above.values()) if above else ()))}
        # A patient without any of several findings below a term: the product of their absences.
        absent = np.ones((len(self.diseases), len(self._column)))
        n = graph.stated.n[rows].astype(np.int64)
        stated = graph.frequency[rows]
        share = np.where(np.isnan(stated), UNSTATED, stated)
        share = np.where(n > 0, (share * n + UNSTATED * CASES / 2) / (n + CASES), share)
        for row, chance in zip(rows.tolist(), share.tolist(), strict=True):
            columns = [self._column[a] for a in above[int(graph.object[row])]]
            absent[place[int(graph.subject[row])], columns] *= 1 - min(chance, 0.99)
        self.share = (1 - absent).astype(np.float32)
        self.common = np.maximum(self.share.mean(0), RAREST) if len(self.diseases) else np.zeros(0)
        self.lift = self.share / self.common

    def rank(self, observed: Iterable[str], excluded: Iterable[str] = ()) -> list[Diagnosis]:
        """All diseases, the likeliest first. Findings that the graph doesn't know say nothing."""
        parts = np.array([self._observed(f) for f in observed] + [self._excluded(f) for f in excluded])
        total = parts.sum(0) if len(parts) else np.zeros(len(self.diseases))
        weight = np.exp(total - total.max()) if len(total) else total
        weight = weight / max(weight.sum(), RAREST)
        ids = self.graph.ids
        order = sorted(range(len(total)), key=lambda i: (-total[i], ids[self.diseases[i]]))
        each = parts.T.tolist() if len(parts) else [()] * len(total)
        return [Diagnosis(ids[self.diseases[i]], float(total[i]), float(weight[i]), tuple(each[i])) for i in order]

    def _observed(self, finding: str) -> np.ndarray:
        """Log ratio of one finding for each disease: its best explanation among itself and what is above it."""
        columns = self._columns(finding)
        best = self.lift[:, columns].max(1) if columns else np.ones(len(self.diseases))
        return np.log((1 - NOISE) * best + NOISE)

    def _excluded(self, finding: str) -> np.ndarray:
        column = self._column.get(self.graph.index(finding)) if finding in self.graph else None
        if column is None:
            return np.zeros(len(self.diseases))
        return ABSENT * np.log((1 - (1 - NOISE) * self.share[:, column]) / (1 - (1 - NOISE) * self.common[column]))

    def _columns(self, finding: str) -> list[int]:
        if finding not in self.graph:
            return []
        return [self._column[a] for a in self.graph.closure(self.graph.index(finding)) if a in self._column]
