"""When work that comes bit by bit is done at once, and when a moment is waited so that more of it is done together.

What a turn costs (a wake-up, a command, a write a client) is the same for one event as for ten. While turns are few,
nothing waits. Where they would follow one another faster than is good for the machine, a turn now and then waits for a
millisecond, as fine as timers of an event loop are, so that they are far enough apart on the whole. A stage that is fed
by one that gathers already has few turns by itself and adds no wait of its own.
"""

from typing import Final

__all__ = ["Pace"]

WAIT_S: Final = 0.001
REMEMBERED: Final = 16
"""Turns over which the time between them is averaged: a burst is over soon."""
LONGEST_S: Final = 0.01
"""A longer pause counts as this: after it, the first turns of a burst wait for nothing."""


class Pace:
    """The pace of one loop of work whose turns are to be `apart_s` from one another. Times are seconds of any clock."""

    def __init__(self, apart_s: float) -> None:
        self._apart_s = apart_s
        self._between_s = LONGEST_S
        self._began_s = -LONGEST_S

    def began(self, now_s: float) -> None:
        """A turn has begun that has something to do."""
        between_s = min(LONGEST_S, max(0.0, now_s - self._began_s))
        self._between_s += (between_s - self._between_s) / REMEMBERED
        self._began_s = now_s

    def wait_s(self) -> float:
        """How long to wait before the next turn; 0 mostly."""
        return WAIT_S if self._between_s < self._apart_s else 0.0
