"""What real text says: which words follow each other, and which are named together. Counts, hashed; no model.

It tells sense from word salad, and an answer that goes with its question from one that doesn't, where the graph has
nothing to say. It knows no truth: what is often written is expected, no more.
"""

import re
import zlib
from collections.abc import Iterable
from functools import lru_cache

import numpy as np
import pyarrow as pa

TERM = re.compile(r"[a-z0-9]+(?:[-'][a-z0-9]+)*|[\u3400-\u9fff]+|[.!?;\n。\uff01\uff1f\uff1b]")
END = frozenset(".!?;\n。\uff01\uff1f\uff1b")
WORDS, PAIRS = 1 << 20, 1 << 24
WINDOW = 12
"""Content words that follow in the same sentence, or its neighbour, and count as named together."""
COMMON = 2e-4
"""Share of all words above which a word is no content word."""
FEATURES = ("fluency", "worst_run", "relevance", "least_relevant", "cohesion", "unheard")
RUN = 4
SAME = 4.0
"""What a word of the question is worth where the answer says it again."""
MOST = 400
"""Terms of a text that are looked at."""
LEAST = {"words": 1, "rows": 1, "together": 2}
"""Counts that are worth keeping."""
SCHEMA = pa.schema(
    [pa.field("of", pa.string(), False), pa.field("at", pa.int32(), False), pa.field("count", pa.int32(), False)]
)
_A, _B = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)


def terms(text: str) -> list[str]:
    """Words in lower case, Chinese ones as jieba cuts them, with the marks that end a sentence between them."""
    found: list[str] = []
    for term in TERM.findall(text.lower()):
        if term[0] >= "\u3400" and term not in END:
            found += _cut(term)
        else:
            found.append(term)
    return found


def _cut(text: str) -> list[str]:
    import rjieba

    return rjieba.cut(text)


@lru_cache(maxsize=1 << 18)
def _hash(term: str) -> int:
    """0 for what ends a sentence."""
    return 0 if term in END else zlib.crc32(term.encode()) % (WORDS - 1) + 1


def hashed(text: str, most: int | None = None) -> np.ndarray:
    """int64[terms]."""
    found = terms(text if most is None else text[: 12 * most])
    return np.array([_hash(term) for term in found[:most]], np.int64)


