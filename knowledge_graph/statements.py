"""What edges say, in columns: numbers as arrays, words as small codes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from datagen.errors import UsageError
from knowledge_graph.csr import in_order, parse_keys, sort_by
from knowledge_graph.schema import EDGES

WORDS = ("relation", "tier", "license", "origin", "onset", "sex")
"""Columns of few values."""
ENDS = ("subject", "object")
BLOCK = 64
"""Edges after which the number of references before them is kept."""
UNKNOWN = -1
"""Code of a null."""
DETAILS = ("polarity", "frequency", "n", "evidence", "tier", "license", "origin", "key", "onset", "sex")


@dataclass(frozen=True)
class Statements:
    """Edges sorted by subject and object.

    Arrays over E edges: `subject`, `object` int32; `polarity` int8; `frequency` float32 (NaN: unknown); `n` (0:
    unknown); `key` uint64; `codes[name]` int8 or int16 index `words[name]` (-1: null; empty where all are null). The
    `cites[i]` references of edge i are numbered in `evidence`, one edge after the other: those of edge 64 k begin at
    `cites_before[k]` (int64). `n`, `cites` and `evidence` have as few bytes as they need.
    """

    subject: np.ndarray
    object: np.ndarray
    polarity: np.ndarray
    frequency: np.ndarray
    n: np.ndarray
    key: np.ndarray
    codes: dict[str, np.ndarray]
    words: dict[str, tuple[str, ...]]
    evidence: np.ndarray
    cites: np.ndarray
    cites_before: np.ndarray
    references: pa.StringArray

    @property
    def relation(self) -> np.ndarray:
        return self.codes["relation"]

    @staticmethod
    def of(edges: pa.Table | Iterable[pa.RecordBatch], ids: pa.StringArray) -> "Statements":
        """Raises UsageError for another schema, or ends that are not among `ids`."""
        columns: dict[str, list[np.ndarray]] = {name: [] for name in (*ENDS, *DETAILS, *WORDS, "cites")}
        vocabulary: dict[str, dict[str, int]] = {name: {} for name in WORDS}
        references: list[pa.Array] = []
        known = 0
        missing = 0
        for batch in edges.to_batches() if isinstance(edges, pa.Table) else edges:
            rows = _checked(batch)
            for name in ENDS:
                codes, words = _dictionary(rows[name])
                places = pc.index_in(words, value_set=ids)
                missing += _count(codes, places)
                columns[name].append(_taken(codes, places.fill_null(0).to_numpy(zero_copy_only=False), np.int32))
            for name in WORDS:
                codes, words = _dictionary(rows[name])
                mine = vocabulary[name]
                places = np.array([mine.setdefault(w, len(mine)) for w in words.to_pylist()], np.int16)
                columns[name].append(_taken(codes, places, np.int16))
            columns["polarity"].append(rows["polarity"].to_numpy())
            columns["frequency"].append(rows["frequency"].to_numpy(zero_copy_only=False).astype(np.float32, copy=False))
            columns["n"].append(rows["n"].fill_null(0).to_numpy().astype(np.int32, copy=False))
            columns["key"].append(_keys(rows["key"]))
            cited = rows["evidence"].flatten()
            codes, words = _dictionary(cited)
            columns["evidence"].append(codes + np.int32(known))
            columns["cites"].append(pc.list_value_length(rows["evidence"]).to_numpy().astype(np.int32))
            references.append(words)
            known += len(words)
        if missing:
            raise UsageError(f"{missing} ends of edges are not among the nodes", "build the graph again")
        return _assembled(columns, vocabulary, references, len(ids))

    def at(self, row: int) -> tuple[Any, ...]:
        """What an edge says besides its ends and relation, in the order of DETAILS."""
        n, frequency = int(self.n[row]), float(self.frequency[row])
        block = row // BLOCK
        first = int(self.cites_before[block]) + int(self.cites[block * BLOCK : row].sum())
        cited = [self.references[int(i)].as_py() for i in self.evidence[first : first + int(self.cites[row])]]
        said = {name: self._word(name, row) for name in WORDS}
        return (
            int(self.polarity[row]),
            None if frequency != frequency else frequency,
            n or None,
            tuple(cited),
            said["tier"],
            said["license"],
            said["origin"],
            self.key_at(row),
            said["onset"],
            said["sex"],
        )

    def key_at(self, row: int) -> str:
        return f"{int(self.key[row]):016x}"

    def _word(self, name: str, row: int) -> str | None:
        if not self.words[name] or (code := self.codes[name][row]) == UNKNOWN:
            return None
        return self.words[name][code]

    def table(self, ids: pa.StringArray) -> pa.Table:
        """All edges as a table of the schema EDGES."""
        ends = np.concatenate([[0], np.cumsum(self.cites, dtype=np.int32)])
        lists = pa.ListArray.from_arrays(pa.array(ends, pa.int32()), self.references.take(pa.array(self.evidence)))
        columns = {
            "subject": ids.take(pa.array(self.subject)),
            "object": ids.take(pa.array(self.object)),
            "polarity": pa.array(self.polarity),
            "frequency": pa.array(self.frequency, from_pandas=True),
            "n": pa.array(self.n.astype(np.int32), mask=self.n == 0),
            "evidence": lists.cast(EDGES.field("evidence").type),
            "key": pa.array(map(self.key_at, range(len(self.key))), pa.string()),
        }
        for name in WORDS:
            if self.words[name]:
                codes = pa.array(self.codes[name].astype(np.int32), mask=self.codes[name] == UNKNOWN)
                columns[name] = pa.array(self.words[name], pa.string()).take(codes)
            else:
                columns[name] = pa.nulls(len(self.key), pa.string())
        return pa.table([columns[name] for name in EDGES.names], schema=EDGES)


def read_batches(files: Sequence[Path]) -> Iterator[pa.RecordBatch]:
    """Edges of Parquet files, words as dictionaries."""
    for path in files:
        file = pq.ParquetFile(path, read_dictionary=[*ENDS, *WORDS, "evidence.list.element"])
        for group in range(file.num_row_groups):
            yield from file.read_row_group(group).combine_chunks().to_batches()


def sorted_by(ends: np.ndarray, nodes: int, order: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """(starts int64[nodes + 1], rows int32): rows of `order` (default: all) by their end."""
    rows = np.arange(len(ends), dtype=np.int32) if order is None else order
    starts, found = np.empty(nodes + 1, np.int64), np.empty(len(rows), np.int32)
    sort_by(ends, rows, starts, found)
    return starts, found


def starts_of(ends: np.ndarray, nodes: int) -> np.ndarray:
    """Where each node's rows begin among sorted ends: int64[nodes + 1]."""
    return np.concatenate([[0], np.cumsum(np.bincount(ends, minlength=nodes))]).astype(np.int64)


