"""The claims of a generated text: the verifier's, without words that only announce a claim.

Large vocabularies have headings such as `Diagnosis`, `Therapeutics` or `Patients`. Where a text says "the diagnosis
rests on an ECG", the heading is no test that anyone claims.
"""

import re
from collections import Counter
from dataclasses import replace
from functools import lru_cache

from knowledge_graph import Bundle, Claim, Graph, Linker, verify
from knowledge_graph.families import FAMILIES
from knowledge_graph.model import FINDINGS

WORD = re.compile(r"[A-Za-z]+|[\u3400-\u9fff]+")
SMALL = frozenset(("and", "of", "the", "differential"))
DESCRIBING = frozenset(
    ("disease", *(kind for family in FAMILIES if family.relations == FINDINGS for kind in family.types))
)
"""Types of nodes that describe a case. Who the patient is, and where, is no clue."""


def claims_of(text: str, graph: Graph, bundle: Bundle, linker: Linker) -> list[Claim]:
    """As `knowledge_graph.verify`, closed world, except that a sentence whose claims are all about headings is
    unchecked."""
    found = verify(text, graph, bundle, linker)
    empty = [
        claim.verdict == "unknown" and claim.object is not None and announces(graph, claim.object) for claim in found
    ]
    if not any(empty):
        return found
    left = Counter(claim.sentence for claim, skip in zip(found, empty, strict=True) if not skip)
    kept = []
    for claim, skip in zip(found, empty, strict=True):
        if not skip:
            kept.append(claim)
        elif not left[claim.sentence]:
            left[claim.sentence] += 1
            bare = replace(claim, subject=None, relation=None, object=None, polarity=0, verdict="unchecked")
            kept.append(replace(bare, edge=None, number=None, flag=None))
    return kept


@lru_cache(maxsize=4096)
def announces(graph: Graph, node: str) -> bool:
    """Whether a node is called by nothing but words that announce a claim."""
    words = [w.lower() for w in WORD.findall(graph.node(node).name_en or "")]
    words = [word for word in words if word not in SMALL]
    return bool(words) and all(any(f.cue.fullmatch(word) for f in FAMILIES) for word in words)