class Background:
    """Counts of words int32[WORDS], of words in a row and of words together int32[PAIRS]."""

    def __init__(self, words: np.ndarray, rows: np.ndarray, together: np.ndarray):
        self.words, self.rows, self.together = words, rows, together
        self.total = max(1.0, float(words.sum()))
        self.pairs = max(1.0, float(together.sum()))
        # A word's share of all that is named together.
        self._common = words > COMMON * self.total if self.total > 1 / COMMON else np.zeros(WORDS, bool)

    @staticmethod
    def empty() -> "Background":
        return Background(np.zeros(WORDS, np.int32), np.zeros(PAIRS, np.int32), np.zeros(PAIRS, np.int32))

    @staticmethod
    def read(table: pa.Table) -> "Background":
        """From a table of SCHEMA."""
        names = np.array(table["of"].to_pylist(), dtype=object)
        counts = {name: np.zeros(WORDS if name == "words" else PAIRS, np.int32) for name in LEAST}
        at, number = table["at"].to_numpy(), table["count"].to_numpy()
        for name, found in counts.items():
            here = names == name
            found[at[here]] = number[here]
        return Background(**counts)

    def table(self) -> pa.Table:
        """As a table of SCHEMA."""
        parts = []
        for name, least in LEAST.items():
            counts = getattr(self, name)
            at = np.flatnonzero(counts >= least).astype(np.int32)
            parts.append(pa.table([pa.array([name] * len(at), pa.string()), at, counts[at]], schema=SCHEMA))
        return pa.concat_tables(parts)

    @staticmethod
    def of(texts: Iterable[str], most: int = 12_000_000) -> "Background":
        """Counted over texts (a question with its answer is one): those up to `most` terms, all others only read."""
        stream, size = [], 0
        for text in texts:
            if size < most:
                stream += [hashed(text), np.zeros(2, np.int64)]
                size += len(stream[-2])
        ids = np.concatenate(stream) if stream else np.zeros(0, np.int64)
        words = np.bincount(ids, minlength=WORDS)
        words[0] = 0
        rows = _counted([_ordered(ids[:-1], ids[1:])[(ids[:-1] > 0) & (ids[1:] > 0)]])
        limit = COMMON * max(1.0, float(words.sum()))
        content = ids[(words[ids] <= limit) & (ids > 0)] if words.sum() > 1 / COMMON else ids[ids > 0]
        together = _counted(
            _either(content[:-gap], content[gap:]) for gap in range(1, WINDOW + 1) if len(content) > gap
        )
        return Background(words.astype(np.int32), rows, together)

    def features(self, prompt: str, response: str) -> list[float]:
        """FEATURES, each about -1 to 1; 0 where nothing is known."""
        if self.total <= 1:
            return [0.0] * len(FEATURES)
        asked, said = hashed(prompt[-600:], MOST), hashed(response, MOST)
        steps = self._surprise(said)
        content, about = self._content(said), self._content(asked)
        relevance = self._association(content, about)
        within = self._association(content, content)
        known = self.words[said[said > 0]]
        runs = np.convolve(steps, np.ones(RUN) / RUN, "valid") if len(steps) >= RUN else steps
        return [
            float(steps.mean()) / 10 if len(steps) else 0.0,
            float(runs.min()) / 10 if len(runs) else 0.0,
            float(relevance.mean()) / 5 if len(relevance) else 0.0,
            float(np.sort(relevance)[: max(1, len(relevance) // 4)].mean()) / 5 if len(relevance) else 0.0,
            float(within.mean()) / 5 if len(within) else 0.0,
            float(np.mean(known == 0)) if len(known) else 0.0,
        ]

    def _surprise(self, ids: np.ndarray) -> np.ndarray:
        """How much likelier each word is after the one before than by itself: log ratio, float64."""
        a, b = ids[:-1], ids[1:]
        inside = (a > 0) & (b > 0)
        a, b = a[inside], b[inside]
        seen = self.rows[_ordered(a, b)]
        expected = self.words[a].astype(float) * self.words[b] / self.total
        return np.log((seen + 0.1) / (expected + 0.1 + self.words[a] / WORDS))

    def _content(self, ids: np.ndarray) -> np.ndarray:
        ids = np.unique(ids[ids > 0])
        return ids[~self._common[ids] & (self.words[ids] > 1)]

    def _association(self, ids: np.ndarray, others: np.ndarray) -> np.ndarray:
        """For each word how strongly it goes with the one of `others` that it goes with most: log ratio of times named
        together to times expected, float64; empty where there are none."""
        if not len(ids) or not len(others):
            return np.zeros(0)
        a, b = ids[:, None], others[None, :]
        seen = self.together[_either(a, b)]
        expected = 2.0 * WINDOW * self.words[a].astype(float) * self.words[b] / self.total
        ratio = np.log((seen + 0.5) / (expected + 0.5))
        ratio = np.where(a == b, SAME if others is not ids else -5.0, ratio)
        return np.clip(ratio.max(axis=1), -5, 8)


def _ordered(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return _mixed(a.astype(np.uint64) * _A + b.astype(np.uint64) * _B)


def _either(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    a, b = a.astype(np.uint64), b.astype(np.uint64)
    return _mixed((a + b) * _A + (a ^ b) * _B)


def _mixed(x: np.ndarray) -> np.ndarray:
    x = (x ^ (x >> np.uint64(29))) * _B
    return ((x >> np.uint64(35)) & np.uint64(PAIRS - 1)).astype(np.int64)


def _counted(places: Iterable[np.ndarray]) -> np.ndarray:
    counts = np.zeros(PAIRS, np.int32)
    for found in places:
        counts += np.bincount(found, minlength=PAIRS).astype(np.int32)
    return counts
