"""Compiled loops over a graph's arrays (see datagen/compiled.py)."""

import numpy as np
from numba.core.types import int32, int64, uint8, uint64

from datagen.compiled import kernel, read, write


@kernel(read(int32), read(int32), write(int64), write(int32))
def sort_by(ends, order, starts, sorted_):
    """Stable counting sort: rows of `order` by `ends[row]` into `sorted_`; where each end begins into `starts`
    (int64[nodes + 1])."""
    starts[:] = 0
    for row in order:
        starts[ends[row] + 1] += 1
    for i in range(1, len(starts)):
        starts[i] += starts[i - 1]
    place = starts[:-1].copy()
    for row in order:
        end = ends[row]
        sorted_[place[end]] = row
        place[end] += 1


@kernel(read(uint8), write(uint64))
def parse_keys(text, keys):
    """16 hexadecimal digits each, as numbers. Other characters make other numbers, never an error."""
    for i in range(len(keys)):
        number = np.uint64(0)
        for j in range(16):
            c = text[16 * i + j]
            digit = c - 48 if c < 58 else (c | 32) - 87
            number = (number << np.uint64(4)) | np.uint64(digit & 15)
        keys[i] = number


@kernel(read(int32), read(int32))
def in_order(subject, object_):
    """Whether edges are sorted by subject, then object."""
    for i in range(1, len(subject)):
        if subject[i] < subject[i - 1] or (subject[i] == subject[i - 1] and object_[i] < object_[i - 1]):
            return False
    return True
