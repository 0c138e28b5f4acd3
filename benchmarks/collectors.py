"""The benchmarks of the collectors: each by the name that `--only` takes. The soak of ten minutes is soak_schwab.py."""

from collections.abc import Callable
from typing import Final

from benchmarks import arriving, frames, sheets
from benchmarks.measure import Measured

__all__ = ["BENCHMARKS"]

BENCHMARKS: Final[dict[str, Callable[[], list[Measured]]]] = {
    "excel-poll": sheets.every_row_changed,
    "excel-poll-quiet": sheets.one_row_changed,
    "schwab-frame": frames.eleven_quotes,
    "schwab-500": frames.five_hundred_symbols,
    "cell-to-redis": arriving.cell_to_redis,
    "frame-to-redis": arriving.frame_to_redis,
}
