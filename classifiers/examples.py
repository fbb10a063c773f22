"""Choosing the rows a classifier learns from and is measured on: few, spread evenly, the same ones in any order."""

import hashlib
import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from classifiers.features import clip, features
from classifiers.weak import weak_label
from datagen.taxonomy import ABSTAINED

EXAMPLES = pa.schema(
    [(name, pa.string()) for name in ("kind", "label", "language", "id", "group", "license", "access", "line")]
)
TRAIN, WEAK, VALIDATION = "train", "weak", "validation"
"""Labelled by the source, labelled by terms, and labelled by the source but kept for measuring."""
CONFIDENCE = "department_confidence"
"""Set where a label comes from a classifier, not from the source."""


@dataclass
class Sample:
    """At most `size` examples of each kind, label and language: those whose ids hash lowest."""

    size: int
    seed: int
    _heaps: dict[tuple[str, str, str], list[tuple[int, str, dict]]] = field(default_factory=lambda: defaultdict(list))

    def offer(self, row: dict) -> None:
        heap = self._heaps[row["kind"], row["label"], row["language"]]
        draw = -int.from_bytes(hashlib.blake2b(f"{self.seed}/{row['id']}".encode(), digest_size=8).digest(), "big")
        if len(heap) == self.size and draw <= heap[0][0]:
            return
        (heapq.heappushpop if len(heap) == self.size else heapq.heappush)(heap, (draw, row["id"], row))

    def examples(self) -> Iterator[dict]:
        """By kind, label and language, and the lowest hash first."""
        for key in sorted(self._heaps):
            for _, _, row in sorted(self._heaps[key], key=lambda entry: (-entry[0], entry[1])):
                yield row


def gather(
    batches: Iterable[pa.Table], target: str, codes: frozenset[str], weak: bool, size: int, seed: int
) -> pa.Table:
    """Examples (EXAMPLES) from rows written by people: labelled ones of the train and validation splits, and, with
    `weak`, unlabelled ones of the train split whose terms point one way. Labels that are no code are not used."""
    sample = Sample(size, seed)
    for batch in batches:
        wanted = pc.and_(pc.invert(batch["synthetic"]), pc.is_in(batch["split"], pa.array([TRAIN, VALIDATION])))
        for row in batch.filter(wanted).to_pylist():
            given = row[target] if row.get(CONFIDENCE) is None else None
            row |= {"language": row["language"] or "und", "text": clip(row["text"])}
            if given is not None and given != ABSTAINED:
                if given in codes:
                    sample.offer({**row, "kind": row["split"], "label": given})
            elif weak and row["split"] == TRAIN and (label := weak_label(row["text"])):
                sample.offer({**row, "kind": WEAK, "label": label})
    rows = [{**row, "line": features(row["text"])} for row in sample.examples()]
    return pa.Table.from_pylist([{name: row[name] for name in EXAMPLES.names} for row in rows], EXAMPLES)


def merge(tables: Iterable[pa.Table], size: int, seed: int) -> dict[str, list[dict]]:
    """Examples of all shards by kind; weak ones only fill what the source's own labels leave of `size`."""
    sample = Sample(size, seed)
    for table in tables:
        for row in table.to_pylist():
            sample.offer(row)
    chosen: dict[str, list[dict]] = {TRAIN: [], WEAK: [], VALIDATION: []}
    room: dict[tuple[str, str], int] = defaultdict(lambda: size)
    for row in sample.examples():  # sorted by kind: train, validation, weak
        key = row["label"], row["language"]
        if row["kind"] == TRAIN:
            room[key] -= 1
        elif row["kind"] == WEAK:
            if not room[key]:
                continue
            room[key] -= 1
        chosen[row["kind"]].append(row)
    return chosen