def _checked(batch: pa.RecordBatch) -> pa.RecordBatch:
    try:
        rows = batch.select(EDGES.names)
        if rows.schema != EDGES:
            plain = {f.name for f in rows.schema if not pa.types.is_dictionary(f.type)}
            arrays = [rows[f.name].cast(f.type) if f.name in plain - {"evidence"} else rows[f.name] for f in EDGES]
            rows = pa.RecordBatch.from_arrays(arrays, names=EDGES.names)
            if not pa.types.is_list(rows["evidence"].type):
                raise ValueError("evidence is no list")
    except (KeyError, ValueError) as error:
        raise UsageError(f"this is not a graph's table: {error}", "build the graph with this version") from None
    return rows


def _dictionary(column: pa.Array) -> tuple[np.ndarray, pa.StringArray]:
    """(codes int32, -1 for null; words)."""
    coded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    return coded.indices.fill_null(UNKNOWN).to_numpy().astype(np.int32, copy=False), coded.dictionary


def _taken(codes: np.ndarray, places: np.ndarray, dtype: type) -> np.ndarray:
    """Places of codes, -1 for null."""
    return np.append(places, UNKNOWN).astype(dtype)[codes]


def _count(codes: np.ndarray, places: pa.Array) -> int:
    """Rows whose word has no place."""
    if not places.null_count:
        return int((codes == UNKNOWN).sum())
    absent = np.append(places.is_null().to_numpy(zero_copy_only=False), True)
    return int(absent[codes].sum())


def _keys(column: pa.StringArray) -> np.ndarray:
    if len(column) and pc.min_max(pc.binary_length(column)).as_py() != {"min": 16, "max": 16}:
        raise UsageError("a key is not 16 hexadecimal digits", "build the graph with this version")
    keys = np.empty(len(column), np.uint64)
    text = column.buffers()[2]
    parse_keys(np.frombuffer(text, np.uint8)[16 * column.offset :] if text else np.empty(0, np.uint8), keys)
    return keys


def _before(counts: np.ndarray) -> np.ndarray:
    """The sum of those before each: int64."""
    return np.cumsum(counts, dtype=np.int64) - counts


def _narrow(values: np.ndarray) -> np.ndarray:
    """Whole numbers in as few bytes as the largest needs."""
    return values.astype(
        np.min_scalar_type(values.max(initial=0)) if values.min(initial=0) >= 0 else np.int32, copy=False
    )


def _assembled(columns: dict, vocabulary: dict, references: list[pa.Array], nodes: int) -> Statements:
    whole = {}
    for name in list(columns):  # one after the other, so that no two columns are held twice
        parts = columns.pop(name)
        whole[name] = np.concatenate(parts) if parts else np.empty(0, np.int32)
    subject, object_ = whole["subject"].astype(np.int32, copy=False), whole["object"].astype(np.int32, copy=False)
    order = None
    if not in_order(subject, object_):
        _, order = sorted_by(object_, nodes)
        _, order = sorted_by(subject, nodes, order)

    def sorted_rows(values: np.ndarray) -> np.ndarray:
        return values if order is None else values[order]

    words, codes = {}, {}
    for name in WORDS:
        known = sorted(vocabulary[name])
        small = np.int8 if len(known) < 128 and name != "relation" else np.int16
        places = np.full(len(known) + 1, UNKNOWN, small)
        for place, word in enumerate(known):
            places[vocabulary[name][word]] = place
        column = whole.pop(name).astype(np.int16, copy=False)
        words[name] = tuple(known)
        codes[name] = sorted_rows(places[column]) if known or name == "relation" else np.empty(0, small)
    evidence, lengths = (
        whole.pop("evidence").astype(np.int32, copy=False),
        whole.pop("cites").astype(np.int32, copy=False),
    )
    if order is not None:
        first, lengths = _before(lengths)[order], lengths[order]
        places = np.repeat(first - _before(lengths), lengths) + np.arange(len(evidence))
        evidence = evidence[places]
    unique = pa.chunked_array(references, pa.string()).combine_chunks().dictionary_encode()
    return Statements(
        subject=sorted_rows(subject),
        object=sorted_rows(object_),
        polarity=sorted_rows(whole["polarity"].astype(np.int8, copy=False)),
        frequency=sorted_rows(whole["frequency"].astype(np.float32, copy=False)),
        n=_narrow(sorted_rows(whole["n"])),
        key=sorted_rows(whole["key"].astype(np.uint64, copy=False)),
        codes=codes,
        words=words,
        evidence=_narrow(unique.indices.to_numpy())[evidence],
        cites=_narrow(lengths),
        cites_before=_before(lengths)[::BLOCK].copy(),
        references=unique.dictionary,
    )
