"""From the equity after each event to returns of equal periods: trade dates where there are enough, else shorter ones.

Few dates make no year: below `LEAST_DATES` figures of a year are left out, and the report says so.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

__all__ = ["LEAST_DATES", "PeriodReturns", "Periods", "periods_of"]

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


@dataclass(frozen=True, slots=True)
class Periods:
    """Equal periods of a span of events: of each the position of the last event up to its end, and the instant.

    A period without an event has the position of the one before it: there the equity stood still.
    """

    name: str
    periods_a_year: float
    positions: tuple[int, ...]
    ends_us: tuple[int, ...]
    dates: int

    def returns(self, equity: Sequence[float], *, cash: float) -> PeriodReturns:
        """The returns of an equity at the periods' ends, the first against the money at the start."""
        before = [cash, *equity[:-1]]
        changes = tuple(now / then - 1 if then > 0 else 0.0 for now, then in zip(equity, before, strict=True))
        return PeriodReturns(self.name, self.periods_a_year, self.ends_us, tuple(equity), changes, self.dates)


def periods_of(times_us: pl.Series, *, closes_us: Sequence[int]) -> Periods:
    """Trade dates from `LEAST_DATES` of them on, else minutes. `closes_us` are the dates' ends, rising."""
    dates = pl.Series([bisect_right(closes_us, at) for at in times_us], dtype=pl.Int64)
    count = dates.n_unique()
    frame = pl.DataFrame({"at": times_us}).with_row_index("row")
    if count >= LEAST_DATES:
        ends = _ends(frame.with_columns(key=dates))
        return Periods("trade date", DATES_A_YEAR, tuple(ends["row"]), tuple(ends["at"]), count)
    ends = _ends(frame.with_columns(key=pl.col("at") // MINUTE_US))
    keys = pl.DataFrame({"key": range(ends["key"][0], ends["key"][-1] + 1)}, schema={"key": pl.Int64})
    ends = keys.join(ends, on="key", how="left", maintain_order="left").with_columns(
        pl.col("row").forward_fill(), at=pl.col("at").fill_null((pl.col("key") + 1) * MINUTE_US)
    )
    return Periods("minute", MINUTES_A_YEAR, tuple(ends["row"]), tuple(ends["at"]), count)


def _ends(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.group_by("key", maintain_order=True).agg(pl.col("row", "at").last())
