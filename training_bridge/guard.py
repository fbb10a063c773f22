"""What is done about gradients that are too large: clip them, skip their step, or both."""

import math
from collections import deque
from typing import Any, Literal

Policy = Literal["m1_skip", "norm", "zclip"]
WINDOW, FACTOR, MARGIN, MAX_SKIPS = 100, 1.2, 0.1, 1
MAX_NONFINITE = 10
DECAY, DEVIATIONS, WARM_UP = 0.97, 2.5, 25


class GradientGuard:
    """Decides from the global gradient norm what a step's gradients are clipped to, or that it is dropped.

    `norm`: clips to `max_norm`. `m1_skip` (Algorithm 1 of the Baichuan-M1 report, where it is called adaptive gradient
    clipping) also skips: with the norms of the last 100 applied steps at hand, a norm above 1.2 * mean + 0.1 is
    skipped once; a second such norm in a row is applied, because it then is a steep region and not bad data. `zclip`
    (arXiv 2504.02507) clips a norm more than 2.5 deviations above its moving mean to mean + 2.5 * 2.5 / z deviations,
    after 25 steps that its statistics begin with. Under every policy a step whose norm is not finite is dropped.
    """

    def __init__(self, policy: Policy = "m1_skip", max_norm: float = 1.0) -> None:
        self.policy = policy
        self.max_norm = max_norm
        self.norms: deque[float] = deque(maxlen=WARM_UP if policy == "zclip" else WINDOW)
        self.skips = 0
        self.nonfinite = 0
        self.mean = self.variance = math.nan

    def limit(self, norm: float, *, active: bool = True) -> float | None:
        """The norm to clip to, or null: drop the step, weights and moments stay.

        With `active=False` the policy is `norm`, but its statistics go on; the report skips in early training only.

        Raises FloatingPointError at the tenth non-finite norm in a row: by then the weights, not the data, are broken.
        """
        if not math.isfinite(norm):
            self.nonfinite += 1
            if self.nonfinite >= MAX_NONFINITE:
                raise FloatingPointError(
                    f"{self.nonfinite} gradient norms in a row were not finite; lower the learning rate"
                )
            return None
        self.nonfinite = 0
        if self.policy == "zclip":
            bound = self._z_bound(norm)
            return min(bound, self.max_norm) if active else self.max_norm
        if self.policy == "m1_skip":
            return self.max_norm if self._applies(norm, active) else None
        return self.max_norm

    def _applies(self, norm: float, active: bool) -> bool:
        full = active and len(self.norms) == WINDOW
        if full and norm > FACTOR * sum(self.norms) / WINDOW + MARGIN and self.skips < MAX_SKIPS:
            self.skips += 1
            return False
        self.norms.append(norm)
        self.skips = 0
        return True

    def _z_bound(self, norm: float) -> float:
        if len(self.norms) < WARM_UP:
            self.norms.append(norm)
            if len(self.norms) == WARM_UP:
                self.mean = sum(self.norms) / WARM_UP
                self.variance = sum((n - self.mean) ** 2 for n in self.norms) / WARM_UP
            return math.inf
        deviation = math.sqrt(self.variance)
        bound = math.inf
        if norm > self.mean + DEVIATIONS * deviation:
            # (DEVIATIONS / z) * DEVIATIONS * deviation, which for a deviation of 0 is 0.
            bound = self.mean + DEVIATIONS**2 * self.variance / (norm - self.mean)
        kept = min(norm, bound)
        self.variance = DECAY * self.variance + (1 - DECAY) * (kept - self.mean) ** 2
        self.mean = DECAY * self.mean + (1 - DECAY) * kept
        return bound

    def state_dict(self) -> dict[str, Any]:
        statistics = None if math.isnan(self.mean) else [self.mean, self.variance]
        return {
            "norms": list(self.norms),
            "skips": self.skips,
            "nonfinite": self.nonfinite,
            "statistics": statistics,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.norms.clear()
        self.norms.extend(state["norms"])
        self.skips = state["skips"]
        self.nonfinite = state["nonfinite"]
        self.mean, self.variance = state["statistics"] or (math.nan, math.nan)
