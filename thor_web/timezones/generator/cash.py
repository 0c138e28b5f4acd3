"""The cash markets, composed from exchange_calendars; names of holidays it does not name come from `holidays`.

What is known to be missing there (facts with their source) is laid over it from corrections.toml.
"""

import tomllib
from dataclasses import dataclass
from datetime import date, time
from functools import cache
from pathlib import Path
from typing import Any, Final

from thor_web.timezones.generator.draft import FIRST, LAST, CalendarDraft, DraftHours, Noted
from thor_web.timezones.services.phases import hours_from_text, hours_to_text

__all__ = ["CORRECTIONS", "cash_markets"]

CORRECTIONS: Final = Path(__file__).with_name("corrections.toml")
NEW_YORK_PHASES: Final = ("04:00 pre", "regular", 4)
"""Pre from 04:00; post lasts four hours after the close: to 20:00, and to 17:00 on a day that closes at 13:00."""


@dataclass(frozen=True, slots=True)
class CashMarket:
    """One market of exchange_calendars. `last` is where its holidays are no longer known there."""

    name: str
    title: str
    library: str
    country: str
    about: str
    hours: tuple[DraftHours, ...]
    last: date = LAST
    verified_through: date = date(2026, 12, 31)
    aliases: tuple[str, ...] = ()
    has_pre_and_post: bool = False
    zone: str | None = None
    hours_zone: str | None = None


def _plain(phases: str) -> tuple[DraftHours, ...]:
    return (DraftHours(phases),)


ENDS_2026: Final = date(2026, 12, 31)
ENDS_2028: Final = date(2028, 12, 31)
NEW_YORK: Final = _plain("04:00 pre 09:30 regular 16:00 post 20:00 closed")
INDIA: Final = _plain("09:15 open 15:30 closed")
CHINA: Final = _plain("09:30 open 11:30 lunch 13:00 open 15:00 closed")
TOKYO: Final = (
    DraftHours("09:00 open 11:30 lunch 12:30 open 15:00 closed", valid_to=date(2024, 11, 4)),
    DraftHours("09:00 open 11:30 lunch 12:30 open 15:30 closed", valid_from=date(2024, 11, 5)),
)
NYSE_GROUP: Final = "NYSE Group publishes its holidays to 2028."

MARKETS: Final = (
    CashMarket("NYSE", "New York Stock Exchange", "XNYS", "XNYS", NYSE_GROUP, NEW_YORK,
               verified_through=ENDS_2028, has_pre_and_post=True),
    CashMarket("NASDAQ", "Nasdaq", "XNYS", "XNYS", "Follows the holidays of the New York Stock Exchange.", NEW_YORK,
               verified_through=ENDS_2028, has_pre_and_post=True),
    CashMarket("LSE", "London Stock Exchange", "XLON", "GB", "Continuous trading, without its auctions.",
               _plain("08:00 open 16:30 closed"), aliases=("XLON",)),
    CashMarket("XETR", "Xetra Frankfurt", "XETR", "DE", "Deutsche Boerse publishes its trading days to 2029.",
               _plain("09:00 open 17:30 closed"), verified_through=ENDS_2028),
    CashMarket("EURONEXT", "Euronext (Paris, Amsterdam, Brussels, Lisbon)", "XPAR", "FR",
               "Continuous trading, without its auctions.", _plain("09:00 open 17:30 closed"),
               aliases=("XPAR", "XAMS", "XBRU", "XLIS")),
    CashMarket("TSE", "Tokyo Stock Exchange", "XTKS", "JP", "The close moved to 15:30 on 2024-11-05.", TOKYO,
               aliases=("XTKS", "JPX")),
    CashMarket("HKEX", "Hong Kong Exchange", "XHKG", "HK", "Half days have no afternoon.",
               _plain("09:30 open 12:00 lunch 13:00 open 16:00 closed"), aliases=("XHKG",)),
    CashMarket("SSE", "Shanghai Stock Exchange", "XSHG", "CN", "China names its holidays a year ahead.", CHINA,
               last=ENDS_2026, aliases=("XSHG", "SZSE", "XSHE")),
    CashMarket("NSE", "National Stock Exchange of India", "XBOM", "IN", "India names its holidays a year ahead.", INDIA,
               last=ENDS_2026, aliases=("XNSE",)),
    CashMarket("BSE", "BSE Mumbai", "XBOM", "IN", "India names its holidays a year ahead.", INDIA,
               last=ENDS_2026, aliases=("XBOM",)),
    CashMarket("TSX", "Toronto Stock Exchange", "XTSE", "CA", "Regular session only.",
               _plain("09:30 open 16:00 closed"), aliases=("XTSE",)),
    CashMarket("ASX", "Australian Securities Exchange", "XASX", "AU",
               "Continuous trading to 16:00; the closing auction to 16:10 is not counted as open.",
               _plain("10:00 open 16:00 closed"), aliases=("XASX",)),
    CashMarket("BMV", "Bolsa Mexicana de Valores", "XMEX", "MX",
               "Keeps New York's hours: 08:30 to 15:00 local time, an hour earlier while New York has summer time.",
               _plain("09:30 open 16:00 closed"), aliases=("XMEX",), hours_zone="America/New_York"),
)  # fmt: skip


