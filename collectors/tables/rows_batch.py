"""Rows of Arrow's record batches, of which one value may stand for any number of copies."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from collectors.tables.rows import Row, plain
from datagen.errors import InputError
from datagen.unpack import Budget

BATCH_ROWS = 256
BATCH_BYTES = 32 << 20
ROW_BYTES = 16 << 20
ROW_COST = 256
"""Bytes that a row counts for besides its values: it becomes a record, however little is in it."""
OBJECT_BYTES = 16
"""That an entry of a list counts for besides its value."""


def batch_rows(batch: pa.RecordBatch, budget: Budget) -> Iterator[Row | InputError]:
    """Rows of a batch of up to BATCH_ROWS. One over ROW_BYTES is an InputError(too_large); raises archive_bomb."""
    if _size(batch) <= BATCH_BYTES:
        budget.spend(_size(batch) + ROW_COST * len(batch))
        yield from map(plain, _dense(batch).to_pylist())
        return
    for number in range(len(batch)):
        row = batch.slice(number, 1)
        if _size(row) > ROW_BYTES:
            yield InputError("too_large", "a row")
        else:
            budget.spend(_size(row) + ROW_COST)
            yield from map(plain, _dense(row).to_pylist())


def _size(values: pa.RecordBatch | pa.Array) -> int:
    """Bytes that values take once each has its own copy of what is in a dictionary."""
    if isinstance(values, pa.RecordBatch):
        return sum(map(_size, values.columns))
    kind = values.type
    if pa.types.is_dictionary(kind):
        lengths = pc.binary_length(values.dictionary) if _is_text(kind.value_type) else None
        own = pc.sum(lengths.take(values.indices)).as_py() or 0 if lengths is not None else 0
        return own + 8 * len(values)
    if pa.types.is_struct(kind):
        return sum(map(_size, values.flatten()))
    if pa.types.is_nested(kind):
        inner = values.flatten()
        return _size(inner) + OBJECT_BYTES * len(inner) + 8 * len(values)
    return values.nbytes


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def _dense(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The same values, none in a dictionary: Python gets at those one by one, and slowly."""
    return batch.cast(pa.schema([(field.name, _dense_type(field.type)) for field in batch.schema]))


def _dense_type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        return kind.value_type
    if pa.types.is_struct(kind):
        return pa.struct([(field.name, _dense_type(field.type)) for field in kind])
    if pa.types.is_list(kind):
        return pa.list_(_dense_type(kind.value_type))
    return kind
