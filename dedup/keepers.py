"""Which record of a cluster stays, and which of the others may go into it.

The keeper is the best record: highest value, then longest, then smallest id; what was published before is better than
anything new. Links chain: in templated text the ends of a cluster can have little in common although each link holds.
So a record goes only if it is itself like its keeper; of those that are not, the best becomes a keeper of its own, and
so on (leader clustering, J. Hartigan, "Clustering Algorithms", 1975, ch. 3).

Like its keeper means: at least as like as two copies of one text, made independently, each just above the threshold t,
are to each other. Such a copy shares s = 2t / (1 + t) of its shingles with the text, two copies s^2 with each other, so
their similarity is s^2 / (2 - s^2): .29 for t = .5, .51 for .7. Asking for t itself would part copies of one text.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from datagen.record import SPLITS
from dedup.bands import equal_edges, least, whole_keys
from dedup.columns import BATCH, fixed, unfixed
from dedup.removal import EXAMPLES

MOST_LEADERS = 4096
"""Leaders of one cluster that a record is compared with, which keeps the work linear; unlike them all, it stays, though
never beside an equal one."""
MOST_COPIES = (1 << 31) - 1  # what the column `duplicates` holds
FACTS = pa.schema(
    [
        ("id", pa.binary(16)),
        ("source", pa.string()),
        ("split", pa.int8()),
        ("value", pa.float32()),
        ("tokens", pa.int32()),
        ("duplicates", pa.int32()),
        ("published", pa.bool_()),
    ]
)


def sibling_likeness(threshold: float) -> float:
    """The similarity of two copies of one text, each of similarity `threshold` to it."""
    shared = (2 * threshold / (1 + threshold)) ** 2
    return shared / (2 - shared)


def least_likeness(threshold: float, num_perm: int) -> int:
    """How many of `num_perm` values must agree with the keeper's."""
    return least(sibling_likeness(threshold), num_perm)


def facts_of_records(rows: pa.Table, ids: np.ndarray) -> pa.Table:
    """FACTS of records (columns source, split, value, tokens, duplicates); ids: their 16 bytes each."""
    split = rows["split"].combine_chunks()
    columns = [
        fixed(ids),
        rows["source"],
        pa.compute.index_in(split, pa.array(SPLITS)).cast(pa.int8()),
        rows["value"].fill_null(-1.0),
        rows["tokens"],
        rows["duplicates"],
        pa.repeat(pa.scalar(False), len(rows)),
    ]
    return pa.table(columns, schema=FACTS)


def facts_of_published(ids: pa.Array) -> pa.Table:
    """FACTS of records that were published before, of which only the ids matter."""
    zero = np.zeros(len(ids), np.int32)
    columns = [ids, pa.repeat("", len(ids)), zero.astype(np.int8), zero.astype(np.float32), zero, zero]
    return pa.table([*columns, pa.repeat(pa.scalar(True), len(ids))], schema=FACTS)


@dataclass(frozen=True)
class Members:
    """Members of whole clusters in any order: FACTS and their `cluster`, `part`, `row`; `signatures` in blocks of
    uint32 (rows, num_perm), none where any copy will do."""

    facts: pa.Table
    signatures: list[np.ndarray]

    @staticmethod
    def of(batches: list[pa.RecordBatch]) -> Members:
        signed = "signature" in batches[0].schema.names
        signatures = [unfixed(batch["signature"], np.uint32) for batch in batches] if signed else []
        names = [name for name in batches[0].schema.names if name != "signature"]
        return Members(pa.Table.from_batches([batch.select(names) for batch in batches]).combine_chunks(), signatures)

    def column(self, name: str) -> np.ndarray:
        return self.facts[name].to_numpy()

    def take(self, positions: np.ndarray) -> np.ndarray:
        """Signatures at ascending positions."""
        starts = np.cumsum([0, *map(len, self.signatures)])
        bounds = np.searchsorted(positions, starts)
        return np.concatenate(
            [
                block[positions[first:last] - start]
                for block, start, first, last in zip(self.signatures, starts[:-1], bounds[:-1], bounds[1:], strict=True)
            ]
        )


