"""Balancing a corpus over departments, languages, content types and curriculum stages."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, model_validator

from classifiers.quota import Cut, Goal, Held, apply_cut, cut, plan
from classifiers.targets import ANY, OTHER, Cell, Targets
from datagen.licence import allowed
from datagen.record import with_column
from datagen.stage import Outcome, Phase, Stage
from datagen.taxonomy import load_taxonomy
from datagen.work_list import DIMENSIONS

if TYPE_CHECKING:
    from datagen.task import Job, Task

COLUMNS = ["id", "split", *DIMENSIONS, "value", "tokens", "repeats", "license"]
RANKED = pa.schema(
    [
        ("cell", pa.string()),
        ("id", pa.string()),
        ("value", pa.float32()),
        ("tokens", pa.int32()),
        ("repeats", pa.int32()),
    ]
)
ROWS_PER_SHARD = 4_000_000
"""A cell is never split, whatever its size."""
UNRATED = -1.0
"""Rank of a row without a value: behind all that have one."""


class Quotas(Stage):
    """What balancing and its work list have in common: the targets, and how rows are counted against them."""

    reads: ClassVar[tuple[str, ...]] = tuple(COLUMNS)

    targets: Targets = Field(
        Targets(), description="departments (default: equal), and languages, content_types, curriculum within them"
    )
    cap: int = Field(10, ge=1, le=10, description="most times that training sees a row")
    top_share: float = Field(
        1.0,
        gt=0,
        le=1,
        description="share of a cell's tokens, best first, that is kept and repeated in place of the rest",
    )
    drop_surplus: bool = Field(
        True, description="drop what a cell has beyond its goal, lowest value first; else repeat the others up to it"
    )
    total: int | None = Field(None, ge=1, description="training tokens to come to; default: as many as there are")
    uses: tuple[Literal["redistribute", "derive", "commercial"], ...] = Field(
        (), description="drop rows whose licence doesn't allow all of these, before anything is counted"
    )

    @model_validator(mode="after")
    def _total_drops(self) -> "Quotas":
        if self.total is not None and not self.drop_surplus:
            raise ValueError("a total can't be kept with drop_surplus: false")
        return self

    def _count(self, task: "Task") -> list[list]:
        """Rows, weight and capacity of the part's cells; and its rows, as `RANKED`."""
        held: dict[Cell, np.ndarray] = {}
        for batch in task.read(task.part, COLUMNS):
            cells = self._cells(batch)
            mine = np.array([cell is not None for cell in cells], bool)
            if not mine.any():
                continue
            rows, cells = batch.filter(pa.array(mine)), [cell for cell in cells if cell is not None]
            _, _, tokens, repeats = arrays(rows, self.cap)
            names = pa.array(["/".join(cell) for cell in cells])
            task.write("rows", rows.append_column("cell", names).select(RANKED.names).cast(RANKED))
            sums = np.stack([np.ones_like(tokens), tokens * repeats, tokens * self.cap], 1)
            for cell, line in zip(cells, sums, strict=True):
                held[cell] = held.get(cell, 0) + line
        return [[*cell, *sums.tolist()] for cell, sums in sorted(held.items())]

    def _cells(self, batch: pa.Table) -> list[Cell | None]:
        """The cell of every row that counts: of the train split, within the targets, of a licence that will do."""
        counts = pc.and_(pc.equal(batch["split"], "train"), pc.invert(self._barred(batch)))
        known: dict[tuple, Cell | None] = {}
        found = []
        for count, *labels in zip(counts.to_pylist(), *(batch[name].to_pylist() for name in DIMENSIONS), strict=True):
            key = tuple(labels)
            if key not in known:
                known[key] = self.targets.cell(*key)
            found.append(known[key] if count else None)
        return found

    def _barred(self, batch: pa.Table) -> pa.ChunkedArray:
        licenses = pc.unique(batch["license"]).to_pylist()
        barred = [license for license in licenses if not set(self.uses) <= set(allowed(license))]
        return pc.is_in(batch["license"], value_set=pa.array(barred, pa.string()))

    def _plan(self, task: "Task") -> tuple[dict[Cell, Held], dict[Cell, Goal]]:
        sums: dict[Cell, np.ndarray] = {}
        for commit in task.commits("count"):
            for line in commit.result:
                cell = Cell(*line[: len(DIMENSIONS)])
                sums[cell] = sums.get(cell, 0) + np.array(line[len(DIMENSIONS) :])
        held = {
            cell: Held(int(rows), int(weight), int(capacity * self.top_share))
            for cell, (rows, weight, capacity) in sums.items()
        }
        there = sum(has.weight for has in held.values())
        return held, plan(held, self.targets, (self.total or there) if self.drop_surplus else None)

    def _missing(self, held: Mapping[Cell, Held], goals: Mapping[Cell, Goal]) -> list[dict[str, Any]]:
        """The work list: lines of `datagen.work_list.WORK_LIST`."""
        lines = []
        for cell, goal in goals.items():
            labels = {name: None if label == ANY else label for name, label in cell._asdict().items()}
            numbers = _numbers(held.get(cell, Held()), goal)
            del numbers["goal"]
            short = numbers["wanted"] - numbers["reach"]
            if short > 0 and OTHER not in cell:
                lines.append({**labels, **numbers, "short": short})
        return sorted(lines, key=lambda line: (-line["short"], *(line[name] or "" for name in DIMENSIONS)))


