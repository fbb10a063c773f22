"""How many calls an endpoint gets at once: found by additive increase, multiplicative decrease (AIMD)."""

import asyncio
import math
from collections import deque

CUT = 0.75
COOLDOWN = 2.0
"""Seconds after a cut in which further refusals belong to the same burst."""
FIRST = 64


class Limiter:
    """Slots for calls. Doubles each round trip until the first refusal, then adds one; a refusal takes a quarter, once
    per burst. `most` is the ceiling. Belongs to one event loop at a time; what it has learned outlives the loop."""

    def __init__(self, most: int):
        self.most = most
        self.limit = float(min(FIRST, most))
        self.in_flight = 0
        self._growing = True
        self._cut_at = self._closed_until = self._timer = -math.inf
        self._waiting: deque[asyncio.Future] = deque()

    @property
    def load(self) -> float:
        return (self.in_flight + len(self._waiting)) / self.limit

    async def acquire(self) -> None:
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        self._waiting.append(turn)
        self._wake(loop)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.in_flight -= 1
            raise

    def release(self, refused: bool, retry_after: float = 0.0) -> None:
        """A call is over; `refused` where the endpoint has too many, `retry_after` seconds if it said when."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        used = self.in_flight >= int(self.limit)
        self.in_flight -= 1
        if refused:
            self._closed_until = max(self._closed_until, now + retry_after)
            if now - self._cut_at > COOLDOWN:
                self._cut_at, self._growing = now, False
                self.limit = max(1.0, self.limit * CUT)
        elif used:
            self.limit = min(self.most, self.limit + (1 if self._growing else 1 / self.limit))
        self._wake(loop)

    def _free(self, now: float) -> bool:
        return self.in_flight < int(self.limit) and now >= self._closed_until

    def _wake(self, loop: asyncio.AbstractEventLoop) -> None:
        while self._waiting and self._free(loop.time()):
            turn = self._waiting.popleft()
            if not turn.done():
                self.in_flight += 1
                turn.set_result(None)
        if self._waiting and loop.time() < self._closed_until and self._closed_until > self._timer:
            self._timer = self._closed_until + 0.001
            loop.call_at(self._timer, self._wake, loop)
