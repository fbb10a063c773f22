"""The work list: what a corpus lacks of its targets, and how collecting or synthesis can read it."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

KIND = "work_list"
"""What a stage that makes one publishes."""
DIMENSIONS = ("department", "language", "content_type", "curriculum")
WORK_LIST = pa.schema(
    [
        pa.field("department", pa.string(), False),
        *(pa.field(name, pa.string()) for name in DIMENSIONS[1:]),
        *(pa.field(name, pa.int64(), False) for name in ("rows", "tokens", "reach", "wanted", "short")),
    ]
)
"""One line per cell that repeats can't fill, the widest shortage first. A null label stands for any.

`rows` and `tokens` are what training sees of the cell now, `reach` what it would with every row at the cap, `wanted`
its target, `short` (wanted - reach) the training tokens to collect or write; all tokens by the run's counter.
"""


def read_work_list(folder: Path) -> list[dict]:
    """The lines of a work list, as dicts of `WORK_LIST`, in order. `folder` is the artefact's."""
    return pq.read_table(folder / KIND, schema=WORK_LIST).to_pylist()
