"""The stage that proposes how often training sees a record, from the number of its copies."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from datagen.errors import UsageError
from datagen.record import with_column
from datagen.stage import Outcome, Phase, Stage

if TYPE_CHECKING:
    from datagen.task import Task

COLUMNS = ["split", "language", "duplicates", "value", "tokens", "repeats"]
TXT360 = [(1, 1), (2, 3), (6, 5), (101, 8), (1001, 10)]
WINDOW = 5
LEAST = 100


class Sizes(NamedTuple):
    """Records by the number of their copies: sizes in rising order, records of each, and those of low value."""

    sizes: np.ndarray
    records: np.ndarray
    low: np.ndarray


def txt360(counted: Sizes, cap: int) -> list[tuple[int, int]]:
    """Weights by copies as (copies from, weight): 1 for one, 3 for 2 to 5, 5 to 100, 8 to 1,000, 10 above.

    Source: LLM360, TxT360, its web page's upsampling table, which lists 5 copies under both 3 and 5.
    """
    return [(size, min(weight, cap)) for size, weight in TXT360]


def fineweb2(counted: Sizes, cap: int) -> list[tuple[int, int]]:
    """Weights by copies, fitted: the fewer records of a size are of low value, the more often its records are seen.

    The largest sizes are one, the tail. Here it begins with the first size of which there are fewer than 100 records;
    the source, huggingface/fineweb-2, misc/rehydration, leaves that open.
    """
    sizes, rates, overall = _rates(counted)
    weights = fitted(rates, overall, cap)
    change = np.flatnonzero(np.diff(weights, prepend=0))
    return list(zip(sizes[change].tolist(), weights[change].tolist(), strict=True)) or [(1, 1)]


def fitted(rates: np.ndarray, overall: float, cap: int) -> np.ndarray:
    """Weights (int) of sizes in rising order, from the rate r at which records of each size are of low value.

    1 where r is at least the overall rate R, else 1 + (cap - 1)(R - r) / (R - least r); then averaged over 5 sizes, but
    for the two at either end, and rounded. Source: huggingface/fineweb-2, misc/rehydration/README.md.
    """
    weights = np.ones(len(rates))
    if len(rates) and rates.min() < overall:
        weights = np.where(rates < overall, 1 + (cap - 1) * (overall - rates) / (overall - rates.min()), 1.0)
    if len(weights) >= WINDOW:
        edge = WINDOW // 2
        weights[edge:-edge] = np.convolve(weights, np.ones(WINDOW) / WINDOW, mode="valid")
    return np.round(weights).astype(int)


RULES: dict[str, Callable[[Sizes, int], list[tuple[int, int]]]] = {"txt360": txt360, "fineweb2": fineweb2}


class Upsample(Stage):
    """Sets `repeats` from `duplicates`: what many people copied is, up to a point, worth seeing more often.

    `txt360` uses its published table, `fineweb2` fits weights to the data, language by language: sizes of clusters that
    hold few records of low value are repeated most. Rows of a value below `least_value` are never repeated; unrated
    ones are, but don't count in the fit. Only train rows change, and none is raised above `cap`. `repeats` that were
    there are multiplied, never lowered; `classifiers.balance` may multiply again, under its own cap. No copy is ever
    written.
    """

    reads: ClassVar[tuple[str, ...]] = tuple(COLUMNS)
    writes: ClassVar[tuple[str, ...]] = ("repeats",)

    rule: Literal["txt360", "fineweb2"] = Field("txt360", description="table of TxT360, or FineWeb-2's fit")
    cap: int = Field(10, ge=1, le=10, description="most times that training sees a row")
    least_value: float = Field(3, ge=0, le=5, description="rows of less value are seen once")

    def phases(self) -> tuple[Phase, ...]:
        return (
            Phase("count", lambda job: job.part_keys(), self._count),
            Phase("weights", lambda job: [None], self._weights),
            Phase("rows", lambda job: job.part_keys(), self._rows, publishes=True),
        )

    def _count(self, task: "Task") -> list[dict]:
        """Train records, and their tokens times repeats, by language, copies and value."""
        counted = []
        for batch in task.read(task.part, COLUMNS):
            rows = batch.filter(pc.equal(batch["split"], "train"))
            seen = pc.multiply(rows["tokens"].cast(pa.int64()), rows["repeats"])
            verdict = pc.if_else(pc.is_null(rows["value"]), "unrated", pc.if_else(_is_low(self, rows), "low", "high"))
            facts = pa.table(
                [rows["language"], rows["duplicates"], verdict, seen], ["language", "copies", "value", "seen"]
            )
            counted.append(_summed(facts.append_column("records", pa.repeat(pa.scalar(1, pa.int64()), len(rows)))))
        return _summed(pa.concat_tables(counted)).to_pylist() if counted else []

    def _weights(self, task: "Task") -> dict[str, Any]:
        """Per language its steps (copies from, weight), and training tokens before and after."""
        found: dict[str, Any] = {}
        counts = [row for commit in task.commits("count") for row in commit.result]
        if self.rule == "fineweb2" and counts and all(row["value"] == "unrated" for row in counts):
            raise UsageError(
                f"{task.job.name}: rule fineweb2 is fitted to the values of records, and none has one",
                "put the stage after one that rates records, or use rule: txt360",
            )
        for language in sorted({row["language"] or "" for row in counts}):
            mine = [row for row in counts if (row["language"] or "") == language]
            steps = RULES[self.rule](_sizes(mine), self.cap)
            weights = np.where([r["value"] == "low" for r in mine], 1, _weight(steps, [r["copies"] for r in mine]))
            seen = np.array([r["seen"] for r in mine])
            # Rows that are repeated already may meet the cap earlier: an estimate for them, exact for all others.
            found[language] = {"steps": steps, "tokens": int(seen.sum()), "repeated": int((seen * weights).sum())}
        return {"rule": self.rule, "languages": found}

    def _rows(self, task: "Task") -> None:
        (commit,) = task.commits("weights")
        steps = {language: facts["steps"] for language, facts in commit.result["languages"].items()}
        for batch in task.read(task.part):
            task.settle(batch, Outcome(with_column(batch, "repeats", self._repeats(batch, steps))))

    def _repeats(self, batch: pa.Table, steps: dict[str, list]) -> pa.Array:
        repeats = batch["repeats"].to_numpy().astype(np.int64)
        once = pc.or_(pc.not_equal(batch["split"], "train"), _is_low(self, batch)).to_numpy()
        languages = np.array([language or "" for language in batch["language"].to_pylist()])
        copies = batch["duplicates"].to_numpy()
        for language in set(languages.tolist()):
            mine = ~once & (languages == language)
            raised = repeats[mine] * _weight(steps.get(language, [(1, 1)]), copies[mine])
            repeats[mine] = np.maximum(repeats[mine], np.minimum(raised, self.cap))
        return pa.array(repeats, pa.int32())


def _is_low(stage: Upsample, rows: pa.Table) -> pa.ChunkedArray:
    return pc.fill_null(pc.less(rows["value"], stage.least_value), False)


def _summed(rows: pa.Table) -> pa.Table:
    keys = ["language", "copies", "value"]
    sums = rows.group_by(keys, use_threads=False).aggregate([("seen", "sum"), ("records", "sum")])
    return sums.rename_columns([*keys, "seen", "records"]).sort_by([(key, "ascending") for key in keys])


def _sizes(counts: list[dict]) -> Sizes:
    """Rated records by copies."""
    rated = [row for row in counts if row["value"] != "unrated"]
    sizes = np.array(sorted({row["copies"] for row in rated}), np.int64)
    records, low = np.zeros(len(sizes), np.int64), np.zeros(len(sizes), np.int64)
    for row in rated:
        at = int(np.searchsorted(sizes, row["copies"]))
        records[at] += row["records"]
        low[at] += row["records"] * (row["value"] == "low")
    return Sizes(sizes, records, low)


def _rates(counted: Sizes) -> tuple[np.ndarray, np.ndarray, float]:
    """Sizes, the last of which stands for all larger ones, their shares of low value, and the share among all."""
    sizes, records, low = counted
    if not records.sum():
        return sizes[:0], np.zeros(0), 0.0
    few = np.flatnonzero(records < LEAST)
    tail = few[0] if len(few) else len(sizes) - 1
    starts = np.arange(tail + 1)
    return sizes[starts], np.add.reduceat(low, starts) / np.add.reduceat(records, starts), low.sum() / records.sum()


def _weight(steps: list, copies) -> np.ndarray:
    """The weight of each number of copies: of the last step that it reaches, 1 before the first."""
    bounds, weights = np.array([step[0] for step in steps]), np.array([1, *(step[1] for step in steps)])
    return weights[np.searchsorted(bounds, copies, side="right")]
