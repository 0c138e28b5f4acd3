"""What batches hold, and that a long stream is flat: each in a new process, by its resident memory."""

import gc
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Final

from benchmarks.inputs import ROOT, recorded_lines
from benchmarks.measure import Measured

__all__ = ["batch", "stream", "values"]

EVENTS: Final = 100_000
BATCHES: Final = 4
STREAM_BYTES: Final = 1_000_000_000
EARLY_BYTES: Final = 50_000_000
CHUNK_EVENTS: Final = 5_000
MEBIBYTE: Final = 1_048_576


def _in_a_new_process(name: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.memory", name]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def batch() -> list[Measured]:
    """100,000 events beside the bytes of their columns: as the batch itself counts them, and as Arrow's."""
    return _beside_columns("memory-batch", "batch")


def values() -> list[Measured]:
    """The same without the JSON that they came in."""
    return _beside_columns("memory-values", "values")


def _beside_columns(work: str, probe: str) -> list[Measured]:
    found = _in_a_new_process(probe)
    held = found["held"] / EVENTS
    return [
        Measured(f"{work}-columns", held, found["columns"] / EVENTS, "QuoteBatch.nbytes", "bytes/event"),
        Measured(f"{work}-arrow", held, found["arrow"] / EVENTS, "the same as an Arrow table", "bytes/event"),
    ]


def stream() -> list[Measured]:
    """1 GB in chunks: resident memory at the end beside that after the first 50 MB."""
    found = _in_a_new_process("stream")
    late, early = found["late"] / MEBIBYTE, found["early"] / MEBIBYTE
    return [Measured("memory-stream", late, early, "after the first 50 MB", "MiB")]


def _resident() -> int:
    import psutil

    gc.collect()
    resident: int = psutil.Process().memory_info().rss
    return resident


def _probe_batch(*, keep_json: bool = True) -> dict[str, float]:
    """What one batch more holds when there are some already: the first ones take memory that was free before."""
    import pyarrow as pa

    from thor_fast import parse_batch

    lines = recorded_lines()
    lines = (lines * (EVENTS // len(lines) + 1))[:EVENTS]
    data = b"".join(line + b"\n" for line in lines)
    del lines
    resident, batches = [], []
    for _ in range(BATCHES):
        found, rejects = parse_batch(data, keep_json=keep_json)
        assert len(found) == EVENTS
        assert not rejects
        batches.append(found)
        resident.append(_resident())
    held = (resident[-1] - resident[0]) / (BATCHES - 1)
    return {"held": held, "columns": found.nbytes, "arrow": pa.table(found).nbytes}


def _probe_values() -> dict[str, float]:
    return _probe_batch(keep_json=False)


def _probe_stream() -> dict[str, float]:
    from thor_fast import parse_batch

    lines = recorded_lines()
    chunks = [
        b"".join(line + b"\n" for line in lines[start : start + CHUNK_EVENTS])
        for start in range(0, len(lines), CHUNK_EVENTS)
    ]
    done = early = events = 0
    while done < STREAM_BYTES:
        for chunk in chunks:
            found, rejects = parse_batch(chunk)
            assert not rejects
            events += len(found)
            done += len(chunk)
        if not early and done >= EARLY_BYTES:
            early = _resident()
    assert events > 0
    return {"early": early, "late": _resident()}


PROBES: Final[dict[str, Callable[[], dict[str, float]]]] = {
    "batch": _probe_batch,
    "values": _probe_values,
    "stream": _probe_stream,
}

if __name__ == "__main__":
    sys.stdout.write(json.dumps(PROBES[sys.argv[1]]()))
