"""Banding: from signatures to the pairs worth joining, in linear time.

A signature is cut into bands; documents with an equal band share a bucket. With r values to a band and b bands, two
texts of Jaccard similarity J share a bucket with probability 1 - (1 - J^r)^b: 4 values and 28 bands find J = 0.7 with
.9995, 0.6 with .98, 0.5 with .84 (J. Leskovec et al., "Mining of Massive Datasets", 3.4). Sharing a bucket proves
nothing, so every edge is checked on the whole signatures. In a bucket each document is linked to the one before it
and to the first: edges grow with documents, not with pairs, and a document whose neighbour is a stranger may still
pass with the first, or in another band. That wants buckets of few strangers: with 2 values to a band more pairs meet
near 0.5, but in millions of documents they meet in crowds.

Within buckets the order is that of the keys of whole signatures, never that of the input, so that a shuffled input
gives the same clusters.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dedup.signatures import without_tokens

ROWS = 4  # values to a band where the number of bands isn't given


def band_keys(signatures: np.ndarray, bands: int) -> np.ndarray:
    """The key of each band: uint64 of shape (bands, documents).

    signatures: uint32 of shape (documents, num_perm). A key is XXH64 (seed 0) of the band's values as little-endian
    bytes. Raises ValueError where num_perm isn't a multiple of bands.
    """
    from dedup import kernels

    if bands < 1 or signatures.shape[1] % bands:
        raise ValueError(f"bands={bands}: must divide the {signatures.shape[1]} values of a signature")
    return kernels.keys_of_bands(np.ascontiguousarray(signatures, np.uint32), bands)


def bucket_edges(keys: np.ndarray) -> np.ndarray:
    """Links between documents of equal key: to the one before, and to the first.

    keys: one band's, uint64 (documents,). Returns int64 (edges, 2), less than two for each document. Keys of a million
    documents are compared by their upper 44 bits (64 less the bits of a position): verify the edges.
    """
    bits = np.uint64(max(len(keys) - 1, 1).bit_length())
    packed = keys >> bits << bits | np.arange(len(keys), dtype=np.uint64)
    packed.sort()
    place = np.flatnonzero((packed[1:] ^ packed[:-1]) >> bits == 0) + 1  # of documents that aren't first
    position = (packed & ((np.uint64(1) << bits) - np.uint64(1))).astype(np.int64)
    second = np.diff(place, prepend=-1) > 1  # of their bucket
    first = (place[second] - 1)[np.cumsum(second) - 1]
    later = ~second
    return np.concatenate(
        [
            np.stack([position[place], position[place - 1]], axis=1),
            np.stack([position[place[later]], position[first[later]]], axis=1),
        ]
    )


def verified(signatures: np.ndarray, edges: np.ndarray, threshold: float) -> np.ndarray:
    """The edges whose two signatures agree in at least `threshold` of their values, the estimate of Jaccard similarity.

    signatures: uint32 (documents, num_perm); edges: int64 (edges, 2).
    """
    from dedup import kernels

    agreements = kernels.agreements(np.ascontiguousarray(signatures, np.uint32), np.ascontiguousarray(edges, np.int64))
    return edges[agreements / signatures.shape[1] >= threshold]


def similar(signatures: np.ndarray, threshold: float, bands: int | None = None) -> Iterator[np.ndarray]:
    """Verified edges between documents, int64 (edges, 2), band by band; their components are the clusters.

    signatures: uint32 (documents, num_perm); those of texts without tokens get no edges. bands: num_perm / 4 by
    default. Raises ValueError as `checked_bands` does.
    """
    bands = checked_bands(signatures.shape[1], threshold, bands)
    keys = band_keys(signatures, bands)
    whole = band_keys(signatures, 1)[0]

    order = np.flatnonzero(~without_tokens(signatures))
    order = order[np.argsort(whole[order], kind="stable")]
    again = np.zeros(len(order), bool)
    again[1:] = whole[order[1:]] == whole[order[:-1]]
    # equal signatures are joined once, and one of them stands for all in the bands
    yield verified(signatures, np.stack([order[1:], order[:-1]], axis=1)[again[1:]], threshold)
    distinct = order[~again]
    for key in keys:
        yield verified(signatures, distinct[bucket_edges(key[distinct])], threshold)


def checked_bands(num_perm: int, threshold: float, bands: int | None = None) -> int:
    """The number of bands, num_perm / 4 if it isn't given.

    Raises ValueError for a threshold outside (0, 1] and for bands that don't divide num_perm.
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold={threshold}: must be above 0 and at most 1")
    if bands is None:
        if num_perm < ROWS or num_perm % ROWS:
            raise ValueError(f"num_perm={num_perm} is no multiple of {ROWS}: say how many bands")
        return num_perm // ROWS
    if bands < 1 or num_perm % bands:
        raise ValueError(f"bands={bands}: must divide num_perm={num_perm}")
    return bands
