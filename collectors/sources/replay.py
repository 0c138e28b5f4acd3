"""The replay source: a recording told again, in its own time, faster, or as fast as it can be taken.

Its events are not judged or changed, but for the source's name where another is asked for; what is wrong in the
file is refused further in, like any other input. It ends with the file.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

import thor_fast
from collectors.instruments import Instruments
from collectors.sources.base import CollectSpec, Mode, SourceError, UnknownSourceError
from collectors.sources.recording import read_lines, rename_source

__all__ = ["ReplaySource", "create"]

BATCH_LINES: Final = 500
NAME: Final = "REPLAY"
SOURCE_NAME: Final = re.compile(r"[A-Z][A-Z0-9_]{0,15}")
HELD_UP_S: Final = 1.0
"""A reader that takes longer than this to come back was held up; the recording waits for it instead of catching up."""


class ReplaySource:
    """Tells a recording. `speed` is a multiple of the recorded pace, None as fast as possible."""

    mode: Mode = "replay"
    problem: str | None = None

    def __init__(
        self,
        path: Path | None,
        *,
        speed: float | None,
        rename: str | None = None,
        clock_s: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.name = rename or NAME
        self._path = path
        self._speed = speed
        self._rename = rename
        self._clock_s = clock_s
        self._sleep = sleep

    async def batches(self) -> AsyncIterator[Sequence[bytes]]:
        """The lines of the file in order."""
        pace = None if self._speed is None else _Pace(self._speed, self._clock_s)
        lines = self.lines()
        while batch := list(islice(lines, BATCH_LINES)):
            if pace is None:
                yield batch
                # A reader that never waits would keep everything else of the process waiting.
                await self._sleep(0)
                continue
            due = pace.due(batch)
            told = 0
            while told < len(batch):
                wait = due[told] - self._clock_s()
                if wait > 0:
                    await self._sleep(wait)
                now = self._clock_s()
                ready = told + 1
                while ready < len(batch) and due[ready] <= now:
                    ready += 1
                yield batch[told:ready]
                told = ready
                held_up = self._clock_s() - now
                if held_up > HELD_UP_S:
                    pace.wait_for(held_up)
                    due = [moment + held_up for moment in due]

    def lines(self) -> Iterator[bytes]:
        """What is told. Another source of recorded events tells its own."""
        if self._path is None:
            return iter(())
        lines = read_lines(self._path)
        if self._rename is None:
            return lines
        return (rename_source(line, self.name) for line in lines)


class _Pace:
    """When each line is due, by its own `ts`. Lines that are no events go with the line before them."""

    def __init__(self, speed: float, clock_s: Callable[[], float]) -> None:
        self._us_per_s = speed * 1e6
        self._clock_s = clock_s
        self._origin: tuple[int, float] | None = None
        self._last_due = clock_s()

    def due(self, lines: Sequence[bytes]) -> list[float]:
        events, rejects = thor_fast.parse_batch(lines)
        refused = {reject.position for reject in rejects}
        times = iter(events.ts_us())
        return [self._last_due if position in refused else self._moment(next(times)) for position in range(len(lines))]

    def wait_for(self, seconds: float) -> None:
        self._last_due += seconds
        if self._origin is not None:
            self._origin = (self._origin[0], self._origin[1] + seconds)

    def _moment(self, ts_us: int) -> float:
        if self._origin is None:
            self._origin = (ts_us, self._clock_s())
        first_us, started = self._origin
        self._last_due = started + (ts_us - first_us) / self._us_per_s
        return self._last_due


def create(spec: CollectSpec, instruments: Instruments) -> ReplaySource:
    """Checks what was asked for before anything starts."""
    if spec.file is None:
        raise UnknownSourceError("replay needs the file to tell: thor collect replay FILE.")
    if not spec.file.is_file():
        raise SourceError(f"There is no file {spec.file}.")
    if spec.speed is not None and not 0 < spec.speed < float("inf"):
        raise UnknownSourceError(f"The speed must be above 0, or max, was {spec.speed:g}.")
    if spec.rename is not None and SOURCE_NAME.fullmatch(spec.rename) is None:
        raise UnknownSourceError(
            f"A source's name is a capital and up to 15 capitals, digits or _, was {spec.rename!r}."
        )
    return ReplaySource(spec.file, speed=spec.speed, rename=spec.rename)
