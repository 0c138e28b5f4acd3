"""The signal ladder on five million ticks of eleven symbols: classify, trade to the target at bid and ask, value."""

import random
from array import array
from functools import cache
from typing import Any, Final

import polars as pl

from benchmarks.limits import copying
from benchmarks.measure import Contender, Measured, Sampler, compare, timed
from thor_fast import Thresholds, play_ladder

__all__ = ["ladder"]

TICKS: Final = 5_000_000
SYMBOLS: Final = 11
QUARTER: Final = 250_000_000
MULTIPLIER: Final = 50
FEE: Final = 2.25
CASH: Final = 1_000_000


@cache
def columns() -> pl.DataFrame:
    """Ticks of all symbols, each a random walk of quarter points."""
    chosen = random.Random(11)
    ids = array("I", chosen.choices(range(SYMBOLS), k=TICKS))
    steps = chosen.choices((-1, 0, 0, 0, 1), k=TICKS)
    prices = [19_200] * SYMBOLS
    last = array("q", bytes(8 * TICKS))
    for at, (number, step) in enumerate(zip(ids, steps, strict=True)):
        prices[number] += step
        last[at] = prices[number] * QUARTER
    price = pl.col("last")
    frame = pl.DataFrame({"id": pl.Series(ids, dtype=pl.UInt32), "last": pl.Series(last, dtype=pl.Int64)})
    return frame.with_columns(bid=price, ask=price + QUARTER, change=price - 19_200 * QUARTER).rechunk()


def play() -> dict[str, Any]:
    ladder_of = Thresholds(strong_buy=6, buy=1, sell=-1, strong_sell=-6)
    return play_ladder(
        columns(), thresholds=[ladder_of] * SYMBOLS, steps=[1] * SYMBOLS, multipliers=[MULTIPLIER] * SYMBOLS,
        fees=[FEE] * SYMBOLS, slippages=[0] * SYMBOLS, cash=CASH,
    )  # fmt: skip


def of_one_symbol() -> tuple[Any, Any, Any]:
    """Targets, prices and marks of the first symbol, and what Thor makes of it alone."""
    import numpy as np

    given = columns()
    chosen = given["id"].to_numpy() == 0
    change = given["change"].to_numpy()[chosen] / 1e9
    target = np.select([change > 6, change > 1, change >= -1, change > -6], [2.0, 1.0, 0.0, -1.0], -2.0)
    before = np.concatenate([[0.0], target[:-1]])
    last = given["last"].to_numpy()[chosen] / 1e9
    price = np.where(target > before, last + 0.25, last)
    return target - before, price, last


def ladder() -> list[Measured]:
    """Thor on all symbols; vectorbt on one, per tick of its own."""

    def thor() -> Sampler:
        play()
        return timed(play, TICKS)

    def vectorbt() -> Sampler:
        import numpy as np
        import vectorbt as vbt

        sizes, prices, marks = of_one_symbol()
        orders = np.where(sizes == 0, np.nan, sizes)

        def work() -> Any:
            made = vbt.Portfolio.from_orders(
                marks, size=orders, price=prices, init_cash=1e9, size_type="amount", direction="both"
            )
            return made.value()

        trades = int((sizes != 0).sum())
        assert int(vbt.Portfolio.from_orders(
            marks, size=orders, price=prices, init_cash=1e9, size_type="amount", direction="both"
        ).orders.count()) == trades  # fmt: skip
        return timed(work, len(marks))

    floor = copying(bytes(36 * TICKS), TICKS)
    peers = {"vectorbt": Contender("vectorbt from_orders + value", vectorbt)}
    return compare("ticks", "ns/tick", Contender("Thor", thor), peers=peers, limit=floor, rounds=5)
