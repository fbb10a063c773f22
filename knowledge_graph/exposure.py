"""How much of a graph bundles have used: nodes, edges, kinds of paths, cells; how evenly; a table and a picture."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from itertools import combinations

import numpy as np
import pyarrow as pa

from knowledge_graph.deal import NONE, Bundles, Dealer
from knowledge_graph.quotas import Cell

WIDTH, ROW, LEFT = 720, 22, 260


@dataclass(frozen=True)
class Exposure:
    """Uses of a graph's edges.

    Attributes:
        uses: how often each edge was used (int64[E]); `eligible`: whether an anchor may use it (bool[E]).
        nodes: nodes at eligible edges, and those of them that were used.
        paths: pairs of relations that meet at an anchor (relation and type of the other end, twice), possible and used.
        cells: accepted texts by cell.
        cap: uses of one edge allowed.
    """

    uses: np.ndarray
    eligible: np.ndarray
    nodes: tuple[int, int]
    paths: tuple[int, int]
    cells: Mapping[Cell, int]
    cap: int

    @staticmethod
    def of(
        dealer: Dealer, bundles: Bundles, cells: Mapping[Cell, int], cap: int, types: tuple[str, ...] = ("disease",)
    ) -> "Exposure":
        graph = dealer.graph
        used = np.concatenate([bundles.facts.ravel(), bundles.negatives.ravel()])
        uses = np.bincount(used[used != NONE], minlength=len(graph.subject))
        rows = dealer.eligible(types)
        owned = [np.concatenate(dealer.owned(row)) for row in rows]
        eligible = np.zeros(len(uses), bool)
        if owned:
            eligible[np.concatenate(owned)] = True
        at = np.zeros((2, len(graph)), bool)
        for place, chosen in enumerate((eligible, eligible & (uses > 0))):
            at[place, graph.subject[chosen]] = at[place, graph.object[chosen]] = True
        possible = set().union(*(_pairs(dealer, row, dealer.owned(row)[0]) for row in rows))
        seen = set()
        for row, facts in zip(bundles.anchors.tolist(), bundles.facts, strict=True):
            seen |= _pairs(dealer, row, facts[facts != NONE])
        nodes = (int(at[0].sum()), int(at[1].sum()))
        return Exposure(uses, eligible, nodes, (len(possible), len(seen & possible)), dict(cells), cap)

    @property
    def unseen(self) -> np.ndarray:
        """Rows of eligible edges that no bundle used."""
        return np.flatnonzero(self.eligible & (self.uses == 0))

    def measures(self) -> dict[str, float]:
        """Shares (0 to 1), percentiles and the Gini coefficient of exposures, and effective departments (the
        exponential of the entropy over the number of departments)."""
        uses = np.sort(self.uses[self.eligible])
        departments, filled = Counter(), [count for count in self.cells.values()]
        tails = Counter()
        for cell, count in self.cells.items():
            departments[cell.department] += count
            tails[cell.tail] += count
        texts = max(1, departments.total())
        shares = [count / texts for count in departments.values() if count]
        p5, p50, p95 = np.percentile(uses, (5, 50, 95)) if len(uses) else (0.0, 0.0, 0.0)
        return {
            "bundles": departments.total(),
            "nodes used": self.nodes[1] / max(1, self.nodes[0]),
            "edges used": float((uses > 0).mean()) if len(uses) else 0.0,
            "edges used, within the cap": float(((uses > 0) & (uses <= self.cap)).mean()) if len(uses) else 0.0,
            "kinds of paths used": self.paths[1] / max(1, self.paths[0]),
            "cells": len(filled),
            "texts in the emptiest cell": min(filled, default=0),
            "texts in a cell, median": float(np.median(filled)) if filled else 0.0,
            "uses of an edge, 5 %": float(p5),
            "uses of an edge, median": float(p50),
            "uses of an edge, 95 %": float(p95),
            "uses of an edge, most": int(uses[-1]) if len(uses) else 0,
            "Gini coefficient of uses": gini(uses),
            "effective departments": math.exp(-sum(p * math.log(p) for p in shares)) / max(1, len(departments)),
            "lowest tail quarter of texts": tails[0] / texts,
        }

    def table(self) -> pa.Table:
        """`measure` and `value`, one row each."""
        found = self.measures()
        return pa.table({"measure": list(found), "value": pa.array(map(float, found.values()), pa.float64())})

    def svg(self) -> str:
        """A picture: texts by department, each bar divided by tail bucket, the rarest darkest."""
        counts: dict[str, Counter[int]] = {}
        for cell, count in self.cells.items():
            counts.setdefault(cell.department or "-", Counter())[cell.tail] += count
        most = max((c.total() for c in counts.values()), default=1) or 1
        lines = []
        for place, (department, by_tail) in enumerate(sorted(counts.items())):
            x, y = float(LEFT), place * ROW + ROW
            lines.append(f'<text x="{LEFT - 8}" y="{y + 14}" text-anchor="end">{escape(department)}</text>')
            for tail, count in sorted(by_tail.items()):
                width = (WIDTH - LEFT - 80) * count / most
                fill = ("#08306b", "#2171b5", "#6baed6", "#c6dbef")[tail]
                lines.append(f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{ROW - 5}" fill="{fill}"/>')
                x += width
            lines.append(f'<text x="{x + 6:.1f}" y="{y + 14}">{by_tail.total()}</text>')
        title = "Texts by department; rarest quarter of anchors darkest"
        height = ROW * (len(counts) + 2)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" font-family="sans-serif" '
            f'font-size="12" role="img"><title>{title}</title><text x="8" y="14">{title}</text>{"".join(lines)}</svg>'
        )


def gini(values: np.ndarray) -> float:
    """Gini coefficient of numbers sorted upwards: 0 where all are equal."""
    total = values.sum()
    if not total:
        return 0.0
    ranks = np.arange(1, len(values) + 1)
    return float((2 * ranks - len(values) - 1) @ values / (len(values) * total))


def _pairs(dealer: Dealer, row: int, edges: np.ndarray) -> set[tuple[int, int]]:
    graph = dealer.graph
    other = np.where(graph.subject[edges] == row, graph.object[edges], graph.subject[edges])
    kinds = np.unique(graph.relation[edges].astype(np.int64) * len(graph.types) + graph.type[other]).tolist()
    return set(combinations(kinds, 2))
