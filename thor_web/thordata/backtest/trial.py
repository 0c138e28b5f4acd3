"""A strategy on a handful of bars, for its own tests: no lake, no costs, one contract worth one a point."""

from collections.abc import Sequence

import polars as pl

from thor_fast import BacktestContract, BacktestRules, BacktestRun
from thor_web.thordata.backtest.market_data import BarData, Manifest, with_points
from thor_web.thordata.backtest.parameters import check_parameters
from thor_web.thordata.backtest.playing import play
from thor_web.thordata.backtest.strategy import Strategy, Terms

__all__ = ["try_on_bars"]

NANOS = 1_000_000_000


def try_on_bars(
    kind: type[Strategy],
    bars: Sequence[tuple[float, float, float, float]],
    *,
    interval_s: int = 60,
    **parameters: object,
) -> BacktestRun:
    """Play a strategy over bars (open, high, low, close) of the symbol ES that follow one another from 1970 on.

    What is decided at a close is filled at the next open. Raises BacktestError.
    """
    interval = interval_s * 1_000_000
    rows = [[round(price * NANOS) for price in bar] for bar in bars]
    names = ("open_nanos", "high_nanos", "low_nanos", "close_nanos")
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.Int64), orient="row").with_columns(
        symbol=pl.lit("ES"),
        id=pl.lit(0, pl.UInt32),
        contract=pl.lit(0, pl.UInt32),
        start_us=pl.int_range(pl.len()) * interval,
        end_us=(pl.int_range(pl.len()) + 1) * interval,
        volume=pl.lit(None, pl.Int64),
    )
    data = BarData(("ES",), with_points(frame), Manifest((), (), ()), interval_s)
    terms = Terms([BacktestContract("ES", multiplier=1)], BacktestRules(cash=1_000_000))
    return play(kind(check_parameters(kind.parameters, parameters)), data, terms)
