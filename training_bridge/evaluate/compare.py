"""Two evaluations side by side: is the second model better, where, and by more than chance and seeds explain?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import norm, t

from datagen.errors import UsageError
from datagen.pages.html import page
from training_bridge.evaluate.result import RESULTS, Result, is_result
from training_bridge.evaluate.scores import LEVEL, difference
from training_bridge.evaluate.suite import suite

MEASURES = {"score": 1, "bits_per_byte": -1}
"""What is compared, and whether more of it is better."""
ALL = "all rows"
Key = tuple[str, str, str]
"""Row, protocol, measure."""


@dataclass(frozen=True)
class Verdict:
    """One row, protocol and measure, over the items that both have, by seed in pairs.

    `low` to `high` is the 95 % interval of `after - before`: the variances over items (bootstrap) and over seeds are
    added. With one seed there is no knowing what another would have given.
    """

    row: str
    protocol: str
    measure: str
    items: int
    seeds: int
    before: float
    after: float
    difference: float
    low: float
    high: float

    @property
    def word(self) -> str:
        sign = MEASURES[self.measure]
        if self.low > 0 or self.high < 0:
            return "better" if sign * self.difference > 0 else "worse"
        return "no difference shown"


def handles(path: str) -> bool:
    """Whether there are evaluations at a path: one, or one below it for each seed."""
    return bool(_found(path))


def write(before: str, after: str, out: Path | None, language: str = "en") -> Path:
    """Prints the verdicts of two evaluations and writes them as a page that opens in a language; returns its path.
    Raises UsageError where they have nothing in common."""
    verdicts = compare(read(before), read(after))
    frame = table(verdicts)
    print(frame.to_string(index=False))
    if max(v.seeds for v in verdicts) == 1:
        print("one seed: what another one would have given is not in these intervals")
    path = out or Path(after) / "compare.html"
    shown = {"verdicts": verdicts, "before": Path(before).name, "after": Path(after).name}
    path.write_text(page("training_bridge.evaluate", "compare.html.j2", language=language, **shown), "utf-8")
    return path


def read(path: str) -> dict[str, Result]:
    """Evaluations by seed: the names of the folders below `path`, or "" for a single one."""
    found = _found(path)
    if not found:
        raise UsageError(f"there is no evaluation at {path}", "`datagen evaluate MODEL --out FOLDER` makes one")
    return {name: Result.load(folder) for name, folder in found.items()}


def compare(before: Mapping[str, Result], after: Mapping[str, Result]) -> list[Verdict]:
    """Verdicts by row, protocol and measure, and over all rows (each row of equal weight), in the suite's order.

    Raises UsageError where the two have no seed, or no item, in common.
    """
    seeds = sorted(before.keys() & after.keys())
    if not seeds:
        raise UsageError("the two have no seed in common", f"seeds: {sorted(before)} and {sorted(after)}")
    pairs = [(_values(before[seed]), _values(after[seed])) for seed in seeds]
    keys = [key for key in pairs[0][0] if all(key in b and key in a for b, a in pairs)]
    verdicts = [v for key in keys if (v := _verdict(key, [(b[key], a[key]) for b, a in pairs])) is not None]
    if not verdicts:
        raise UsageError("the two have no item in common", "evaluate both with the same tasks, limit and seed")
    order = {name: number for number, name in enumerate(suite())}
    verdicts.sort(key=lambda v: (list(MEASURES).index(v.measure), v.protocol, order[v.row]))
    return [*verdicts, *_overall(verdicts)]


def table(verdicts: Sequence[Verdict]) -> pd.DataFrame:
    return pd.DataFrame([{**vars(v), "verdict": v.word} for v in verdicts]).round(4)


def _found(path: str) -> dict[str, Path]:
    folder = Path(path)
    if is_result(folder) and folder.exists():
        return {"": folder}
    return {p.parent.name: p.parent for p in sorted(folder.glob(f"*/{RESULTS}"))}


def _values(result: Result) -> dict[Key, dict[str, tuple[float, str]]]:
    """By item: its value and cluster."""
    found: dict[Key, dict[str, tuple[float, str]]] = {}
    for row in result.rows:
        for measure in MEASURES:
            values = {i.id: (getattr(i, measure), i.cluster) for i in row.items if getattr(i, measure) is not None}
            if values:
                found[row.row, row.protocol, measure] = values
    return found


def _verdict(key: Key, pairs: Sequence[tuple[Mapping, Mapping]]) -> Verdict | None:
    items = sorted(set.intersection(*({*b} & {*a} for b, a in pairs)))
    if not items:
        return None
    before, after = (np.array([[side[i][0] for i in items] for side in sides]) for sides in zip(*pairs, strict=True))
    clusters = [pairs[0][0][i][1] for i in items]
    over_items = difference(after.mean(0), before.mean(0), clusters)
    spread = (over_items.high - over_items.low) / (2 * norm.ppf((1 + LEVEL) / 2))
    by_seed = (after - before).mean(1)
    low, high = _limits(over_items.mean, spread**2, by_seed)
    return Verdict(*key, len(items), len(pairs), float(before.mean()), float(after.mean()), over_items.mean, low, high)


def _limits(middle: float, variance: float, by_seed: np.ndarray) -> tuple[float, float]:
    seeds = len(by_seed)
    factor = norm.ppf((1 + LEVEL) / 2) if seeds == 1 else t.ppf((1 + LEVEL) / 2, seeds - 1)
    half = float(factor * np.sqrt(variance + (by_seed.var(ddof=1) / seeds if seeds > 1 else 0.0)))
    return middle - half, middle + half


def _overall(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Of several rows under one protocol and measure; rows are taken as given, their errors as independent."""
    found = []
    for protocol, measure in dict.fromkeys((v.protocol, v.measure) for v in verdicts):
        mine = [v for v in verdicts if (v.protocol, v.measure) == (protocol, measure)]
        if len(mine) < 2:
            continue
        half = np.sqrt(sum(((v.high - v.low) / 2) ** 2 for v in mine)) / len(mine)
        before, after = (float(np.mean([getattr(v, side) for v in mine])) for side in ("before", "after"))
        items, seeds = sum(v.items for v in mine), mine[0].seeds
        gap = after - before
        found.append(Verdict(ALL, protocol, measure, items, seeds, before, after, gap, gap - half, gap + half))
    return found
