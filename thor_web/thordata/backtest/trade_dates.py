"""To which trade date of its own market an event belongs, for a stream of them: the last answer is tried first."""

from datetime import UTC, date, datetime, timedelta

from thor_web.thordata.backtest.contracts import us
from thor_web.thordata.services.trade_dates import dates_around, market_of, span_of

__all__ = ["TradeDates"]

MICROSECOND = timedelta(microseconds=1)


class TradeDates:
    """Every instant belongs to exactly one trade date of a market."""

    def __init__(self) -> None:
        self._spans: dict[str, tuple[int, int, date]] = {}

    def of(self, symbol: str, ts_us: int) -> date:
        """The trade date; the span is half open."""
        known = self._spans.get(symbol)
        if known is None or not known[0] <= ts_us < known[1]:
            known = self._spans[symbol] = _span_at(symbol, ts_us)
        return known[2]


def _span_at(symbol: str, ts_us: int) -> tuple[int, int, date]:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=ts_us)
    for day in dates_around(at, at + MICROSECOND, [market_of(symbol)]):
        span = span_of(symbol, day)
        if span is not None and span[0] <= at < span[1]:
            return us(span[0]), us(span[1]), day
    # Beyond what the calendars know: the day of the clock.
    start = datetime.combine(at.date(), datetime.min.time(), UTC)
    return us(start), us(start + timedelta(days=1)), at.date()
