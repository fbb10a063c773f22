"""What real text says: which words follow each other, and which passages name what. Counts, hashed; no model.

It tells sense from word salad, and an answer that goes with its question from one that doesn't, where the graph has
nothing to say. It knows no truth: what is often written is expected, no more.
"""

from collections.abc import Iterable

import numba
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datagen.errors import UsageError
from reward_filter.lexicon import meanings
from reward_filter.passages import FEATURES as SUPPORT
from reward_filter.passages import Passages
from reward_filter.words import CHARACTER, WORDS, Reading, read

PAIRS = 1 << 24
RISING = ("fluency", "worst_run", "flow", "worst_flow", *SUPPORT)
"""Evidence for an answer: more of it is never worse."""
FEATURES = (*RISING, "unheard")
RUN = 4
MOST = 400
"""Words of an answer that are looked at."""
MOST_TEXT = 60_000
"""Characters of one text that count: no book outweighs all others."""
SCHEMA = pa.schema(
    [pa.field("of", pa.string(), False), pa.field("at", pa.int32(), False), pa.field("count", pa.int32(), False)]
)
"""`words` and `rows`: a place and its count. `passages`: a word and one that names it. `meanings`: a Chinese word and
its English one. `number`: of passages."""
_A, _B = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)


class Background:
    """Counts of words int32[WORDS] and of words in a row int32[PAIRS], passages, and meanings int64[WORDS]."""

    def __init__(self, words: np.ndarray, rows: np.ndarray, passages: Passages, meanings: np.ndarray):
        self.words, self.rows, self.passages, self.meanings = words, rows, passages, meanings
        characters = float(words[CHARACTER::4].sum())
        self.total, self.characters = max(1.0, float(words.sum()) - characters), max(1.0, characters)

    @staticmethod
    def empty() -> "Background":
        return Background(
            np.zeros(WORDS, np.int32), np.zeros(PAIRS, np.int32), Passages.empty(), np.arange(WORDS, dtype=np.int64)
        )

    @staticmethod
    def read(table: pa.Table) -> "Background":
        """From a table of SCHEMA. Raises UsageError where it names places that there are none of."""
        found = Background.empty()
        parts = {}
        for name in ("words", "rows", "passages", "meanings", "number"):
            part = table.filter(pc.equal(table["of"], name))
            parts[name] = part["at"].to_numpy(), part["count"].to_numpy()
        number = int(parts["number"][1].sum())
        sizes = {"words": WORDS, "rows": PAIRS, "meanings": WORDS, "passages": WORDS}
        known = all(_within(parts[name][0], size) for name, size in sizes.items())
        if not (known and _within(parts["passages"][1], number) and _within(parts["meanings"][1], WORDS)):
            raise UsageError("what the reward model knows of real text is damaged", "train it again")
        for name in ("words", "rows", "meanings"):
            at, count = parts[name]
            getattr(found, name)[at] = count
        at, places = parts["passages"]
        starts = np.concatenate([[0], np.cumsum(np.bincount(at, minlength=WORDS))]).astype(np.int64)
        return Background(found.words, found.rows, Passages(starts, places.astype(np.int32), number), found.meanings)

    def table(self) -> pa.Table:
        """As a table of SCHEMA."""
        counted = [(name, np.flatnonzero(getattr(self, name)), getattr(self, name)) for name in ("words", "rows")]
        parts = [(name, at, counts[at]) for name, at, counts in counted]
        passages = self.passages
        parts.append(("passages", np.repeat(np.arange(WORDS), np.diff(passages.starts)), passages.at))
        known = np.flatnonzero(self.meanings != np.arange(WORDS))
        parts.append(("meanings", known, self.meanings[known]))
        parts.append(("number", np.zeros(1, np.int32), np.array([passages.number])))
        tables = [
            pa.table([pa.array([name], pa.string()).take(pa.array(np.zeros(len(at), np.int32))), *columns], SCHEMA)
            for name, at, counts in parts
            for columns in [(at.astype(np.int32), counts.astype(np.int32))]
        ]
        return pa.concat_tables(tables)

    @staticmethod
    def of(texts: Iterable[str], names: Iterable[tuple[str, str]] = (), most: int = 12_000_000) -> "Background":
        """Counted over texts (a question with its answer is one): those up to `most` words, all others only read.
        `names` are in English and Chinese."""
        stream, characters, size = [], [], 0
        for text in texts:
            if size < most:
                found = read(text[:MOST_TEXT])
                stream.append(np.append(found.ids, 0))
                characters += [found.characters] if found.chinese else []
                size += len(stream[-1])
        if not stream:
            return Background.empty()
        ids, shown = np.concatenate(stream), np.concatenate([np.zeros(0, np.int64), *characters])
        words = np.bincount(ids, minlength=WORDS) + np.bincount(shown, minlength=WORDS)
        words[0] = 0
        rows = np.zeros(PAIRS, np.int32)
        for followed in (ids, shown):
            _count(followed, rows)
        known = meanings(names)
        starts = np.concatenate([[0], np.cumsum([len(text) for text in stream])]).astype(np.int64)
        return Background(words.astype(np.int32), rows, Passages.of(known[ids], starts), known)

    def features(self, asked: Reading, said: Reading) -> list[float]:
        """FEATURES, each about -1 to 1; 0 where nothing is known."""
        if self.total <= 1:
            return [0.0] * len(FEATURES)
        ids = said.ids[:MOST]
        known = self.words[ids[ids > 0]]
        counts = self.words, self.rows
        return [
            *_sense(ids, *counts, self.total),
            *(_sense(said.characters[: 2 * MOST], *counts, self.characters) if said.chinese else (0.0, 0.0)),
            *self.passages.support(self.meanings[asked.ids], self.meanings[ids]),
            float(np.mean(known == 0)) if len(known) else 0.0,
        ]


def _within(places: np.ndarray, size: int) -> bool:
    return not len(places) or (places.min() >= 0 and places.max() < size)


@numba.njit(cache=True)
def _count(ids, rows):
    """Adds each word with the next one of its sentence."""
    for i in range(len(ids) - 1):
        if ids[i] > 0 and ids[i + 1] > 0:
            rows[_place(ids[i], ids[i + 1])] += 1


@numba.njit(cache=True)
def _sense(ids, words, rows, total):
    """How much likelier each word (or character) is after the one before than by itself, as a log ratio / 10: mean, and
    that of the worst run."""
    steps, made = np.empty(max(1, len(ids))), 0
    for i in range(len(ids) - 1):
        a, b = ids[i], ids[i + 1]
        if a > 0 and b > 0:
            expected = float(words[a]) * words[b] / total
            steps[made] = np.log((rows[_place(a, b)] + 0.1) / (expected + 0.1 + words[a] / WORDS)) / 10
            made += 1
    if made == 0:
        return 0.0, 0.0
    run, worst = min(RUN, made), np.inf
    for i in range(made - run + 1):
        worst = min(worst, steps[i : i + run].mean())
    return steps[:made].mean(), worst


@numba.njit(cache=True)
def _place(a, b):
    x = np.uint64(a) * _A + np.uint64(b) * _B
    x = (x ^ (x >> np.uint64(29))) * _B
    return np.int64((x >> np.uint64(35)) & np.uint64(PAIRS - 1))
