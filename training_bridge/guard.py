"""Adaptive gradient clipping of the Baichuan-M1 report (Algorithm 1): a step skip, not a clip."""

import math
from collections import deque
from typing import Any

WINDOW = 100
FACTOR = 1.2
MARGIN = 0.1
MAX_SKIPS = 1
MAX_NONFINITE = 10


class GradientGuard:
    """Decides from the global gradient norm (before clipping) whether a step may be applied.

    With the norms of the last 100 applied steps at hand, a norm above 1.2 * mean + 0.1 is skipped once; a
    second such norm in a row is applied, because it then is a steep region and not bad data. Beyond the
    algorithm, a step whose norm is not finite is never applied.
    """

    def __init__(self) -> None:
        self.norms: deque[float] = deque(maxlen=WINDOW)
        self.skips = 0
        self.nonfinite = 0

    def accept(self, norm: float, *, may_skip: bool = True) -> bool:
        """True: apply the step (its norm is recorded). False: drop it, weights and moments stay.

        `may_skip=False` applies every finite step; the report skips in early training only.

        Raises FloatingPointError at the tenth non-finite norm in a row: by then the weights, not the data,
        are broken.
        """
        if not math.isfinite(norm):
            self.nonfinite += 1
            if self.nonfinite >= MAX_NONFINITE:
                raise FloatingPointError(
                    f"{self.nonfinite} gradient norms in a row were not finite; lower the learning rate"
                )
            return False
        self.nonfinite = 0
        full = may_skip and len(self.norms) == WINDOW
        if full and norm > FACTOR * sum(self.norms) / WINDOW + MARGIN and self.skips < MAX_SKIPS:
            self.skips += 1
            return False
        self.norms.append(norm)
        self.skips = 0
        return True

    def state_dict(self) -> dict[str, Any]:
        return {"norms": list(self.norms), "skips": self.skips, "nonfinite": self.nonfinite}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.norms = deque(state["norms"], maxlen=WINDOW)
        self.skips = state["skips"]
        self.nonfinite = state["nonfinite"]
