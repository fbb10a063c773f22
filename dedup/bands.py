"""Banding: from signatures to the pairs worth joining, in linear time.

A signature is cut into bands of r values; documents with an equal band share a bucket, which two texts of Jaccard
similarity J do with probability 1 - (1 - J^r)^b in b bands (J. Leskovec et al., "Mining of Massive Datasets", 3.4).
Each value serves in two bands: in one with its neighbours, and in one across, for r bands side by side are a square of
r by r values that is cut both ways. That costs no further hashing: the 56 bands of 112 values and r = 4 find J = 0.7
with .9999, 0.6 with .999 and 0.5 with .96 (28 straight ones: .84).

Sharing a bucket proves nothing, so every edge is checked on the whole signatures. In a bucket each document is linked
to the one before it and to the first: edges grow with documents, not with pairs, and a document whose neighbour is a
stranger may still pass with the first, or in another band. That wants buckets of few strangers: with 2 values to a band
more pairs meet near 0.5, but in millions of documents they meet in crowds.

Within buckets the order is that of the keys of whole signatures, never that of the input, so that a shuffled or sharded
input gives the same edges.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dedup.components import Components
from dedup.signatures import without_tokens

ROWS = 4  # values to a band where the number of bands isn't given
AT_ONCE = 8  # bands whose keys are made in one pass over the signatures


def band_places(num_perm: int, bands: int) -> np.ndarray:
    """Which values make up each band: int64 (all bands, rows). First the straight bands, then those across."""
    rows = num_perm // bands
    straight = np.arange(num_perm).reshape(bands, rows)
    if rows == 1:
        return straight
    squares = straight[: bands // rows * rows].reshape(-1, rows, rows)
    return np.concatenate([straight, squares.transpose(0, 2, 1).reshape(-1, rows)])


def keys_of(signatures: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Keys of chosen values of each signature: uint64 of shape (choices, documents).

    signatures: uint32 (documents, values); places: int64 (choices, values to a choice). A key is XXH64 (seed 0) of the
    values as little-endian bytes.
    """
    from dedup import kernels

    if places.size and not 0 <= places.min() <= places.max() < signatures.shape[1]:
        raise IndexError(f"a place outside the {signatures.shape[1]} values of a signature")
    return kernels.keys_of(np.ascontiguousarray(signatures, np.uint32), np.ascontiguousarray(places, np.int64))


def whole_keys(signatures: np.ndarray) -> np.ndarray:
    """128 bits that stand for a signature, as two keys, one of each half: uint64 (2, documents)."""
    values = signatures.shape[1]
    if values == 1:
        return np.repeat(keys_of(signatures, np.zeros((1, 1), np.int64)), 2, axis=0)
    return np.concatenate(
        [
            keys_of(signatures, np.arange(values // 2)[None]),
            keys_of(signatures, np.arange(values // 2, values)[None]),
        ]
    )


def repeated(keys: np.ndarray) -> np.ndarray:
    """Positions of keys that occur more than once, and of a few others: int64, ascending.

    keys: uint64 (documents,). They are compared by the upper bits that a position leaves free, in one sort in place.
    """
    bits = np.uint64(max(len(keys) - 1, 1).bit_length())
    packed = keys >> bits << bits | np.arange(len(keys), dtype=np.uint64)
    packed.sort()
    equal = (packed[1:] ^ packed[:-1]) >> bits == 0
    alike = np.zeros(len(keys), bool)
    alike[1:] = equal
    alike[:-1] |= equal
    found = (packed[alike] & ((np.uint64(1) << bits) - np.uint64(1))).astype(np.int64)
    found.sort()
    return found


def bucket_edges(keys: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Links between documents of equal key: to the one before, and to the first, in their order.

    keys: one band's, uint64 (documents,); order: what sorts documents within a bucket, uint64 (2, documents). Returns
    int64 (edges, 2), the later document first, less than two edges for each document.
    """
    position = np.lexsort((order[1], order[0], keys))
    keys = keys[position]
    place = np.flatnonzero(keys[1:] == keys[:-1]) + 1  # of documents that aren't first
    second = np.diff(place, prepend=-1) > 1  # of their bucket
    first = (place[second] - 1)[np.cumsum(second) - 1]
    later = ~second
    return np.concatenate(
        [
            np.stack([position[place], position[place - 1]], axis=1),
            np.stack([position[place[later]], position[first[later]]], axis=1),
        ]
    )


def equal_edges(keys: np.ndarray, documents: np.ndarray) -> np.ndarray:
    """Links from each document to the smallest document of equal key: int64 (edges, 2), by document numbers.

    keys: uint64 (2, documents), 128 bits each; documents: their numbers, int64.
    """
    alike = repeated(keys[0])
    low, high, number = keys[0][alike], keys[1][alike], documents[alike]
    order = np.lexsort((number, high, low))
    low, high, number = low[order], high[order], number[order]
    fresh = np.ones(len(order), bool)
    fresh[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
    first = number[fresh][np.cumsum(fresh) - 1]
    return np.stack([number[~fresh], first[~fresh]], axis=1)


def verified(signatures: np.ndarray, edges: np.ndarray, threshold: float) -> np.ndarray:
    """The edges whose two signatures agree in at least `threshold` of their values, the estimate of Jaccard similarity.

    signatures: uint32 (documents, num_perm); edges: int64 (edges, 2).
    """
    from dedup import kernels

    agreements = kernels.agreements(np.ascontiguousarray(signatures, np.uint32), np.ascontiguousarray(edges, np.int64))
    return edges[agreements >= least(threshold, signatures.shape[1])]


def least(threshold: float, num_perm: int) -> int:
    """How many values of two signatures must agree for an estimate of at least `threshold`."""
    agreements = np.arange(num_perm + 1)
    return int(np.flatnonzero(agreements / num_perm >= threshold)[0])


def similar(signatures: np.ndarray, threshold: float, bands: int | None = None) -> Iterator[np.ndarray]:
    """Verified edges between documents, int64 (edges, 2), band by band; their components are the clusters.

    Edges within what earlier ones have joined are left out: in templated text most are. signatures: uint32 (documents,
    num_perm); those of texts without tokens get no edges. bands: straight ones, num_perm / 4 by default. Raises
    ValueError as `checked_bands` does.
    """
    bands = checked_bands(signatures.shape[1], threshold, bands)
    order, joined = whole_keys(signatures), Components(len(signatures))
    taking_part = ~without_tokens(signatures)
    speaking = np.flatnonzero(taking_part)
    # equal signatures are joined once, and one of them stands for all in the bands
    equal = equal_edges(order[:, speaking], speaking)
    yield verified(signatures, equal, threshold)
    taking_part[equal[:, 0]] = False
    distinct = np.flatnonzero(taking_part)
    places = band_places(signatures.shape[1], bands)
    for start in range(0, len(places), AT_ONCE):
        for key in keys_of(signatures, places[start : start + AT_ONCE]):
            members = distinct[repeated(key[distinct])]
            edges = joined.apart(members[bucket_edges(key[members], order[:, members])])
            edges = verified(signatures, edges, threshold)
            joined.join(edges)
            yield edges


def checked_bands(num_perm: int, threshold: float, bands: int | None = None) -> int:
    """The number of straight bands, num_perm / 4 if it isn't given.

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
