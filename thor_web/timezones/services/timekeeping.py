"""Which time it is: the machine's, or a simulated one that runs at a speed of its own. Handed to whoever needs it."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

__all__ = ["MachineTime", "SimulatedTime", "Timekeeper"]


class Timekeeper(Protocol):
    """A clock on the wall."""

    def now(self) -> datetime:
        """The instant, aware, in UTC."""
        ...

    def real_s(self, seconds: float) -> float:
        """How many real seconds pass while this many of its own do."""
        ...


class MachineTime:
    """The machine's clock. It is read anew each time: it may be stepped, and the machine may sleep."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def real_s(self, seconds: float) -> float:
        return seconds


class SimulatedTime:
    """Was at `start` when the machine's clock was at `begun_s`, and is `speed` times as fast, in any process."""

    def __init__(self, start: datetime, *, speed: float, begun_s: float | None = None) -> None:
        self._start = start
        self._speed = speed
        self._begun_s = time.time() if begun_s is None else begun_s

    def now(self) -> datetime:
        return self._start + timedelta(seconds=(time.time() - self._begun_s) * self._speed)

    def real_s(self, seconds: float) -> float:
        return seconds / self._speed
