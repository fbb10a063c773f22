"""Which findings tell nodes apart: those that the fewest share. A compiled loop, like those of dealing.py."""

import numpy as np
from numba.core.types import int32

from knowledge_graph.kernels import kernel, part, write
from knowledge_graph.world import SHARED_BY, WORLD

TELLING = 32
"""Findings by which nodes are compared."""


@part
def shows(world, edge):
    """Whether an edge affirms a finding."""
    return world.finding[world.relation[edge]] == 1 and world.polarity[edge] > 0


@kernel(WORLD, write(int32), write(int32))
def tell(world, counts, chosen):
    """The findings of each node that the fewest share, no more than TELLING, in order, into `chosen` [nodes, TELLING],
    flat; how many into `counts`."""
    by_sharers = np.empty(SHARED_BY + 1, np.int64)
    for node in range(len(counts)):
        by_sharers[:] = 0
        low, high = world.out[node], world.out[node + 1]
        for edge in range(low, high):
            sharers = world.sharers[world.object[edge]]
            if sharers <= SHARED_BY and shows(world, edge):
                by_sharers[sharers] += 1
        most, room = 0, TELLING
        while most <= SHARED_BY and by_sharers[most] <= room:
            room -= by_sharers[most]
            most += 1
        found = 0
        for edge in range(low, high) if room < TELLING or most <= SHARED_BY else range(0):
            sharers = world.sharers[world.object[edge]]
            if sharers <= min(most, SHARED_BY) and shows(world, edge):
                if sharers == most:
                    if room == 0:
                        continue
                    room -= 1
                chosen[TELLING * node + found] = world.object[edge]
                found += 1
        counts[node] = found
