"""What a run knows of its instruments: worth, costs, margins and the sessions of the world clock."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from collectors.instruments import Instruments
from thor_fast import BacktestContract, BacktestRules
from thor_web.thordata.backtest.errors import BacktestError
from thor_web.thordata.backtest.specification import RunSpecification
from thor_web.timezones.interface import trade_date_session

__all__ = ["Session", "contracts_of", "rules_of", "session_span", "sessions_of", "us"]

MARGIN_OF_DAYS: Final = timedelta(days=6)

Session = tuple[str, int, int]
"""Trade date, opening and close in microseconds UTC."""


def sessions_of(market: str, start: datetime, end: datetime) -> list[Session]:
    """The sessions that overlap a span, in order."""
    sessions = _sessions(market, start, end)
    return [session for session in sessions if session[2] > us(start) and session[1] < us(end)]


def session_span(market: str, day: date) -> tuple[datetime, datetime]:
    """Opening and close of a trade date. Raises BacktestError `bad_specification` for a day that is none."""
    try:
        session = trade_date_session(market, day)
    except ValueError as error:
        raise BacktestError("bad_specification", f"{day} is no trade date of {market}: {error}") from error
    return session.opens_at, session.closes_at


def _sessions(market: str, start: datetime, end: datetime) -> Iterator[Session]:
    day = (start - timedelta(days=1)).date()
    while day <= (end + MARGIN_OF_DAYS).date():
        try:
            session = trade_date_session(market, day)
        except ValueError:  # no trade date
            pass
        else:
            yield day.isoformat(), us(session.opens_at), us(session.closes_at)
        day += timedelta(days=1)


def us(instant: datetime) -> int:
    """Microseconds since 1970, exact."""
    whole = int(instant.replace(microsecond=0).timestamp())
    return whole * 1_000_000 + instant.microsecond


def contracts_of(specification: RunSpecification, instruments: Instruments) -> list[BacktestContract]:
    """One contract a symbol, in the order of the symbols."""
    start, end = specification.span()
    found = []
    for symbol in specification.symbols:
        instrument = instruments[symbol]
        sessions = sessions_of(instrument.market, start, end)
        found.append(
            BacktestContract(
                symbol,
                multiplier=instrument.multiplier,
                tick=instrument.tick,
                fee=Decimal(specification.fee),
                fee_rate=Decimal(specification.fee_rate),
                slippage=Decimal(specification.slippage_ticks or 0) * instrument.tick,
                initial_margin=Decimal(specification.initial_margin),
                maintenance_margin=Decimal(specification.maintenance_margin),
                sessions=[(opens, closes) for _, opens, closes in sessions],
            )
        )
    return found


def rules_of(specification: RunSpecification) -> BacktestRules:
    """The venue's and the broker's rules of a run."""
    lead = specification.flat_before_close_s
    return BacktestRules(
        cash=Decimal(specification.cash),
        latency_us=specification.latency_us,
        flat_before_close_us=None if lead is None else lead * 1_000_000,
        fills_at_touch=specification.fills_at_touch,
        participation=Decimal(specification.participation),
    )
