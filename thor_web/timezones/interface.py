"""What other rooms may ask the world clock. Times are aware and in UTC; a naive one is refused."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path

from collectors.instruments import load_instruments
from thor_web.timezones.services.actions import command_action, webhook_action
from thor_web.timezones.services.alert_conditions import COMPOSITE, Feed, Notice
from thor_web.timezones.services.calendar_file import CalendarError
from thor_web.timezones.services.clock import MARKETS_FOLDER, Clock, UnknownMarketError
from thor_web.timezones.services.following import follow_files, follow_rulebook
from thor_web.timezones.services.instants import instant
from thor_web.timezones.services.notice_stream import follow_notices
from thor_web.timezones.services.quote_rules import QuoteRule, RuleNews, keep_news, paused_markets, quote_rules
from thor_web.timezones.services.session_changes import session_changes
from thor_web.timezones.services.state import SessionState, state_of
from thor_web.timezones.settings import ClockSettings

__all__ = [
    "COMPOSITE",
    "CalendarError",
    "Clock",
    "ClockSettings",
    "Feed",
    "Notice",
    "QuoteRule",
    "RuleNews",
    "Session",
    "SessionState",
    "UnknownMarketError",
    "calendar_folders",
    "command_action",
    "follow_files",
    "follow_notices",
    "follow_rulebook",
    "keep_news",
    "market_names",
    "market_of",
    "paused_markets",
    "quote_rules",
    "session_changes",
    "session_state",
    "trade_date_session",
    "trade_date_span",
    "traded_markets",
    "webhook_action",
    "world_clock",
]


@dataclass(frozen=True, slots=True)
class Session:
    """One trade date of a market: open in the half-open span [opens_at, closes_at), both UTC."""

    trade_date: date
    opens_at: datetime
    closes_at: datetime


def calendar_folders() -> tuple[Path, ...]:
    """Where calendar files are: the shipped ones, then the operator's own, which replace their namesakes."""
    own = ClockSettings().calendars_dir
    return (MARKETS_FOLDER, *([own] if own else []))


@cache
def world_clock() -> Clock:
    """The clock of this process: the shipped calendars and those of `CALENDARS_DIR`. Raises CalendarError."""
    return Clock.load(*calendar_folders())


def market_names() -> tuple[str, ...]:
    """Every market that the clock knows, in alphabetical order."""
    return world_clock().names


def traded_markets() -> tuple[str, ...]:
    """The markets of the registry's instruments, in the registry's order."""
    return tuple(dict.fromkeys(market_of(instrument.market) for instrument in load_instruments()))


def market_of(word: str) -> str:
    """The market that a name, an alias or an instrument's symbol means. Raises UnknownMarketError."""
    return world_clock().name_of(_markets_of_symbols().get(word.strip().upper(), word))


def session_state(market: str, at: datetime) -> SessionState:
    """The state of a market at an instant. Raises UnknownMarketError, and ValueError for a naive instant."""
    return state_of(world_clock(), market_of(market), at)


def trade_date_session(market: str, trade_date: date) -> Session:
    """When a trade date opens and closes. Raises UnknownMarketError, and ValueError where it has no session."""
    found = world_clock().market(market_of(market)).session(trade_date)
    if found is None:
        raise ValueError(f"{trade_date} is no trade date of {market}")
    return Session(trade_date, instant(found.opens), instant(found.closes))


def trade_date_span(market: str, trade_date: date) -> tuple[datetime, datetime]:
    """The half-open span of instants that belong to a trade date: from the end of the session before to its own end.

    Every instant belongs to exactly one trade date; the span of a holiday is empty. Raises UnknownMarketError, and
    ValueError for a day of a weekend without a session.
    """
    clock = world_clock().market(market_of(market))
    before = instant(clock.timeline_on(trade_date).ends_before(trade_date.toordinal()))
    found = clock.session(trade_date)
    if found is not None:
        return before, instant(found.ends)
    if trade_date.weekday() >= 5:
        raise ValueError(f"{trade_date} is no trade date of {market}")
    return before, before


@cache
def _markets_of_symbols() -> dict[str, str]:
    return {instrument.symbol: instrument.market for instrument in load_instruments()}
