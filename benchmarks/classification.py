"""Signals of net changes: a million whole numbers, each held against its own symbol's four thresholds."""

import random
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from benchmarks.limits import copying
from benchmarks.measure import Contender, Measured, compare, timed
from thor_fast import Thresholds, classify_columns

__all__ = ["columns", "eleven"]

VALUES = 1_000_000
SYMBOLS = 500
ONE = 1_000_000_000


@dataclass(frozen=True, slots=True)
class _Input:
    """Changes and thresholds in units of 1e-9; each change belongs to the symbol of its number."""

    changes: "array[int]"
    symbols: "array[int]"
    ladders: list[tuple[int, int, int, int]]


@cache
def _input(many: int = SYMBOLS) -> _Input:
    chosen = random.Random(3)
    ladders = []
    for _ in range(many):
        buy = chosen.randint(1, 20)
        ladders.append((buy * 6 * ONE, buy * ONE, -buy * ONE, -buy * 6 * ONE))
    symbols = array("I", [chosen.randrange(many) for _ in range(VALUES)])
    changes = array("q", [chosen.randint(-150, 150) * ONE for _ in range(VALUES)])
    return _Input(changes, symbols, ladders)


def _signal(change: int, ladder: tuple[int, int, int, int]) -> int:
    strong_buy, buy, sell, strong_sell = ladder
    if change > strong_buy:
        return 2
    if change > buy:
        return 1
    if change >= sell:
        return 0
    return -1 if change > strong_sell else -2


def columns() -> list[Measured]:
    """From columns to a column."""
    return _race("classify", _input())


def eleven() -> list[Measured]:
    """A million changes of eleven instruments."""
    return _race("classify-eleven", _input(11))


def _race(work_name: str, given: _Input) -> list[Measured]:
    wanted = [
        _signal(change, given.ladders[symbol]) for change, symbol in zip(given.changes, given.symbols, strict=True)
    ]

    def thor() -> Callable[[], float]:
        names = ("strong_buy", "buy", "sell", "strong_sell")
        ladders = [
            Thresholds(**dict(zip(names, (bound // ONE for bound in ladder), strict=True))) for ladder in given.ladders
        ]

        def work() -> memoryview:
            return classify_columns(given.changes, ladders, given.symbols)

        assert work().tolist() == wanted
        return timed(work, VALUES)

    def with_polars() -> Callable[[], float]:
        import polars as pl

        frame = pl.DataFrame(
            {"change": given.changes, "symbol": given.symbols}, schema={"change": pl.Int64, "symbol": pl.UInt32}
        )
        bounds = [pl.lit(pl.Series([ladder[at] for ladder in given.ladders], dtype=pl.Int64)) for at in range(4)]
        strong_buy, buy, sell, strong_sell = (bound.gather(pl.col("symbol")) for bound in bounds)
        change = pl.col("change")
        signal = (
            pl.when(change > strong_buy).then(pl.lit(2, pl.Int8))
            .when(change > buy).then(pl.lit(1, pl.Int8))
            .when(change >= sell).then(pl.lit(0, pl.Int8))
            .when(change > strong_sell).then(pl.lit(-1, pl.Int8))
            .otherwise(pl.lit(-2, pl.Int8))
        )  # fmt: skip

        def work() -> pl.DataFrame:
            return frame.select(signal)

        assert work().to_series().to_list() == wanted
        return timed(work, VALUES)

    peers = {"polars": Contender("polars when/then + gather", with_polars)}
    floor = copying(bytes(12 * VALUES), VALUES)
    return compare(work_name, "ns/value", Contender("Thor", thor), peers=peers, limit=floor)
