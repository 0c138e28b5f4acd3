"""The benchmarks of the store and the lake: each by the name that `--only` takes."""

from collections.abc import Callable
from typing import Final

from benchmarks import answers, exporting, ingesting, lake
from benchmarks.measure import Measured

__all__ = ["BENCHMARKS"]

BENCHMARKS: Final[dict[str, Callable[[], list[Measured]]]] = {
    "ingest-new": ingesting.new_rows,
    "ingest-duplicate": ingesting.duplicate_rows,
    "ingest-latency": ingesting.steady,
    "ingest-burst": ingesting.burst,
    "export": exporting.day,
    "lake-size": lake.size,
    "lake-replacing": lake.replacing,
    "lake-bars": lake.bars_of_all,
    "lake-bars-day": lake.bars_of_one,
    "quality": answers.quality,
    "history-http": answers.over_http,
}
