"""The nodes of many files: terms that are the same become one, with everybody's names, types and departments."""

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa

from datagen.licence import inherited
from knowledge_graph.crosswalk import Crosswalk, Side
from knowledge_graph.curies import canonical
from knowledge_graph.fold import fold_all
from knowledge_graph.kinds import OTHER, kind_of, kinds_below
from knowledge_graph.model import IS_A
from knowledge_graph.readers.entries import Content, Entry, Label, Term
from knowledge_graph.schema import NODES

DEPARTMENT = "belongs_to_department"
MAX_MOVES = 20
KNOWN_BY_NAME = "NAME"
"""Prefix of the ids of nodes that their source gives a name and nothing else."""

Place = tuple[int, str, Entry]
"""Number of the file, position, entry."""


@dataclass
class Node:
    """A node while files add to it."""

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
    prevalence: str | None = None
    information: float | None = None
    alt_ids: dict[str, None] = field(default_factory=dict)
    xrefs: dict[str, None] = field(default_factory=dict)

    @property
    def named(self) -> bool:
        return self.name_en is not None or self.name_zh is not None

    @property
    def words(self) -> list[str]:
        """All names, in both languages."""
        return [word for word in (self.name_en, self.name_zh, *self.synonyms, *self.synonyms_zh) if word]

    def take(self, term: Term) -> None:
        """Add what a file says; what was said before stays."""
        if term.name and self.name_en is None:
            self.name_en = term.name
        elif term.name:
            self.synonyms.setdefault(term.name)
        self.synonyms |= dict.fromkeys(term.synonyms)
        self.definition = self.definition or term.definition
        self.department = self.department or term.department
        self.prevalence = self.prevalence or term.prevalence
        self.alt_ids |= dict.fromkeys(map(canonical, term.alt_ids))
        self.xrefs |= dict.fromkeys(map(canonical, term.xrefs))
        if self.type == OTHER:
            self.type = kind_of(term)

    def label(self, label: Label) -> None:
        if label.field == "name_zh" and self.name_zh is None:
            self.name_zh = label.text
        else:
            self.synonyms_zh.setdefault(label.text)

    def absorb(self, other: "Node") -> None:
        """Become one with a node that is the same thing."""
        for name, more in (("name_en", "synonyms"), ("name_zh", "synonyms_zh")):
            said = getattr(other, name)
            if said and getattr(self, name) is None:
                setattr(self, name, said)
            elif said:
                getattr(self, more).setdefault(said)
        for several in ("synonyms", "synonyms_zh", "alt_ids", "xrefs"):
            getattr(self, several).update(getattr(other, several))
        for one in ("definition", "department", "prevalence"):
            setattr(self, one, getattr(self, one) or getattr(other, one))
        if other.named:
            self.licenses |= other.licenses


