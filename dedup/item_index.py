"""Finding benchmark items in documents.

An item is searched for as one to four passages: its question, the question with its options (or with its answer, where
it has none), the options alone, its context or long answer. A passage is cut into shingles, runs of 3 words or 5 Han
characters, within its parts, and a part is a question, an option, an answer or a context: so neither line breaks nor
the order and numbering of options matter. Case, width and traditional characters are folded. Parts that are short
(20 tokens) have runs of 2 tokens too, else an edited word would cost a whole option. A token weighs its bytes in UTF-8:
long words are rare words. Shingles that many items share ("which of the following") say nothing and don't count.

    A passage is found where some stretch of the document, at most half as long again as the passage, covers `share` of
    its weight and 12 more (but not more than all of it) with shingles of the passage.

So an edited word costs little more than its own weight, a short item must be there almost whole, and one that is too
short to be told from everyday text is not searched for at all (`ItemIndex.searched`).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from dedup.evaluation_sets.item import Item
from dedup.fold import tokens
from dedup.shingles import Texts, shingle_hashes

SHARE = 0.6
OPTIONS_SHARE = 0.8
MARGIN = 12
LEAST = {"question": 70, "question and options": 45, "question and answer": 45}
LEAST_OTHER = 120
"""Weight from which a passage is searched for."""
ENOUGH = 300
"""Bytes of a question that needs no options to be told."""
COMMON = 32
"""Items that may share a shingle before it counts as a stock phrase."""
WORDS, HAN, FEW = 3, 5, 2
SHORT = 20
"""Tokens up to which a part has shingles of FEW tokens too."""


@dataclass(frozen=True)
class Found:
    """Where a document holds an item: its tokens `start` to `stop`, with `weight` of the passage's `whole` weight."""

    document: int
    item: Item
    passage: str
    start: int
    stop: int
    weight: int
    whole: int


class _Passage(NamedTuple):
    item: int
    kind: str
    parts: tuple[str, ...]
    share: float


class _Index(NamedTuple):
    """What `item_kernels.search` says of each, in its order."""

    bits: np.ndarray
    width: int
    keys: np.ndarray
    slots: np.ndarray
    posted: np.ndarray
    postings: np.ndarray
    offsets: np.ndarray
    weights: np.ndarray
    light: np.ndarray
    needed: np.ndarray
    window: np.ndarray


class ItemIndex:
    """An index of items, in memory: about 40 bytes for each shingle of each item.

    Attributes:
        items: all items.
        searched: for each item whether any of its passages is heavy enough to be searched for.
    """

    def __init__(self, items: Iterable[Item], share: float = SHARE):
        from dedup import item_kernels

        self._kernels = item_kernels
        self.items = list(items)
        self._passages = [p for number, item in enumerate(self.items) for p in _passages(number, item, share)]
        self._build()

    def find(self, texts: Texts) -> list[Found]:
        """The items that each text holds, in the order of texts; of several passages of one item the heaviest."""
        hashes, ends = shingle_hashes(texts, 1)
        rows = self._kernels.search(hashes, ends, *self._index)
        best: dict[tuple[int, int], Found] = {}
        for document, p, start, stop, weight in rows.tolist():
            passage = self._passages[p]
            key = (document, passage.item)
            if key not in best or best[key].weight < weight:
                item = self.items[passage.item]
                best[key] = Found(document, item, passage.kind, start, stop, weight, int(self._whole[p]))
        return [best[key] for key in sorted(best)]

    def _build(self) -> None:
        parts = [part for passage in self._passages for part in passage.parts]
        hashes, offsets = shingle_hashes(parts, 1)
        spelt = {part: tokens(part) for part in set(parts)}
        words = [word for part in parts for word in spelt[part]]
        weights = np.array([len(word.encode()) for word in words], np.int32)
        counts = np.array([len(p.parts) for p in self._passages], np.int64)
        owner = np.repeat(np.arange(len(counts)), counts)
        ends = offsets[np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)]

        starts, sizes, part = _shingles(offsets, _shingle_sizes(words, ends)[owner])
        keys = self._kernels.shingle_keys(hashes, starts, sizes)
        rare = ~_common(keys, _origins(self._passages, hashes, offsets, weights)[part])
        starts, sizes, passage, keys = starts[rare], sizes[rare], owner[part[rare]], keys[rare]

        weights[~_covered(starts, sizes, len(weights))] = 0
        sums = np.concatenate([[0], np.cumsum(weights, dtype=np.int64)])
        self._whole = sums[ends[1:]] - sums[ends[:-1]]
        heavy = self._whole >= [LEAST.get(p.kind, LEAST_OTHER) for p in self._passages]
        self.searched = np.zeros(len(self.items), bool)
        share = np.array([p.share for p in self._passages])
        self.searched[[p.item for p, enough in zip(self._passages, heavy, strict=True) if enough]] = True

        order = np.flatnonzero(heavy[passage])
        order = order[np.argsort(keys[order], kind="stable")]
        distinct, first = np.unique(keys[order], return_index=True)
        heft = sums[starts + sizes] - sums[starts]
        unusual = np.isin(sizes, [n for n in range(self._kernels.LONGEST + 1) if self._kernels.UNUSUAL >> n & 1])
        width = max(6, (16 * len(distinct)).bit_length())
        self._index = _Index(
            bits=self._kernels.bitmap(distinct, width),
            width=width,
            keys=distinct,
            slots=self._kernels.hash_table(distinct, width - 3),
            posted=np.append(first, len(order)).astype(np.int64),
            postings=np.stack([passage, starts - ends[passage], heft], axis=1)[order].astype(np.int32),
            offsets=ends,
            weights=weights,
            light=np.bincount(passage[unusual], heft[unusual], len(counts)).astype(np.int64),
            needed=np.minimum(self._whole, np.ceil(share * self._whole + MARGIN).astype(np.int64)),
            window=3 * np.diff(ends) // 2 + 8,
        )


