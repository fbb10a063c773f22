"""Evidence bundles from a graph: which anchors, how many of each department, none of their edges used too often.

What takes a graph takes a `Dealer` of it too: many processes of one machine share one by `ray.put(Dealer(graph))`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from datagen.errors import UsageError
from knowledge_graph.bundle import Bundle
from knowledge_graph.deal import Bundles, Dealer, hashed
from knowledge_graph.model import Graph

EXPOSURE_CAP = 200
"""Default for how often one edge may be used over all bundles of one seed."""


@dataclass(frozen=True)
class Draw:
    """One bundle to make, `sample_bundle(graph, draw.anchor, seed, draw.number)`, counted for `department`."""

    anchor: str
    number: int
    department: str | None


def sample_bundle(graph: Graph | Dealer, anchor: str, seed: int = 0, number: int = 0) -> Bundle:
    """Bundle `number` (0, 1, ...) of an anchor: always the same one for the same seed, number and edges of the anchor.

    Over the numbers below `capacity(graph, anchor, cap)` no edge is used more than `cap` times.
    Raises KeyError for an unknown anchor, UsageError for one with fewer than 3 facts.
    """
    dealer = dealer_of(graph)
    row, numbers = np.array([dealer.graph.index(anchor)], np.int32), np.array([number], np.int64)
    return Bundles(dealer, seed, row, numbers)[0]


def sample_bundles(graph: Graph | Dealer, draws: Iterable[Draw], seed: int = 0) -> Bundles:
    """The bundles of many draws, as `sample_bundle` would make them, all at once: arrays, and bundles when indexed.

    Raises as `sample_bundle` does.
    """
    draws, dealer = list(draws), dealer_of(graph)
    rows = np.array([dealer.graph.index(draw.anchor) for draw in draws], np.int32)
    return Bundles(dealer, seed, rows, np.array([draw.number for draw in draws], np.int64))


def capacity(graph: Graph | Dealer, anchor: str, cap: int = EXPOSURE_CAP) -> int:
    """Bundles of an anchor in which no edge is used more than `cap` times; 0 where it has too few facts for one.
    Raises KeyError for an unknown anchor."""
    dealer = dealer_of(graph)
    return dealer.capacity(dealer.graph.index(anchor), cap)


def anchors(
    graph: Graph | Dealer,
    quotas: Mapping[str, int] | int,
    seed: int = 0,
    start: Mapping[str, int] | None = None,
    types: Iterable[str] = ("disease",),
    cap: int = EXPOSURE_CAP,
) -> list[Draw]:
    """Draws that fill quotas. A cell's anchors take turns, in a new order each turn, so that rare ones come as often as
    common ones until their edges are used up.

    Args:
        quotas: department code -> bundles; or one number, for the whole graph as one cell.
        start: department code -> draws already used (None as the code of the whole graph): the next round goes on
            there, so that rejected bundles can be replaced.
        types: node types that may be anchors.
        cap: uses of one edge over all rounds of a seed.

    Raises UsageError for a department without anchors, or one that can't give as many bundles within the cap.
    """
    dealer = dealer_of(graph)
    whole = isinstance(quotas, int)
    cells: dict[str | None, list[tuple[int, int, int]]] = {}
    for row in dealer.eligible(tuple(types)):
        codes = (None,) if whole else sorted(dealer.departments[row])
        # An anchor of several departments gives each of them different numbers.
        for place, code in enumerate(codes):
            cells.setdefault(code, []).append((row, place, len(codes)))
    draws = []
    for code, wanted in ({None: quotas} if whole else quotas).items():
        if code not in cells:
            where = f"department {code}" if code else "the graph"
            raise UsageError(f"{where} has no anchors", f"there are {', '.join(map(str, sorted(cells))) or 'none'}")
        draws += _cell(dealer, code, cells[code], wanted, (start or {}).get(code, 0), seed, cap)
    return draws


def _cell(dealer: Dealer, code: str | None, members: list, wanted: int, start: int, seed: int, cap: int) -> list[Draw]:
    ids = dealer.graph.ids
    rooms = [len(range(place, dealer.capacity(row, cap), step)) for row, place, step in members]
    if start + wanted > sum(rooms):
        raise UsageError(
            f"{code or 'the graph'} holds {sum(rooms)} bundles with no edge used more than {cap} times, "
            f"{start + wanted} are asked for",
            "lower the quota, raise the exposure cap, or add sources to the graph",
        )
    draws: list[Draw] = []
    turn = passed = 0
    while len(draws) < wanted:
        playing = [member for member, room in zip(members, rooms, strict=True) if room > turn]
        if passed + len(playing) > start:
            dealt = [
                (hashed(seed, code or "", turn, ids[row]), ids[row], place + turn * step)
                for row, place, step in playing
            ]
            draws += [Draw(name, number, code) for _, name, number in sorted(dealt)[max(0, start - passed) :]]
        passed += len(playing)
        turn += 1
    return draws[:wanted]


@lru_cache(maxsize=2)
def _made(graph: Graph) -> Dealer:
    return Dealer(graph)


def dealer_of(graph: Graph | Dealer) -> Dealer:
    """The dealer of a graph, made once."""
    return graph if isinstance(graph, Dealer) else _made(graph)
