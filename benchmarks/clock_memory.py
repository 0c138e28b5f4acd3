"""What building all calendars takes, in time and in memory, beside the library that most of them come from."""

import gc
import tracemalloc
from collections.abc import Callable
from typing import Any

from benchmarks.clock_queries import LIBRARIES
from benchmarks.measure import Contender, Measured, compare, timed
from thor_web.timezones.services.clock import MARKETS_FOLDER, Clock
from thor_web.timezones.services.offsets import Offsets
from thor_web.timezones.services.phases import hours_from_text

__all__ = ["build", "held"]

MARKETS = 20


def _libraries() -> list[Any]:
    import exchange_calendars

    return [
        type(exchange_calendars.get_calendar(key))(start="2015-01-01", end="2026-12-31") for key in LIBRARIES.values()
    ]


def _anew() -> Clock:
    """As in a new process: nothing of the calendars or of their zones is remembered."""
    Offsets.of.cache_clear()
    hours_from_text.cache_clear()
    return Clock.load(MARKETS_FOLDER)


def build() -> list[Measured]:
    """Reading and compiling the files of 20 markets, 14 years."""

    def thor() -> Callable[[], float]:
        assert len(Clock.load(MARKETS_FOLDER).names) == MARKETS
        sampler = timed(_anew, 1)
        return lambda: sampler() / 1_000_000

    def libraries() -> Callable[[], float]:
        assert len(_libraries()) == len(LIBRARIES)
        sampler = timed(_libraries, 1)
        return lambda: sampler() / 1_000_000

    peers = {"libraries": Contender("exchange_calendars, 10 markets, 12 years", libraries)}
    return compare("clock-build", "ms", Contender("Thor, 20 markets, 14 years", thor), peers=peers, rounds=5)


def held() -> list[Measured]:
    """Bytes that stay allocated for all markets: Python's, and the columns that the core holds."""
    clock = Clock.load(MARKETS_FOLDER)
    columns = sum(clock.market(name).timeline.nbytes for name in clock.names)
    ours = _allocated(lambda: Clock.load(MARKETS_FOLDER)) + columns
    theirs = _allocated(_libraries)
    return [
        Measured(
            name="clock-memory-libraries",
            thor=ours / 2**20,
            peer=theirs / 2**20,
            peer_name="exchange_calendars, 10 markets, without their minutes",
            unit="MiB",
        )
    ]


def _allocated(make: Callable[[], object]) -> int:
    gc.collect()
    tracemalloc.start()
    kept = make()
    gc.collect()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del kept
    return size
