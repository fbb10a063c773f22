"""Dealing an anchor's edges: shuffled packs, one new shuffle when all are dealt, so that edges are used equally often.

Shuffles are degree-corrected: an edge to a node of degree d weighs d^-0.75 (the exponent of Mikolov et al. 2013,
turned round), so what many nodes share comes late. Nothing here keeps state between draws, and a draw depends on the
seed, the number and the keys of the anchor's own edges, not on the rest of the graph's order.
"""

from collections.abc import Sequence
from functools import cached_property
from hashlib import blake2b

import numpy as np

from datagen.errors import UsageError
from knowledge_graph.bundle import Bundle, Entity, Fact
from knowledge_graph.csr import implied
from knowledge_graph.dealing import MAX_FACTS, MAX_NEAR, MAX_NEGATIVES, MIN_FACTS, NONE, closeness, deal, pack, room
from knowledge_graph.model import FINDINGS, Graph
from knowledge_graph.statements import sorted_by

DEGREE_POWER = -0.75
TAILS = 4
LAZY = frozenset(("departments", "_facts", "_entities"))
"""Made in each process when asked for."""


class Bundles(Sequence[Bundle]):
    """Many bundles as arrays of rows: `anchors` int32[B]; `facts` int32[B, 8] and `negatives` int32[B, 4] of edges,
    `distractors` int32[B, 5] of nodes, -1 where there are fewer. An index makes the bundle of it."""

    def __init__(self, dealer: "Dealer", seed: int, anchors: np.ndarray, numbers: np.ndarray):
        self.dealer, self.seed, self.anchors, self.numbers = dealer, seed, anchors, numbers
        self.facts, self.negatives, self.distractors = dealer.dealt(anchors, seed, numbers)

    def __len__(self) -> int:
        return len(self.anchors)

    def __getitem__(self, place):
        if isinstance(place, slice):
            return [self[i] for i in range(*place.indices(len(self)))]
        held = (self.facts[place], self.negatives[place], self.distractors[place])
        return self.dealer.bundle(int(self.anchors[place]), self.seed, int(self.numbers[place]), *held)


