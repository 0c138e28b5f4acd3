"""A column of prices as texts: a recorded one, in which few prices come again and again, and one of ever new prices.

As a list each text is a Python object of its own, and making these is most of the work; an Arrow column has none.
"""

import random
from array import array
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache

from benchmarks.inputs import recorded_lines
from benchmarks.limits import copying
from benchmarks.measure import Contender, Measured, compare, timed
from thor_fast import format_price_column, format_prices, parse_batch

__all__ = ["arrow_column", "distinct", "recorded"]

CENT = Decimal("0.01")


@cache
def _nanos() -> "array[int]":
    """The recording's bids in units of 1e-9."""
    batch, _ = parse_batch(list(recorded_lines()[::3]))
    return array("q", [int(event.bid.scaleb(9)) for event in batch if event.bid is not None])


def recorded() -> list[Measured]:
    """Every bid of the recording with two decimals."""
    return _column("format-prices", _nanos())


@cache
def _all_different() -> "array[int]":
    steps = random.Random(5).sample(range(100_000, 9_000_000), 10_000)
    return array("q", [step * 10_000_000 for step in steps])


def distinct() -> list[Measured]:
    """Ten thousand prices, no two alike, as a list: nothing that is remembered of one helps with another."""
    return _column("format-distinct", _all_different(), beside_ready_texts=True)


def arrow_column() -> list[Measured]:
    """The same ten thousand as an Arrow column."""
    return _column("format-column", _all_different(), as_arrow=True)


def _column(
    work: str, nanos: "array[int]", *, as_arrow: bool = False, beside_ready_texts: bool = False
) -> list[Measured]:
    wanted = [str(Decimal(value).scaleb(-9).quantize(CENT, ROUND_HALF_EVEN)) for value in nanos]
    floats = [value / 1e9 for value in nanos]

    def thor() -> Callable[[], float]:
        assert format_prices(nanos, 2) == wanted
        return timed(lambda: format_prices(nanos, 2), len(nanos))

    def thor_as_arrow() -> Callable[[], float]:
        import polars as pl

        assert pl.Series(format_price_column(nanos, 2)).to_list() == wanted
        return timed(lambda: format_price_column(nanos, 2), len(nanos))

    def f_string() -> Callable[[], float]:
        assert [f"{value:.2f}" for value in floats] == wanted
        return timed(lambda: [f"{value:.2f}" for value in floats], len(floats))

    def with_polars() -> Callable[[], float]:
        import polars as pl

        series = pl.Series("bid", floats, dtype=pl.Float64)

        def texts() -> pl.Series:
            return series.round(2).cast(pl.String)

        assert [Decimal(text) for text in texts()] == [Decimal(text) for text in wanted]
        return timed(texts, len(floats))

    def ready_texts() -> Callable[[], float]:
        text = "\n".join(wanted)
        assert text.split("\n") == wanted
        return timed(lambda: text.split("\n"), len(wanted))

    peers = {
        "python": Contender('f"{x:.2f}"', f_string),
        "polars": Contender("polars round + cast", with_polars),
    }
    if beside_ready_texts:
        peers["texts"] = Contender("str.split of the ready texts", ready_texts)
    floor = copying("".join(wanted).encode(), len(nanos))
    made = thor_as_arrow if as_arrow else thor
    return compare(work, "ns/price", Contender("Thor", made), peers=peers, limit=floor)
