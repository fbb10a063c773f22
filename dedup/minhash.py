"""The stage that leaves one of each cluster of near-duplicates."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from datagen.record import SPLITS, ids_as_bytes, with_column
from datagen.stage import Outcome, Phase, Stage
from dedup.bands import checked_bands, similar
from dedup.components import Components
from dedup.signatures import scheme, sign

if TYPE_CHECKING:
    from datagen.task import Task

FACTS = ("id", "content", "split", "source", "value", "tokens", "duplicates")
MERGES = pa.schema(
    [
        ("part", pa.int32()),
        ("source", pa.string()),
        ("id", pa.string()),
        ("keeper", pa.string()),
        ("duplicates", pa.int32()),
        ("split", pa.string()),
    ]
)
STRICTNESS = {split: rank for rank, split in enumerate(SPLITS)}


class MinHashDedup(Stage):
    """Merges near-duplicates across all inputs: MinHash, banding, every edge verified on the signatures.

    Records with equal normalised text always merge. Of each cluster the best record stays (value, then length, then
    id) with `duplicates` counting all copies; the others are merged into it. A cluster that touches the test split
    is all test, then validation.
    """

    reads: ClassVar[tuple[str, ...]] = ("text",)
    writes: ClassVar[tuple[str, ...]] = ("duplicates", "split")

    threshold: float = Field(0.7, gt=0, le=1, description="least estimated Jaccard similarity of two copies")
    shingle: int = Field(5, ge=1, description="tokens per shingle (words; single characters in Chinese)")
    permutations: int = Field(112, ge=16, description="length of a signature")
    bands: int | None = Field(
        None, ge=1, description="more bands find more pairs near the threshold; default permutations / 4"
    )

    def phases(self) -> tuple[Phase, ...]:
        return (
            Phase("sign", lambda job: job.part_keys(), self._sign),
            Phase("cluster", lambda job: [None], self._cluster),
            Phase("rows", lambda job: job.part_keys(), self._rows, publishes=True),
        )

    def _sign(self, task: "Task") -> dict:
        for rows in task.read(task.part, [*FACTS, "text"]):
            signatures = sign(rows["text"], self.shingle, self.permutations)
            packed = pa.Array.from_buffers(
                pa.binary(signatures.itemsize * self.permutations),
                len(rows),
                [None, pa.py_buffer(signatures.tobytes())],
            )
            part = pa.repeat(pa.scalar(task.shard, pa.int32()), len(rows))
            facts = rows.select(FACTS).append_column("part", part)
            task.write("signatures", facts.append_column("signature", packed))
        return scheme(self.shingle, self.permutations)

    def _cluster(self, task: "Task") -> dict:
        paths = [path for commit in task.commits("sign") for path in commit.paths("signatures")]
        if not paths:
            return _summary(np.zeros(0, int), [])
        documents = pa.concat_tables([task.job.store.parquet(path).read() for path in paths])
        clusters = Components(len(documents))
        clusters.join(_equal_content(documents))
        # Rows of fixed width: their Arrow buffer is the matrix.
        packed = documents["signature"].combine_chunks()
        signatures = np.frombuffer(packed.buffers()[1], np.uint32).reshape(-1, self.permutations)
        bands = checked_bands(self.permutations, self.threshold, self.bands)
        for edges in similar(signatures, self.threshold, bands):
            clusters.join(edges)
        sizes = np.bincount(clusters.labels())
        merges = list(_merges(documents, clusters.labels(), np.flatnonzero(sizes[clusters.labels()] > 1)))
        task.write("merges", pa.Table.from_pylist(merges, MERGES))
        return _summary(sizes, merges)

    def _rows(self, task: "Task") -> None:
        merges = {}
        for path in (path for commit in task.commits("cluster") for path in commit.paths("merges")):
            rows = task.job.store.parquet(path).read()
            merges |= {m["id"]: m for m in rows.filter(pc.equal(rows["part"], task.shard)).to_pylist()}
        for batch in task.read(task.part):
            here = [merges.get(i) for i in batch["id"].to_pylist()]
            rows = batch
            if any(here):
                for column in ("duplicates", "split"):
                    before = batch[column].to_pylist()
                    rows = with_column(rows, column, [m[column] if m else b for m, b in zip(here, before, strict=True)])
            merged = {m["id"]: m["keeper"] for m in here if m and m["id"] != m["keeper"]}
            task.settle(batch, Outcome(rows, merged=merged))


def _equal_content(documents: pa.Table) -> np.ndarray:
    """Edges from each record to the first of equal normalised text."""
    content = ids_as_bytes(documents["content"])
    _, first, which = np.unique(content, return_index=True, return_inverse=True)
    positions = np.arange(len(content))
    repeats = np.flatnonzero(first[which] != positions)
    return np.stack([repeats, first[which[repeats]]], axis=1)


def _merges(documents: pa.Table, labels: np.ndarray, members: np.ndarray) -> Iterator[dict]:
    """For every record of a cluster of several: its keeper, and what the keeper takes over."""
    facts = documents.drop_columns(["signature"]).take(pa.array(members)).to_pylist()
    clusters: dict[int, list[dict]] = {}
    for label, fact in zip(labels[members].tolist(), facts, strict=True):
        clusters.setdefault(label, []).append(fact)
    for cluster in clusters.values():
        keeper = min(cluster, key=lambda f: (-(f["value"] if f["value"] is not None else -1.0), -f["tokens"], f["id"]))
        copies = sum(f["duplicates"] for f in cluster)
        split = max((f["split"] for f in cluster), key=STRICTNESS.__getitem__)
        for fact in cluster:
            place = {"part": fact["part"], "source": fact["source"], "id": fact["id"]}
            yield place | {"keeper": keeper["id"], "duplicates": copies, "split": split}


def _summary(sizes: np.ndarray, merges: list[dict]) -> dict:
    """For the manifest: what a suspicious reader wants to know about the clusters."""
    removed = Counter(m["source"] for m in merges if m["id"] != m["keeper"])
    return {
        "clusters": int((sizes > 1).sum()),
        "largest": int(sizes.max(initial=0)),
        "removed_by_source": dict(sorted(removed.items())),
    }
