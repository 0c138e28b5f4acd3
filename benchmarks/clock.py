"""The benchmarks of the world clock: each by the name that `--only` takes."""

from collections.abc import Callable
from typing import Final

from benchmarks import clock_memory, clock_queries, clock_running
from benchmarks.measure import Measured

__all__ = ["BENCHMARKS"]

BENCHMARKS: Final[dict[str, Callable[[], list[Measured]]]] = {
    "clock-query": clock_queries.one,
    "clock-all": clock_queries.every_market,
    "clock-flag": clock_queries.flag,
    "clock-build": clock_memory.build,
    "clock-memory": clock_memory.held,
    "clock-http": clock_running.session,
    "clock-trigger": clock_running.triggers,
}
