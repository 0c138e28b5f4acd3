"""The benchmarks of the Rust core: each by the name that `--only` takes."""

from collections.abc import Callable
from typing import Final

from benchmarks import classification, encoding, memory, merging, parsing, pricing
from benchmarks.measure import Measured

__all__ = ["BENCHMARKS"]

BENCHMARKS: Final[dict[str, Callable[[], list[Measured]]]] = {
    "parse-500": parsing.sequence_of_500,
    "parse-one": parsing.one,
    "parse-lines": parsing.lines,
    "json-to-copy": parsing.copy,
    "to-json": encoding.json_lines,
    "sse-frames": encoding.frames,
    "format-prices": pricing.recorded,
    "format-distinct": pricing.distinct,
    "format-column": pricing.arrow_column,
    "merge": merging.thousand_symbols,
    "merge-500": merging.small_batches,
    "classify": classification.columns,
    "memory-batch": memory.batch,
    "memory-values": memory.values,
    "memory-stream": memory.stream,
}
