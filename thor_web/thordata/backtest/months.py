"""What each calendar month earned, for the monthly table of a report."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from thor_web.thordata.backtest.periods import PeriodReturns

__all__ = ["monthly_returns"]

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def monthly_returns(periods: PeriodReturns, *, cash: float) -> list[dict[str, Any]]:
    """A row a month (UTC) in which a period ends: its return, and the money at its end. Months between are there too.

    The return is against the money at the end of the month before, in the first month against the money at the start.
    """
    ends: dict[tuple[int, int], float] = {}
    for at_us, equity in zip(periods.ends_us, periods.equity, strict=True):
        at = EPOCH + timedelta(microseconds=at_us)
        ends[at.year, at.month] = equity
    rows: list[dict[str, Any]] = []
    before = cash
    for (year, month), equity in sorted(ends.items()):
        earned = equity / before - 1 if before > 0 else 0.0
        rows.append({"year": year, "month": month, "total_return": earned, "equity": equity})
        before = equity
    return rows
