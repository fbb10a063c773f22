"""Compiled loops over a graph's arrays (see kernels.py for how they are compiled)."""

import numpy as np
from numba.core.types import int8, int32, int64, uint8, uint64

from knowledge_graph.kernels import kernel, read, write


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


@kernel(read(int32), read(int32), read(int64), read(int32), read(int8), read(int8), write(int8))
def implied(owners, others, starts, objects, shown, is_a, found):
    """Whether each owner (equal ones follow each other) shows the other or something below it, 1 or 0 into `found`.
    `shown` says which edges show something, `is_a` which lead up."""
    nodes = len(starts) - 1
    seen, queue = np.zeros(nodes, np.int32), np.empty(nodes, np.int32)
    stamp, last = 0, -1
    for i in range(len(owners)):
        if owners[i] != last:
            last = owners[i]
            stamp += 1
            size, first = 0, 0
            for edge in range(starts[last], starts[last + 1]):
                if shown[edge] == 1 and seen[objects[edge]] != stamp:
                    seen[objects[edge]] = stamp
                    queue[size] = objects[edge]
                    size += 1
            while first < size:
                for edge in range(starts[queue[first]], starts[queue[first] + 1]):
                    above = objects[edge]
                    if is_a[edge] == 1 and seen[above] != stamp:
                        seen[above] = stamp
                        queue[size] = above
                        size += 1
                first += 1
        found[i] = seen[others[i]] == stamp
