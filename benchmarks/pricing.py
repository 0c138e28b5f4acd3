"""A column of prices as texts."""

from array import array
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache

from benchmarks.inputs import recorded_lines
from benchmarks.limits import copying
from benchmarks.measure import Contender, Measured, compare, timed
from thor_fast import format_prices, parse_batch

__all__ = ["column"]

CENT = Decimal("0.01")


@cache
def _nanos() -> "array[int]":
    """The recording's bids in units of 1e-9."""
    batch, _ = parse_batch(list(recorded_lines()[::3]))
    return array("q", [int(event.bid.scaleb(9)) for event in batch if event.bid is not None])


def column() -> list[Measured]:
    """Every bid with two decimals."""
    nanos = _nanos()
    wanted = [str(Decimal(value).scaleb(-9).quantize(CENT, ROUND_HALF_EVEN)) for value in nanos]
    floats = [value / 1e9 for value in nanos]

    def thor() -> Callable[[], float]:
        assert format_prices(nanos, 2) == wanted
        return timed(lambda: format_prices(nanos, 2), len(nanos))

    def f_string() -> Callable[[], float]:
        assert [f"{value:.2f}" for value in floats] == wanted
        return timed(lambda: [f"{value:.2f}" for value in floats], len(floats))

    def with_polars() -> Callable[[], float]:
        import polars as pl

        series = pl.Series("bid", floats, dtype=pl.Float64)

        def work() -> pl.Series:
            return series.round(2).cast(pl.String)

        assert [Decimal(text) for text in work()] == [Decimal(text) for text in wanted]
        return timed(work, len(floats))

    peers = {
        "python": Contender('f"{x:.2f}"', f_string),
        "polars": Contender("polars round + cast", with_polars),
    }
    floor = copying("".join(wanted).encode(), len(nanos))
    return compare("format-prices", "ns/price", Contender("Thor", thor), peers=peers, limit=floor)
