"""Samples: a few records to read, of open sources alone. Nothing else in a report reads text."""

import hashlib
from collections.abc import Iterator

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from datagen.licence import allowed
from datagen.reports.facts import TIERS, Facts, shown
from datagen.store import Store

PER_CELL = 2
"""Of each department and language."""
GROUPS = 8
"""Row groups looked into, spread evenly over the files."""
GROUP_BYTES = 16 << 20
"""Row groups with more text than this are passed over."""
CHARACTERS = {"zh": 160}
"""Shown of a text by language; of others 360."""
SCREENED = ("clean", "exempt")
COLUMNS = ["id", "department", "language", "value", "source", "license", "access", "phi_status", "text"]
SAMPLES = ["department", "language", "tier", "source", "license", "id", "text"]


def draw(facts: Facts) -> pd.DataFrame:
    """At most two records per department and language, the same ones every time, as a DataFrame of `SAMPLES`.

    Only records whose source is open, no patient-level one, and found free of identifiers, and whose licence lets them
    be shown to others. In a run the stage that read them must still be known.
    """
    chosen: dict[tuple[str, str], list[dict]] = {}
    for rows in _looked_into(facts):
        for row in rows.filter(_may_be_shown(facts, rows)).to_pylist():
            row["rank"] = hashlib.blake2b(row["id"].encode(), digest_size=8).hexdigest()
            cell = chosen.setdefault((row["department"] or "", row["language"] or ""), [])
            cell.append(row)
            cell.sort(key=lambda r: r["rank"])
            del cell[PER_CELL:]
    lines = [_line(row) for _, cell in sorted(chosen.items()) for row in cell]
    return pd.DataFrame(lines, columns=SAMPLES)


def _looked_into(facts: Facts) -> Iterator[pa.Table]:
    store = Store(facts.where) if facts.stage else None
    found = []
    for path in facts.files:
        file = store.parquet(path) if store else pq.ParquetFile(path)
        if set(COLUMNS) <= set(file.schema_arrow.names):
            found += [(file, group) for group in range(file.num_row_groups) if _bytes(file, group) <= GROUP_BYTES]
    step = max(1, -(-len(found) // GROUPS))
    for file, group in found[::step]:
        yield file.read_row_group(group, columns=COLUMNS)


def _may_be_shown(facts: Facts, rows: pa.Table) -> pa.ChunkedArray:
    licenses = pc.unique(rows["license"]).to_pylist()
    free = pa.array([license for license in licenses if license and "redistribute" in allowed(license)], pa.string())
    may = pc.and_(pc.equal(rows["access"], "open"), pc.is_in(rows["phi_status"], pa.array(SCREENED)))
    may = pc.and_(may, pc.is_in(rows["license"], free))
    if facts.stages:
        may = pc.and_(may, pc.is_in(rows["source"], pa.array(sorted(_open_sources(facts)), pa.string())))
    return pc.fill_null(may, False)


def _open_sources(facts: Facts) -> set[str]:
    versions = [stage.version for stage in facts.stages.values() if not stage.version.needs]
    return {version.stage for version in versions if not version.options.get("patient_level")}


def _line(row: dict) -> dict:
    text = shown(" ".join(row["text"].split()), CHARACTERS.get(row["language"], 360))
    tier = TIERS[min(5, max(0, int(row["value"])))] if row["value"] is not None else ""
    labels = {name: shown(row[name]) for name in ("department", "language", "source", "license", "id")}
    return {**labels, "tier": tier, "text": text}


def _bytes(file: pq.ParquetFile, group: int) -> int:
    """Of the row group's text, uncompressed."""
    columns = (file.metadata.row_group(group).column(c) for c in range(file.metadata.num_columns))
    return next(c.total_uncompressed_size for c in columns if c.path_in_schema == "text")
