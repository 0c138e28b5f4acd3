"""From the equity after each event to returns of equal periods: trade dates where there are enough, else shorter ones.

Few dates make no year: below `LEAST_DATES` figures of a year are left out, and the report says so.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

__all__ = ["LEAST_DATES", "PeriodReturns", "period_returns"]

LEAST_DATES: Final = 20
DATES_A_YEAR: Final = 252.0
MINUTES_A_YEAR: Final = DATES_A_YEAR * 23 * 60
MINUTE_US: Final = 60_000_000


@dataclass(frozen=True, slots=True)
class PeriodReturns:
    """Simple returns of equal periods, the equity at each one's end, and the instant of it."""

    name: str
    periods_a_year: float
    ends_us: tuple[int, ...]
    equity: tuple[float, ...]
    returns: tuple[float, ...]
    dates: int

    @property
    def is_annual(self) -> bool:
        """Whether figures of a year mean anything."""
        return self.name == "trade date" and len(self.returns) >= LEAST_DATES


def period_returns(times_us: pl.Series, equity: pl.Series, *, cash: float, closes_us: Sequence[int]) -> PeriodReturns:
    """Returns by trade date from `LEAST_DATES` of them on, else by minute. `closes_us` are the dates' ends, rising."""
    frame = pl.DataFrame({"at": times_us, "equity": equity})
    dates = pl.DataFrame({"key": [bisect_right(closes_us, at) for at in times_us]}, schema={"key": pl.Int64})
    count = dates["key"].n_unique()
    if count >= LEAST_DATES:
        return _returns(frame.with_columns(dates["key"]), "trade date", DATES_A_YEAR, cash, count)
    minutes = frame.with_columns(key=pl.col("at") // MINUTE_US)
    return _returns(minutes, "minute", MINUTES_A_YEAR, cash, count)


def _returns(frame: pl.DataFrame, name: str, periods: float, cash: float, dates: int) -> PeriodReturns:
    """Every period from the first event to the last, those without an event too: there the equity stood still."""
    ends = frame.group_by("key", maintain_order=True).agg(pl.col("at").last(), pl.col("equity").last())
    if name == "minute":
        keys = pl.DataFrame({"key": range(ends["key"][0], ends["key"][-1] + 1)}, schema={"key": pl.Int64})
        ends = keys.join(ends, on="key", how="left", maintain_order="left").with_columns(
            pl.col("equity").forward_fill(), at=pl.col("at").fill_null((pl.col("key") + 1) * MINUTE_US)
        )
    values = ends["equity"].to_list()
    before = [cash, *values[:-1]]
    returns = tuple(now / then - 1 if then > 0 else 0.0 for now, then in zip(values, before, strict=True))
    return PeriodReturns(name, periods, tuple(ends["at"].to_list()), tuple(values), returns, dates)
