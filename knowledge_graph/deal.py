"""Dealing an anchor's edges: shuffled packs, one new shuffle when all are dealt, so that edges are used equally often.

Shuffles are degree-corrected: an edge to a node of degree d weighs d^-0.75 (the exponent of Mikolov et al. 2013,
turned round), so what many nodes share comes late. Nothing here keeps state between draws, and a draw depends on the
seed, the number and the keys of the anchor's own edges, not on the rest of the graph's order.
"""

from hashlib import blake2b

import numpy as np

from datagen.errors import UsageError
from knowledge_graph.bundle import Bundle, Entity, Fact
from knowledge_graph.model import FINDINGS, IS_A, Graph

MIN_FACTS, MAX_FACTS, MEAN_FACTS = 3, 8, 5.5
MAX_NEGATIVES = 4
MIN_NEAR, MAX_NEAR = 2, 5
CANDIDATES = 24
UNRELATED = 0.1
"""Weight of a distractor that shares nothing with the anchor but its type."""
DEGREE_POWER = -0.75
SHARED_BY = 256
"""What more nodes than this share says nothing about which of them resemble each other."""


class Dealer:
    """Bundles of one graph. Arrays over its edges say which anchor each belongs to."""

    def __init__(self, graph: Graph):
        self.graph = graph
        self.departments = [tuple(codes) for codes in graph.nodes["departments"].to_pylist()]
        disease = graph.type == _place(graph.types, "disease")
        # An edge belongs to one anchor, against whose cap it counts: to the disease, else to the subject.
        turned = disease[graph.object] & ~disease[graph.subject]
        self._owner = np.where(turned, graph.object, graph.subject)
        self._other = np.where(turned, graph.subject, graph.object)
        self._order = np.argsort(self._owner, kind="stable")
        self._start = np.concatenate([[0], np.cumsum(np.bincount(self._owner, minlength=len(graph)))])
        self._is_a = graph.relation == _place(graph.relations, IS_A)
        self._finding = np.isin(graph.relation, [_place(graph.relations, name) for name in FINDINGS])
        self._finding &= graph.polarity > 0
        self._weight = np.maximum(graph.degree, 1) ** DEGREE_POWER
        self._affirmed = np.bincount(self._owner[graph.polarity > 0], minlength=len(graph))
        self._owned: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        self._implied: dict[int, frozenset[int]] = {}
        self._near: dict[int, tuple[list[int], np.ndarray]] = {}
        self._by_type: dict[int, list[int]] = {}
        self._quartiles: dict[int, np.ndarray] = {}
        self._facts: dict[int, Fact] = {}
        self._entities: dict[int, Entity] = {}

    def eligible(self, types: tuple[str, ...]) -> list[int]:
        """Rows of the nodes of these types that have facts enough for a bundle."""
        wanted = [_place(self.graph.types, name) for name in types]
        return np.flatnonzero((self._affirmed >= MIN_FACTS) & np.isin(self.graph.type, wanted)).tolist()

    def capacity(self, row: int, cap: int) -> int:
        """Bundles before an edge is used more than `cap` times."""
        yes, no = self.owned(row)
        hands = _hands(len(yes)) if len(yes) >= MIN_FACTS else 0
        return cap * (min(hands, len(no) // _take(len(no), hands)) if len(no) else hands)

    def tail(self, row: int) -> int:
        """Quartile of an anchor's number of facts among all anchors of its type, 0 the fewest."""
        kind = int(self.graph.type[row])
        if kind not in self._quartiles:
            peers = self._affirmed[(self.graph.type == kind) & (self._affirmed >= MIN_FACTS)]
            self._quartiles[kind] = np.quantile(peers, (0.25, 0.5, 0.75))
        return int(np.searchsorted(self._quartiles[kind], self._affirmed[row]))

    def owned(self, row: int) -> tuple[np.ndarray, np.ndarray]:
        """Affirmed and excluded edges of an anchor. What one source excludes and another affirms, there or below, is
        not a negative."""
        if row not in self._owned:
            rows = self._order[self._start[row] : self._start[row + 1]]
            yes, no = (rows[self.graph.polarity[rows] == polarity] for polarity in (1, -1))
            if len(no):
                no = no[[other not in self.implied(row) for other in self._other[no].tolist()]]
            self._owned[row] = yes, no
        return self._owned[row]

    def implied(self, row: int) -> frozenset[int]:
        """Rows of all findings of a node, and of everything above them."""
        if row not in self._implied:
            rows = self.graph.rows_of(row)
            shown = self.graph.object[rows[self._finding[rows]]].tolist()
            self._implied[row] = frozenset().union(*(self.graph.closure(o) for o in shown))
        return self._implied[row]

    def bundle(self, row: int, seed: int, number: int) -> Bundle:
        yes, no = self.owned(row)
        name = self.graph.ids[row]
        if len(yes) < MIN_FACTS:
            raise UsageError(f"{name} has {len(yes)} facts, a bundle needs {MIN_FACTS}", "take one from `anchors`")
        hands = _hands(len(yes))
        turn, hand = divmod(number, hands)
        cuts = _cuts(len(yes), hands, hashed(seed, name, "cuts", turn))
        facts = self._shuffled(yes, hashed(seed, name, "facts", turn))[cuts[hand] : cuts[hand + 1]]
        take = _take(len(no), hands)
        turn, hand = divmod(number, len(no) // take if take else 1)
        negatives = self._shuffled(no, hashed(seed, name, "negatives", turn))[hand * take : (hand + 1) * take]
        near = self._distractors(row, facts, hashed(seed, name, "near", number))
        named = dict.fromkeys([row, *self._other[facts].tolist(), *self._other[negatives].tolist(), *near])
        return Bundle(
            anchor=name,
            facts=tuple(self._fact(edge) for edge in facts.tolist()),
            negatives=tuple(self._fact(edge) for edge in negatives.tolist()),
            distractors=tuple(self.graph.ids[i] for i in near),
            entities=tuple(self._entity(i) for i in named),
            departments=self.departments[row],
            tail=self.tail(row),
            seed=seed,
            number=number,
        )

    def _shuffled(self, edges: np.ndarray, base: int) -> np.ndarray:
        """Weighted random order (Efraimidis and Spirakis 2006) within each relation, relations spread evenly."""
        if len(edges) < 2:
            return edges
        keys, relation = self.graph.key_bits[edges], self.graph.relation[edges]
        wait = -np.log(uniform(base, keys)) / self._weight[self._other[edges]]
        order = np.lexsort((wait, relation))
        _, first, count = np.unique(relation[order], return_index=True, return_counts=True)
        shift = uniform(base + 1, keys[order[first]])
        place = (np.arange(len(edges)) - np.repeat(first - shift, count)) / np.repeat(count, count)
        return edges[order[np.argsort(place, kind="stable")]]

    # Distractors

    def _distractors(self, row: int, facts: np.ndarray, base: int) -> list[int]:
        """Nodes that resemble the anchor, each missing at least one of the facts."""
        if row not in self._near:
            self._near[row] = self._resembling(row)
        near, weight = self._near[row]
        findings = set(self.graph.object[facts[self._finding[facts]]].tolist())
        draw = uniform(base, np.arange(1, len(near) + 1, dtype=np.uint64))
        wanted = MIN_NEAR + base % (MAX_NEAR - MIN_NEAR + 1)
        picked = []
        for i in np.argsort(-np.log(draw) / weight).tolist():
            if not findings or not findings <= self.implied(near[i]):
                picked.append(near[i])
            if len(picked) == wanted:
                break
        return picked

    def _resembling(self, row: int) -> tuple[list[int], np.ndarray]:
        """Nodes of the same type by what they share with a node: findings (the rarer the more), parents, department."""
        graph, score = self.graph, {}
        rows = graph.rows_of(row)
        for relation, weigh in ((self._finding, lambda n: 1 / np.log2(1 + n)), (self._is_a, lambda n: 1.0)):
            for shared in graph.object[rows[relation[rows]]].tolist():
                into = graph.rows_of(shared, inverse=True)
                into = into[relation[into]]
                if len(into) <= SHARED_BY:
                    for other in graph.subject[into].tolist():
                        score[other] = score.get(other, 0.0) + weigh(len(into))
        related = graph.closure(row) | graph.closure(row, down=True)
        ids = graph.ids
        score = {i: s for i, s in score.items() if graph.type[i] == graph.type[row] and i not in related}
        best = sorted(score, key=lambda i: (-score[i], ids[i]))[:CANDIDATES]
        peers = self._peers(int(graph.type[row]))
        drawn = (peers[hashed(0, ids[row], draw) % len(peers)] for draw in range(2 * MAX_NEAR if peers else 0))
        best += dict.fromkeys(i for i in drawn if i not in related and i not in score)
        return best, np.array([score.get(i, UNRELATED) for i in best])

    def _peers(self, kind: int) -> list[int]:
        if kind not in self._by_type:
            self._by_type[kind] = self.eligible((self.graph.types[kind],))
        return self._by_type[kind]

    # Plain data

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


def uniform(base: int, keys: np.ndarray) -> np.ndarray:
    """One number in (0, 1) per key (uint64[n] to float64[n]): SplitMix64 (Steele, Lea and Flood 2014)."""
    with np.errstate(over="ignore"):
        x = keys * np.uint64(0x9E3779B97F4A7C15) + np.uint64(base)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x ^= x >> np.uint64(31)
    return ((x >> np.uint64(11)).astype(np.float64) + 0.5) / 2**53


def _hands(edges: int) -> int:
    """Bundles in one pass over an anchor's facts."""
    return max(1, -(-edges * 2 // int(2 * MEAN_FACTS)))


def _take(negatives: int, hands: int) -> int:
    """Negatives in one bundle."""
    return min(MAX_NEGATIVES, max(1, negatives // hands)) if negatives and hands else 0


def _cuts(edges: int, hands: int, base: int) -> list[int]:
    """Bounds of hands of 3-8 edges that together hold all of them: even ones, each bound then moved by up to two."""
    cuts = [edges * hand // hands for hand in range(hands + 1)]
    for hand in range(1, hands):
        lowest = max(cuts[hand - 1] + MIN_FACTS, cuts[hand + 1] - MAX_FACTS)
        highest = min(cuts[hand - 1] + MAX_FACTS, cuts[hand + 1] - MIN_FACTS)
        base, move = divmod(base, 5) if base else (0, 2)
        cuts[hand] = min(max(cuts[hand] + move - 2, lowest), highest)
    return cuts


def _place(names: tuple[str, ...], name: str) -> int:
    return names.index(name) if name in names else -1
