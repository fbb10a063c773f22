"""Rows of Arrow IPC files, such as the data sets that Hugging Face `datasets` saves to disk.

The layout is that of https://arrow.apache.org/docs/format/Columnar.html; messages are described by FlatBuffers
(https://flatbuffers.dev/internals), of which only the sizes of compressed buffers are read here.
"""

import struct
from collections.abc import Iterator

import pyarrow as pa

from collectors.tables.rows import Row, is_plain, require
from collectors.tables.rows_batch import BATCH_ROWS, batch_rows
from datagen.archives import RawFile
from datagen.errors import InputError
from datagen.extensions import schema_has_extension
from datagen.unpack import Budget

FILE_MARK = b"ARROW1\0\0"
MAX_BATCH_BYTES = 128 << 20
"""Of a batch, and of all dictionaries together, unpacked."""


def arrow(file: RawFile, columns: set[str]) -> Iterator[Row | InputError]:
    """Columns of plain types of a stream, or of a file with a footer. A row over 16 MB is too_large. Raises NoColumn,
    InputError: bad_arrow, arrow_limits, archive_bomb, parquet_type (a type that isn't plain)."""
    budget = Budget(len(file.data))
    data = pa.py_buffer(file.data)
    if file.data.startswith(
        FILE_MARK
    ):  # a stream with a footer around it; what that points to need not be in the stream
        data = data.slice(len(FILE_MARK))
    try:
        _check(data)
        reader = pa.ipc.open_stream(data)
        needed = sorted(require(columns, reader.schema.names))
        for field in reader.schema:
            if field.name in needed and not is_plain(field.type):
                raise InputError("parquet_type", str(field.type)[:40])
        for batch in reader:
            rows = batch.select(needed)
            rows.validate(full=True)  # offsets that lead out of their buffers would be read as they are
            for start in range(0, len(rows), BATCH_ROWS):
                yield from batch_rows(rows.slice(start, BATCH_ROWS), budget)
    except (pa.ArrowException, OSError, ValueError, OverflowError, KeyError, struct.error) as error:
        raise InputError("bad_arrow", type(error).__name__) from None


def _check(data: pa.Buffer) -> None:
    """Look at the messages before Arrow unpacks them. Raises InputError: parquet_type, arrow_limits."""
    dictionaries = 0
    for message in pa.ipc.MessageReader.open_stream(data):
        if message.type == "schema":
            if schema_has_extension(message.metadata.to_pybytes()):
                raise InputError("parquet_type", "extension type")
            continue
        size = _unpacked_size(message)
        dictionaries += size if message.type == "dictionary" else 0
        if max(size, dictionaries) > MAX_BATCH_BYTES:
            raise InputError("arrow_limits", f"a batch of {size} bytes")


def _unpacked_size(message: pa.ipc.Message) -> int:
    """Bytes of a batch once its buffers are unpacked. Raises struct.error for what is no message."""
    found, body = message.metadata.to_pybytes(), memoryview(message.body or b"")
    batch = _field(found, struct.unpack_from("<I", found)[0], 2)
    if batch and message.type == "dictionary":
        batch = _field(found, batch, 1)
    buffers = batch and _field(found, batch, 2)
    if not buffers or not _field(found, batch, 3):
        return len(body)
    (count,) = struct.unpack_from("<I", found, buffers)
    size = 0
    for offset, length in struct.iter_unpack("<qq", found[buffers + 4 : buffers + 4 + 16 * count]):
        unpacked = struct.unpack_from("<q", body, offset)[0] if length else 0
        size += length if unpacked == -1 else max(0, unpacked)
    return size


def _field(data: bytes, table: int, number: int) -> int:
    """Where what a FlatBuffers table's field refers to begins; 0 where it has none."""
    layout = table - struct.unpack_from("<i", data, table)[0]
    place = 4 + 2 * number
    if place >= struct.unpack_from("<H", data, layout)[0]:
        return 0
    (offset,) = struct.unpack_from("<H", data, layout + place)
    return table + offset + struct.unpack_from("<I", data, table + offset)[0] if offset else 0
