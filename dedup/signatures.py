"""MinHash signatures, equal to those of datasketch 2.

A. Broder, "On the resemblance and containment of documents" (1997). The permutations are datasketch's scheme
"affine32": a * fmix32(h) + b modulo 2**32. A row is taken as it is by `datasketch.MinHash(hashvalues=row, scheme=...)`.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from dedup.fold import fold_table, fold_versions
from dedup.shingles import Texts, as_arrow, batches, checked_size, refuse_invalid

SEED = 1
EMPTY = np.uint32(0xFFFFFFFF)  # datasketch's value where no hash was seen


def sign(texts: Texts, n: int = 5, num_perm: int = 112) -> np.ndarray:
    """MinHash signatures of texts over shingles of n tokens: uint32 of shape (texts, num_perm).

    Raises TypeError for something that isn't text, and ValueError for nulls, invalid UTF-8, and sizes below 1.
    """
    from dedup import kernels

    checked_size(n)
    permutations = _permutations(num_perm)
    texts = as_arrow(texts)
    signatures = np.empty((len(texts), num_perm), np.uint32)
    for first, batch in batches(texts):
        rows = signatures[first : first + len(batch.offsets) - 1]
        invalid = kernels.sign_all(*batch, n, *fold_table(), *permutations, rows)
        refuse_invalid(first, invalid)
    return signatures


def without_tokens(signatures: np.ndarray) -> np.ndarray:
    """Which signatures (uint32, documents by num_perm) are those of texts without tokens: bool (documents,)."""
    empty = signatures[:, 0] == EMPTY
    empty[empty] = (signatures[empty] == EMPTY).all(axis=1)
    return empty


def scheme(n: int = 5, num_perm: int = 112) -> dict[str, str | int]:
    """How `sign` makes signatures: store it with them, for only equal schemes compare."""
    made_by = {"scheme": "affine32", "seed": SEED, "hashfunc": "xxh32", "num_perm": num_perm, "shingle": n}
    return made_by | fold_versions()


@cache
def _permutations(num_perm: int) -> tuple[np.ndarray, np.ndarray]:
    """datasketch's multipliers (odd) and summands, uint32 each."""
    if num_perm < 1:
        raise ValueError(f"num_perm={num_perm}: a signature has at least 1 value")
    draw = np.random.RandomState(SEED)
    multipliers = draw.randint(0, 1 << 31, num_perm, np.uint32) * np.uint32(2) + np.uint32(1)
    return multipliers, draw.randint(0, 1 << 32, num_perm, np.uint32)
