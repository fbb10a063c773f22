"""Rows of Parquet files."""

import io
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from collectors.tables.parquet_pages import column_chunks, largest_dictionary
from collectors.tables.rows import Row, is_plain, require
from collectors.tables.rows_batch import BATCH_BYTES, BATCH_ROWS, batch_rows
from datagen.archives import RawFile
from datagen.errors import InputError
from datagen.extensions import footer_has_extension, parquet_footer
from datagen.unpack import Budget

BUFFER_BYTES = 1 << 20


def parquet_rows(file: RawFile, columns: set[str]) -> Iterator[Row | InputError]:
    """Columns of plain types, row group by row group, page by page. A row over ROW_BYTES is too_large.

    An entry of a dictionary can stand for any number of copies: where it is long few rows are read at a time, and where
    there are lists of them, it stays in the dictionary until their size is known. Raises NoColumn, InputError:
    bad_parquet, parquet_type, parquet_limits, archive_bomb.
    """
    stream = file.stream if file.stream.seekable() else io.BytesIO(file.data)
    budget = Budget(stream.seek(0, io.SEEK_END))
    footer = parquet_footer(stream)
    if footer_has_extension(footer):
        raise InputError("parquet_type", "extension type")
    groups = column_chunks(footer)
    try:
        facts = pq.ParquetFile(pa.PythonFile(stream, mode="r"))
        needed = require(columns, facts.schema_arrow.names)
        for field in facts.schema_arrow:
            if field.name in needed and not is_plain(field.type):
                raise InputError("parquet_type", str(field.type)[:40])
        leaves = [facts.schema.column(number) for number in range(len(facts.schema))]
        chosen = [number for number, leaf in enumerate(leaves) if leaf.path.split(".")[0] in needed]
        has_lists = any(leaves[number].max_repetition_level for number in chosen)
        texts = [leaves[number].path for number in chosen if leaves[number].physical_type == "BYTE_ARRAY"]
        source, coded = pa.PythonFile(stream, mode="r"), texts if has_lists else None
        table = pq.ParquetFile(source, read_dictionary=coded, pre_buffer=False, buffer_size=BUFFER_BYTES)
        for group, chunks in enumerate(groups):
            largest = max((largest_dictionary(stream, chunks[number]) for number in chosen), default=0)
            rows = BATCH_ROWS if has_lists else min(BATCH_ROWS, BATCH_BYTES // max(1, largest) + 1)
            for batch in table.iter_batches(rows, [group], sorted(needed), use_threads=False):
                yield from batch_rows(batch, budget)
    except (pa.ArrowException, OSError, ValueError, OverflowError, KeyError, IndexError) as error:
        raise InputError("bad_parquet", type(error).__name__) from None
