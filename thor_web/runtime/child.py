"""What the supervisor needs to know of one process. Facts only; the running is in supervisor.py."""

import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

__all__ = ["ChildSpec", "last_lines"]

TAIL_BYTES: Final = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildSpec:
    """One supervised process.

    `ready` answers whether the process does its work, in the words of its own protocol; it may block for a moment.
    `place` says in the table where it is reached. `may_finish`: an end with status 0 is success, not a fault.
    `owned` are the folders that an `unprivileged` program must be able to write. `has_room` is asked after
    a fall: while its disk is full the program is not tried again, and the fall is not counted as one of its own.
    `later`: nobody waits for it when Thor starts, so it begins when the others are ready and takes no time from them.
    """

    name: str
    purpose: str
    argv: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    ready: Callable[[], bool] | None = None
    place: str = ""
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = field(default_factory=lambda: signal.Signals(9))
    grace_s: float = 10.0
    start_limit_s: float = 60.0
    may_finish: bool = False
    later: bool = False
    unprivileged: bool = False
    owned: tuple[Path, ...] = ()
    has_room: Callable[[], bool] | None = None


def last_lines(log: Path, count: int = 12, *, since: int = 0) -> tuple[str, ...]:
    """The newest lines of a log, at most `count`, none from before byte `since`."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(since, size - TAIL_BYTES))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return ()
    return tuple(line for line in lines if line.strip())[-count:]
