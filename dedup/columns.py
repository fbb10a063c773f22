"""Signatures on disk: Arrow IPC files of fixed-width columns, read a column at a time over all files.

A signature lies in columns of 16 values, because the bands of 4 values (see `dedup.bands`) are the rows and columns of
a square of 16: whoever wants some bands reads their column alone, so no table of bands is written, and a signature
costs its own bytes once. Local files are mapped into memory, of remote ones only the wanted column is fetched.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.ipc as ipc

from dedup.bands import whole_keys

if TYPE_CHECKING:
    from datagen.store import Store

BATCH = 1 << 16  # rows of a record batch
VALUES = 16  # of a signature in one column
MOST_OPEN = 256  # files kept open: processes may often have no more than 1,024
CONTENT, KEY = "content", "key"
_DTYPES = {CONTENT: np.uint64, KEY: np.uint64}  # 128 bits as two numbers; else values, uint32


def value_columns(num_perm: int) -> list[str]:
    """Names of the columns that hold the values of a signature."""
    return [f"values_{start:03d}" for start in range(0, num_perm, VALUES)]


def signature_schema(scheme: dict, *before: pa.Field) -> pa.Schema:
    """Columns of a file of signatures (binary of 16 and 64 bytes), the scheme in its metadata."""
    fields = [*before, pa.field(CONTENT, pa.binary(16), False), pa.field(KEY, pa.binary(16), False)]
    fields += [pa.field(name, pa.binary(4 * VALUES), False) for name in value_columns(scheme["num_perm"])]
    return pa.schema(fields, {"scheme": json.dumps(scheme, sort_keys=True)})


def signature_arrays(signatures: np.ndarray, content: np.ndarray) -> list[pa.Array]:
    """The columns of `signature_schema`. signatures: uint32 (documents, num_perm); content: 16 bytes each."""
    values = [signatures[:, start : start + VALUES] for start in range(0, signatures.shape[1], VALUES)]
    return [fixed(np.ascontiguousarray(rows)) for rows in (content, whole_keys(signatures).T, *values)]


def fixed(rows: np.ndarray) -> pa.FixedSizeBinaryArray:
    """Rows of an array as Arrow binaries of fixed size, without a copy."""
    width = rows.nbytes // len(rows) if len(rows) else rows.dtype.itemsize * int(np.prod(rows.shape[1:]))
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(width), len(rows), [None, pa.py_buffer(rows)])


def unfixed(column: pa.Array | pa.ChunkedArray, dtype: type) -> np.ndarray:
    """The array behind binaries of fixed size, (rows, numbers), without a copy where they are one chunk."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    width = column.type.byte_width // np.dtype(dtype).itemsize
    if not len(column):
        return np.empty((0, width), dtype)
    return np.frombuffer(
        column.buffers()[1], dtype, len(column) * width, column.offset * column.type.byte_width
    ).reshape(-1, width)


class Writer:
    """Writes tables as record batches of `BATCH` rows."""

    def __init__(self, sink: BinaryIO, schema: pa.Schema) -> None:
        self._ipc = new_ipc(sink, schema)
        self._waiting: list[pa.Table] = []
        self.rows = self._written = 0

    def write(self, rows: pa.Table) -> None:
        self._waiting.append(rows)
        self.rows += len(rows)
        if self.rows - self._written >= BATCH:
            whole = (self.rows - self._written) // BATCH * BATCH
            waiting = pa.concat_tables(self._waiting)
            self._flush(waiting.slice(0, whole))
            self._waiting = [waiting.slice(whole)]

    def close(self) -> None:
        if self.rows > self._written:
            self._flush(pa.concat_tables(self._waiting))
        self._ipc.close()

    def _flush(self, rows: pa.Table) -> None:
        self._ipc.write_table(rows.combine_chunks(), BATCH)
        self._written += len(rows)


class Columns:
    """The same columns of many files, as if they were one; documents are numbered through.

    files: (path within the store, rows) of each.
    """

    def __init__(self, store: Store, files: list[tuple[str, int]]) -> None:
        self._store = store
        self._paths = [path for path, _ in files]
        self.starts = np.concatenate([[0], np.cumsum([rows for _, rows in files], dtype=np.int64)])
        self._open = lru_cache(MOST_OPEN)(open_ipc)

    def __len__(self) -> int:
        return int(self.starts[-1])

    def chunks(self, name: str, *others: str, begin: int = 0) -> Iterator[tuple]:
        """(first document, (rows, numbers) of each named column), batch by batch from document `begin` on."""
        for number, start in enumerate(self.starts[:-1]):
            for batch, first in enumerate(range(int(start), int(self.starts[number + 1]), BATCH)):
                if first >= begin:
                    yield first, *(self._batch(number, batch, column) for column in (name, *others))

    def take(self, name: str, documents: np.ndarray) -> np.ndarray:
        """Rows of a column for ascending documents: (documents, numbers)."""
        bounds = np.searchsorted(documents, self.starts)
        found = np.empty((len(documents), self._width(name)), _DTYPES.get(name, np.uint32))
        for number in np.flatnonzero(np.diff(bounds)):
            start = int(self.starts[number])
            cuts = np.arange(start, int(self.starts[number + 1]) + BATCH, BATCH)
            edges = np.searchsorted(documents, np.minimum(cuts, self.starts[number + 1]))
            for batch in np.flatnonzero(np.diff(edges)):
                here = slice(edges[batch], edges[batch + 1])
                rows = documents[here] - cuts[batch]
                # any mode but the default writes to `out` without a copy between
                np.take(self._batch(number, batch, name), rows, axis=0, out=found[here], mode="clip")
        return found

    def _width(self, name: str) -> int:
        return 2 if name in _DTYPES else VALUES

    def _batch(self, number: int, batch: int, name: str) -> np.ndarray:
        reader = self._open(self._store, self._paths[number], name)
        return unfixed(reader.get_batch(int(batch)).column(0), _DTYPES.get(name, np.uint32))


def new_ipc(sink: BinaryIO, schema: pa.Schema) -> ipc.RecordBatchFileWriter:
    """A new Arrow IPC file."""
    return ipc.new_file(pa.PythonFile(sink, mode="w"), schema)


def open_ipc(store: Store, path: str, column: str | None = None) -> ipc.RecordBatchFileReader:
    """An Arrow IPC file, or one column of it."""
    source = pa.PythonFile(store.open(path), mode="r") if store.remote else pa.memory_map(str(store.local(path)))
    reader = ipc.open_file(source)
    if column is None:
        return reader
    options = ipc.IpcReadOptions(included_fields=[reader.schema.get_field_index(column)])
    return ipc.open_file(source, options=options)
