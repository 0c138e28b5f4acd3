"""The benchmarks of the live path: each by the name that `--only` takes. Real servers on this machine, minutes each."""

from collections.abc import Callable
from typing import Final

from benchmarks import live_end_to_end, live_pipeline, live_snapshot, live_streams
from benchmarks.measure import Measured

__all__ = ["BENCHMARKS"]

BENCHMARKS: Final[dict[str, Callable[[], list[Measured]]]] = {
    "publish": live_pipeline.published,
    "unified": live_pipeline.merged,
    "end-to-end": live_end_to_end.end_to_end,
    "sse-each": live_streams.each_event,
    "sse-gathered": live_streams.gathered,
    "sse-conflated": live_streams.conflated,
    "sse-memory": live_streams.memory,
    "sse-slow": live_streams.slow_neighbours,
    "snapshot": live_snapshot.snapshot,
}