class Balance(Quotas):
    """Brings the departments of the train split to their target shares of training tokens (tokens times repeats).

    A department that is short is repeated, its most valuable rows first, each row at most `cap` times in all. One that
    has too much is sampled by value: the best rows that fit are kept, the total stays as it is. With `drop_surplus:
    false` it is left as it is, and the total grows until all others that have the rows stand beside it. Within a
    department, languages, content types and curriculum stages that have targets are balanced the same way; where one of
    them is short of rows, the others fill the department. With a `top_share` only the best rows of each cell are kept
    and repeated in place of the others (Baichuan-M1 report, figure 3: the top tenth ten times does as well as the top
    third three times).

    What repeats can't reach is in the manifest (`results.goals`), and `classifiers.work_list` publishes it for
    synthesis. Rows outside the targets, and those of the validation and test splits, pass through, repeated at most
    `cap` times.
    """

    version: ClassVar[str] = "2"
    writes: ClassVar[tuple[str, ...]] = ("repeats",)

    def phases(self) -> tuple[Phase, ...]:
        return (
            Phase("count", lambda job: job.part_keys(), self._count),
            Phase("goals", lambda job: [0], self._goals),
            Phase("cut", _groups, self._cut),
            Phase("rows", lambda job: job.part_keys(), self._rows, publishes=True),
        )

    def _goals(self, task: "Task") -> dict[str, Any]:
        """Cells with what they have and should come to, departments with their sums, and the work list."""
        held, goals = self._plan(task)
        cells = [cell._asdict() | _numbers(held.get(cell, Held()), goal) for cell, goal in goals.items()]
        departments: dict[str, dict[str, Any]] = {}
        for code, share in self.targets.shares.items():
            mine = [cell for cell in cells if cell["department"] == code]
            sums = {name: sum(cell[name] for cell in mine) for name in ("rows", "tokens", "reach", "wanted", "goal")}
            departments[code] = {"share": round(share, 6), **sums, "short": max(0, sums["wanted"] - sums["reach"])}
        return {
            "taxonomy": load_taxonomy().version,
            "departments": departments,
            "cells": [cell for cell in cells if cell["rows"]],
            "work_list": self._missing(held, goals),
        }

    def _cut(self, task: "Task") -> dict[str, dict]:
        """What happens to the rows of this shard's cells."""
        paths = [path for commit in task.commits("count") for path in commit.paths("rows")]
        wanted = dict(task.shard)
        names = pa.array(list(wanted))
        rows = pa.concat_tables(
            [(read := task.job.store.parquet(path).read()).filter(pc.is_in(read["cell"], names)) for path in paths]
        )
        found = {}
        for name, goal in wanted.items():
            mine = rows.filter(pc.equal(rows["cell"], name))
            found[name] = asdict(cut(*arrays(mine, self.cap), goal, self.cap, self.drop_surplus, self.top_share))
        return found

    def _rows(self, task: "Task") -> None:
        rules = {Cell(*n.split("/")): Cut.load(rule) for c in task.commits("cut") for n, rule in c.result.items()}
        for batch in task.read(task.part):
            repeats = self._repeats(batch, rules)
            ids = batch["id"].to_pylist()
            dropped = {i: "surplus" for i, times in zip(ids, repeats.tolist(), strict=True) if times == 0}
            dropped |= {i: "licence" for i, barred in zip(ids, self._barred(batch).to_pylist(), strict=True) if barred}
            rows = with_column(batch, "repeats", pa.array(np.maximum(repeats, 1), pa.int32()))
            task.settle(batch, Outcome(rows, dropped=dropped))

    def _repeats(self, batch: pa.Table, rules: Mapping[Cell, Cut]) -> np.ndarray:
        values, ids, _, repeats = arrays(batch, self.cap)
        rows_of: dict[Cell, list[int]] = {}
        for row, cell in enumerate(self._cells(batch)):
            if cell is not None:
                rows_of.setdefault(cell, []).append(row)
        for cell, mine in rows_of.items():
            repeats[mine] = apply_cut(rules[cell], values[mine], ids[mine], repeats[mine], self.cap)
        return repeats


def _groups(job: "Job") -> list[list[list]]:
    """Cells that have rows as (name, goal), in shards whose rows fit in memory."""
    (commit,) = job.commits("goals")
    groups: list[list[list]] = []
    size = 0
    for cell in commit.result["cells"]:
        if not groups or size + cell["rows"] > ROWS_PER_SHARD:
            groups.append([])
            size = 0
        groups[-1].append(["/".join(cell[name] for name in DIMENSIONS), cell["goal"]])
        size += cell["rows"]
    return groups


def _numbers(has: Held, goal: Goal) -> dict[str, int]:
    wanted, reach = round(goal.wanted), has.capacity
    return dict(rows=has.rows, tokens=has.weight, reach=reach, wanted=wanted, goal=round(goal.goal))


def arrays(rows: pa.Table, cap: int) -> Iterator[np.ndarray]:
    """Values, ids, tokens and repeats (at most `cap`) of rows."""
    yield rows["value"].fill_null(UNRATED).to_numpy().astype(np.float32)
    yield np.array(rows["id"].to_pylist(), dtype="S32")
    yield rows["tokens"].to_numpy().astype(np.int64)
    yield np.minimum(rows["repeats"].to_numpy().astype(np.int64), cap)
