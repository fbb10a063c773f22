"""Rows of Arrow IPC files, such as the data sets that Hugging Face `datasets` saves to disk."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from collectors.tables.rows import is_plain, plain, require
from datagen.archives import RawFile
from datagen.errors import InputError

FILE_MARK = b"ARROW1\0\0"


def arrow(file: RawFile, columns: set[str]) -> Iterator[dict[str, Any]]:
    """Columns of plain types of a stream, or of a file with a footer. Raises NoColumn, InputError: bad_arrow,
    parquet_type (a type that isn't plain)."""
    data = file.data
    try:
        if data.startswith(FILE_MARK):
            reader = pa.ipc.open_file(pa.BufferReader(data))
            batches = (reader.get_batch(number) for number in range(reader.num_record_batches))
        else:
            reader = pa.ipc.open_stream(pa.BufferReader(data))
            batches = iter(reader)
        needed = sorted(require(columns, reader.schema.names))
        for field in reader.schema:
            if isinstance(field.type, pa.BaseExtensionType) or (field.name in needed and not is_plain(field.type)):
                raise InputError("parquet_type", str(field.type)[:40])
        for batch in batches:
            rows = batch.select(needed)
            rows.validate(full=True)  # offsets that lead out of their buffers would be read as they are
            yield from map(plain, rows.to_pylist())
    except (pa.ArrowException, OSError, ValueError, OverflowError, KeyError) as error:
        raise InputError("bad_arrow", type(error).__name__) from None
