"""Decisions: for every input id exactly one outcome, and sums that add up to the row.

inputs = kept + dropped + merged + split + quarantined; outputs = kept + derived.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from datagen.record import SCHEMA, conform, extended, record_id, refresh
from datagen.stage import Outcome

if TYPE_CHECKING:
    from datagen.task import Job

OUTCOMES = ("kept", "dropped", "merged", "split", "quarantined", "derived")

LEDGER = pa.schema(
    [
        pa.field("id", pa.string(), False),
        pa.field("outcome", pa.string(), False),
        pa.field("reason", pa.string()),
        pa.field("into", pa.string()),
        pa.field("position", pa.string()),
    ]
)
QUARANTINE = pa.schema(
    [
        pa.field("id", pa.string(), False),
        pa.field("reason", pa.string(), False),
        pa.field("position", pa.string()),
    ]
)
REASON = pa.field("drop_reason", pa.string())


@dataclass(frozen=True)
class Settled:
    """A batch with every decision made.

    `decided` holds, row for row with `ledger`, the columns that the report counts by (null for what was never a row).
    """

    rows: pa.Table
    ledger: pa.Table
    quarantine: pa.Table
    dropped: pa.Table
    decided: pa.Table

    @staticmethod
    def of_ledger(entries: list[dict], rows: pa.Table) -> "Settled":
        """Decisions about `rows` of which none is kept."""
        ledger = pa.Table.from_pylist(entries, LEDGER)
        none = rows.slice(0, 0)
        return Settled(none, ledger, _quarantine(ledger), none, decided_columns(rows))


DECIDED = ("source", "language", "department", "tokens")


def decided_columns(rows: pa.Table) -> pa.Table:
    return rows.select([name for name in DECIDED if name in rows.column_names])


def settle(job: "Job", batch: pa.Table | None, outcome: Outcome) -> Settled:
    """Check an outcome against its batch (None: a source's, whose own rows are its inputs) and make the ledger.

    Raises ValueError where ids are unaccounted for, decided twice, unknown, or repeated among the outputs.
    """
    rows = outcome.rows
    if "text" in job.stage.writes and batch is not None:
        rows = refresh(rows)
    inputs = rows if batch is None else batch
    fates = _fates(outcome, source=batch is None)
    if not fates and batch is not None and rows["id"].equals(batch["id"]):
        ledger, none = _ledger_of(rows["id"], "kept"), rows.slice(0, 0)
        return Settled(conform(rows, job.schema), ledger, _quarantine(ledger), none, decided_columns(batch))

    gone = pa.array([i for i, fate in fates.items() if fate["position"] is None], pa.string())
    is_gone = pc.is_in(inputs["id"], value_set=gone)
    out = rows.filter(pc.invert(pc.is_in(rows["id"], value_set=gone)))
    is_kept = pc.is_in(out["id"], value_set=_chunk(inputs["id"]))
    kept, derived = out["id"].filter(is_kept), out.filter(pc.invert(is_kept))
    decided = inputs["id"].filter(is_gone)
    unknown = gone.filter(pc.invert(pc.is_in(gone, value_set=_chunk(inputs["id"]))))
    if len(unknown):
        raise ValueError(f"{len(unknown)} decisions are about ids that were not in the batch, for one {unknown[0]}")
    if len(kept) + len(decided) != len(inputs):
        raise ValueError(
            f"{len(inputs)} inputs, but {len(kept)} kept and {len(decided)} otherwise decided: "
            "every input id needs exactly one outcome"
        )
    if batch is not None and pc.count_distinct(out["id"]).as_py() != len(out):
        raise ValueError("an id is published twice")

    ids = [*decided.to_pylist(), *(p for p, fate in fates.items() if fate["position"] is not None)]
    entries = [{"id": record_id(job.name, i) if fates[i]["position"] else i, **fates[i]} for i in ids]
    verdicts = pa.Table.from_pylist(entries, LEDGER)
    ledger = pa.concat_tables(
        [_ledger_of(kept, "kept", outcome.positions), verdicts, _ledger_of(derived["id"], "derived")]
    )
    dropped = _dropped(inputs, fates) if job.stage.keep_dropped else rows.slice(0, 0)
    return Settled(conform(out, job.schema), ledger, _quarantine(ledger), dropped, _decided(ledger, inputs, derived))


def _fates(outcome: Outcome, source: bool) -> dict[str, dict]:
    fates: dict[str, dict] = {}

    def decide(ids: Iterable[str], verdict: str, reasons=None, into=None, position=False):
        for i in ids:
            if i in fates:
                raise ValueError(f"id {i} is decided twice ({fates[i]['outcome']} and {verdict})")
            fates[i] = {
                "outcome": verdict,
                "reason": reasons[i] if reasons is not None else None,
                "into": into[i] if into is not None else None,
                "position": i if position else None,
            }

    decide(outcome.dropped, "dropped", reasons=outcome.dropped)
    decide(outcome.merged, "merged", into=outcome.merged)
    decide(outcome.split, "split")
    decide(outcome.quarantined, "quarantined", reasons=outcome.quarantined, position=source)
    return fates


def _decided(ledger: pa.Table, inputs: pa.Table, derived: pa.Table) -> pa.Table:
    """Counted columns row for row with the ledger: from the input where there was one, else from the derived row."""
    known = [decided_columns(rows).append_column("id", rows["id"]) for rows in (inputs, derived)]
    both = pa.concat_tables(known, promote_options="default")
    return decided_columns(both.take(_chunk(pc.index_in(ledger["id"], value_set=_chunk(both["id"])))))


def _ledger_of(ids: pa.ChunkedArray, outcome: str, positions: Mapping[str, str] | None = None) -> pa.Table:
    nothing = pa.nulls(len(ids), pa.string())
    places = pa.array([positions.get(i) for i in ids.to_pylist()], pa.string()) if positions else nothing
    verdict = pa.repeat(pa.scalar(outcome, pa.string()), len(ids))
    return pa.table([_chunk(ids), verdict, nothing, nothing, places], schema=LEDGER)


def _dropped(inputs: pa.Table, fates: dict[str, dict]) -> pa.Table:
    reasons = [
        fates[i]["reason"] if i in fates and fates[i]["outcome"] == "dropped" else None
        for i in inputs["id"].to_pylist()
    ]
    rows = inputs.append_column(REASON, pa.array(reasons, pa.string()))
    schema = extended([*(f for f in inputs.schema if f.name not in SCHEMA.names), REASON])
    return conform(rows.filter(pc.is_valid(rows[REASON.name])), schema)


def _quarantine(ledger: pa.Table) -> pa.Table:
    return ledger.filter(pc.equal(ledger["outcome"], "quarantined")).select(QUARANTINE.names).cast(QUARANTINE)


def _chunk(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
