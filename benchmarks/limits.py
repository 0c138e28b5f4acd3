"""The cheapest thing that could do a piece of work: simd-json's bare tape, from a Rust program of our own, and a copy.

The program lies in thor_fast/benches/limit. It is built when it is first asked for, and for this very processor, as
simd-json's own documents advise.
"""

import atexit
import os
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from benchmarks.inputs import ROOT
from benchmarks.measure import Absent, Contender, timed

__all__ = ["copying", "tape"]

PACKAGE: Final = ROOT / "thor_fast" / "benches" / "limit"
TARGET: Final = PACKAGE / "target"
SAMPLE_NS: Final = 20_000_000


def copying(data: bytes, units: int) -> Contender:
    """A copy of the bytes that the work leaves behind."""
    source = bytearray(data)
    return Contender("memory pass", lambda: timed(lambda: bytes(source), units))


def tape(name: str, events: Sequence[bytes]) -> Contender:
    """simd-json's tape of each of these events, buffers reused, nothing looked at."""

    def prepare() -> Callable[[], float]:
        program = _Program(events)
        passes = max(1, int(SAMPLE_NS / (max(program.cost("tape", 1), 1.0) * len(events))))
        return lambda: program.cost("tape", passes)

    return Contender(name, prepare)


@cache
def _built() -> Path:
    environment = os.environ | {"RUSTFLAGS": "-C target-cpu=native"}
    environment["PATH"] = environment.get("PATH", "") + os.pathsep + str(Path.home() / ".cargo" / "bin")
    command = ["cargo", "build", "--release", "--locked", "--quiet", "--target-dir", str(TARGET)]
    try:
        done = subprocess.run(
            command, cwd=PACKAGE, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise Absent(f"cargo cannot be run: {error.strerror}") from error
    if done.returncode != 0:
        first = next((line for line in done.stderr.splitlines() if "error" in line), "no message")
        raise Absent(f"the limit could not be built: {first}")
    return TARGET / "release" / ("limit.exe" if os.name == "nt" else "limit")


class _Program:
    """The running program; it ends with us."""

    def __init__(self, events: Sequence[bytes]) -> None:
        path = _built()
        with tempfile.NamedTemporaryFile(delete=False, suffix=".jsonl") as file:
            file.write(b"".join(event + b"\n" for event in events))
        atexit.register(Path(file.name).unlink, missing_ok=True)
        self._process = subprocess.Popen([path, file.name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        atexit.register(self._process.kill)

    def cost(self, work: str, passes: int) -> float:
        """Nanoseconds of processor time an event."""
        if self._process.stdin is None or self._process.stdout is None:
            raise Absent("the limit has no pipes")
        self._process.stdin.write(f"{work} {passes}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise Absent("the limit ended early")
        return float(answer)
