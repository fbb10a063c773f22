"""Node identity by cross-walk: which ids of different vocabularies are one thing.

Ids that a source calls the same (SSSOM exact matches, OBO `equivalent_to`, Orphanet's exact references) are one node
unless that would make two ids of one vocabulary the same. A plain cross-reference is weaker, since ontologies also use
it for what is broader: it counts where it is one to one and both sides share a name. Nothing is guessed; what is not
merged is reported.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import pyarrow as pa

from knowledge_graph.curies import authority

RANK = ("MONDO", "DOID", "ORPHA", "OMIM", "HP", "SYMP", "MESH", "HGNC", "NCBIGENE", "DRUGBANK", "ICD10", "ICD10CM")
"""Whose id a merged node keeps: the first of these."""
HUBS = frozenset(("UMLS", "MEDGEN", "SNOMEDCT", "NCIT", "GARD"))
"""Vocabularies that are seldom loaded themselves: two nodes with the same id there are referenced to each other."""

Outcome = Literal["merged", "clash", "other_type", "unconfirmed"]
CROSSWALK = pa.schema(
    [
        pa.field("id", pa.string(), False),
        pa.field("other", pa.string(), False),
        pa.field("outcome", pa.string(), False),
        pa.field("by", pa.string(), False),
    ]
)
"""`id` and `other` are one node (merged), would tie two ids of one vocabulary (clash), are of different types, or are
only cross-referenced, without a name in common (unconfirmed). `by`: exact or xref."""


@dataclass(frozen=True)
class Side:
    """What decides about one node: whether anybody names it, its type (None where unknown) and its names, folded."""

    named: bool
    type: str | None
    names: frozenset[str]
    xrefs: tuple[str, ...]


class Crosswalk:
    """Which ids are one node.

    Attributes: `groups` (lists of ids, the one that is kept first), `decisions` ((id, other, outcome, by), sorted).
    """

    def __init__(self, sides: Mapping[str, Side], exact: Iterable[tuple[str, str]]):
        self._sides = sides
        self._parent: dict[str, str] = {}
        self._members: dict[str, list[str]] = {}
        self.decisions: list[tuple[str, str, Outcome, str]] = []
        pairs = sorted({(min(a, b), max(a, b)) for a, b in exact if a != b})
        self._unite(pairs, "exact")
        self._unite(self._confirmed(), "xref")
        self.groups = [sorted(group, key=self._rank) for _, group in sorted(self._members.items()) if len(group) > 1]
        self.decisions.sort()

    def table(self) -> pa.Table:
        columns = zip(*self.decisions, strict=True) if self.decisions else ((),) * len(CROSSWALK)
        return pa.table([pa.array(c, pa.string()) for c in columns], schema=CROSSWALK)

    def _rank(self, name: str) -> tuple[bool, int, str]:
        prefix = authority(name)
        named = name in self._sides and self._sides[name].named
        return not named, RANK.index(prefix) if prefix in RANK else len(RANK), name

    def _find(self, name: str) -> str:
        root = name
        while (up := self._parent.get(root, root)) != root:
            root = up
        while (up := self._parent.get(name, name)) != root:
            self._parent[name], name = root, up
        return root

    def _group(self, root: str) -> list[str]:
        return self._members.setdefault(root, [root])

    def _unite(self, pairs: list[tuple[str, str]], by: str) -> None:
        """Unite what pairs connect, all of a connected part or nothing: which of two rivals came first must not decide.
        Only pairs one side of which has a rival are left out beforehand."""
        rivals: dict[tuple[str, str], set[str]] = {}
        for one, other in pairs:
            rivals.setdefault((one, authority(other)), set()).add(other)
            rivals.setdefault((other, authority(one)), set()).add(one)
        single = []
        for one, other in pairs:
            if len(rivals[one, authority(other)]) > 1 or len(rivals[other, authority(one)]) > 1:
                self._decide(one, other, "clash", by)
            elif self._apart(one, other):
                self._decide(one, other, "other_type", by)
            else:
                single.append((one, other))
        for part in _connected(single, self._find):
            roots = {self._find(name) for pair in part for name in pair}
            ids = [name for root in sorted(roots) for name in self._group(root)]
            types = {s.type for name in ids if (s := self._sides.get(name)) and s.type}
            outcome: Outcome = "merged" if len(types) <= 1 else "other_type"
            outcome = outcome if len({authority(name) for name in ids}) == len(ids) else "clash"
            for one, other in part:
                self._decide(one, other, outcome, by)
                if outcome == "merged":
                    self._join(one, other)

    def _join(self, one: str, other: str) -> None:
        a, b = sorted((self._find(one), self._find(other)))
        if a != b:
            self._group(a).extend(self._group(b))
            del self._members[b]
            self._parent[b] = a

    def _apart(self, one: str, other: str) -> bool:
        types = {side.type for name in (one, other) if (side := self._sides.get(name)) and side.type}
        return len(types) > 1

    def _decide(self, one: str, other: str, outcome: Outcome, by: str) -> None:
        self.decisions.append((one, other, outcome, by))

    def _confirmed(self) -> list[tuple[str, str]]:
        """Cross-referenced pairs of named nodes that share a name; the others are reported as unconfirmed."""
        names = {}
        for name, side in self._sides.items():
            root = self._find(name)
            names[root] = names.get(root, frozenset()) | side.names
        found = []
        for one, other in sorted(self._referenced()):
            if self._find(one) == self._find(other):
                continue
            if names[self._find(one)] & names[self._find(other)]:
                found.append((one, other))
            else:
                self._decide(one, other, "unconfirmed", "xref")
        return found

    def _referenced(self) -> Iterator[tuple[str, str]]:
        hubs: dict[str, list[str]] = {}
        found = set()
        for name, side in self._sides.items():
            if not side.named:
                continue
            for xref in side.xrefs:
                if xref != name and (there := self._sides.get(xref)) and there.named:
                    if authority(xref) != authority(name):
                        found.add((min(name, xref), max(name, xref)))
                elif authority(xref) in HUBS:
                    hubs.setdefault(xref, []).append(name)
        for names in hubs.values():
            owners = [authority(name) for name in names]
            if len(set(owners)) == len(owners):
                found |= {(min(a, b), max(a, b)) for a, b in combinations(sorted(names), 2)}
        return iter(found)


def _connected(pairs: list[tuple[str, str]], find) -> Iterator[list[tuple[str, str]]]:
    """Pairs by the connected parts of what they and earlier unions connect."""
    root: dict[str, str] = {}

    def top(name: str) -> str:
        name = find(name)
        while root.get(name, name) != name:
            name = root[name]
        return name

    for one, other in pairs:
        a, b = sorted((top(one), top(other)))
        root[b] = a
    parts: dict[str, list[tuple[str, str]]] = {}
    for pair in pairs:
        parts.setdefault(top(pair[0]), []).append(pair)
    yield from parts.values()
