"""Holds the calendar files against other libraries. What differs must stand, with its reason, on the allow-list.

The allow-list is differences.toml: a reason that is no longer needed is a fault as well.
"""

import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, Final, NamedTuple

from thor_web.timezones.services.clock import MARKETS_FOLDER, Clock

__all__ = ["ALLOWED", "Difference", "differences", "unexplained_differences"]

ALLOWED: Final = Path(__file__).with_name("differences.toml")
FIRST: Final = date(2025, 1, 1)
EXCHANGE_CALENDARS: Final = {
    "NYSE": "XNYS", "NASDAQ": "XNYS", "LSE": "XLON", "XETR": "XETR", "EURONEXT": "XPAR", "TSE": "XTKS", "HKEX": "XHKG",
    "SSE": "XSHG", "NSE": "XBOM", "BSE": "XBOM", "TSX": "XTSE", "ASX": "XASX",
}  # fmt: skip
MARKET_CALENDARS: Final = {
    "GLOBEX_EQUITY": "CME Globex Equity",
    "GLOBEX_RATES": "CME Globex Fixed Income",
    "GLOBEX_ENERGY": "CMEGlobex_EnergyAndMetals",
    "GLOBEX_METALS": "CMEGlobex_EnergyAndMetals",
}


class Difference(NamedTuple):
    """A date on which a library says something else: the open span in UTC, or closed."""

    market: str
    library: str
    day: date
    ours: str
    theirs: str


def unexplained_differences() -> list[str]:
    """One line for each difference that is not allowed, and for each allowance that nothing needs."""
    allowed = {
        (line["market"], line["library"], day)
        for line in tomllib.loads(ALLOWED.read_text(encoding="utf-8"))["difference"]
        for day in line["dates"]
    }
    found = {(one.market, one.library, one.day): one for one in differences()}
    faults = [
        f"{one.market} on {one.day}: ours {one.ours}, {one.library} {one.theirs}; explain it in {ALLOWED.name}"
        for key, one in sorted(found.items())
        if key not in allowed
    ]
    faults += [
        f"{market} on {day}: {library} no longer differs; take it out of {ALLOWED.name}"
        for market, library, day in sorted(allowed - found.keys())
    ]
    return faults


def differences() -> Iterator[Difference]:
    """Every difference from 2025 to where each library ends."""
    clock = Clock.load(MARKETS_FOLDER)
    for market, key in EXCHANGE_CALENDARS.items():
        yield from _held_against(clock, market, "exchange_calendars", _exchange_calendar(key))
    for market, key in MARKET_CALENDARS.items():
        yield from _held_against(clock, market, "pandas_market_calendars", _market_calendar(key))


def _held_against(clock: Clock, market: str, library: str, theirs: dict[date, str]) -> Iterator[Difference]:
    clock_of_market = clock.market(market)
    for ordinal in range(FIRST.toordinal(), max(theirs).toordinal() + 1):
        day = date.fromordinal(ordinal)
        session = clock_of_market.session(day)
        ours = "closed" if session is None else f"{session.opens}..{session.closes}"
        if ours != theirs.get(day, "closed"):
            yield Difference(market, library, day, ours, theirs.get(day, "closed"))


def _spans(schedule: Any, opens: str, closes: str) -> dict[date, str]:
    return {
        row[0].date(): f"{int(row[1].timestamp())}..{int(row[2].timestamp())}"
        for row in schedule[[opens, closes]].itertuples()
    }


def _exchange_calendar(key: str) -> dict[date, str]:
    import exchange_calendars

    for end in ("2028-12-31", "2026-12-31"):
        try:
            calendar = exchange_calendars.get_calendar(key, start="2024-12-01", end=end)
        except ValueError:
            continue
        return _spans(calendar.schedule, "open", "close")
    raise LookupError(f"exchange_calendars does not know {key} in 2026")


def _market_calendar(key: str) -> dict[date, str]:
    import pandas_market_calendars

    schedule = pandas_market_calendars.get_calendar(key).schedule("2024-12-01", "2028-12-31")
    return _spans(schedule, "market_open", "market_close")
