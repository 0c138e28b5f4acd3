"""Strategies as a user writes them: the same rule three times, and some that fail."""

import os
import signal
from abc import abstractmethod
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from thor_fast import Broker, SeenBar
from thor_web.thordata.backtest.market_data import BarData, TickData
from thor_web.thordata.backtest.parameters import Parameter
from thor_web.thordata.backtest.strategy import EventStrategy, ExpressionStrategy, TargetStrategy

WINDOWS = (Parameter("fast", "integer", 4, "Short mean."), Parameter("slow", "integer", 20, "Long mean."))
HELPER = 7


class OwnCross(EventStrategy):
    """The cross of two means, bar by bar."""

    name = "own_cross"
    summary = "Two means."
    parameters = WINDOWS

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self.closes: dict[str, deque[float]] = {}

    def on_bar(self, bar: SeenBar, broker: Broker) -> int | None:
        closes = self.closes.setdefault(bar.symbol, deque(maxlen=self.values["slow"]))
        closes.append(round(bar.close * 100))
        if len(closes) < self.values["slow"]:
            return None
        fast = sum(list(closes)[-self.values["fast"] :]) * self.values["slow"]
        return 1 if fast > sum(closes) * self.values["fast"] else 0


class OwnExpression(ExpressionStrategy):
    """The cross of two means, as an expression."""

    name = "own_expression"
    summary = "Two means."
    parameters = WINDOWS

    def expression(self) -> pl.Expr:
        fast, slow = self.values["fast"], self.values["slow"]
        cents = (pl.col("close") * 100).round().cast(pl.Int64)
        above: pl.Expr = cents.rolling_sum(fast) * slow > cents.rolling_sum(slow) * fast
        return above.cast(pl.Int32)


class DiesOnce(OwnExpression):
    """Takes its process with it, the first time, where the environment names a file to remember that by."""

    name = "dies_once"

    def expression(self) -> pl.Expr:
        mark = os.environ.get("DIES_ONCE")
        if mark and not Path(mark).exists():
            Path(mark).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().expression()


class RaisesWide(OwnExpression):
    name = "raises_wide"

    def expression(self) -> pl.Expr:
        raise ValueError("no such thing")


class Raises(EventStrategy):
    name = "raises"
    summary = "Divides by nothing at the fourth bar."

    def on_bar(self, bar: SeenBar, broker: Broker) -> int | None:
        return 1 // (3 - int(bar.start_us // 60_000_000 % 60))


class NeverAsked(EventStrategy):
    """Is played on bars, and has nothing to be asked with."""

    name = "never_asked"
    summary = "Nothing."


class _Column(TargetStrategy):
    summary = "A column."

    @abstractmethod
    def column(self, count: int) -> pl.Series:
        """As many targets."""

    def targets(self, data: TickData | BarData) -> pl.Series:
        return self.column(data.frame.height)


class Fractional(_Column):
    name = "fractional"

    def column(self, count: int) -> pl.Series:
        return pl.Series([0.5] * count)


class NotANumber(_Column):
    name = "not_a_number"

    def column(self, count: int) -> pl.Series:
        return pl.Series([float("nan")] * count)


class TooShort(_Column):
    name = "too_short"

    def column(self, count: int) -> pl.Series:
        return pl.Series([1] * (count - 1))


class Unfinished(ExpressionStrategy):
    """Brings nothing of what it must."""

    name = "unfinished"
    summary = "Nothing."
