"""Connected components by union-find."""

from __future__ import annotations

import numpy as np


class Components:
    """Clusters of the members 0 to count - 1, grown by edges in any order: the result doesn't depend on it.

    Takes 8 bytes a member.
    """

    def __init__(self, count: int) -> None:
        self.parent = np.arange(count)

    def join(self, edges: np.ndarray) -> None:
        """Put the two ends of each edge, int64 of shape (edges, 2), into one cluster.

        Raises IndexError for an end that is no member.
        """
        from dedup import kernels

        kernels.join(self.parent, self._checked(edges))

    def apart(self, edges: np.ndarray) -> np.ndarray:
        """Those of the edges whose ends are in different clusters. Raises IndexError as `join` does."""
        from dedup import kernels

        return edges[kernels.apart(self.parent, self._checked(edges))]

    def _checked(self, edges: np.ndarray) -> np.ndarray:
        if len(edges) and not (edges.min() >= 0 and edges.max() < len(self.parent)):
            raise IndexError(f"an edge leads outside the members 0 to {len(self.parent) - 1}")
        return np.ascontiguousarray(edges, np.int64)

    def labels(self) -> np.ndarray:
        """For each member the smallest member of its cluster, int64: the forest itself, not a copy."""
        from dedup import kernels

        kernels.flatten(self.parent)
        return self.parent
