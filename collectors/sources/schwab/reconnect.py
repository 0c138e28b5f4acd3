"""How long to wait before the streamer is tried again, by what went wrong. Pure: chance is an argument.

The rule of thumb: waits double from one second to a minute, with jitter, and begin anew once a connection has lasted.
What Schwab refuses is not asked again at once: a second streamer of the same user (12) is waited out for minutes, a
denied login (3) gets a fresh token once.
"""

import random
from dataclasses import dataclass
from typing import Final

from collectors.sources.schwab.errors import SchwabDeniedError, SchwabUnavailableError

__all__ = [
    "LOGIN_DENIED",
    "NOT_SERVED",
    "OK_CODES",
    "SYMBOL_LIMIT",
    "TOO_MANY_CONNECTIONS",
    "Next",
    "Pace",
    "Reconnect",
]

OK_CODES: Final = frozenset({0, 26, 27, 28, 29})
LOGIN_DENIED: Final = 3
NOT_SERVED: Final = 11
TOO_MANY_CONNECTIONS: Final = 12
SYMBOL_LIMIT: Final = 19


@dataclass(frozen=True, slots=True)
class Pace:
    """Every duration of the streamer in seconds; a test may scale them."""

    first_s: float = 1.0
    longest_s: float = 60.0
    occupied_s: float = 60.0
    """First wait when another streamer of this user is connected."""
    occupied_longest_s: float = 300.0
    settled_s: float = 60.0
    """A connection that lasted so long was a good one."""
    answer_s: float = 10.0
    """How long a request may go unanswered."""
    silence_s: float = 30.0
    """No frame and no heartbeat for so long: the socket is dead, whatever TCP says."""
    login_look_s: float = 10.0
    """How often to look whether somebody has logged in."""
    lease_s: float = 20.0
    """How often the lease is renewed; it lasts three times as long."""


@dataclass(frozen=True, slots=True)
class Next:
    """What to do: wait, perhaps take a fresh access token first; `login_needed` when only a person can go on."""

    wait_s: float
    fresh_token: bool = False
    login_needed: bool = False


class Reconnect:
    """Counts failures in a row."""

    def __init__(self, pace: Pace, *, chance: random.Random | None = None) -> None:
        self._pace = pace
        self._chance = chance or random.SystemRandom()
        self._failures = 0
        self._denied = 0
        self._occupied = 0

    def after(self, error: BaseException | None, *, lasted_s: float) -> Next:
        """After a connection that failed or ended (`None`: it was closed in order) and had lasted so long."""
        if lasted_s >= self._pace.settled_s:
            self._failures = self._denied = self._occupied = 0
        if isinstance(error, SchwabDeniedError) and error.code == TOO_MANY_CONNECTIONS:
            self._occupied += 1
            return Next(
                self._jittered(self._doubled(self._pace.occupied_s, self._occupied, self._pace.occupied_longest_s))
            )
        self._failures += 1
        wait = self._jittered(self._doubled(self._pace.first_s, self._failures, self._pace.longest_s))
        if isinstance(error, SchwabDeniedError) and error.code == LOGIN_DENIED:
            self._denied += 1
            # The first time the token may just have run out; a third denial is no accident.
            return Next(wait, fresh_token=True, login_needed=self._denied >= 3)
        if isinstance(error, SchwabUnavailableError) and error.retry_after_s is not None:
            wait = max(wait, error.retry_after_s)
        return Next(wait)

    @staticmethod
    def _doubled(first_s: float, times: int, longest_s: float) -> float:
        return min(first_s * 2.0 ** min(times - 1, 30), longest_s)

    def _jittered(self, seconds: float) -> float:
        # Never less than half: the collectors of a house must not return in one instant, nor anybody at once.
        return seconds * self._chance.uniform(0.5, 1.0)