class Dealer:
    """Bundles of one graph. An edge belongs to one anchor, against whose cap it counts: to the disease, else to the
    subject. Arrays over the graph say which edges each node has, affirmed and excluded."""

    def __init__(self, graph: Graph):
        self.graph = graph
        nodes = len(graph)
        disease = graph.type == _place(graph.types, "disease")
        owner = np.where(disease[graph.object] & ~disease[graph.subject], graph.object, graph.subject)
        affirmed = graph.polarity > 0
        findings = np.isin(graph.relation, [_place(graph.relations, name) for name in FINDINGS])
        self._shown = (findings & affirmed).astype(np.int8)
        self._yes_starts, self._yes = sorted_by(owner, nodes, np.flatnonzero(affirmed).astype(np.int32))
        excluded = np.flatnonzero(~affirmed).astype(np.int32)
        excluded = excluded[~self._affirmed_too(owner[excluded], excluded)]
        self._no_starts, self._no = sorted_by(owner, nodes, excluded)
        self.affirmed = np.diff(self._yes_starts)
        self.excluded = np.diff(self._no_starts)
        self._sharers = np.bincount(graph.object[self._shown == 1], minlength=nodes).astype(np.int32)
        self._narrower = np.bincount(graph.object[graph.is_a == 1], minlength=nodes).astype(np.int32)
        self._weight = np.maximum(graph.degree, 1).astype(np.float64) ** DEGREE_POWER
        self._bits = np.array([_bits(name) for name in graph.ids], np.uint64)
        able = np.flatnonzero(self.affirmed >= MIN_FACTS).astype(np.int32)
        # Peers in an order that other nodes don't change.
        able = able[np.argsort(self._bits[able], kind="stable")]
        self._peer_starts, self._peers = sorted_by(graph.type.astype(np.int32), max(1, len(graph.types)), able)
        self._quartiles: dict[int, np.ndarray] = {}

    def __getstate__(self):
        return {k: v for k, v in self.__dict__.items() if k not in LAZY}

    @cached_property
    def departments(self) -> list[tuple[str, ...]]:
        """Department codes of each node."""
        return [tuple(codes) for codes in self.graph.nodes["departments"].to_pylist()]

    @cached_property
    def _facts(self) -> dict[int, Fact]:
        return {}

    @cached_property
    def _entities(self) -> dict[int, Entity]:
        return {}

    def _affirmed_too(self, owners: np.ndarray, edges: np.ndarray) -> np.ndarray:
        """Which excluded edges are about something that another source affirms, there or below: those are no
        negatives."""
        graph = self.graph
        order = np.argsort(owners, kind="stable")
        owners, edges = owners[order].astype(np.int32), edges[order]
        others = np.where(graph.subject[edges] == owners, graph.object[edges], graph.subject[edges])
        found, sorted_ = np.empty(len(edges), bool), np.empty(len(edges), np.int8)
        implied(owners, others, graph.out, graph.object, self._shown, graph.is_a, sorted_)
        found[order] = sorted_ == 1
        return found

    def eligible(self, types: tuple[str, ...]) -> list[int]:
        """Rows of the nodes of these types that have facts enough for a bundle."""
        wanted = [_place(self.graph.types, name) for name in types]
        return np.flatnonzero((self.affirmed >= MIN_FACTS) & np.isin(self.graph.type, wanted)).tolist()

    def owned(self, row: int) -> tuple[np.ndarray, np.ndarray]:
        """Affirmed and excluded edges of an anchor."""
        return (
            self._yes[self._yes_starts[row] : self._yes_starts[row + 1]],
            self._no[self._no_starts[row] : self._no_starts[row + 1]],
        )

    def capacity(self, row: int, cap: int) -> int:
        """Bundles before an edge is used more than `cap` times."""
        return room(int(self.affirmed[row]), int(self.excluded[row]), cap)

    def pack(self, row: int) -> int:
        """Bundles in which all of an anchor's edges are used at least once."""
        return pack(int(self.affirmed[row]), int(self.excluded[row]))

    def difficulties(self, rows: Sequence[int]) -> dict[int, int]:
        """Third of these anchors by how much of what each shows its closest sibling shows, 0 the least."""
        graph, chosen = self.graph, np.array(rows, np.int32)
        found = np.empty(len(chosen))
        closeness(
            chosen,
            graph.subject,
            graph.object,
            graph.out,
            graph.into,
            graph.into_rows,
            self._shown,
            graph.is_a,
            self._sharers,
            self._narrower,
            graph.type,
            self._bits,
            self._peer_starts,
            self._peers,
            found,
        )
        thirds = np.quantile(found, (1 / 3, 2 / 3)) if len(found) else np.zeros(2)
        return dict(zip(chosen.tolist(), np.searchsorted(thirds, found).tolist(), strict=True))

    def tail(self, row: int) -> int:
        """Quartile of an anchor's number of facts among all anchors of its type, 0 the fewest."""
        kind = int(self.graph.type[row])
        if kind not in self._quartiles:
            peers = self.affirmed[(self.graph.type == kind) & (self.affirmed >= MIN_FACTS)]
            self._quartiles[kind] = np.quantile(peers, (0.25, 0.5, 0.75)) if len(peers) else np.zeros(TAILS - 1)
        return int(np.searchsorted(self._quartiles[kind], self.affirmed[row]))

    def dealt(self, rows: np.ndarray, seed: int, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Facts [B, 8], negatives [B, 4] and distractors [B, 5] of draws, as rows, -1 where there are fewer.

        Raises UsageError for an anchor with too few facts.
        """
        graph = self.graph
        rows, numbers = rows.astype(np.int32), numbers.astype(np.int64)
        if len(rows) and self.affirmed[rows].min() < MIN_FACTS:
            row = rows[self.affirmed[rows].argmin()]
            few = f"{graph.ids[row]} has {self.affirmed[row]} facts, a bundle needs {MIN_FACTS}"
            raise UsageError(few, "take one from `anchors`")
        order = np.lexsort((numbers, rows))
        wide = [np.empty(width * len(rows), np.int32) for width in (MAX_FACTS, MAX_NEGATIVES, MAX_NEAR)]
        deal(
            rows[order],
            numbers[order],
            seed & (2**64 - 1),
            self._yes_starts,
            self._yes,
            self._no_starts,
            self._no,
            graph.subject,
            graph.object,
            graph.relation,
            len(graph.relations),
            graph.stated.key,
            graph.out,
            graph.into,
            graph.into_rows,
            self._shown,
            graph.is_a,
            self._sharers,
            self._narrower,
            graph.type,
            self._bits,
            self._weight,
            self._peer_starts,
            self._peers,
            *wide,
        )
        found = []
        for flat in wide:
            table = np.empty((len(rows), len(flat) // max(1, len(rows))), np.int32)
            table[order] = flat.reshape(table.shape)
            found.append(table)
        return tuple(found)

    def bundle(
        self, row: int, seed: int, number: int, facts: np.ndarray, negatives: np.ndarray, near: np.ndarray
    ) -> Bundle:
        """A bundle of rows."""
        graph = self.graph
        yes, no, near = (rows[rows != NONE].tolist() for rows in (facts, negatives, near))
        ends = [int(end) for edge in (*yes, *no) for end in (graph.subject[edge], graph.object[edge])]
        named = dict.fromkeys([row, *ends, *near])
        return Bundle(
            anchor=graph.ids[row],
            facts=tuple(self._fact(edge) for edge in yes),
            negatives=tuple(self._fact(edge) for edge in no),
            distractors=tuple(graph.ids[i] for i in near),
            entities=tuple(self._entity(i) for i in named),
            departments=self.departments[row],
            tail=self.tail(row),
            seed=seed,
            number=number,
        )

    def _fact(self, edge: int) -> Fact:
        if edge not in self._facts:
            found = self.graph.edge_at(edge)
            self._facts[edge] = Fact(**{name: getattr(found, name) for name in Fact.__dataclass_fields__})
        return self._facts[edge]

    def _entity(self, row: int) -> Entity:
        if row not in self._entities:
            found = self.graph.node(self.graph.ids[row])
            self._entities[row] = Entity(**{name: getattr(found, name) for name in Entity.__dataclass_fields__})
        return self._entities[row]


def hashed(seed: int, *parts: str | int) -> int:
    """62 bits that depend on the seed and the parts alone."""
    data = "\0".join(map(str, (seed, *parts))).encode()
    return int.from_bytes(blake2b(data, digest_size=8, person=b"bundle").digest(), "big") >> 2


def _bits(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big")


def _place(names: tuple[str, ...], name: str) -> int:
    return names.index(name) if name in names else -1