class Nodes:
    """Nodes by id, in the order of the files: where they disagree on a name or on what is obsolete, the first counts.

    Attributes: `crosswalk` (what was merged, and what clashed), `decided` (position -> decision, of entries that were
    decided here).
    """

    def __init__(self, contents: list[tuple[Content, str]], entries: Callable[[], Iterable[Place]]):
        self._contents, self._entries = contents, entries
        self.nodes: dict[str, Node] = {}
        self.decided: dict[str, dict[str, Any]] = {}
        self._moved: dict[str, str | None] = {}
        self._by_name: dict[str, str] = {}
        self._define()
        self._label()
        self._join_by_name()
        self.crosswalk = self._merge()
        for name in [n for n, node in self.nodes.items() if not node.named]:
            del self.nodes[name]

    def _define(self) -> None:
        """Nodes that files define, then those that other entries only name."""
        gone: set[str] = set()
        for file, position, entry in self._entries():
            name = canonical(entry.defines) if entry.defines else None
            if entry.replaces and canonical(entry.replaces[0]) not in self.nodes:
                old, new = entry.replaces
                gone.add(canonical(old))
                self._moved.setdefault(canonical(old), new and canonical(new))
            elif name in gone and entry.dropped is None:
                self.decided[position] = {"outcome": "dropped", "reason": "obsolete"}
            elif name and entry.dropped is None:
                self._add(file, position, entry.terms[0])
        for name, node in self.nodes.items():
            for other in node.alt_ids:
                self._moved[other] = name
        for file, position, entry in self._entries():
            for term in entry.terms[1:] if entry.defines else entry.terms if entry.defines is None else ():
                if self.resolve(term.id) is None and canonical(term.id) not in gone and term.name:
                    self._add(file, position, term)

    def _add(self, file: int, position: str, term: Term) -> None:
        name = canonical(term.id)
        content, license = self._contents[file]
        node = self.nodes.get(name)
        if node is None:
            node = self.nodes[name] = Node(kind_of(term), file, position, set(), content.version)
        node.licenses.add(license)
        node.take(term)

    def resolve(self, name: str) -> str | None:
        """The node that an id means now, through alternative ids, replacements and the cross-walk."""
        name = canonical(name)
        for _ in range(MAX_MOVES):
            if name in self.nodes:
                return name
            moved = self._moved.get(name)
            if moved is None:
                return None
            name = moved
        return None

    def of_entry(self, position: str, entry: Entry) -> Node | None:
        """The node that an entry defined, whatever became of it."""
        name = self.resolve(self._by_name.get(position, entry.defines or ""))
        return self.nodes[name] if name else None

    def _label(self) -> None:
        for file, position, entry in self._entries():
            if entry.defines == "":
                continue
            for label in entry.labels:
                name = self.resolve(label.term)
                if name is not None:
                    self.nodes[name].label(label)
                    self.nodes[name].licenses.add(self._contents[file][1])
                    if entry.defines is None:
                        self.decided[position] = {"outcome": "kept"}

    def _join_by_name(self) -> None:
        """What is known by its name alone joins the one node of its type with that name, in the same letters."""
        waiting = [(f, p, e) for f, p, e in self._entries() if e.defines == "" and not e.dropped and not e.bad]
        if not waiting:
            return
        known: dict[tuple[str, str], set[str]] = {}
        for name, node in self.nodes.items():
            for word in node.words:
                known.setdefault((node.type, word), set()).add(name)
        for file, position, entry in waiting:
            term, chinese = entry.terms[0], [label.text for label in entry.labels]
            kind = kind_of(term)
            word = term.name or chinese[0]
            same = known.get((kind, word), ())
            if len(same) > 1:
                self.decided[position] = {"outcome": "dropped", "reason": "ambiguous_name"}
                continue
            digest = hashlib.blake2b(f"{kind}\0{word}".encode(), digest_size=8).hexdigest()
            own = next(iter(same), f"{KNOWN_BY_NAME}:{digest}")
            known[kind, word] = {own}
            self._by_name[position] = own
            self._add(file, position, replace(term, id=own))
            for label in entry.labels:
                if self.nodes[own].name_zh != label.text:
                    self.nodes[own].label(label)

    def _merge(self) -> Crosswalk:
        """Make one node of those that are the same."""
        named = {name: node for name, node in self.nodes.items() if node.named}
        words = [node.words for node in named.values()]
        folded = iter(fold_all([word.replace("\0", " ") for some in words for word in some]))
        said = {name: frozenset(next(folded) for _ in some) for name, some in zip(named, words, strict=True)}
        sides = {
            name: Side(
                node.named,
                node.type if node.type != OTHER else None,
                said.get(name, frozenset()),
                tuple(node.xrefs),
            )
            for name, node in self.nodes.items()
        }
        exact = [
            tuple(self.resolve(side) or canonical(side) for side in pair)
            for _, _, entry in self._entries()
            if not entry.dropped and not entry.bad
            for pair in entry.same
        ]
        walk = Crosswalk(sides, exact)
        for kept, *others in walk.groups:
            if kept not in self.nodes:
                continue
            node = self.nodes[kept]
            for other in others:
                if other in self.nodes:
                    node.absorb(self.nodes.pop(other))
                node.alt_ids.setdefault(other)
                self._moved[other] = kept
        return walk

    # What edges say about nodes

    def set_types(self, edges: list[dict]) -> None:
        """Types of the branches of HPO, by is_a."""
        for name, kind in kinds_below((e["subject"], e["object"]) for e in edges if e["relation"] == IS_A).items():
            self.nodes[name].type = kind

    def set_departments(self, edges: list[dict]) -> None:
        """Codes of a node's own departments; a node without any has those of the nearest terms above that have some."""
        own: dict[str, set[str]] = {}
        above = _above(edges)
        for edge in edges:
            if edge["relation"] == DEPARTMENT and edge["polarity"] > 0:
                department = self.nodes[edge["object"]]
                own.setdefault(edge["subject"], set()).add(department.department or edge["object"])
        for name, node in self.nodes.items():
            if node.department:
                own.setdefault(name, {node.department})
        for name, node in self.nodes.items():
            found, level, seen = set(own.get(name, ())), [] if name in own else above.get(name, []), {name}
            while level:
                found.update(*(own[n] for n in level if n in own))
                seen.update(level)
                level = [p for n in level if n not in own for p in above.get(n, ()) if p not in seen]
            node.departments = sorted(found)

    def set_information(self, edges: list[dict]) -> None:
        """Information content by place in the hierarchy (Seco, Veale and Hayes 2004, ECAI): 1 for what has nothing
        below, 0 for what has everything of its hierarchy below; None outside any."""
        above = _above(edges)
        below: Counter[str] = Counter()
        placed = {name for child, parents in above.items() for name in (child, *parents)}
        for name in placed:
            seen, queue = {name}, [name]
            while queue:
                for parent in above.get(queue.pop(), ()):
                    if parent not in seen:
                        seen.add(parent)
                        queue.append(parent)
            below.update(seen - {name})
        whole = math.log(1 + max(below.values(), default=1))
        for name in placed:
            self.nodes[name].information = 1 - math.log(1 + below[name]) / whole

    def table(self, names: list[str]) -> pa.Table:
        """All nodes, sorted by id; `names` are those of the files."""
        return pa.Table.from_pylist([self._row(name, names) for name in sorted(self.nodes)], NODES)

    def _row(self, name: str, names: list[str]) -> dict[str, Any]:
        node = self.nodes[name]
        return {
            "id": name,
            "type": node.type,
            "name_en": node.name_en,
            "name_zh": node.name_zh,
            "synonyms": [s for s in node.synonyms if s != node.name_en],
            "synonyms_zh": [s for s in node.synonyms_zh if s != node.name_zh],
            "definition": node.definition,
            "departments": node.departments,
            "prevalence": node.prevalence,
            "information": node.information,
            "alt_ids": sorted(node.alt_ids),
            "xrefs": sorted(node.xrefs),
            "license": inherited(node.licenses),
            "source": names[node.file],
            "version": node.version,
        }


def _above(edges: list[dict]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for edge in edges:
        if edge["relation"] == IS_A and edge["polarity"] > 0:
            found.setdefault(edge["subject"], []).append(edge["object"])
    return found