def cash_markets() -> tuple[CalendarDraft, ...]:
    """Every cash market, with the corrections laid over it."""
    corrections = tomllib.loads(CORRECTIONS.read_text(encoding="utf-8"))
    return tuple(_draft(market, corrections.get(market.name, [])) for market in MARKETS)


def _draft(market: CashMarket, corrections: list[dict[str, Any]]) -> CalendarDraft:
    exceptions = _differences(market)
    for line in corrections:
        exceptions[line["date"]] = Noted(line["hours"], line["name"], line["source"])
    return CalendarDraft(
        name=market.name,
        title=market.title,
        zone=market.zone or _library(market.library, market.last).tz.key,
        hours_zone=market.hours_zone,
        about=(f"{market.title}. {market.about}",),
        hours=market.hours,
        verified_through=market.verified_through,
        aliases=market.aliases,
        exceptions=dict(sorted(exceptions.items())),
    )


@cache
def _library(key: str, last: date) -> Any:
    import exchange_calendars

    return exchange_calendars.get_calendar(key, start=str(FIRST), end=str(last))


def _differences(market: CashMarket) -> dict[date, Noted]:
    """Every date on which the library's hours are not the ordinary ones."""
    library = _library(market.library, market.last)
    source = "exchange_calendars"
    sessions = {
        row.Index.date(): hours_to_text(hours_from_text(_hours_of(market, library, row)))
        for row in library.schedule.itertuples()
    }
    names = _Names(library, market)
    found: dict[date, Noted] = {}
    for ordinal in range(FIRST.toordinal(), market.last.toordinal() + 1):
        day = date.fromordinal(ordinal)
        ordinary, actual = _ordinary(market, day), sessions.get(day, "closed")
        if actual != ordinary:
            found[day] = Noted(actual, names.of(day, closed=actual == "closed"), source)
    return found


def _ordinary(market: CashMarket, day: date) -> str:
    for hours in market.hours:
        if (hours.valid_from or date.min) <= day <= (hours.valid_to or date.max) and day.weekday() < 5:
            return hours_to_text(hours_from_text(hours.phases))
    return "closed"


def _hours_of(market: CashMarket, library: Any, row: Any) -> str:
    """The hours of one session of the library as text."""
    zone = library.tz

    def local(stamp: Any) -> time | None:
        # The library's empty times have no year.
        return None if stamp is None or not stamp.year > 0 else stamp.tz_convert(zone).time()

    opens, closes = local(row.open), local(row.close)
    if opens is None or closes is None:
        return "closed"
    if market.hours_zone is not None:
        # The library keeps the local hours of the year's one half all year; only whole days are taken from it.
        return market.hours[0].phases
    if market.has_pre_and_post:
        before, word, after = NEW_YORK_PHASES
        return f"{before} {opens:%H:%M} {word} {closes:%H:%M} post {closes.hour + after:02d}:{closes:%M} closed"
    leaves, returns = local(getattr(row, "break_start", None)), local(getattr(row, "break_end", None))
    lunch = f" {leaves:%H:%M} lunch {returns:%H:%M} open" if leaves and returns else ""
    return f"{opens:%H:%M} open{lunch} {closes:%H:%M} closed"


class _Names:
    """What each holiday is called."""

    def __init__(self, library: Any, market: CashMarket) -> None:
        self._closed = _named(library.regular_holidays)
        self._special = {day: name for _, calendar in library.special_closes for day, name in _named(calendar).items()}
        self._others = _public_holidays(market.library, market.country)

    def of(self, day: date, *, closed: bool) -> str:
        own = self._closed if closed else self._special
        name = own.get(day) or self._others.get(day) or ("Exchange holiday" if closed else "Special hours")
        return _tidy(name)


def _named(calendar: Any) -> dict[date, str]:
    if calendar is None:
        return {}
    try:
        found = calendar.holidays(str(FIRST), str(LAST), return_name=True)
    except (AttributeError, TypeError):
        return {}
    return {stamp.date(): str(name) for stamp, name in found.items()}


def _public_holidays(exchange: str, country: str) -> dict[date, str]:
    import holidays

    years = range(FIRST.year, LAST.year + 1)
    found: dict[date, str] = {}
    for make, key in ((holidays.country_holidays, country), (holidays.financial_holidays, exchange)):
        try:
            found |= dict(make(key, years=years, language="en_US"))
        except (NotImplementedError, ValueError):
            continue
    return found


def _tidy(name: str) -> str:
    """A name without the library's remarks on how it is computed."""
    for remark in (" (2000 onwards)", " (2022 onwards)", " (2003 onwards)", " Early Close"):
        name = name.replace(remark, "")
    name = name.split(";")[0].replace("|", "/").strip()
    return {
        "July 4th": "Independence Day",
        "President's Day": "Presidents' Day",
        "Black Friday": "Day after Thanksgiving",
        "Juneteenth National Independence Day": "Juneteenth",
        "Dr. Martin Luther King Jr. Day": "Martin Luther King Jr. Day",
        "Kings's Birthday": "King's Birthday",
        "Mondays, Tuesdays, and Thursdays Before Independence Day": "Day before Independence Day",
        "Wednesdays Before Independence Day including and after 2013": "Day before Independence Day",
    }.get(name, name)
