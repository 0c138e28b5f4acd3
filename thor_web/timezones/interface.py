"""What other rooms may ask the world clock. Times are aware and in UTC; a naive one is refused."""

from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, Final

from collectors.instruments import load_instruments
from thor_web.timezones.services.weekly import MARKETS, Session

__all__ = [
    "SessionState",
    "UnknownMarketError",
    "market_names",
    "session_state",
    "trade_date_session",
    "trade_date_span",
]

TEMPLATE: Final = "template"
"""Confidence of an answer that knows the ordinary week but no holidays."""


class UnknownMarketError(LookupError):
    """No market has that name."""

    code: Final = "unknown_market"

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no market {name!r}; known are {', '.join(market_names())}")


@dataclass(frozen=True, slots=True)
class SessionState:
    """What one market does at one instant. `next_transition_at` is the next flip of `is_open`."""

    is_open: bool
    market: str
    now: datetime
    next_transition_at: datetime | None
    holiday: str | None
    phase: str
    trade_date: date
    title: str
    confidence: str

    def to_json(self) -> dict[str, Any]:
        """The state as JSON values: instants in ISO 8601 with `Z`."""
        return {name: _text(value) if isinstance(value, date) else value for name, value in asdict(self).items()}


def market_names() -> tuple[str, ...]:
    """Every market that the clock knows."""
    return tuple(MARKETS)


def session_state(market: str, at: datetime) -> SessionState:
    """The state of a market at an instant. Raises UnknownMarketError, and ValueError for a naive instant."""
    if at.tzinfo is None:
        raise ValueError("the instant needs a time zone")
    found = _market(market)
    session = MARKETS[found].current_or_next(at)
    is_open = session.opens_at <= at
    return SessionState(
        is_open=is_open,
        market=found,
        now=at.astimezone(UTC),
        next_transition_at=session.closes_at if is_open else session.opens_at,
        holiday=None,
        phase="open" if is_open else "closed",
        trade_date=session.trade_date,
        title=MARKETS[found].title,
        confidence=TEMPLATE,
    )


def trade_date_session(market: str, trade_date: date) -> Session:
    """When a trade date opens and closes. Raises UnknownMarketError, and ValueError for a weekend day."""
    return MARKETS[_market(market)].session(trade_date)


@cache
def _markets_of_symbols() -> dict[str, str]:
    return {instrument.symbol: instrument.market for instrument in load_instruments()}


def trade_date_span(market: str, trade_date: date) -> tuple[datetime, datetime]:
    """The half-open span of instants that belong to a trade date: from the close before it to its own close.

    Every instant belongs to exactly one trade date. Raises UnknownMarketError, and ValueError for a weekend day.
    """
    own = trade_date_session(market, trade_date)
    before = trade_date - timedelta(days=3 if trade_date.weekday() == 0 else 1)
    return trade_date_session(market, before).closes_at, own.closes_at


def _market(name: str) -> str:
    """The market of that name, or the one that the instrument of that name trades on."""
    wanted = name.strip().upper()
    found = _markets_of_symbols().get(wanted, wanted)
    if found not in MARKETS:
        raise UnknownMarketError(name)
    return found


def _text(value: date) -> str:
    return value.isoformat().replace("+00:00", "Z")
