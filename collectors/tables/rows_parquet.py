"""Rows of Parquet files."""

import io
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from collectors.tables.parquet_pages import largest_dictionary
from collectors.tables.rows import Row, is_plain, plain, require
from datagen.archives import RawFile
from datagen.errors import InputError
from datagen.unpack import Budget

BATCH_ROWS = 256
BATCH_BYTES = 32 << 20
ROW_BYTES = 16 << 20
ROW_COST = 128
"""Bytes that a row counts for besides its values: it becomes a record, however little is in it."""
BUFFER_BYTES = 1 << 20


def parquet_rows(file: RawFile, columns: set[str]) -> Iterator[Row | InputError]:
    """Columns of plain types, row group by row group, page by page. A row over ROW_BYTES is too_large.

    An entry of a dictionary can stand for any number of copies: where it is long few rows are read at a time, and where
    there are lists of them, it stays in the dictionary until their size is known. Raises NoColumn, InputError:
    bad_parquet, parquet_type, parquet_limits, archive_bomb.
    """
    stream = file.stream if file.stream.seekable() else io.BytesIO(file.data)
    budget = Budget(stream.seek(0, io.SEEK_END))
    try:
        facts = pq.ParquetFile(pa.PythonFile(stream, mode="r"))
        needed = require(columns, facts.schema_arrow.names)
        for field in facts.schema_arrow:
            if isinstance(field.type, pa.BaseExtensionType) or (field.name in needed and not is_plain(field.type)):
                raise InputError("parquet_type", str(field.type)[:40])
        leaves = [facts.schema.column(number) for number in range(len(facts.schema))]
        chosen = [number for number, leaf in enumerate(leaves) if leaf.path.split(".")[0] in needed]
        has_lists = any(leaves[number].max_repetition_level for number in chosen)
        texts = [leaves[number].path for number in chosen if leaves[number].physical_type == "BYTE_ARRAY"]
        source, coded = pa.PythonFile(stream, mode="r"), texts if has_lists else None
        table = pq.ParquetFile(source, read_dictionary=coded, pre_buffer=False, buffer_size=BUFFER_BYTES)
        for group in range(table.num_row_groups):
            chunks = [table.metadata.row_group(group).column(number) for number in chosen]
            largest = max((largest_dictionary(stream, chunk) for chunk in chunks), default=0)
            rows = BATCH_ROWS if has_lists else min(BATCH_ROWS, BATCH_BYTES // max(1, largest) + 1)
            for batch in table.iter_batches(rows, [group], sorted(needed), use_threads=False):
                yield from _rows(batch, budget)
    except (pa.ArrowException, OSError, ValueError, OverflowError, KeyError) as error:
        raise InputError("bad_parquet", type(error).__name__) from None


def _rows(batch: pa.RecordBatch, budget: Budget) -> Iterator[Row | InputError]:
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
        return _size(values.flatten()) + 8 * len(values)
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
