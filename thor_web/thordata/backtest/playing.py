"""A strategy played by the kernel, and what can go wrong in it as data."""

from collections.abc import Callable

import polars as pl

from thor_fast import BacktestRun, play_strategy, play_targets
from thor_web.thordata.backtest.columns import KEEP, column
from thor_web.thordata.backtest.errors import BacktestError
from thor_web.thordata.backtest.market_data import BarData, TickData
from thor_web.thordata.backtest.strategy import EventStrategy, Strategy, TargetStrategy, Terms

__all__ = ["Progress", "play", "whole_targets"]

Progress = Callable[[str, float], None]
"""Called with what is at work and the share of it that is done."""


def play(
    strategy: Strategy, data: TickData | BarData, terms: Terms, *, progress: Progress | None = None
) -> BacktestRun:
    """Play a strategy. Raises BacktestError for a strategy that fails, with the event it failed at."""
    times = data.times_us
    try:
        if isinstance(strategy, TargetStrategy):
            targets = whole_targets(strategy.targets(data), times.len())
            return play_targets(data.events, terms.contracts, terms.rules, column(targets, missing=KEEP))
        if isinstance(strategy, EventStrategy):
            call: Callable[..., int | None] = strategy.on_bar if isinstance(data, BarData) else strategy.on_event
            count = times.len()

            def step(done: int) -> None:
                if progress:
                    progress("playing", done / count)

            return play_strategy(data.events, terms.contracts, terms.rules, call, step)
        run: BacktestRun = strategy.play(data, terms)  # type: ignore[attr-defined]  # a PlayedStrategy
    except (BacktestError, MemoryError):
        raise
    except Exception as error:  # a strategy may raise whatever it likes
        position = getattr(error, "backtest_position", None)
        at = None if position is None else int(times[position])
        raise BacktestError("strategy_failed", f"{type(error).__name__}: {error}", position, at) from error
    return run


def whole_targets(targets: pl.Series, count: int) -> pl.Series:
    """A column of targets as 32-bit integers. Raises BacktestError for NaN, fractions and another length."""
    if targets.len() != count:
        raise BacktestError("strategy_failed", f"{count} events need as many targets, were {targets.len()}")
    if targets.dtype.is_float():
        wrong = (targets.is_nan() | (targets != targets.floor())).fill_null(value=False).arg_true()
        if wrong.len():
            raise BacktestError("strategy_failed", f"a target is a whole number, was {targets[wrong[0]]}", wrong[0])
    return targets.cast(pl.Int32)
