"""Dealing an anchor's edges: shuffled packs, one new shuffle when all are dealt, so that edges are used equally often.

Shuffles are degree-corrected: an edge to a node of degree d weighs d^-0.75 (the exponent of Mikolov et al. 2013,
turned round), so what many nodes share comes late. Nothing here keeps state between draws, and a draw depends on the
seed, the number and the keys of the anchor's own edges, not on the rest of the graph's order.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from hashlib import blake2b

import numpy as np

from datagen.errors import UsageError
from knowledge_graph.bundle import Bundle, Entity, Fact
from knowledge_graph.dealing import (
    MAX_FACTS,
    MAX_NEAR,
    MAX_NEGATIVES,
    MIN_FACTS,
    NONE,
    TELLING,
    closeness,
    deal,
    implied,
    pack,
    room,
    tell,
)
from knowledge_graph.model import FINDINGS, Graph
from knowledge_graph.statements import DETAILS, sorted_by, starts_of
from knowledge_graph.world import SHARED_BY, Scratch, World

DEGREE_POWER = -0.75
TAILS = 4
LAZY = frozenset(("departments", "_facts", "_entities", "_free"))
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
        nodes, kinds = len(graph), graph.type
        disease = kinds == _place(graph.types, "disease")
        owner = np.where(disease[graph.object] & ~disease[graph.subject], graph.object, graph.subject)
        self._finding = np.array([name in FINDINGS for name in graph.relations], np.int8)
        shown = np.flatnonzero((self._finding[graph.relation] == 1) & (graph.polarity > 0)).astype(np.int32)
        self._sharers = np.bincount(graph.object[shown], minlength=nodes).astype(np.int32)
        starts, few = sorted_by(graph.object, nodes, shown[self._sharers[graph.object[shown]] <= SHARED_BY])
        self._shown_by = starts, graph.subject[few]
        self._bits = np.array([_bits(name) for name in graph.ids], np.uint64)
        self._weight = np.maximum(graph.degree, 1).astype(np.float64) ** DEGREE_POWER
        affirmed = graph.polarity > 0
        self._yes = sorted_by(owner, nodes, np.flatnonzero(affirmed).astype(np.int32))
        self.affirmed = np.diff(self._yes[0])
        able = np.flatnonzero(self.affirmed >= MIN_FACTS).astype(np.int32)
        # Peers in an order that other nodes don't change.
        able = able[np.argsort(self._bits[able], kind="stable")]
        self._peers = sorted_by(kinds.astype(np.int32), max(1, len(graph.types)), able)
        self._no = sorted_by(owner, nodes, np.flatnonzero(~affirmed).astype(np.int32))
        self._telling = np.zeros(nodes + 1, np.int64), np.empty(0, np.int32)
        self._telling = self._told()
        self._no = self._denied()
        self.excluded = np.diff(self._no[0])
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

    @cached_property
    def _free(self) -> list[Scratch]:
        return []

    def _world(self) -> World:
        graph = self.graph
        arrays = (
            *(graph.subject, graph.object, graph.relation, graph.polarity, graph.stated.key, graph.out),
            *(*graph.above, *graph.below, self._finding, self._sharers, *self._shown_by, *self._telling),
            *(graph.type, self._bits, self._weight, *self._peers, *self._yes, *self._no),
        )
        views = [array.view() for array in arrays]
        for view in views:
            view.flags.writeable = False
        return World(*views)

    @contextmanager
    def _scratch(self) -> Iterator[Scratch]:
        """Memory for one call of a kernel: calls of several threads each have their own, and leave it to later ones."""
        nodes = len(self.graph)
        try:
            scratch = self._free.pop()
        except IndexError:
            stamps = np.zeros(nodes, np.int32), np.zeros(1, np.int32)
            scratch = Scratch(*stamps, np.empty(nodes, np.int32), np.zeros(nodes))
        yield scratch
        self._free.append(scratch)

    def _told(self) -> tuple[np.ndarray, np.ndarray]:
        nodes = len(self.graph)
        counts, wide = np.empty(nodes, np.int32), np.empty(nodes * TELLING, np.int32)
        tell(self._world(), counts, wide)
        kept = np.arange(TELLING) < counts[:, None]
        return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), wide.reshape(nodes, TELLING)[kept]

    def _denied(self) -> tuple[np.ndarray, np.ndarray]:
        """Excluded edges of each node, without those about something that another source affirms, there or below:
        those are no negatives."""
        graph, (starts, edges) = self.graph, self._no
        owners = np.repeat(np.arange(len(graph), dtype=np.int32), np.diff(starts))
        others = np.where(graph.subject[edges] == owners, graph.object[edges], graph.subject[edges])
        affirmed = np.empty(len(edges), np.int8)
        with self._scratch() as scratch:
            implied(self._world(), scratch, owners, others, affirmed)
        kept = affirmed == 0
        return starts_of(owners[kept], len(graph)), edges[kept]

    def eligible(self, types: tuple[str, ...]) -> list[int]:
        """Rows of the nodes of these types that have facts enough for a bundle."""
        wanted = [_place(self.graph.types, name) for name in types]
        return np.flatnonzero((self.affirmed >= MIN_FACTS) & np.isin(self.graph.type, wanted)).tolist()

    def owned(self, row: int) -> tuple[np.ndarray, np.ndarray]:
        """Affirmed and excluded edges of an anchor."""
        return tuple(edges[starts[row] : starts[row + 1]] for starts, edges in (self._yes, self._no))

    def capacity(self, row: int, cap: int) -> int:
        """Bundles before an edge is used more than `cap` times."""
        return room(int(self.affirmed[row]), int(self.excluded[row]), cap)

    def pack(self, row: int) -> int:
        """Bundles in which all of an anchor's edges are used at least once."""
        return pack(int(self.affirmed[row]), int(self.excluded[row]))

    def difficulties(self, rows: Sequence[int]) -> dict[int, int]:
        """Third of these anchors by how much of what each shows its closest sibling shows, 0 the least."""
        chosen = np.array(rows, np.int32)
        found = np.empty(len(chosen))
        with self._scratch() as scratch:
            closeness(self._world(), scratch, chosen, found)
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
        rows, numbers = rows.astype(np.int32), numbers.astype(np.int64)
        if len(rows) and self.affirmed[rows].min() < MIN_FACTS:
            row = rows[self.affirmed[rows].argmin()]
            few = f"{self.graph.ids[row]} has {self.affirmed[row]} facts, a bundle needs {MIN_FACTS}"
            raise UsageError(few, "take one from `anchors`")
        order = np.lexsort((numbers, rows))
        wide = [np.empty(width * len(rows), np.int32) for width in (MAX_FACTS, MAX_NEGATIVES, MAX_NEAR)]
        with self._scratch() as scratch:
            deal(self._world(), scratch, rows[order], numbers[order], seed & (2**64 - 1), *wide)
        found = []
        for flat in wide:
            table = np.empty((len(rows), len(flat) // max(1, len(rows))), np.int32)
            table[order] = flat.reshape(table.shape)
            found.append(table)
        return tuple(found)

    def bundle(
        self, row: int, seed: int, number: int, facts: np.ndarray, negatives: np.ndarray, near: np.ndarray
    ) -> Bundle:
        """A bundle of rows. Only what it names is made an object of: workers share the rest."""
        graph = self.graph
        yes, no, near = (rows[rows != NONE].tolist() for rows in (facts, negatives, near))
        ends = [int(end) for edge in (*yes, *no) for end in (graph.subject[edge], graph.object[edge])]
        named = {i: self._entity(i) for i in dict.fromkeys([row, *ends, *near])}
        return Bundle(
            anchor=named[row].id,
            facts=tuple(self._fact(edge) for edge in yes),
            negatives=tuple(self._fact(edge) for edge in no),
            distractors=tuple(named[i].id for i in near),
            entities=tuple(named.values()),
            departments=tuple(graph.nodes["departments"][row].as_py()),
            tail=self.tail(row),
            seed=seed,
            number=number,
        )

    def _fact(self, edge: int) -> Fact:
        if edge not in self._facts:
            graph = self.graph
            subject, object_ = (self._entity(int(ends[edge])).id for ends in (graph.subject, graph.object))
            said = dict(zip(DETAILS, graph.stated.at(edge), strict=True))
            said |= {"subject": subject, "relation": graph.relations[graph.relation[edge]], "object": object_}
            self._facts[edge] = Fact(**{field: said[field] for field in Fact.__dataclass_fields__})
        return self._facts[edge]

    def _entity(self, row: int) -> Entity:
        if row not in self._entities:
            found = (self.graph.nodes[field][row].as_py() for field in Entity.__dataclass_fields__)
            self._entities[row] = Entity(*(tuple(value) if isinstance(value, list) else value for value in found))
        return self._entities[row]


def hashed(seed: int, *parts: str | int) -> int:
    """62 bits that depend on the seed and the parts alone."""
    data = "\0".join(map(str, (seed, *parts))).encode()
    return int.from_bytes(blake2b(data, digest_size=8, person=b"bundle").digest(), "big") >> 2


def _bits(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big")


def _place(names: tuple[str, ...], name: str) -> int:
    return names.index(name) if name in names else -1
