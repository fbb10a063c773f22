"""Counts kept beside every version, small enough that reports never read the text again."""

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from datagen.ledger import Settled

BY = (
    "source",
    "language",
    "department",
    "content_type",
    "value",
    "license",
    "access",
    "phi_status",
    "split",
    "synthetic",
    "curriculum",
    "repeats",
)
MEASURES = ("rows", "tokens", "duplicates")
CUBE = pa.schema(
    [pa.field(n, pa.string()) for n in BY if n not in ("value", "synthetic", "repeats")]
    + [pa.field("value", pa.float32()), pa.field("synthetic", pa.bool_()), pa.field("repeats", pa.int32())]
    + [pa.field(n, pa.int64(), False) for n in MEASURES]
)
DECISIONS_BY = ("outcome", "reason", "source", "language", "department")
DECISIONS = pa.schema(
    [pa.field(n, pa.string()) for n in DECISIONS_BY] + [pa.field(n, pa.int64(), False) for n in ("rows", "tokens")]
)
TALLIED = 256


class Tally:
    """Sums over the batches of one shard, however many there are: those of TALLIED batches become one."""

    def __init__(self):
        self._cube: list[pa.Table] = []
        self._decisions: list[pa.Table] = []

    def add(self, settled: "Settled") -> None:
        if len(settled.rows):
            self._cube.append(cube_of(settled.rows))
            if len(self._cube) > TALLIED:
                self._cube = [merge_cubes(self._cube)]
        if len(settled.ledger):
            decisions = decisions_of(settled.decided, settled.ledger["outcome"], settled.ledger["reason"])
            self._decisions.append(decisions)
            if len(self._decisions) > TALLIED:
                self._decisions = [merge_decisions(self._decisions)]

    def add_decisions(self, decisions: pa.Table) -> None:
        self._decisions.append(decisions)

    def tables(self) -> dict[str, pa.Table]:
        if not self._decisions:
            return {}
        return {"cube": merge_cubes(self._cube), "decisions": merge_decisions(self._decisions)}

    def counts(self) -> dict[str, Any]:
        """Rows by outcome, reasons of drops and quarantines, and tokens published."""
        return counts_of(merge_decisions(self._decisions), merge_cubes(self._cube))


def cube_of(rows: pa.Table) -> pa.Table:
    """Rows, tokens and copies of records by everything the report counts by."""
    rows = rows.select([*BY, "tokens", "duplicates"])
    # Values are model scores in later stages: counted by their whole number, as the rubric's points are.
    rows = rows.set_column(rows.schema.get_field_index("value"), "value", pc.floor(rows["value"]))
    return _sum(rows.append_column("rows", _constant(1, len(rows))), BY, MEASURES, CUBE)


def decisions_of(decided: pa.Table, outcome, reason, sign: int = 1) -> pa.Table:
    """Rows and tokens by decision. `outcome` and `reason` are columns, or one value for all; a negative sign takes
    rows out of a count."""
    size = len(decided)

    def column(name: str) -> pa.ChunkedArray:
        return decided[name] if name in decided.column_names else pa.nulls(size, DECISIONS.field(name).type)

    rows = {
        "outcome": _constant(outcome, size) if isinstance(outcome, str) else outcome,
        "reason": _constant(reason, size) if reason is None or isinstance(reason, str) else reason,
        **{name: column(name) for name in DECISIONS_BY[2:]},
        "rows": _constant(sign, size),
        "tokens": pc.multiply(pc.fill_null(column("tokens"), 0), sign),
    }
    return _sum(pa.table(rows), DECISIONS_BY, ("rows", "tokens"), DECISIONS)


def _constant(value: int | str | None, size: int) -> pa.Array:
    return pa.repeat(pa.scalar(value, pa.int64() if isinstance(value, int) else pa.string()), size)


def counts_of(decisions: pa.Table, cube: pa.Table) -> dict[str, Any]:
    counts: dict[str, Any] = {o: 0 for o in ("kept", "dropped", "merged", "split", "quarantined", "derived")}
    reasons: dict[str, dict[str, int]] = {}
    for row in decisions.group_by(["outcome", "reason"]).aggregate([("rows", "sum")]).to_pylist():
        counts[row["outcome"]] += row["rows_sum"]
        if row["reason"] is not None:
            reasons.setdefault(row["outcome"], {})[row["reason"]] = row["rows_sum"]
    inputs = sum(counts[o] for o in ("kept", "dropped", "merged", "split", "quarantined"))
    tokens = pc.sum(cube["tokens"]).as_py() or 0
    ordered = {o: dict(sorted(r.items())) for o, r in sorted(reasons.items())}
    return {
        "inputs": inputs,
        **counts,
        "outputs": counts["kept"] + counts["derived"],
        "tokens": tokens,
        "reasons": ordered,
    }


def merge_cubes(parts: list[pa.Table]) -> pa.Table:
    return _sum(pa.concat_tables(parts), BY, MEASURES, CUBE) if parts else CUBE.empty_table()


def merge_decisions(parts: list[pa.Table]) -> pa.Table:
    return (
        _sum(pa.concat_tables(parts), DECISIONS_BY, ("rows", "tokens"), DECISIONS) if parts else DECISIONS.empty_table()
    )


def _sum(rows: pa.Table, keys: tuple[str, ...], measures: tuple[str, ...], schema: pa.Schema) -> pa.Table:
    summed = rows.group_by(list(keys), use_threads=False).aggregate([(m, "sum") for m in measures])
    summed = summed.rename_columns([*keys, *measures])
    return summed.select(schema.names).cast(schema).sort_by([(k, "ascending") for k in keys])
