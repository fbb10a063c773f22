"""Many files, one graph: terms that are the same become one node, statements that say the same one edge."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from datagen.errors import InputError
from datagen.ledger import LEDGER
from datagen.licence import UNKNOWN, inherited
from datagen.record import record_id
from knowledge_graph.entries import Content, Entry, Label, Statement, Term
from knowledge_graph.kinds import kind_of, kinds_below
from knowledge_graph.model import EDGES, IS_A, NODES, edge_key

DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
DEPARTMENT = "belongs_to_department"
MAX_MOVES = 20


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


@dataclass
class _Node:
    type: str
    file: int
    position: str
    licenses: set[str]
    version: str | None
    name_en: str | None = None
    name_zh: str | None = None
    synonyms: dict[str, None] = field(default_factory=dict)
    synonyms_zh: dict[str, None] = field(default_factory=dict)
    definition: str | None = None
    department: str | None = None
    departments: list[str] = field(default_factory=list)
    alt_ids: dict[str, None] = field(default_factory=dict)
    xrefs: dict[str, None] = field(default_factory=dict)

    def take(self, term: Term) -> None:
        """Add what a file says; what was said before stays."""
        if term.name and self.name_en is None:
            self.name_en = term.name
        elif term.name:
            self.synonyms.setdefault(term.name)
        self.synonyms |= dict.fromkeys(term.synonyms)
        self.definition = self.definition or term.definition
        self.department = self.department or term.department
        self.alt_ids |= dict.fromkeys(term.alt_ids)
        self.xrefs |= dict.fromkeys(term.xrefs)

    def label(self, label: Label) -> None:
        if label.field == "name_zh" and self.name_zh is None:
            self.name_zh = label.text
        else:
            self.synonyms_zh.setdefault(label.text)


class Merger:
    """Makes one graph of files, in the order given: where they disagree on a name or on what is obsolete, the first
    counts.

    Attributes (after `merge`): `nodes`, `edges` (tables of the schemas NODES and EDGES), `ledger` (LEDGER: one decision
    per entry), `report` (counts, JSON).
    """

    def __init__(self, stage: str, files: Iterable[File], failed: Iterable[tuple[str, InputError]] = ()):
        self._stage, self._files, self._failed = stage, list(files), list(failed)
        self._nodes: dict[str, _Node] = {}
        self._moved: dict[str, str | None] = {}
        self._decisions: dict[str, dict[str, Any]] = {}
        self._dangling: Counter[str] = Counter()
        self._facts: dict[tuple[str, str, str], list[tuple[int, Statement]]] = {}
        self._conflicts = 0

    def merge(self) -> "Merger":
        self._define()
        self._label()
        self._prune()
        self._state()
        edges = [edge for fact in sorted(self._facts) for edge in self._edges_of(fact)]
        self._set_types(edges)
        self._set_departments(edges)
        self.nodes = pa.Table.from_pylist([self._row(i) for i in sorted(self._nodes)], NODES)
        self.edges = pa.Table.from_pylist(edges, EDGES)
        self.ledger = self._ledger()
        self.report = self._report()
        return self

    # Nodes

    def _entries(self) -> Iterable[tuple[int, str, Entry]]:
        for number, file in enumerate(self._files):
            for place, entry in enumerate(file.content.entries):
                yield number, file.position(place), entry

    def _define(self) -> None:
        """Nodes that files define, then those that other entries only name."""
        gone: set[str] = set()
        for file, position, entry in self._entries():
            if entry.replaces and entry.replaces[0] not in self._nodes:
                gone.add(entry.replaces[0])
                self._moved.setdefault(*entry.replaces)
            elif entry.defines in gone and entry.dropped is None:
                self._decide(position, "dropped", "obsolete")
            elif entry.defines and entry.dropped is None:
                self._add(file, position, entry.terms[0])
        for name, node in self._nodes.items():
            for other in node.alt_ids:
                self._moved[other] = name
        for file, position, entry in self._entries():
            if not entry.defines:
                for term in entry.terms:
                    if self._resolve(term.id) is None and term.id not in gone and term.name:
                        self._add(file, position, term)

    def _add(self, file: int, position: str, term: Term) -> None:
        license, version = self._files[file].license, self._files[file].content.version
        node = self._nodes.get(term.id)
        if node is None:
            node = self._nodes[term.id] = _Node(kind_of(term), file, position, set(), version)
        node.licenses.add(license)
        node.take(term)

    def _resolve(self, name: str) -> str | None:
        """The node that an id means now, through alternative ids and replacements."""
        for _ in range(MAX_MOVES):
            if name in self._nodes:
                return name
            moved = self._moved.get(name)
            if moved is None:
                return None
            name = moved
        return None

    def _label(self) -> None:
        for file, position, entry in self._entries():
            for label in entry.labels:
                name = self._resolve(label.term)
                if name is not None:
                    self._nodes[name].label(label)
                    self._nodes[name].licenses.add(self._files[file].license)
                    self._decide(position, "kept")

    def _prune(self) -> None:
        for name in [n for n, node in self._nodes.items() if node.name_en is None and node.name_zh is None]:
            del self._nodes[name]

    def _set_types(self, edges: list[dict]) -> None:
        up = [(e["subject"], e["object"]) for e in edges if e["relation"] == IS_A]
        for name, kind in kinds_below(up).items():
            self._nodes[name].type = kind

    def _set_departments(self, edges: list[dict]) -> None:
        """Codes of a node's own departments; a node without any has those of the nearest terms above that have some."""
        own: dict[str, set[str]] = {}
        above: dict[str, list[str]] = {}
        for edge in edges:
            if edge["relation"] == DEPARTMENT and edge["polarity"] > 0:
                department = self._nodes[edge["object"]]
                own.setdefault(edge["subject"], set()).add(department.department or edge["object"])
            elif edge["relation"] == IS_A:
                above.setdefault(edge["subject"], []).append(edge["object"])
        for name, node in self._nodes.items():
            if node.department:
                own.setdefault(name, {node.department})
        for name, node in self._nodes.items():
            found, level, seen = set(own.get(name, ())), [] if name in own else above.get(name, []), {name}
            while level:
                found.update(*(own[n] for n in level if n in own))
                seen.update(level)
                level = [p for n in level if n not in own for p in above.get(n, ()) if p not in seen]
            node.departments = sorted(found)

    def _row(self, name: str) -> dict[str, Any]:
        node = self._nodes[name]
        return {
            "id": name,
            "type": node.type,
            "name_en": node.name_en,
            "name_zh": node.name_zh,
            "synonyms": [s for s in node.synonyms if s != node.name_en],
            "synonyms_zh": [s for s in node.synonyms_zh if s != node.name_zh],
            "definition": node.definition,
            "departments": node.departments,
            "alt_ids": sorted(node.alt_ids),
            "xrefs": sorted(node.xrefs),
            "license": inherited(node.licenses),
            "source": self._files[node.file].name,
            "version": node.version,
        }

    # Edges

    def _state(self) -> None:
        """Sort statements by what they state; those about unknown nodes go."""
        for file, position, entry in self._entries():
            if entry.defines and position in self._decisions:
                continue  # obsolete since
            for said in entry.statements:
                subject, object_ = self._resolve(said.subject), self._resolve(said.object)
                if subject is None or object_ is None or subject == object_:
                    self._dangling[said.relation if subject != object_ else f"{said.relation} itself"] += 1
                    continue
                self._facts.setdefault((subject, said.relation, object_), []).append((file, said))
                if not entry.defines:
                    self._decide(position, "kept")

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

    def _edge(
        self,
        fact: tuple[str, str, str],
        polarity: int,
        said: list[tuple[int, Statement]],
        against: list[tuple[int, Statement]],
    ) -> dict[str, Any]:
        """Numbers, tier and licence are those of the best file (tier, patients, order); evidence is everybody's."""
        patients: Counter[int] = Counter()
        for file, statement in said:
            patients[file] += statement.n or 0
        best = min(range(len(said)), key=lambda i: (said[i][1].tier, -patients[said[i][0]], i))
        origin = said[best][0]
        here = [s for file, s in (*said, *against) if file == origin]
        n = sum(s.n for s in here if s.n)
        shares = [s.share for s in here if s.share is not None]
        frequency = sum(s.shown for s in here if s.n) / n if n else sum(shares) / len(shares) if shares else None
        return {
            **dict(zip(("subject", "relation", "object"), fact, strict=True)),
            "polarity": polarity,
            "frequency": frequency,
            "n": n or None,
            "evidence": sorted({e for _, s in said for e in s.evidence}),
            "tier": said[best][1].tier,
            "license": self._files[origin].license,
            "origin": self._files[origin].name,
            "key": edge_key(*fact, polarity),
        }

    # Accounts

    def _decide(self, position: str, outcome: str, reason: str | None = None) -> None:
        self._decisions[position] = {"outcome": outcome, "reason": reason}

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
        if not entry.defines:
            return {"outcome": "dropped", "reason": "unknown_term"}
        node = self._nodes.get(entry.defines)
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
            "nodes": dict(sorted(Counter(node.type for node in self._nodes.values()).items())),
            "nodes_en": sum(node.name_en is not None for node in self._nodes.values()),
            "nodes_zh": sum(node.name_zh is not None for node in self._nodes.values()),
            "edges": dict(sorted(edges.items())),
            "edges_by_origin": dict(sorted(Counter(self.edges["origin"].to_pylist()).items())),
            "merged_statements": sum(len(said) for said in self._facts.values()) - len(self.edges),
            "conflicts": self._conflicts,
            "dangling": dict(sorted(self._dangling.items())),
        }
