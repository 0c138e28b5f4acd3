"""Latencies of a process as its heartbeat tells them: quantiles of late, and a histogram since the process began."""

import json
import time
from typing import Final

from thor_fast import LatencyHistogram

__all__ = ["BOUNDS_US", "Latency", "wall_us"]

BOUNDS_US: Final = tuple((1 << power) - 1 for power in range(7, 25))
"""Upper bounds of the told buckets: 127 us, 255 us and so on to 16.8 s. The histogram is exact at these."""


def wall_us() -> int:
    """Now in microseconds UTC, the clock that collectors stamp events by."""
    return time.time_ns() // 1_000


class Latency:
    """One stage's latencies. What is recorded goes to both histograms."""

    def __init__(self) -> None:
        self.total = LatencyHistogram()
        self.recent = LatencyHistogram()

    @property
    def histograms(self) -> tuple[LatencyHistogram, LatencyHistogram]:
        """Where a whole batch is recorded: in both."""
        return self.total, self.recent

    def record(self, us: int, times: int = 1) -> None:
        """Count a latency in microseconds."""
        self.total.record(us, times)
        self.recent.record(us, times)

    def fields(self) -> dict[str, str | int]:
        """For a heartbeat: quantiles since the last one (empty where nothing came), and buckets since the start."""
        recent, self.recent = self.recent, LatencyHistogram()
        return {
            "latency_p50_us": _or_empty(recent.quantile(0.5)),
            "latency_p99_us": _or_empty(recent.quantile(0.99)),
            **self.totals(),
        }

    def totals(self) -> dict[str, str | int]:
        """What has been counted since the start."""
        return {
            "latency_count": self.total.count,
            "latency_sum_us": self.total.sum_us,
            "latency_max_us": self.total.max_us,
            "latency_buckets": json.dumps(dict(zip(BOUNDS_US, self.total.at_most(BOUNDS_US), strict=True))),
        }


def _or_empty(us: int | None) -> str | int:
    return "" if us is None else us
