"""Many files, one graph: terms that are the same become one node, statements that say the same one edge."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from datagen.errors import InputError
from datagen.ledger import LEDGER
from datagen.licence import UNKNOWN
from datagen.record import record_id
from knowledge_graph.nodes import Nodes, Place
from knowledge_graph.readers.entries import Content, Entry, Statement
from knowledge_graph.schema import EDGES, edge_key

DATE = re.compile(r"\d{4}-\d{2}-\d{2}")

Said = list[tuple[int, Statement]]
"""Statements of one fact, each with the number of its file."""


@dataclass(frozen=True)
class File:
    """One input file, read."""

    name: str
    content: Content
    license: str = UNKNOWN
    positions: tuple[str, ...] | None = None
    """Where each entry is, for archives, whose entries are members; else an entry's line says it."""

    @property
    def released(self) -> str:
        """The release's date as its version states it (YYYY-MM-DD), or nothing."""
        found = DATE.search(self.content.version or "")
        return found[0] if found else ""

    def position(self, number: int) -> str:
        return self.positions[number] if self.positions else f"{self.name}#{self.content.entries[number].line}"


class Merger:
    """Makes one graph of files, in the order given: where they disagree on a name or on what is obsolete, the first
    counts.

    Attributes (after `merge`): `nodes`, `edges`, `crosswalk` (tables of the schemas NODES, EDGES and CROSSWALK),
    `ledger` (LEDGER: one decision per entry), `report` (counts, JSON).
    """

    def __init__(self, stage: str, files: Iterable[File], failed: Iterable[tuple[str, InputError]] = ()):
        self._stage, self._files, self._failed = stage, list(files), list(failed)
        self._dangling: Counter[str] = Counter()
        self._facts: dict[tuple[str, str, str], Said] = {}
        self._conflicts = 0

    def merge(self) -> "Merger":
        known = self._known = Nodes([(file.content, file.license) for file in self._files], self._entries)
        self._decisions = known.decided
        self._state()
        edges = [edge for fact in sorted(self._facts) for edge in self._edges_of(fact)]
        known.set_types(edges)
        known.set_departments(edges)
        known.set_information(edges)
        self.nodes = known.table([file.name for file in self._files])
        self.edges = pa.Table.from_pylist(edges, EDGES)
        self.crosswalk = known.crosswalk.table()
        self.ledger = self._ledger()
        self.report = self._report()
        return self

    def _entries(self) -> Iterable[Place]:
        for number, file in enumerate(self._files):
            for place, entry in enumerate(file.content.entries):
                yield number, file.position(place), entry

    # Edges

    def _state(self) -> None:
        """Sort statements by what they state; those about unknown nodes go."""
        resolve = self._known.resolve
        for file, position, entry in self._entries():
            if entry.defines and position in self._decisions:
                self._dangling["of obsolete terms"] += len(entry.statements)
                continue
            for said in entry.statements:
                subject, object_ = resolve(said.subject), resolve(said.object)
                if None in (subject, object_) or subject == object_:
                    itself = " itself" if subject is not None and subject == object_ else ""
                    self._dangling[said.relation + itself] += 1
                    continue
                self._facts.setdefault((subject, said.relation, object_), []).append((file, said))
                if entry.defines is None:
                    self._decisions[position] = {"outcome": "kept"}
            walked = entry.defines is None and not entry.bad and not entry.dropped
            if walked and any(resolve(name) for pair in entry.same for name in pair):
                self._decisions[position] = {"outcome": "kept"}

    def _edges_of(self, fact: tuple[str, str, str]) -> list[dict[str, Any]]:
        """At most one edge that affirms and one that excludes.

        Patients counted without the finding make an affirmed edge rarer; alone they exclude it. An exclusion without
        counts stands beside whatever else is said.
        """
        said = self._facts[fact]
        affirmed = [s for s in said if s[1].polarity > 0]
        counted = [s for s in said if s[1].polarity < 0 and s[1].n is not None]
        excluded = [s for s in said if s[1].polarity < 0 and s[1].n is None]
        edges = []
        if affirmed:
            edges.append(self._edge(fact, 1, affirmed, counted))
            self._conflicts += bool(excluded)
        else:
            excluded += counted
        if excluded:
            edges.append(self._edge(fact, -1, excluded, []))
        return edges

    def _edge(self, fact: tuple[str, str, str], polarity: int, said: Said, against: Said) -> dict[str, Any]:
        """Numbers, tier and licence are those of the best file (tier, patients, order); evidence is everybody's."""
        patients: Counter[int] = Counter()
        for file, statement in said:
            patients[file] += statement.n or 0
        best = min(range(len(said)), key=lambda i: (said[i][1].tier, -patients[said[i][0]], i))
        origin = said[best][0]
        here = [s for file, s in (*said, *against) if file == origin]
        n = sum(s.n for s in here if s.n)
        of = sum(s.n for s in here if s.n and s.shown is not None)
        shares = [s.share for s in here if s.share is not None]
        shown = sum(s.shown for s in here if s.n and s.shown is not None)
        return {
            **dict(zip(("subject", "relation", "object"), fact, strict=True)),
            "polarity": polarity,
            "frequency": shown / of if of else sum(shares) / len(shares) if shares else None,
            "n": n or None,
            "onset": _most(s.onset for _, s in said),
            "sex": _one({s.sex for _, s in said}),
            "evidence": sorted({e for _, s in said for e in s.evidence}),
            "tier": said[best][1].tier,
            "license": self._files[origin].license,
            "origin": self._files[origin].name,
            "key": edge_key(*fact, polarity),
        }

    # Accounts

    def _ledger(self) -> pa.Table:
        failed = [(p, {"outcome": "quarantined", "reason": error.reason, "position": p}) for p, error in self._failed]
        decided = [(p, self._decision(p, entry)) for _, p, entry in self._entries()]
        return pa.Table.from_pylist([{"id": self._identity(p), **d} for p, d in failed + decided], LEDGER)

    def _decision(self, position: str, entry: Entry) -> dict[str, Any]:
        if entry.bad:
            return {"outcome": "quarantined", "reason": entry.bad, "position": position}
        if entry.dropped:
            return {"outcome": "dropped", "reason": entry.dropped}
        if position in self._decisions:
            return self._decisions[position]
        if entry.defines is None:
            return {"outcome": "dropped", "reason": "unknown_term"}
        node = self._known.of_entry(position, entry)
        if node is None:
            return {"outcome": "dropped", "reason": "no_name"}
        first = node.position == position
        return {"outcome": "kept"} if first else {"outcome": "merged", "into": self._identity(node.position)}

    def _identity(self, position: str) -> str:
        return record_id(self._stage, position)

    def _report(self) -> dict[str, Any]:
        edges: dict[str, dict[str, int]] = {}
        for relation, polarity in zip(*(self.edges[c].to_pylist() for c in ("relation", "polarity")), strict=True):
            counts = edges.setdefault(relation, {"affirmed": 0, "excluded": 0})
            counts["affirmed" if polarity > 0 else "excluded"] += 1
        nodes, decided = self._known.nodes.values(), self._known.crosswalk.decisions
        return {
            "files": [
                {
                    "name": file.name,
                    "version": file.content.version,
                    "license": file.license,
                    "entries": len(file.content.entries),
                    "statements": sum(len(entry.statements) for entry in file.content.entries),
                }
                for file in self._files
            ],
            "nodes": dict(sorted(Counter(node.type for node in nodes).items())),
            "nodes_en": sum(node.name_en is not None for node in nodes),
            "nodes_zh": sum(node.name_zh is not None for node in nodes),
            "edges": dict(sorted(edges.items())),
            "edges_by_origin": dict(sorted(Counter(self.edges["origin"].to_pylist()).items())),
            "crosswalk": dict(sorted(Counter(f"{by} {outcome}" for _, _, outcome, by in decided).items())),
            "merged_statements": sum(len(said) for said in self._facts.values()) - len(self.edges),
            "conflicts": self._conflicts,
            "dangling": dict(sorted(self._dangling.items())),
        }


def _most(values: Iterable[str | None]) -> str | None:
    """The value stated most often, the first of equals in the alphabet."""
    counts = Counter(value for value in values if value)
    return min(counts, key=lambda value: (-counts[value], value)) if counts else None


def _one(values: set[str | None]) -> str | None:
    """The value, if all state the same."""
    return next(iter(values)) if len(values) == 1 else None
