"""How long merged events take from the unified stream to the clients' connections, as a histogram."""

import time
from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

from thor_web.livedata.services.ring import Frame

__all__ = ["BOUNDS_MS", "Latency"]

BOUNDS_MS: Final = (1, 2, 3, 5, 10, 15, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000)


class Latency:
    """Counts by upper bound in ms, from Redis' clock at the entry to ours at the sending."""

    __slots__ = ("counts", "sum_ms")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS_MS) + 1)
        self.sum_ms = 0

    def observe(self, frames: Sequence[Frame]) -> None:
        """Frames that have just been sent."""
        now_ms = time.time_ns() // 1_000_000
        counts = self.counts
        for frame in frames:
            if frame.symbol is not None:
                taken_ms = max(0, now_ms - frame.position[0])
                self.sum_ms += taken_ms
                counts[bisect_left(BOUNDS_MS, taken_ms)] += 1
