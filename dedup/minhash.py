"""The stage that leaves one of each cluster of near-duplicates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field, model_validator

from datagen.errors import UsageError
from datagen.stage import Artefact, Phase
from dedup.bands import band_places, bucket_edges, checked_bands, least, repeated, whole_keys
from dedup.columns import CONTENT, KEY, VALUES, Columns, value_columns
from dedup.edges import MOST, distinct, pack, read_edges, unpack, write_edges
from dedup.exact import equal_phase
from dedup.index import Index
from dedup.keepers import facts_of_published, least_likeness
from dedup.merging import Merging
from dedup.signatures import EMPTY, scheme
from dedup.signing import write_signatures

if TYPE_CHECKING:
    from datagen.task import Job, Task

BAND_BYTES = 448
"""What a document takes while the buckets of one column's bands are looked through."""
EDGE_BYTES = 256
"""What an edge takes while it is verified."""
EDGES_AT_ONCE = 1 << 18
"""Edges verified together: few enough that their values stay near the processor."""
DOCUMENTS_PER_SHARD = 1 << 20
"""Later ends of the edges that one task verifies, at most."""
CANDIDATE_BYTES = 512
"""What the unverified edges of a document take, where all are of one template."""
COLUMNS_PER_SHARD = 1 << 21
"""Documents times columns of bands that one task looks through at least: small inputs need few tasks."""


