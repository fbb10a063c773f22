"""How much of each department training should see, and which rows make the difference. Plain arithmetic, no stage."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Held:
    """What a department has: rows, `weight` (tokens times repeats), `capacity` (weight with all rows at the cap)."""

    rows: int = 0
    weight: int = 0
    capacity: int = 0


@dataclass(frozen=True)
class Cut:
    """What happens to a department's rows, ranked by value (highest first), then by id.

    Every row is seen `passes` times its repeats, at most `cap` times; rows that rank up to (value, id) one pass more.
    With `drop`, rows that rank behind (value, id) are dropped, and nothing is repeated more often.
    """

    passes: int = 1
    value: float | None = None
    id: str = ""
    drop: bool = False


def shares(targets: Mapping[str, float], departments: tuple[str, ...]) -> dict[str, float]:
    """Target share of every department: the named ones, and equal parts of the rest. Sums to 1."""
    rest = [code for code in departments if code not in targets]
    left = max(0.0, 1 - sum(targets.values()))
    found = {**targets, **{code: left / len(rest) for code in rest}}
    total = sum(found.values())
    return {code: share / total for code, share in sorted(found.items())}


def goals(held: Mapping[str, Held], target: Mapping[str, float], drop: bool) -> dict[str, float]:
    """Tokens that each department should come to.

    With `drop` the total stays as it is. Without, it grows until every department that has the rows reaches its share
    beside those that have too much: the least total T with T = sum of max(weight, min(share T, capacity)).
    """
    total = float(sum(held[code].weight for code in target))
    if not drop:
        total = _grown(held, {code: share for code, share in target.items() if share > 0}, total)
    return {code: share * total for code, share in target.items()}


def cut(
    values: np.ndarray, ids: np.ndarray, tokens: np.ndarray, repeats: np.ndarray, goal: float, cap: int, drop: bool
) -> Cut:
    """How a department's rows come as close to `goal` tokens as they can without passing it.

    Rows that weigh more than the goal already stay as they are, or with `drop` the best of them that fit, at least one.
    """
    order = np.lexsort((ids, -values))
    weights = (tokens * repeats)[order]
    total = int(weights.sum())
    if total >= goal:
        if not drop:
            return Cut()
        return _cut_at(np.cumsum(weights), max(goal, weights[:1].sum()), values[order], ids[order], 1, True)
    for passes in range(1, cap):
        gain = (tokens * (np.minimum(repeats * (passes + 1), cap) - np.minimum(repeats * passes, cap)))[order]
        if total + gain.sum() > goal:
            return _cut_at(np.cumsum(gain) + total, goal, values[order], ids[order], passes, False)
        total += int(gain.sum())
    return Cut(passes=cap)


def apply_cut(rule: Cut, values: np.ndarray, ids: np.ndarray, repeats: np.ndarray, cap: int) -> np.ndarray:
    """New repeats of rows; 0 for rows to drop."""
    if rule.value is None:
        before = np.zeros(len(ids), bool)
    else:
        before = (values > rule.value) | ((values == rule.value) & (ids <= rule.id.encode()))
    if rule.drop:
        return np.where(before, repeats, 0)
    return np.minimum(repeats * (rule.passes + before), cap)


def _grown(held: Mapping[str, Held], target: Mapping[str, float], total: float) -> float:
    """The least T: between the totals at which a department starts or ceases to grow, the sum is linear in T."""
    turns = {amount / share for code, share in target.items() for amount in (held[code].weight, held[code].capacity)}
    fixed = total - sum(held[code].weight for code in target)
    bounds = [total, *sorted(turn for turn in turns if turn > total)]
    for low, high in zip(bounds, [*bounds[1:], None], strict=True):
        inside = (low + high) / 2 if high else low + 1
        growing = [c for c, share in target.items() if held[c].weight < share * inside < held[c].capacity]
        still = sum(
            held[c].weight if target[c] * inside <= held[c].weight else held[c].capacity
            for c in target.keys() - growing
        )
        slope = sum(target[code] for code in growing)
        if slope < 1 - 1e-12 and (high is None or (still + fixed) / (1 - slope) <= high):
            return max(low, (still + fixed) / (1 - slope))
    return bounds[-1]


def _cut_at(sums: np.ndarray, goal: float, values: np.ndarray, ids: np.ndarray, passes: int, drop: bool) -> Cut:
    fits = int(np.searchsorted(sums, goal, side="right"))
    if not fits:
        return Cut(passes=passes, drop=drop)
    return Cut(passes=passes, value=float(values[fits - 1]), id=ids[fits - 1].decode(), drop=drop)
