"""Which instants of which symbols make up a trade date of the lake, by the world clock's spans."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from types import MappingProxyType
from typing import Final

from psycopg import sql

from collectors.instruments import load_instruments
from thor_web.thordata.services.copy_out import within
from thor_web.timezones.interface import trade_date_span, traded_markets

__all__ = [
    "DEFAULT_MARKET",
    "Span",
    "dates_around",
    "dates_of_hours",
    "market_of",
    "markets_by_symbol",
    "span_of",
    "spans_of",
]

DEFAULT_MARKET: Final = "GLOBEX"
"""Market whose trade date is used for a symbol that the registry does not know."""
LONGEST_SPAN: Final = timedelta(days=11)
"""No two closes lie further apart: a weekend with holidays on both sides, and then some."""


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open span of instants and the symbols that it counts for."""

    start: datetime
    end: datetime
    symbols: sql.Composable

    def condition(self, start: datetime, end: datetime) -> sql.Composable:
        """The rows of a part of the span."""
        return sql.SQL("{} AND {}").format(within(start, end), self.symbols)

    def slices(self, count: int) -> list[tuple[datetime, datetime]]:
        """The span in as many parts of the same length."""
        step = (self.end - self.start) / count
        borders = [self.start + step * number for number in range(count)]
        return list(zip(borders, [*borders[1:], self.end], strict=True))


@cache
def markets_by_symbol() -> Mapping[str, str]:
    """The market of every symbol of the registry, which is read once."""
    return MappingProxyType({instrument.symbol: instrument.market for instrument in load_instruments()})


def market_of(symbol: str) -> str:
    """The market whose trade dates a symbol goes by."""
    return markets_by_symbol().get(symbol, DEFAULT_MARKET)


def span_of(symbol: str, trade_date: date) -> tuple[datetime, datetime] | None:
    """The half-open span of a symbol's trade date, None where its market has none on that day."""
    return _span(market_of(symbol), trade_date)


def spans_of(trade_date: date, symbols: Sequence[str] | None = None) -> list[Span]:
    """The spans of a trade date with their symbols: those asked for, or all. Raises ValueError where there is none."""
    markets = markets_by_symbol()
    named = {symbol: markets.get(symbol, DEFAULT_MARKET) for symbol in (markets if symbols is None else symbols)}
    groups: dict[tuple[datetime, datetime], list[str]] = {}
    for symbol, market in named.items():
        if span := _span(market, trade_date):
            groups.setdefault(span, []).append(symbol)
    default = _span(DEFAULT_MARKET, trade_date)
    if not groups and default is None:
        raise ValueError(f"{trade_date} is no trade date of any market")
    if symbols is None and default is not None:
        groups.setdefault(default, [])
    spans = []
    for span, members in groups.items():
        if symbols is None and span == default:
            # Also every symbol that the registry does not know.
            others = sorted(set(named) - set(members))
            condition = sql.SQL("symbol <> ALL({})").format(sql.Literal(others))
        else:
            condition = sql.SQL("symbol = ANY({})").format(sql.Literal(sorted(members)))
        spans.append(Span(*span, condition))
    return spans


def dates_around(start: datetime, end: datetime, markets: Iterable[str] | None = None) -> list[date]:
    """Every trade date of these markets, or of any, that shares an instant with a half-open span, in order."""
    names = tuple(markets) if markets is not None else traded_markets()
    day, last = start.astimezone(UTC).date() - timedelta(days=1), end.astimezone(UTC).date() + LONGEST_SPAN
    found = []
    while day <= last:
        spans = [span for name in names if (span := _span(name, day))]
        if any(opens < end and start < closes for opens, closes in spans):
            found.append(day)
        day += timedelta(days=1)
    return found


def dates_of_hours(hours: Iterable[datetime]) -> list[date]:
    """Every trade date that shares an instant with one of these hours, in order."""
    known = sorted(hour.astimezone(UTC) for hour in hours)
    candidates: set[date] = set()
    for day in {hour.date() for hour in known}:
        midnight = datetime.combine(day, time(), UTC)
        candidates.update(dates_around(midnight, midnight + timedelta(days=1)))

    def has_one(start: datetime, end: datetime) -> bool:
        at = bisect_right(known, start - timedelta(hours=1))
        return at < len(known) and known[at] < end

    spans = {day: [span for name in traded_markets() if (span := _span(name, day))] for day in candidates}
    return sorted(day for day, of_day in spans.items() if any(has_one(*span) for span in of_day))


def _span(market: str, trade_date: date) -> tuple[datetime, datetime] | None:
    try:
        start, end = trade_date_span(market, trade_date)
    except ValueError:
        return None
    return (start, end) if start < end else None