class MinHashDedup(Merging):
    """Merges near-duplicates across all inputs: MinHash, banding, every edge verified on the signatures.

    Records with equal normalised text always merge. Of each cluster the best record stays (value, then length, then
    id) with `duplicates` counting all copies; the others are merged into it. A record that is linked to the others but
    unlike the best is kept apart. Records merged with one in the test split are all test, then validation. With
    `index`, records like one that was published before are merged into that, or dropped as `same_id` where it is the
    same record.
    """

    version: ClassVar[str] = "2"

    threshold: float = Field(0.7, gt=0, le=1, description="least estimated Jaccard similarity of two copies")
    shingle: int = Field(5, ge=1, description="tokens per shingle (words; single characters in Chinese)")
    permutations: int = Field(112, ge=16, multiple_of=VALUES, description="length of a signature")
    bands: int | None = Field(
        None,
        ge=1,
        description="permutations / 4 by default; / 2 finds more of what is below 0.5, / 1 all, and costs more",
    )
    index: Annotated[str | None, Artefact("dedup_index")] = Field(
        None, description="the stage that publishes the index of what was published before"
    )

    @model_validator(mode="after")
    def _bands_fit(self) -> MinHashDedup:
        if self._band_rows() not in (1, 2, 4):
            raise ValueError(f"bands={self.bands}: a band must have 1, 2 or 4 of the {self.permutations} values")
        return self

    def _band_rows(self) -> int:
        return self.permutations // checked_bands(self.permutations, self.threshold, self.bands)

    def edges(self) -> tuple[tuple[Phase, ...], tuple[tuple[str, str], ...]]:
        finding = (
            Phase("keys", self._plan_keys, self._sign),
            equal_phase(self, CONTENT, KEY),
            Phase("candidates", self._plan_candidates, self._candidates),
            Phase("verify", lambda job: list(range(self._edge_shards(job))), self._verify),
        )
        return finding, (("equal", CONTENT), ("equal", KEY), ("verify", "edges"))

    def facts(self) -> dict[str, Any]:
        return {"scheme": scheme(self.shingle, self.permutations)}

    def likeness(self) -> int:
        return least_likeness(self.threshold, self.permutations)

    def signatures(self, columns: Columns, documents: np.ndarray) -> np.ndarray:
        return np.hstack([columns.take(name, documents) for name in value_columns(self.permutations)])

    def comparable(self, name: str, keys: np.ndarray) -> np.ndarray:
        """Texts without tokens have equal signatures and nothing in common."""
        if name != KEY:
            return super().comparable(name, keys)
        wordless = whole_keys(np.full((1, self.permutations), EMPTY))[:, 0]
        return (keys[:, 0] != wordless[0]) | (keys[:, 1] != wordless[1])

    def published(self, job: Job) -> list[tuple[str, int]]:
        index = self._index(job)
        return index.files if index else []

    def published_facts(self, job: Job, file: int, rows: np.ndarray) -> pa.Table:
        return facts_of_published(self._index(job).ids(file, rows))

    def _index(self, job: Job) -> Index | None:
        return Index(job.store, job.artefacts["index"]) if self.index else None

    def _plan_keys(self, job: Job) -> list[int]:
        if index := self._index(job):
            index.check(scheme(self.shingle, self.permutations), self._band_rows())
        return job.part_keys()

    def _sign(self, task: Task) -> int:
        return write_signatures(task, "signatures.arrow", self.shingle, self.permutations)

    def _plan_candidates(self, job: Job) -> list[list[list]]:
        """Groups of (column, piece of its bands' keys, pieces)."""
        documents = len(self.columns(job))
        if documents > MOST:
            raise UsageError(
                f"{documents} documents, and at most {MOST} are compared at once",
                "deduplicate them in groups, each with the index of those before",
            )
        pieces = 1 + documents * BAND_BYTES // self.memory
        units = [[name, piece, pieces] for name in value_columns(self.permutations) for piece in range(pieces)]
        size = max(1, COLUMNS_PER_SHARD * pieces // max(documents, 1))
        shards = -(-len(units) // size)
        return [units[shard::shards] for shard in range(shards)]

    def _edge_shards(self, job: Job) -> int:
        documents = len(self.columns(job))
        return 1 + max(documents // DOCUMENTS_PER_SHARD, documents * CANDIDATE_BYTES // self.memory)

    def _candidates(self, task: Task) -> None:
        columns, index = self.columns(task.job), self._index(task.job)
        published = len(index) if index else 0
        equal = [unpack(packed)[:, 0] for packed in read_edges(task.job, "equal", KEY)]
        hidden = np.sort(np.concatenate([np.empty(0, np.int64), *equal]))  # an equal signature stands for them
        found = [np.empty(0, np.uint64)]
        for name, piece, pieces in task.shard:
            for band, (keys, documents) in enumerate(self._bands(columns, name, piece, pieces, hidden, published)):
                if index:
                    others, records = index.matching(name, band, distinct(keys.copy()))
                    keys, documents = np.concatenate([others, keys]), np.concatenate([records, documents])
                alike = repeated(keys)
                members = documents[alike]
                ascending = np.argsort(members)
                order = np.empty((len(alike), 2), np.uint64)
                order[ascending] = columns.take(KEY, members[ascending])
                edges = members[bucket_edges(keys[alike], order.T)]
                found.append(pack(edges[(edges >= published).any(axis=1)]))
            found = [distinct(np.concatenate(found))]
        write_edges(task, "candidates", found[0], len(columns), self._edge_shards(task.job))

    def _bands(
        self, columns: Columns, name: str, piece: int, pieces: int, hidden: np.ndarray, begin: int
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """(keys, documents) of each band of a column, as far as they are in this piece."""
        from dedup import kernels

        places = band_places(VALUES, VALUES // self._band_rows())
        keys = [[np.empty(0, np.uint64)] for _ in places]
        documents = [[np.empty(0, np.int64)] for _ in places]
        for first, values, whole in columns.chunks(name, KEY, begin=begin):
            shown = self.comparable(KEY, whole)
            absent = hidden[slice(*np.searchsorted(hidden, [first, first + len(values)]))]
            shown[absent - first] = False
            mine = kernels.keys_in_piece(np.ascontiguousarray(values), places, shown.view(np.uint8), piece, pieces)
            for band, (key, row, count) in enumerate(zip(*mine, strict=True)):
                keys[band].append(key[:count].copy())  # not the whole array that it is the beginning of
                documents[band].append(first + row[:count])
        for band in range(len(places)):
            yield np.concatenate(keys[band]), np.concatenate(documents[band])
            keys[band] = documents[band] = []

    def _verify(self, task: Task) -> None:
        found = read_edges(task.job, "candidates", "candidates", task.shard)
        packed = distinct(np.concatenate([np.empty(0, np.uint64), *found]))
        columns, kept = self.columns(task.job), [np.empty(0, np.uint64)]
        needed = least(self.threshold, self.permutations)
        block = min(self.memory // EDGE_BYTES, EDGES_AT_ONCE)
        for start in range(0, len(packed), block):
            here = packed[start : start + block]
            kept.append(here[self._agreements(columns, unpack(here)) >= needed])
        write_edges(task, "edges", np.concatenate(kept), len(columns))

    def _agreements(self, columns: Columns, edges: np.ndarray) -> np.ndarray:
        """In how many values the ends of each edge agree. edges: ascending by their first end."""
        from dedup import kernels

        later, earlier = np.ascontiguousarray(edges[:, 0]), edges[:, 1]
        ascending = np.argsort(earlier)
        place = np.empty_like(ascending)
        place[ascending] = np.arange(len(ascending))
        counts = np.zeros(len(edges), np.int64)
        for name in value_columns(self.permutations):
            one, other = columns.take(name, later), columns.take(name, earlier[ascending])
            kernels.add_agreements(one, other, place, counts)
        return counts
