"""Quotas on accepted output: how many bundles each cell still lacks, and which draws fill it.

A cell is a department, task, language, difficulty and tail bucket. Rounds are planned from committed totals: what was
accepted counts, what was rejected is asked for again, the more the more often a cell's drafts are rejected. A draw
depends on the seed, the cell and its number alone.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import pyarrow.compute as pc

from knowledge_graph.deal import Dealer, hashed
from knowledge_graph.model import Graph
from knowledge_graph.sample import EXPOSURE_CAP, Draw, dealer_of

TAIL_WEIGHTS = (0.28, 0.24, 0.24, 0.24)
"""Shares of the tail buckets: the rarest anchors are to make up a quarter of what is accepted at least."""
LEAST_RATE = 0.1
"""Share of accepted drafts that a plan counts on at least: no cell is asked for more than ten times what it lacks."""


@dataclass(frozen=True, order=True)
class Cell:
    """What a text is for. `difficulty` 0-2 (by how much of what an anchor shows its closest sibling shows), `tail` 0-3
    (0: the quarter of anchors with the fewest facts)."""

    department: str
    task: str
    language: str
    difficulty: int
    tail: int


def even(
    graph: Graph | Dealer,
    number: int,
    tasks: Iterable[str],
    languages: Iterable[str],
    departments: Iterable[str] | None = None,
    types: tuple[str, ...] = ("disease",),
    cap: int = EXPOSURE_CAP,
    spare: float = 0.35,
) -> dict[Cell, int]:
    """`number` texts over all cells that have anchors, as evenly as the exposure cap allows: what a small cell can't
    give falls to the others, tail buckets first (by TAIL_WEIGHTS), then departments, then the rest. Fewer where the
    whole graph can't give as many. `spare` is the share of each cell's bundles left to replace rejected ones."""
    rooms = _Rooms(dealer_of(graph), tuple(tasks), tuple(languages), departments, types).capacities(cap)
    room = {cell: int(space * (1 - spare)) for cell, space in rooms.items()}
    found: dict[Cell, int] = {}
    _share(number, room, ("tail", "department", "difficulty", "language", "task"), found)
    return {cell: count for cell, count in sorted(found.items()) if count}


def plan(targets: Mapping[Cell, int], drawn: Mapping[Cell, int], accepted: Mapping[Cell, int]) -> dict[Cell, int]:
    """Draws of the next round: what each cell lacks, over the share of its drafts that were accepted so far; cells that
    lack the largest part of their target first."""
    lacking = {cell: target - accepted.get(cell, 0) for cell, target in targets.items()}
    order = sorted((c for c in lacking if lacking[c] > 0), key=lambda c: (-lacking[c] / targets[c], c))
    found = {}
    for cell in order:
        rate = (accepted.get(cell, 0) + 1) / (drawn.get(cell, 0) + 1)  # unseen cells are trusted
        found[cell] = -int(-lacking[cell] // max(LEAST_RATE, min(1.0, rate)))
    return found


def draws(
    graph: Graph | Dealer,
    targets: Mapping[Cell, int],
    wanted: Mapping[Cell, int],
    seed: int = 0,
    start: Mapping[Cell, int] | None = None,
    types: tuple[str, ...] = ("disease",),
    cap: int = EXPOSURE_CAP,
) -> Iterator[tuple[Cell, Draw]]:
    """Draws for the cells that want some, each going on where it stopped (`start`: draws already used).

    A cell's anchors deal a pack each before any deals a second, so that all edges are seen before one is seen twice. No
    edge is used more than `cap` times over all cells of `targets`, which must stay the same from round to round. A cell
    that has no bundles left gives fewer.
    """
    cells = sorted(targets)
    parts = [tuple(sorted({getattr(cell, name) for cell in cells})) for name in ("task", "language", "department")]
    rooms = _Rooms(dealer_of(graph), *parts, types)
    for cell, count in wanted.items():
        members = rooms.members.get(cell, [])
        first = (start or {}).get(cell, 0)
        for place, draw in enumerate(rooms.dealt(cell, members, seed, cap)):
            if place >= first + count:
                break
            if place >= first:
                yield cell, draw


class _Rooms:
    """Which anchors are in which cells: (row, place, step) each, whose numbers in a cell are place + turn * step."""

    def __init__(
        self,
        dealer: Dealer,
        tasks: tuple[str, ...],
        languages: tuple[str, ...],
        departments: Iterable[str] | None,
        types: tuple[str, ...],
    ):
        self.dealer = dealer
        self.members: dict[Cell, list[tuple[int, int, int]]] = {}
        wanted = None if departments is None else set(departments)
        named = {name: pc.is_valid(dealer.graph.nodes[f"name_{name}"]).to_pylist() for name in languages}
        able = dealer.eligible(types)
        levels = dealer.difficulties(able)
        for row in able:
            codes = [c for c in dealer.departments[row] or ("",) if wanted is None or c in wanted]
            spoken = [name for name in languages if named[name][row]]
            kinds = list(product(codes, tasks, spoken))
            for place, kind in enumerate(kinds):
                cell = Cell(*kind, levels[row], dealer.tail(row))
                self.members.setdefault(cell, []).append((row, place, len(kinds)))

    def capacities(self, cap: int) -> dict[Cell, int]:
        return {
            cell: sum(len(range(place, self.dealer.capacity(row, cap), step)) for row, place, step in members)
            for cell, members in sorted(self.members.items())
        }

    def dealt(self, cell: Cell, members: list[tuple[int, int, int]], seed: int, cap: int) -> Iterator[Draw]:
        """All draws of a cell, in order."""
        dealer, ids = self.dealer, self.dealer.graph.ids
        packs = [-(-dealer.pack(row) // step) for row, _, step in members]
        rooms = [len(range(place, dealer.capacity(row, cap), step)) for row, place, step in members]
        salt = "\0".join(map(str, (cell.department, cell.task, cell.language)))
        turn = 0
        while any(room > turn * pack for room, pack in zip(rooms, packs, strict=True)):
            dealt = [
                (hashed(seed, salt, hand, ids[row]), ids[row], place + hand * step)
                for (row, place, step), pack, room in zip(members, packs, rooms, strict=True)
                for hand in range(turn * pack, min((turn + 1) * pack, room))
            ]
            yield from (Draw(name, number, cell.department or None) for _, name, number in sorted(dealt))
            turn += 1


def _share(number: int, room: Mapping[Cell, int], axes: tuple[str, ...], found: dict[Cell, int]) -> None:
    """Share a number over the values of the first axis, small rooms first, then within each over the next."""
    if not axes:
        (cell,) = room
        found[cell] = min(number, room[cell])
        return
    groups: dict[object, dict[Cell, int]] = {}
    for cell, space in room.items():
        groups.setdefault(getattr(cell, axes[0]), {})[cell] = space
    weights = {value: TAIL_WEIGHTS[value] if axes[0] == "tail" else 1.0 for value in groups}
    left = sum(weights.values())
    for value, group in sorted(groups.items(), key=lambda g: (sum(g[1].values()) / weights[g[0]], str(g[0]))):
        share = min(sum(group.values()), math.ceil(number * weights[value] / left - 1e-9))
        _share(share, group, axes[1:], found)
        number -= share
        left -= weights[value]
