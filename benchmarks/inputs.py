"""The bytes that the benchmarks read: a recorded hour where there is one, else the golden recording repeated."""

import gzip
import os
from functools import cache
from pathlib import Path
from typing import Final

__all__ = ["ROOT", "SEQUENCE", "recorded_lines", "sequence"]

ROOT: Final = Path(__file__).resolve().parents[1]
SAMPLE: Final = ROOT.parent / "shared" / "data" / "es_20231225_cme.jsonl.gz"
GOLDEN: Final = ROOT / "tests" / "golden" / "es_open.jsonl"
LINES: Final = 28_412
SEQUENCE: Final = 500


@cache
def recorded_lines() -> tuple[bytes, ...]:
    """28,412 canonical events, one each. `THOR_BENCH_EVENTS` names another gzipped recording."""
    sample = Path(os.environ.get("THOR_BENCH_EVENTS", SAMPLE))
    if sample.is_file():
        return tuple(gzip.decompress(sample.read_bytes()).splitlines())
    golden = GOLDEN.read_bytes().splitlines()
    return tuple((golden * (LINES // len(golden) + 1))[:LINES])


@cache
def sequence() -> list[bytes]:
    """500 events from the middle of the recording, where trading is liveliest. Nobody may change the list."""
    lines = recorded_lines()
    start = len(lines) // 2
    return list(lines[start : start + SEQUENCE])
