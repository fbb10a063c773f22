"""Balancing a corpus over departments."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, field_validator

from classifiers.quota import Cut, Held, apply_cut, cut, goals, shares
from datagen.record import with_column
from datagen.stage import Outcome, Phase, Stage
from datagen.taxonomy import ABSTAINED, load_taxonomy

if TYPE_CHECKING:
    from datagen.task import Job, Task

COLUMNS = ["id", "split", "department", "value", "tokens", "repeats"]
ROWS_PER_SHARD = 4_000_000
"""A department is never split, whatever its size."""
UNRATED = -1.0
"""Rank of a row without a value: behind all that have one."""


class Balance(Stage):
    """Brings the departments of the train split to their target shares of training tokens (tokens times repeats).

    A department that is short is repeated, its most valuable rows first, each row at most `cap` times in all. One that
    has too much is left as it is, or with `drop_surplus` cut to its share, its least valuable rows first. What repeats
    can't reach is the work list in the manifest (`results.goals`): tokens short of the goal, per department. Rows
    outside the targets, and those of the validation and test splits, pass through, repeated at most `cap` times.
    """

    reads: ClassVar[tuple[str, ...]] = tuple(COLUMNS)
    writes: ClassVar[tuple[str, ...]] = ("repeats",)

    targets: dict[str, float] = Field(
        {}, description="share by department; the others have equal parts of what is left"
    )
    cap: int = Field(10, ge=1, le=10, description="most times that training sees a row")
    drop_surplus: bool = Field(False, description="drop what a department has beyond its share, lowest value first")

    @field_validator("targets")
    @classmethod
    def _known(cls, targets: dict[str, float]) -> dict[str, float]:
        unknown = [code for code in targets if code not in load_taxonomy().codes or code == ABSTAINED]
        if unknown:
            raise ValueError(f"{', '.join(unknown)}: not departments of {load_taxonomy().version}")
        if any(share < 0 for share in targets.values()) or sum(targets.values()) > 1 + 1e-9:
            raise ValueError("shares must not be negative, nor add up to more than 1")
        return targets

    def phases(self) -> tuple[Phase, ...]:
        return (
            Phase("count", lambda job: job.part_keys(), self._count),
            Phase("goals", lambda job: [0], self._goals),
            Phase("cut", _groups, self._cut),
            Phase("rows", lambda job: job.part_keys(), self._rows, publishes=True),
        )

    def _shares(self) -> dict[str, float]:
        return shares(self.targets, load_taxonomy().departments)

    def _count(self, task: "Task") -> dict[str, list[int]]:
        """Rows, weight and capacity of the part's departments."""
        wanted = pa.array(list(self._shares()))
        held: dict[str, np.ndarray] = {}
        for batch in task.read(task.part, COLUMNS):
            rows = batch.filter(pc.and_(pc.equal(batch["split"], "train"), pc.is_in(batch["department"], wanted)))
            if not len(rows):
                continue
            task.write("rows", rows.drop_columns(["split"]))
            _, _, tokens, repeats = _arrays(rows, self.cap)
            codes = np.array(rows["department"].to_pylist())
            for code in set(codes.tolist()):
                mine = codes == code
                sums = [mine.sum(), (tokens * repeats)[mine].sum(), (tokens * self.cap)[mine].sum()]
                held[code] = held.get(code, 0) + np.array(sums)
        return {code: sums.tolist() for code, sums in sorted(held.items())}

    def _goals(self, task: "Task") -> dict[str, Any]:
        """Per department its share, rows, tokens now and wanted, and what is out of reach; the latter as a list too."""
        target = self._shares()
        counts = [commit.result for commit in task.commits("count")]
        held = {c: Held(*np.sum([[0, 0, 0], *(n[c] for n in counts if c in n)], 0).tolist()) for c in target}
        departments = {
            code: {
                "share": round(target[code], 6),
                "rows": held[code].rows,
                "tokens": held[code].weight,
                "goal": round(goal),
                "short": max(0, round(goal) - held[code].capacity),
            }
            for code, goal in goals(held, target, self.drop_surplus).items()
        }
        work = [{"department": code, "tokens": d["short"]} for code, d in departments.items() if d["short"]]
        work.sort(key=lambda entry: (-entry["tokens"], entry["department"]))
        return {"taxonomy": load_taxonomy().version, "departments": departments, "work_list": work}

    def _cut(self, task: "Task") -> dict[str, dict]:
        """What happens to the rows of this shard's departments."""
        paths = [path for commit in task.commits("count") for path in commit.paths("rows")]
        tables = [task.job.store.parquet(path).read() for path in paths]
        wanted = _wanted(task.job)
        found = {}
        for code in task.shard:
            mine = pa.concat_tables([table.filter(pc.equal(table["department"], code)) for table in tables])
            found[code] = asdict(cut(*_arrays(mine, self.cap), wanted[code]["goal"], self.cap, self.drop_surplus))
        return found

    def _rows(self, task: "Task") -> None:
        rules = {code: Cut(**rule) for c in task.commits("cut") for code, rule in c.result.items()}
        for batch in task.read(task.part):
            repeats = self._repeats(batch, rules)
            ids = batch["id"].to_pylist()
            dropped = {i: "surplus" for i, times in zip(ids, repeats.tolist(), strict=True) if times == 0}
            rows = with_column(batch, "repeats", pa.array(np.maximum(repeats, 1), pa.int32()))
            task.settle(batch, Outcome(rows, dropped=dropped))

    def _repeats(self, batch: pa.Table, rules: dict[str, Cut]) -> np.ndarray:
        values, ids, _, repeats = _arrays(batch, self.cap)
        codes = np.array([code or "" for code in batch["department"].to_pylist()])
        train = np.array(pc.equal(batch["split"], "train").to_pylist())
        for code, rule in rules.items():
            mine = (codes == code) & train
            if mine.any():
                repeats[mine] = apply_cut(rule, values[mine], ids[mine], repeats[mine], self.cap)
        return repeats


def _wanted(job: "Job") -> dict[str, dict]:
    (commit,) = job.commits("goals")
    return commit.result["departments"]


def _groups(job: "Job") -> list[list[str]]:
    """Departments that have rows, in shards whose rows fit in memory."""
    groups: list[list[str]] = []
    size = 0
    for code, facts in _wanted(job).items():
        if not facts["rows"]:
            continue
        if not groups or size + facts["rows"] > ROWS_PER_SHARD:
            groups.append([])
            size = 0
        groups[-1].append(code)
        size += facts["rows"]
    return groups


def _arrays(rows: pa.Table, cap: int) -> Iterator[np.ndarray]:
    """Values, ids, tokens and repeats (at most `cap`) of rows."""
    yield rows["value"].fill_null(UNRATED).to_numpy().astype(np.float32)
    yield np.array(rows["id"].to_pylist(), dtype="S32")
    yield rows["tokens"].to_numpy().astype(np.int64)
    yield np.minimum(rows["repeats"].to_numpy().astype(np.int64), cap)
