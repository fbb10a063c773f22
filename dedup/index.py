"""What later records are compared with, and how it is looked up.

An index is made of segments, one for each time that it was made or extended. A segment holds files of signatures
(`dedup.columns`, with the `id` of each record) and, for every band, tables of its keys in ascending order with the row
that each stands for. New records are looked up by merging their sorted keys with these tables: nothing of the old text
is read or signed again. Only equal texts are sought in the keys of all records, old and new, 32 bytes of each.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from datagen.errors import UsageError
from dedup.columns import open_ipc, unfixed, value_columns

if TYPE_CHECKING:
    from datagen.store import Store

LIST = "index.json"
TABLE = pa.schema([pa.field("key", pa.uint64(), False), pa.field("row", pa.uint32(), False)])


class Index:
    """A published index, in a folder of a store."""

    def __init__(self, store: Store, folder: str) -> None:
        self._store, self._folder = store, folder
        listed = json.loads(store.read(self._path(LIST)))
        self.scheme: dict[str, Any] = listed["scheme"]
        self.segments: list[dict[str, Any]] = listed["segments"]
        """Of each segment its `files` ([path, rows]) and `tables` (column -> band -> paths)."""

    def __len__(self) -> int:
        return sum(rows for _, rows in self.files)

    @property
    def files(self) -> list[tuple[str, int]]:
        """(path within the store, rows) of each file of signatures; records are numbered in this order."""
        return [(self._path(path), rows) for segment in self.segments for path, rows in segment["files"]]

    def paths(self) -> list[str]:
        """Every file of the index but the list of them, within its folder."""
        found = []
        for segment in self.segments:
            found += [path for path, _ in segment["files"]]
            found += [path for bands in segment["tables"].values() for paths in bands for path in paths]
        return found

    def check(self, scheme: dict[str, Any], rows: int) -> None:
        """Raises UsageError where signatures of this scheme and bands of so many values don't compare with these."""
        ours = {"rows": rows, **scheme}
        differing = sorted(name for name in {*ours, *self.scheme} if ours.get(name) != self.scheme.get(name))
        if differing:
            listing = ", ".join(f"{name} {self.scheme.get(name)} (here {ours.get(name)})" for name in differing)
            raise UsageError(f"the index was made with {listing}", "use the same options, or make the index anew")

    def ids(self, file: int, rows: np.ndarray) -> pa.Array:
        """Ids (16 bytes each) of ascending rows of a file."""
        ids = open_ipc(self._store, self.files[file][0], "id").read_all()["id"]
        return ids.take(pa.array(rows)).combine_chunks()

    def batches(self) -> Iterator[tuple[list[str], np.ndarray]]:
        """(ids in hex, signatures: uint32 (records, num_perm)), for other tools: a signature is what
        `datasketch.MinHash(hashvalues=...)` takes."""
        for path, _ in self.files:
            for batch in _batches(open_ipc(self._store, path)):
                columns = [unfixed(batch[name], np.uint32) for name in value_columns(self.scheme["num_perm"])]
                yield [value.hex() for value in batch["id"].to_pylist()], np.hstack(columns)

    def matching(self, column: str, band: int, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(keys, documents) of the records whose key of a band is among these keys (uint64, ascending)."""
        found, documents, start = [np.empty(0, np.uint64)], [np.empty(0, np.int64)], 0
        for segment in self.segments:
            for path in segment["tables"][column][band]:
                for batch in _batches(open_ipc(self._store, self._path(path))):
                    table = batch["key"].to_numpy()
                    wanted = keys[np.searchsorted(keys, table[0]) : np.searchsorted(keys, table[-1], "right")]
                    first, last = np.searchsorted(table, wanted), np.searchsorted(table, wanted, "right")
                    hits = last - first
                    place = np.repeat(first - (np.cumsum(hits) - hits), hits) + np.arange(hits.sum())
                    found.append(table[place])
                    documents.append(start + batch["row"].to_numpy()[place])
            start += sum(rows for _, rows in segment["files"])
        return np.concatenate(found), np.concatenate(documents)

    def _path(self, path: str) -> str:
        return f"{self._folder}/{path}" if self._folder else path


def _batches(reader: pa.ipc.RecordBatchFileReader) -> Iterator[pa.RecordBatch]:
    for number in range(reader.num_record_batches):
        yield reader.get_batch(number)
