"""Rows of R data files."""

import io
import warnings
from collections.abc import Iterator

import pyarrow as pa

from collectors.tables.rows import Row, is_plain, plain, require
from datagen.archives import RawFile, unpacked
from datagen.errors import InputError

BATCH = 256
_COMPRESSED = {b"\x1f\x8b": ".gz", b"BZh": ".bz2", b"\xfd7zXZ": ".xz"}
_MARKS = (b"RDX2\n", b"RDX3\n", b"X\n")


def rda(file: RawFile, columns: set[str]) -> Iterator[Row]:
    """The first data frame in an R data file (`.rda`, `.RData`, `.rds`), factors as their labels.

    Raises NoColumn, InputError: bad_rda, no_table.
    """
    table = _table(file)
    needed = sorted(require(columns, table.column_names))
    if odd := next((name for name in needed if not is_plain(table.schema.field(name).type)), None):
        raise InputError("bad_rda", f"column {table.column_names.index(odd)} is not plain")
    for batch in table.select(needed).to_batches(BATCH):
        yield from map(plain, batch.to_pylist())


def _table(file: RawFile) -> pa.Table:
    import pandas as pd
    import rdata

    data = file.data
    for mark, suffix in _COMPRESSED.items():  # R compresses inside, whatever the file is called
        if data.startswith(mark):
            data = unpacked(file.position, f"data{suffix}", io.BytesIO(data), len(data)).data
    if not data.startswith(_MARKS):
        raise InputError("bad_rda", "not R's binary serialisation")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of R types without a counterpart
            found = rdata.conversion.convert(rdata.parser.parse_data(data))
        frames = found.values() if isinstance(found, dict) else [found]
        frame = next((value for value in frames if isinstance(value, pd.DataFrame)), None)
        table = None if frame is None else pa.Table.from_pandas(frame, preserve_index=False)
    except Exception as error:  # the parser raises whatever a malformed file makes it stumble over
        raise InputError("bad_rda", type(error).__name__) from None
    if table is None:
        raise InputError("no_table")
    return table
