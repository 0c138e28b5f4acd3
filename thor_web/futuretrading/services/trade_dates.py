"""Which trade date an instant belongs to, in the form that the core asks for it."""

from datetime import UTC, date, datetime, timedelta
from typing import Final

from thor_web.timezones.interface import UnknownMarketError, session_state, trade_date_session, trade_date_span

__all__ = ["date_of", "trade_date_of"]

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_DAY: Final = EPOCH.date()


def trade_date_of(market: str, at_us: int) -> tuple[int, int, int, int]:
    """Days since 1970-01-01, start, opening and end (microseconds UTC) of the trade date that holds an instant.

    For a market that nobody knows, or beyond the years of its calendar, it is the UTC day.
    """
    at = EPOCH + timedelta(microseconds=at_us)
    try:
        day = session_state(market, at).trade_date
        start, end = trade_date_span(market, day)
        opens = trade_date_session(market, day).opens_at
    except (UnknownMarketError, ValueError, OverflowError):
        return _utc_day(at)
    if not start <= at < end:
        return _utc_day(at)
    return (day - EPOCH_DAY).days, _us(start), _us(opens), _us(end)


def date_of(day: int) -> date:
    """The date of so many days since 1970-01-01."""
    return EPOCH_DAY + timedelta(days=day)


def _utc_day(at: datetime) -> tuple[int, int, int, int]:
    start = datetime(at.year, at.month, at.day, tzinfo=UTC)
    return (at.date() - EPOCH_DAY).days, _us(start), _us(start), _us(start + timedelta(days=1))


def _us(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)