@dataclass(frozen=True)
class Decisions:
    """For each member the position of its keeper, and whether that keeper is the best of the cluster."""

    members: Members
    keeper: np.ndarray
    apart: int

    def merges(self) -> pa.Table:
        """What to do with each record of an input that is not alone: `part`, `row`, `keeper` (id), `leaves`, and what
        the keeper takes over, `duplicates` and `split`."""
        facts, keeper = self.members.facts, self.keeper
        copies = np.zeros(len(keeper), np.int64)
        np.add.at(copies, keeper, self.members.column("duplicates"))
        copies = np.minimum(copies, MOST_COPIES)
        split = np.zeros(len(keeper), np.int8)
        np.maximum.at(split, keeper, self.members.column("split"))
        ours = np.flatnonzero((self._sizes()[keeper] > 1) & ~self.members.column("published"))
        into = keeper[ours]
        return pa.table(
            {
                "part": self.members.column("part")[ours],
                "row": self.members.column("row")[ours],
                "keeper": facts["id"].combine_chunks().take(pa.array(into)),
                "leaves": into != ours,
                "duplicates": copies[into],
                "split": split[into],
            }
        )

    def summary(self, max_cluster: int) -> dict:
        """Counts for the manifest, as JSON."""
        sizes = self._sizes()
        facts = self.members.facts
        into = facts["id"].take(pa.array(self.keeper))
        gone = facts.filter(pa.compute.not_equal(facts["id"], into))  # the same id again is no loss
        removed = {}
        for count in gone["source"].value_counts().to_pylist():
            here = gone.filter(pa.compute.equal(gone["source"], count["values"]))["id"]
            examples = heapq.nsmallest(EXAMPLES, here.to_pylist())
            removed[count["values"]] = {"rows": count["counts"], "examples": [value.hex() for value in examples]}
        large = np.flatnonzero(sizes > max_cluster)
        return {
            "clusters": int((sizes > 1).sum()),
            "largest": int(sizes.max(initial=0)),
            "apart": self.apart,
            "removed": removed,
            "large": [
                {"keeper": facts["id"][position].as_py().hex(), "records": int(sizes[position])}
                for position in large.tolist()
            ],
        }

    def _sizes(self) -> np.ndarray:
        return np.bincount(self.keeper, minlength=len(self.keeper))


def decide(members: Members, likeness: int) -> Decisions:
    """Choose the keepers of whole clusters. likeness: how many values of the keeper's signature must agree, where
    members have signatures."""
    number = np.frombuffer(members.facts["id"].combine_chunks().buffers()[1], ">u8").reshape(-1, 2)
    # by cluster, then the best first
    order = np.lexsort(
        (
            number[:, 1],
            number[:, 0],
            -members.column("tokens"),
            -members.column("value"),
            ~members.column("published"),
            members.column("cluster"),
        )
    )
    cluster = members.column("cluster")[order]
    fresh = np.ones(len(order), bool)
    fresh[1:] = cluster[1:] != cluster[:-1]
    which = np.cumsum(fresh) - 1
    keeper = np.empty(len(order), np.int64)
    keeper[order] = order[fresh][which]
    fixed_ones = members.column("published")
    keeper[fixed_ones] = np.flatnonzero(fixed_ones)
    if not members.signatures:
        return Decisions(members, keeper, 0)

    sizes = np.bincount(which)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    unlike = _unlike(members, keeper, sizes[which[rank]] > 2, likeness)
    torn = np.zeros(len(sizes), bool)
    torn[which[rank[unlike]]] = True
    # who must look for another keeper, and the published records that they may follow
    looking = unlike | (fixed_ones & torn[which[rank]] & ~fresh[rank])
    looking = order[looking[order]]
    ascending = np.argsort(looking)
    signatures = np.empty((len(looking), members.signatures[0].shape[1]), np.uint32)
    signatures[ascending] = members.take(looking[ascending])
    groups = np.flatnonzero(np.diff(which[rank[looking]], prepend=-1, append=-1))
    from dedup import kernels

    follows = kernels.leaders(
        signatures, groups, fixed_ones[looking].astype(np.uint8), likeness, np.int64(MOST_LEADERS)
    )
    # past MOST_LEADERS rows are compared with nothing, and yet equal ones must not stay side by side
    leading = np.flatnonzero(follows == np.arange(len(follows)))
    equal = equal_edges(whole_keys(signatures[leading]), leading)
    later, first = equal[~fixed_ones[looking[equal[:, 0]]]].T
    follows[later] = first
    keeper[looking] = looking[follows]
    return Decisions(members, keeper, int((follows == np.arange(len(follows))).sum() - fixed_ones[looking].sum()))


def _unlike(members: Members, keeper: np.ndarray, asked: np.ndarray, likeness: int) -> np.ndarray:
    """Which members of those asked about have too little in common with their keeper: bool (members,).

    Signatures are read block by block, so that a cluster may be larger than memory.
    """
    from dedup import kernels

    unlike = np.zeros(len(keeper), bool)
    best, which = np.unique(keeper[asked], return_inverse=True)
    models = members.take(best)
    place, start = np.full(len(keeper), -1), 0
    place[asked] = which
    for block in members.signatures:
        for first in range(0, len(block), BATCH):
            rows = block[first : first + BATCH]
            here = np.flatnonzero(place[start + first : start + first + len(rows)] >= 0)
            counts = np.zeros(len(here), np.int64)
            kernels.add_agreements(rows[here], models, place[start + first + here], counts)
            unlike[start + first + here] = counts < likeness
        start += len(block)
    return unlike
