"""Which of several nodes of one name a text means: the one that goes with the others it names."""

import re
from collections.abc import Sequence, Set
from functools import lru_cache

from knowledge_graph.model import Graph

HINTS = (
    ("gene", re.compile(r"\s*(?:genes?|proteins?|mRNA|alleles?|loc(?:us|i)|exons?|基因|蛋白|突变)", re.I)),
    ("drug", re.compile(r"\s*(?:tablets?|capsules?|injections?|\d+\s*m?g\b|片|胶囊|注射液|口服液)", re.I)),
    ("disease", re.compile(r"\s*(?:disease|syndrome|disorder|patients?|病|综合征|患者)", re.I)),
)
"""What follows a name tells its type."""


def chosen(graph: Graph, text: str, end: int, candidates: Sequence[int], company: Set[int]) -> int:
    """Of several rows of the graph, one name's bearers with the likeliest first, the one meant at `text[:end]`.

    A hint behind the name decides its type; then the most neighbours among `company` (rows that the text names without
    doubt).
    """
    kinds = {graph.type[row] for row in candidates}
    if len(kinds) > 1:
        for kind, hint in HINTS:
            if hint.match(text, end):
                candidates = [row for row in candidates if graph.types[graph.type[row]] == kind] or candidates
                break
    if len(candidates) == 1 or not company:
        return candidates[0]
    return max(candidates, key=lambda row: len(company & neighbours(graph, row)))


@lru_cache(maxsize=1 << 16)
def neighbours(graph: Graph, row: int) -> frozenset[int]:
    """Rows of the nodes that share an edge with one."""
    out, into = graph.rows_of(row), graph.rows_of(row, inverse=True)
    return frozenset(graph.object[out].tolist()) | frozenset(graph.subject[into].tolist())
