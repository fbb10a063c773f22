"""How hard a text is to foresee: bits per token under a bigram model of the corpus itself."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from dedup.shingles import Texts, shingle_hashes

WORDS, PAIRS = 1 << 20, 1 << 22
"""Buckets that single tokens and pairs of neighbours are hashed into; pairs come behind the tokens."""
BUCKETS = WORDS + PAIRS
COUNTS = pa.schema([pa.field("bucket", pa.int32(), False), pa.field("count", pa.int64(), False)])
PAIR_WEIGHT = 0.6
"""Of the pair's share in the interpolation (Jelinek and Mercer 1980); the rest is the token's own frequency."""


def count(texts: Texts) -> np.ndarray:
    """Occurrences of tokens and pairs, int64 of shape (BUCKETS,). Tokens are words or single Han characters, folded."""
    words, pairs, _, _ = _tokens(texts)
    return np.bincount(words, minlength=BUCKETS) + np.bincount(pairs, minlength=BUCKETS)


def sparse(counts: np.ndarray) -> pa.Table:
    """Counts as a table of `COUNTS`, zeros left out."""
    buckets = np.flatnonzero(counts)
    return pa.table([buckets.astype(np.int32), counts[buckets]], schema=COUNTS)


def dense(tables: Iterable[pa.Table]) -> np.ndarray:
    """The sum of such tables, int64 of shape (BUCKETS,)."""
    counts = np.zeros(BUCKETS, np.int64)
    for table in tables:
        counts[table["bucket"].to_numpy()] += table["count"].to_numpy()
    return counts


def surprisal(texts: Texts, counts: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Mean bits per token of every text, float64; nan for texts without a pair of tokens.

    A text is foreseen from all others: where `own` says that it was counted too, its own occurrences are taken out.
    Lower is easier: it stands in for the perplexity under an earlier model of the same data by which the Baichuan-M1
    report orders its curriculum (section 4.2). Comparable within a language only.
    """
    words, pairs, text_of_word, text_of_pair = _tokens(texts)
    found = np.full(len(own), np.nan)
    if not len(pairs):
        return found
    follows = np.flatnonzero(np.diff(text_of_word) == 0) + 1  # words that have one before them
    word_counts = counts[words] - np.where(own[text_of_word], _within(words, text_of_word), 0)
    pair_counts = counts[pairs] - np.where(own[text_of_pair], _within(pairs, text_of_pair), 0)
    sizes = np.bincount(text_of_word, minlength=len(own))
    others = counts[:WORDS].sum() - np.where(own, sizes, 0)[text_of_pair]
    alone = (word_counts[follows] + 1) / (others + WORDS)
    after = pair_counts / np.maximum(word_counts[follows - 1], 1)
    bits = -np.log2(PAIR_WEIGHT * np.minimum(after, 1) + (1 - PAIR_WEIGHT) * alone)
    some = np.bincount(text_of_pair, minlength=len(own))
    sums = np.bincount(text_of_pair, bits, minlength=len(own))
    np.divide(sums, some, out=found, where=some > 0)
    return found


def _tokens(texts: Texts) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Buckets of tokens and of pairs, in order, and the text of each. A text of one token has no pair."""
    words, starts = shingle_hashes(texts, 1)
    pairs, _ = shingle_hashes(texts, 2)
    sizes = np.diff(starts)
    text_of_word = np.repeat(np.arange(len(sizes)), sizes)
    lone = np.maximum(sizes - 1, sizes > 0)  # what a text of one token has in place of pairs is the token
    text_of_pair = np.repeat(np.arange(len(sizes)), lone)
    real = sizes[text_of_pair] > 1
    buckets = WORDS + (pairs[real] % PAIRS).astype(np.int64)
    return (words % WORDS).astype(np.int64), buckets, text_of_word, text_of_pair[real]


def _within(buckets: np.ndarray, texts: np.ndarray) -> np.ndarray:
    """How often each entry's bucket occurs in its own text."""
    _, inverse, counts = np.unique(texts * BUCKETS + buckets, return_inverse=True, return_counts=True)
    return counts[inverse]
