"""How much of each cell training should see, and which rows make the difference. Plain arithmetic, no stage."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from classifiers.targets import WITHIN, Cell, Targets


@dataclass(frozen=True)
class Held:
    """What a cell has: rows, `weight` (tokens times repeats), `capacity` (tokens with all that may be seen at the
    cap)."""

    rows: int = 0
    weight: int = 0
    capacity: int = 0


@dataclass(frozen=True)
class Goal:
    """Tokens of a cell: `wanted` by the targets alone, and `goal`, what it should come to where others are short."""

    wanted: float
    goal: float


@dataclass(frozen=True)
class Rank:
    """A place in a cell's rows, ranked by value (highest first), then by id."""

    value: float
    id: str


@dataclass(frozen=True)
class Cut:
    """What happens to a cell's rows.

    Every row is seen `passes` times its repeats, those up to the rank `more` one pass more, none more often than the
    cap; rows behind the rank `kept` are dropped (None: no row is).
    """

    passes: int = 1
    more: Rank | None = None
    kept: Rank | None = None

    @staticmethod
    def load(data: Mapping[str, Any]) -> "Cut":
        """From what `dataclasses.asdict` made of one."""
        more, kept = (Rank(**data[name]) if data[name] else None for name in ("more", "kept"))
        return Cut(data["passes"], more, kept)


def plan(held: Mapping[Cell, Held], targets: Targets, total: float | None = None) -> dict[Cell, Goal]:
    """The goal of every cell that has rows or a target.

    With a `total`, departments have their shares of that, and what is beyond them is to be dropped. Without, nothing is
    dropped, and the total grows until every department that has the rows reaches its share beside those that have too
    much: the least total T with T = sum of max(weight, min(share T, capacity)). Within a department the same is done
    dimension by dimension: where a cell is short of rows, its siblings take over, so that the department is not short
    as well.
    """
    drop = total is not None
    tree: dict[tuple[str, ...], _Node] = defaultdict(_Node)
    for cell, has in held.items():
        for depth in range(1, len(cell) + 1):
            tree[cell[:depth]].add(has, drop)
            tree[cell[: depth - 1]].labels.add(cell[depth - 1])
    codes, shares = list(targets.shares), np.array(list(targets.shares.values()))
    low, high = _bounds(tree, (), codes)
    if total is None:
        total = water_level(shares, low, high)
    amounts = np.clip(shares * total, low, high)
    found: dict[Cell, Goal] = {}

    def divide(path: tuple[str, ...], wanted: float, goal: float) -> None:
        if len(path) > len(WITHIN):
            found[Cell(*path)] = Goal(wanted, goal)
            return
        children = targets.children(path, tree[path].labels)
        shares = np.array(list(children.values()))
        low, high = _bounds(tree, path, children)
        parts = np.clip(shares * water_level(shares, low, high, goal), low, high)
        for label, share, part in zip(children, shares, parts, strict=True):
            divide((*path, label), wanted * share, float(part))

    for code, share, amount in zip(codes, shares, amounts, strict=True):
        divide((code,), share * total, float(amount))
    return found


@dataclass
class _Node:
    """The least and the most tokens that the cells below can come to, and the labels of the next dimension there."""

    low: int = 0
    high: int = 0
    labels: set[str] = field(default_factory=set)

    def add(self, has: Held, drop: bool) -> None:
        self.low += 0 if drop else min(has.weight, has.capacity)
        self.high += has.capacity


def _bounds(tree: Mapping[tuple[str, ...], _Node], path: tuple[str, ...], labels: Iterable[str]) -> np.ndarray:
    """`low` and `high` of the nodes below a path, of shape (2, labels)."""
    nodes = [tree.get((*path, label), _Node()) for label in labels]
    return np.array([[node.low for node in nodes], [node.high for node in nodes]], float)


def water_level(shares: np.ndarray, low: np.ndarray, high: np.ndarray, goal: float | None = None) -> float:
    """The least T, from the sum of `low` on, at which the sum of clip(shares T, low, high) is T.

    With a `goal`, the least T from 0 on at which that sum is the goal, or the first at which it is as near as it comes.
    Between the T at which one of them starts or ceases to grow the sum is linear.
    """
    some = shares > 0
    turns = np.concatenate([low[some] / shares[some], high[some] / shares[some]])
    start = float(low.sum()) if goal is None else 0.0
    turns = np.unique([start, *turns[turns > start]])
    sums = np.array([np.clip(shares * t, low, high).sum() for t in turns])
    left = sums - turns if goal is None else goal - sums
    reached = np.flatnonzero(left <= 1e-9 * np.maximum(1, sums))
    if not len(reached):
        return float(sums[-1]) if goal is None else float(turns[-1])
    at = reached[0]
    if at == 0:
        return float(turns[0])
    return float(turns[at - 1] + (turns[at] - turns[at - 1]) * left[at - 1] / (left[at - 1] - left[at]))


def cut(
    values: np.ndarray,
    ids: np.ndarray,
    tokens: np.ndarray,
    repeats: np.ndarray,
    goal: float,
    cap: int,
    drop: bool = False,
    top_share: float = 1.0,
) -> Cut:
    """How a cell's rows come as close to `goal` tokens as they can without passing it.

    Rows that weigh more than the goal already stay as they are, or with `drop` the best of them that fit, at least one.
    With a `top_share` below 1 only the best rows that hold that share of the tokens are kept, at least one, and are
    repeated in place of the others. With `drop` and a goal of 0 no row is kept.
    """
    order = np.lexsort((ids, -values))
    ranks = _Ranks(values[order], ids[order])
    tokens, repeats = tokens[order], repeats[order]
    size, kept = len(order), len(order)
    if top_share < 1:
        kept = max(1, _fits(np.cumsum(tokens), top_share * tokens.sum()))
    weights = np.cumsum((tokens * repeats)[:kept])
    total = int(weights[-1])
    if total >= goal:
        if drop:
            kept = min(kept, max(_fits(weights, goal), 1 if goal else 0))
        return Cut(kept=ranks.at(kept, size))
    for passes in range(1, cap):
        gain = (tokens * (np.minimum(repeats * (passes + 1), cap) - np.minimum(repeats * passes, cap)))[:kept]
        if total + gain.sum() > goal:
            return Cut(passes, ranks.at(_fits(np.cumsum(gain) + total, goal), size), ranks.at(kept, size))
        total += int(gain.sum())
    return Cut(cap, kept=ranks.at(kept, size))


def apply_cut(rule: Cut, values: np.ndarray, ids: np.ndarray, repeats: np.ndarray, cap: int) -> np.ndarray:
    """New repeats of rows; 0 for rows to drop."""
    more = _up_to(rule.more, values, ids) if rule.more else np.zeros(len(ids), bool)
    seen = np.minimum(repeats * (rule.passes + more), cap)
    return np.where(_up_to(rule.kept, values, ids), seen, 0) if rule.kept else seen


@dataclass(frozen=True)
class _Ranks:
    values: np.ndarray
    ids: np.ndarray

    def at(self, count: int, of: int) -> Rank | None:
        """The rank of the last of the first `count` rows: above all of them for 0, None for all."""
        if count >= of:
            return None
        return Rank(float(self.values[count - 1]), self.ids[count - 1].decode()) if count else ABOVE_ALL


ABOVE_ALL = Rank(1e9, "")


def _up_to(rank: Rank, values: np.ndarray, ids: np.ndarray) -> np.ndarray:
    return (values > rank.value) | ((values == rank.value) & (ids <= rank.id.encode()))


def _fits(sums: np.ndarray, goal: float) -> int:
    return int(np.searchsorted(sums, goal, side="right"))
