"""Choosing the rows that heads learn from and are measured on: few, spread evenly, the same ones in any order."""

import hashlib
import heapq
import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from classifiers.features import clip, read
from classifiers.heads import RATED_BY, RATER, VALUE, Head
from classifiers.value import signals
from classifiers.weak import weak_label

COLUMNS = ("head", "kind", "label", "language", "id", "group", "source", "license", "access")
EXAMPLES = pa.schema(
    [
        *((name, pa.string()) for name in COLUMNS),
        *(("keys", pa.list_(pa.uint32())), ("counts", pa.list_(pa.uint8()))),
        *(("rating", pa.float32()), ("signals", pa.list_(pa.float64()))),
    ]
)
TRAIN, VALIDATION = WRITTEN = "train", "validation"
"""Texts labelled by their source, to learn from and to measure on."""
WEAK, NAMED = GUESSED = "weak", "named"
"""Texts labelled by their terms, and names labelled by their source: hints to learn from."""
Chosen = dict[str, dict[str, list[dict]]]
"""Examples by head and kind."""
HINTS = 150
"""Most hints of a kind, label and language: more of them drown what sources say."""
NAMES = ("KB", "CODE")
"""Content types of names and codes."""


@dataclass
class Sample:
    """At most `size` examples of each head, kind, label and language: those whose ids hash lowest."""

    size: int
    seed: int
    _heaps: dict[tuple[str, ...], list[tuple[int, str, int, dict]]] = field(default_factory=lambda: defaultdict(list))
    _serial: Iterator[int] = field(default_factory=itertools.count)

    def offer(self, row: dict) -> None:
        heap = self._heaps[row["head"], row["kind"], row["label"], row["language"]]
        draw = -int.from_bytes(hashlib.blake2b(f"{self.seed}/{row['id']}".encode(), digest_size=8).digest(), "big")
        if len(heap) == self.size and draw <= heap[0][0]:
            return
        (heapq.heappushpop if len(heap) == self.size else heapq.heappush)(
            heap, (draw, row["id"], next(self._serial), row)
        )

    def examples(self) -> Iterator[dict]:
        """By head, kind, label and language, and the lowest hash first."""
        for key in sorted(self._heaps):
            for *_, row in sorted(self._heaps[key], key=lambda entry: (-entry[0], entry[1])):
                yield row


def gather(
    batches: Iterable[pa.Table], heads: Sequence[Head], weak: bool, size: int, seed: int, value: bool = False
) -> pa.Table:
    """Examples (EXAMPLES) from rows written by people: labelled ones of the train and validation splits (the kind is
    `named` for names and codes of the train split), and, with `weak`, unlabelled ones of the train split whose terms
    point one way. Labels that are no code are not used. With `value`, rows that somebody has rated (no rule or model of
    ours) are examples of that, under their value to the nearest whole number."""
    sample = Sample(size, seed)
    codes = {head.name: frozenset(head.codes) for head in heads}
    for batch in batches:
        wanted = pc.and_(pc.invert(batch["synthetic"]), pc.is_in(batch["split"], pa.array([TRAIN, VALIDATION])))
        for row in batch.filter(wanted).to_pylist():
            row |= {"language": row["language"] or "und", "text": clip(row["text"])}
            if value and row["value"] is not None and row.get(RATER) not in RATED_BY:
                rated = {"head": VALUE, "kind": row["split"], "label": f"{row['value']:.0f}", "rating": row["value"]}
                sample.offer({**row, **rated})
            guesses: dict[str, str | None] = {}
            for head in heads:
                given = head.given(row)
                if given is not None:
                    if given in codes[head.name]:
                        hint = head.lexicon and row["split"] == TRAIN and row["content_type"] in NAMES
                        kind = NAMED if hint else row["split"]
                        sample.offer({**row, "head": head.name, "kind": kind, "label": given})
                elif weak and head.lexicon and row["split"] == TRAIN:
                    if head.lexicon not in guesses:
                        guesses[head.lexicon] = weak_label(row["text"], head.lexicon)
                    if guess := guesses[head.lexicon]:
                        sample.offer({**row, "head": head.name, "kind": WEAK, "label": head.of_term(guess)})
    chosen = list(sample.examples())
    readings = {row["id"]: read(row["text"]) for row in chosen}
    rows = []
    for row in chosen:
        reading = readings[row["id"]]
        rows.append({name: row[name] for name in COLUMNS})
        if row["head"] == VALUE:
            rows[-1] |= {"rating": row["rating"], "signals": signals(reading)}
        else:
            rows[-1] |= {"keys": reading.features.keys, "counts": reading.features.counts}
    return pa.Table.from_pylist(rows, EXAMPLES)


def merge(tables: Iterable[pa.Table], heads: Sequence[Head], size: int, seed: int) -> Chosen:
    """Examples of all shards; weak and named ones each only fill what texts that a source labels leave of HINTS."""
    sample = Sample(size, seed)
    for table in tables:
        for row in table.to_pylist():
            sample.offer(row)
    rows = list(sample.examples())
    names = {head.name: None for head in heads} | {row["head"]: None for row in rows}
    chosen: Chosen = {name: {kind: [] for kind in (*WRITTEN, *GUESSED)} for name in names}
    taken: Counter[tuple[str, ...]] = Counter()
    for row in rows:
        if row["kind"] in WRITTEN:
            chosen[row["head"]][row["kind"]].append(row)
            taken[row["head"], row["label"], row["language"], row["kind"]] += 1
    for row in rows:
        key = row["head"], row["label"], row["language"]
        if row["kind"] in GUESSED and taken[*key, TRAIN] + taken[*key, row["kind"]] < min(size, HINTS):
            chosen[row["head"]][row["kind"]].append(row)
            taken[*key, row["kind"]] += 1
    return chosen
