"""Choosing the rows that heads learn from and are measured on: few, spread evenly, the same ones in any order."""

import hashlib
import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from classifiers.features import clip, features
from classifiers.heads import Head
from classifiers.weak import weak_label

NAMES = ("head", "kind", "label", "language", "id", "group", "source", "license", "access")
EXAMPLES = pa.schema(
    [*((name, pa.string()) for name in NAMES), ("keys", pa.list_(pa.uint32())), ("counts", pa.list_(pa.uint8()))]
)
TRAIN, WEAK, VALIDATION = "train", "weak", "validation"
"""Labelled by the source, labelled by terms, and labelled by the source but kept for measuring."""
Chosen = dict[str, dict[str, list[dict]]]
"""Examples by head and kind."""


@dataclass
class Sample:
    """At most `size` examples of each head, kind, label and language: those whose ids hash lowest."""

    size: int
    seed: int
    _heaps: dict[tuple[str, ...], list[tuple[int, str, dict]]] = field(default_factory=lambda: defaultdict(list))

    def offer(self, row: dict) -> None:
        heap = self._heaps[row["head"], row["kind"], row["label"], row["language"]]
        draw = -int.from_bytes(hashlib.blake2b(f"{self.seed}/{row['id']}".encode(), digest_size=8).digest(), "big")
        if len(heap) == self.size and draw <= heap[0][0]:
            return
        (heapq.heappushpop if len(heap) == self.size else heapq.heappush)(heap, (draw, row["id"], row))

    def examples(self) -> Iterator[dict]:
        """By head, kind, label and language, and the lowest hash first."""
        for key in sorted(self._heaps):
            for _, _, row in sorted(self._heaps[key], key=lambda entry: (-entry[0], entry[1])):
                yield row


def gather(batches: Iterable[pa.Table], heads: Sequence[Head], weak: bool, size: int, seed: int) -> pa.Table:
    """Examples (EXAMPLES) from rows written by people: labelled ones of the train and validation splits, and, with
    `weak`, unlabelled ones of the train split whose terms point one way. Labels that are no code are not used."""
    sample = Sample(size, seed)
    codes = {head.name: frozenset(head.codes) for head in heads}
    for batch in batches:
        wanted = pc.and_(pc.invert(batch["synthetic"]), pc.is_in(batch["split"], pa.array([TRAIN, VALIDATION])))
        for row in batch.filter(wanted).to_pylist():
            row |= {"language": row["language"] or "und", "text": clip(row["text"])}
            guesses: dict[str, str | None] = {}
            for head in heads:
                given = head.given(row)
                if given is not None:
                    if given in codes[head.name]:
                        sample.offer({**row, "head": head.name, "kind": row["split"], "label": given})
                elif weak and head.lexicon and row["split"] == TRAIN:
                    if head.lexicon not in guesses:
                        guesses[head.lexicon] = weak_label(row["text"], head.lexicon)
                    if guess := guesses[head.lexicon]:
                        sample.offer({**row, "head": head.name, "kind": WEAK, "label": head.of_term(guess)})
    chosen = list(sample.examples())
    read = {row["id"]: features(row["text"]) for row in chosen}
    rows = [
        {name: row[name] for name in NAMES} | {"keys": read[row["id"]].keys, "counts": read[row["id"]].counts}
        for row in chosen
    ]
    return pa.Table.from_pylist(rows, EXAMPLES)


def merge(tables: Iterable[pa.Table], heads: Sequence[Head], size: int, seed: int) -> Chosen:
    """Examples of all shards; weak ones only fill what the source's own labels leave of `size`."""
    sample = Sample(size, seed)
    for table in tables:
        for row in table.to_pylist():
            sample.offer(row)
    chosen: Chosen = {head.name: {TRAIN: [], WEAK: [], VALIDATION: []} for head in heads}
    room: dict[tuple[str, ...], int] = defaultdict(lambda: size)
    for row in sample.examples():  # sorted by kind: train, validation, weak
        key = row["head"], row["label"], row["language"]
        if row["kind"] == TRAIN:
            room[key] -= 1
        elif row["kind"] == WEAK:
            if not room[key]:
                continue
            room[key] -= 1
        chosen[row["head"]][row["kind"]].append(row)
    return chosen
