"""Queries of the clock beside the calendar libraries: what a market does at an instant, and until when."""

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

from benchmarks.measure import Contender, Measured, compare, timed
from thor_web.timezones.services.clock import MARKETS_FOLDER, Clock

__all__ = ["every_market", "flag", "one"]

MARKET, LIBRARY = "NYSE", "XNYS"
COUNT = 500
FEW = 20
START, END = datetime(2025, 1, 2, tzinfo=UTC), datetime(2026, 12, 20, tzinfo=UTC)
LIBRARIES = {
    "NYSE": "XNYS", "LSE": "XLON", "XETR": "XETR", "EURONEXT": "XPAR", "TSE": "XTKS", "HKEX": "XHKG", "SSE": "XSHG",
    "NSE": "XBOM", "TSX": "XTSE", "ASX": "XASX",
}  # fmt: skip


@cache
def _instants() -> list[int]:
    """Minutes of two years, in no order, so that no answer is the one before."""
    chosen = random.Random(5)
    first, last = int(START.timestamp()) // 60, int(END.timestamp()) // 60
    return [60 * chosen.randrange(first, last) for _ in range(COUNT)]


@cache
def _clock() -> Clock:
    return Clock.load(MARKETS_FOLDER)


@cache
def _library(key: str) -> Any:
    import exchange_calendars

    return exchange_calendars.get_calendar(key, start="2024-12-01", end="2026-12-31")


def one() -> list[Measured]:
    """Whether NYSE is open, when that changes, and the trade date. The libraries need several calls for it."""

    def thor() -> Callable[[], float]:
        reading, instants = _clock().market(MARKET).timeline.reading, _instants()
        library, minute = _library(LIBRARY), _minutes()
        for at, stamp in zip(instants, minute, strict=True):
            found = reading(at)
            assert found.is_open == library.is_open_on_minute(stamp, ignore_breaks=True)
            assert found.next_transition == _next(library, stamp, found.is_open).timestamp()

        def work() -> None:
            for at in instants:
                reading(at)

        return timed(work, COUNT)

    def exchange_calendars() -> Callable[[], float]:
        library, minutes = _library(LIBRARY), _minutes()
        is_open, session = library.is_open_on_minute, library.minute_to_session

        def work() -> None:
            for stamp in minutes:
                _next(library, stamp, is_open(stamp, _parse=False))
                session(stamp, direction="next", _parse=False)

        return timed(work, COUNT)

    peers = {
        "exchange-calendars": Contender("exchange_calendars, parsed stamps", exchange_calendars),
        "market-calendars": Contender("pandas_market_calendars", _pandas_market_calendars),
    }
    return compare("clock-query", "ns", Contender("Thor", thor), peers=peers)


def _pandas_market_calendars() -> Callable[[], float]:
    import pandas_market_calendars

    calendar = pandas_market_calendars.get_calendar("NYSE")
    schedule = calendar.schedule("2024-12-20", "2026-12-31")
    few = _minutes()[:FEW]
    opens, closes = schedule["market_open"], schedule["market_close"]

    def state(stamp: Any) -> tuple[bool, Any]:
        is_open = bool(calendar.open_at_time(schedule, stamp, only_rth=True))
        edges = closes if is_open else opens
        return is_open, edges.iloc[edges.searchsorted(stamp, side="right")]

    reading = _clock().market(MARKET).timeline.reading
    for at, stamp in zip(_instants(), few, strict=False):
        found = reading(at)
        is_open, changes = state(stamp)
        assert (found.is_open, found.next_transition) == (is_open, changes.timestamp())

    def work() -> None:
        for stamp in few:
            state(stamp)

    return timed(work, FEW)


@cache
def _minutes() -> list[Any]:
    import pandas as pd

    return [pd.Timestamp(at, unit="s", tz="UTC") for at in _instants()]


def _next(library: Any, stamp: Any, is_open: bool) -> Any:
    return library.next_close(stamp, _parse=False) if is_open else library.next_open(stamp, _parse=False)


def every_market() -> list[Measured]:
    """What all markets do now, as one answer."""

    def thor() -> Callable[[], float]:
        clock = _clock()
        at = int(time.time())
        assert {name: state.is_open for name, state in clock.readings(at).items() if name in LIBRARIES} == {
            name: _library(key).is_open_on_minute(_now(at)) for name, key in LIBRARIES.items()
        }
        instants = [at + 60 * step for step in range(100)]

        def work() -> None:
            for instant in instants:
                clock.readings(instant)

        return _microseconds(timed(work, len(instants)))

    def libraries() -> Callable[[], float]:
        calendars, now = [_library(key) for key in LIBRARIES.values()], _now(int(time.time()))

        def work() -> None:
            for calendar in calendars:
                calendar.is_open_on_minute(now, _parse=False)

        return _microseconds(timed(work, 1))

    peers = {"libraries": Contender("exchange_calendars, 10 markets, open or not", libraries)}
    return compare("clock-all", "us", Contender("Thor, 20 markets", thor), peers=peers)


def _now(at: int) -> Any:
    import pandas as pd

    return pd.Timestamp(at // 60 * 60, unit="s", tz="UTC")


def flag() -> list[Measured]:
    """A feature flag with two conditions, as an async view asks for it."""

    def thor() -> Callable[[], float]:
        _django()
        from thor_web.timezones.flags import flag_on
        from thor_web.timezones.services.flag_snapshot import FlagRow, flag_snapshot

        rows = [FlagRow("new", "market phase", "ALWAYS: open", True), FlagRow("new", "percentage", "100", False)]
        flag_snapshot().put(rows)
        assert flag_on("new", key="ann")
        assert not flag_on("old", key="ann")
        return _microseconds(timed(lambda: flag_on("new", key="ann"), 1))

    def library() -> Callable[[], float]:
        _django()
        from flags.state import flag_state

        return _microseconds(timed(lambda: flag_state("old"), 1))

    peers = {"unknown": Contender("django-flags, a flag it does not know", library)}
    return compare("clock-flag", "us", Contender("Thor", thor), peers=peers)


def _microseconds(sampler: Callable[[], float]) -> Callable[[], float]:
    return lambda: sampler() / 1_000


def _django() -> None:
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thor_web.thor_project.settings")
    django.setup()
