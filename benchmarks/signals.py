"""The benchmarks of signals, from one classification to the live path: each by the name that `--only` takes."""

from collections.abc import Callable
from typing import Final

from benchmarks import classification, enriching, enriching_live
from benchmarks.measure import Measured

__all__ = ["BENCHMARKS"]

BENCHMARKS: Final[dict[str, Callable[[], list[Measured]]]] = {
    "classify-eleven": classification.eleven,
    "enrich-snapshot": enriching.snapshot,
    "composite": enriching.composite,
    "enrich-live": enriching_live.live,
}