def _passages(number: int, item: Item, share: float) -> Iterator[_Passage]:
    yield _Passage(number, "question", (item.question,), share)
    if item.options:
        if len(item.question.encode()) < ENOUGH:
            yield _Passage(number, "question and options", (item.question, *item.options), share)
        yield _Passage(number, "options", item.options, max(share, OPTIONS_SHARE))
    elif item.answer:
        yield _Passage(number, "question and answer", (item.question, item.answer), share)
        yield _Passage(number, "answer", (item.answer,), share)
    if item.context:
        yield _Passage(number, "context", (item.context,), share)


def _shingle_sizes(words: list[str], ends: np.ndarray) -> np.ndarray:
    """Tokens per shingle of each passage: HAN where most tokens are single characters of East Asian scripts."""
    han = np.concatenate([[0], np.cumsum([len(word) == 1 and word >= "\u3000" for word in words])])
    return np.where(2 * (han[ends[1:]] - han[ends[:-1]]) > np.diff(ends), HAN, WORDS)


def _shingles(offsets: np.ndarray, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """First token, tokens and part of every shingle; a part of fewer tokens is one shingle."""
    length = np.diff(offsets)
    found = []
    for size, wanted in ((np.minimum(sizes, length), length > 0), (FEW, (length > FEW) & (length <= SHORT))):
        counts = np.where(wanted, length - size + 1, 0)
        part = np.repeat(np.arange(len(counts)), counts)
        starts = np.arange(len(part)) - (np.cumsum(counts) - counts)[part] + offsets[part]
        found.append((starts, np.broadcast_to(size, len(counts))[part], part))
    starts, sizes, part = (np.concatenate(columns) for columns in zip(*found, strict=True))
    return starts, sizes, part


def _origins(passages: list[_Passage], hashes: np.ndarray, offsets: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Whose words each part is: its item's. Of items with the same heavy part, such as a note that has many questions,
    the first one's, so that the note is no stock phrase."""
    items = [passage.item for passage in passages for _ in passage.parts]
    sums = np.concatenate([[0], np.cumsum(weights, dtype=np.int64)])
    seen: dict[bytes, int] = {}
    for part, (a, b) in enumerate(itertools.pairwise(offsets.tolist())):
        if sums[b] - sums[a] >= LEAST["question"]:
            items[part] = seen.setdefault(hashes[a:b].tobytes(), items[part])
    return np.array(items, np.int64)


def _common(keys: np.ndarray, origins: np.ndarray) -> np.ndarray:
    """Whether each shingle stands in more than COMMON items."""
    distinct, which = np.unique(keys, return_inverse=True)
    pairs = np.unique(which * (origins.max(initial=0) + 1) + origins)
    return (np.bincount(pairs // (origins.max(initial=0) + 1), minlength=len(distinct)) > COMMON)[which]


def _covered(starts: np.ndarray, sizes: np.ndarray, tokens_in_all: int) -> np.ndarray:
    """Whether each token is in any of these shingles."""
    change = np.zeros(tokens_in_all + 1, np.int64)
    np.add.at(change, starts, 1)
    np.add.at(change, starts + sizes, -1)
    return np.cumsum(change[:-1]) > 0
