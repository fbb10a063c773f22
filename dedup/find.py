"""Near-duplicate search in memory."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from dedup.bands import checked_bands, similar
from dedup.components import Components
from dedup.shingles import Texts, as_arrow
from dedup.signatures import sign, without_tokens


def find_duplicates(
    texts: Texts, threshold: float = 0.7, n: int = 5, num_perm: int = 112, bands: int | None = None
) -> np.ndarray:
    """Label each text with its cluster of near-duplicates.

    Texts are compared by MinHash over shingles of n tokens (words, or single Han characters and kana; case, width,
    accents and traditional or simplified writing don't count). Two are joined when at least `threshold` of the
    num_perm values of their signatures agree, which estimates the Jaccard similarity of their shingles; a cluster is
    all that is joined directly or through others. Exact copies always join. Texts without tokens join nothing else.

    Returns int64 labels, one per text: the position of the first text of its cluster, so a text alone has its own.

    texts: a list of strings or Arrow strings. bands: num_perm / 4 by default (see `dedup.bands`); more find more of
    what is barely above the threshold, and cost more. Raises TypeError for something that isn't text, and ValueError
    for nulls, invalid UTF-8, a threshold outside (0, 1] and sizes that don't fit each other.
    """
    bands = checked_bands(num_perm, threshold, bands)
    texts = as_arrow(texts)
    signatures = sign(texts, n, num_perm)
    clusters = Components(len(texts))
    clusters.join(_equal(texts, np.flatnonzero(without_tokens(signatures))))
    for edges in similar(signatures, threshold, bands):
        clusters.join(edges)
    return clusters.labels()


def _equal(texts: pa.ChunkedArray, positions: np.ndarray) -> np.ndarray:
    """Edges between equal strings among those at the positions."""
    codes = texts.take(pa.array(positions)).combine_chunks().dictionary_encode().indices.to_numpy()
    _, first, which = np.unique(codes, return_index=True, return_inverse=True)
    return np.stack([positions, positions[first[which]]], axis=1)
