"""The strategies that come with Thor: live signals on ticks, four classics on bars. The arithmetic is the core's."""

from abc import abstractmethod
from collections.abc import Sequence
from types import MappingProxyType
from typing import Any, ClassVar, Final

import polars as pl

from thor_fast import BacktestRun, BarSeries, Column, composite_classes, play_open_capture, score_classes
from thor_web.thordata.backtest.columns import MISSING_SIGNAL, column
from thor_web.thordata.backtest.errors import BacktestError
from thor_web.thordata.backtest.live_signals import live_classifier
from thor_web.thordata.backtest.market_data import BarData, TickData
from thor_web.thordata.backtest.parameters import Parameter
from thor_web.thordata.backtest.strategy import Strategy, TargetStrategy, Terms

__all__ = ["BUILT_IN"]

CONTRACTS: Final = Parameter("contracts", "integer", 1, "Contracts of one step.", least=1, most=10_000)
SHORT: Final = Parameter("short", "boolean", False, "Sell short instead of only leaving.")


def window(name: str, default: int, text: str) -> Parameter:
    """A number of bars."""
    return Parameter(name, "integer", default, text, least=1, most=100_000)


class Ladder(TargetStrategy):
    """Each symbol by its own signal."""

    name = "ladder"
    summary = "Hold as many steps of contracts as the symbol's own live signal says, from 2 for a strong buy to -2."
    feed = "ticks"
    parameters = (
        CONTRACTS,
        Parameter("strong_only", "boolean", False, "Act on strong signals only and be flat otherwise."),
    )

    def targets(self, data: TickData | BarData) -> pl.Series:
        signal = pl.col("signal").cast(pl.Int32)
        if self.values["strong_only"]:
            signal = pl.when(signal.abs() == 2).then(signal).when(signal.is_not_null()).then(0)
        return data.frame.select((signal * self.values["contracts"]).alias("target")).to_series()


class Composite(TargetStrategy):
    """Every symbol by the composite of all of them."""

    name = "composite"
    summary = "Hold every symbol of the run by the composite signal of all of them; haven symbols the other way round."
    feed = "ticks"
    parameters = (
        CONTRACTS,
        Parameter(
            "rule", "choice", "score", "The mean weighted signal, or the plain sum by the composite's boundaries.",
            choices=("score", "sum"),
        ),
    )  # fmt: skip

    def targets(self, data: TickData | BarData) -> pl.Series:
        """Each event moves the sums by what its symbol's part has changed."""
        part = pl.col("weight").cast(pl.Int64).fill_null(0)
        weight = pl.col("contract_weight").fill_null(0)
        present = pl.col("weight").is_not_null().cast(pl.Int64)
        moved = {
            "total": part,
            "weighted": part * weight,
            "carried": weight.abs() * present,
            "present": present,
        }
        sums = data.frame.select(
            "signal", "weight",
            **{name: (it - it.shift(1, fill_value=0).over("symbol")).cum_sum() for name, it in moved.items()},
        )  # fmt: skip
        step = _steps_by_score(sums) if self.values["rule"] == "score" else _steps_by_sum(sums["total"])
        # A haven's weight has the other sign than its signal; where both are 0 the last side is kept.
        haven = pl.when(pl.col("signal") * pl.col("weight") < 0).then(-1).when(pl.col("signal") != 0).then(1)
        sums = sums.with_columns(step=step, symbol=data.frame["symbol"])
        side = haven.forward_fill().over("symbol").fill_null(1)
        target = pl.when(pl.col("present") > 0).then(pl.col("step") * side * self.values["contracts"])
        return sums.select(target.cast(pl.Int32).alias("target")).to_series()


def _steps_by_score(sums: pl.DataFrame) -> pl.Series:
    """The class of the live score; null where nothing counts."""
    found = pl.Series(score_classes(column(sums["weighted"]), column(sums["carried"])), dtype=pl.Int64)
    return found.replace(MISSING_SIGNAL, None)


def _steps_by_sum(totals: pl.Series) -> pl.Series:
    """The class of the live sum, by the boundaries in force."""
    _, _, bounds = live_classifier().configuration.core()
    return pl.Series(composite_classes(column(totals), bounds), dtype=pl.Int64)


class BarStrategy(TargetStrategy):
    """A direction a bar from the core, times contracts."""

    @abstractmethod
    def direction(self, series: BarSeries) -> Column:
        """1, 0 or -1 after each bar."""

    def targets(self, data: TickData | BarData) -> pl.Series:
        if not isinstance(data, BarData):
            raise BacktestError("bad_specification", f"{self.name} is played on bars")
        parts = [
            part.select("row", target=pl.Series(self.direction(series)).cast(pl.Int32))
            for _, part, series in data.series()
        ]
        contracts: int = self.values["contracts"]
        return pl.concat(parts).sort("row").select(pl.col("target") * contracts).to_series()


class MeanCross(BarStrategy):
    name = "sma_cross"
    summary = "Long while the short mean of closes is above the long one."
    parameters = (
        window("fast", 20, "Bars of the short mean."),
        window("slow", 100, "Bars of the long mean."),
        SHORT,
        CONTRACTS,
    )

    def __init__(self, values: dict[str, Any]) -> None:
        super().__init__(values)
        if values["fast"] >= values["slow"]:
            raise BacktestError("bad_parameter", "fast must be below slow")

    def direction(self, series: BarSeries) -> Column:
        return series.mean_cross(self.values["fast"], self.values["slow"], short=self.values["short"])


class ExponentialCross(MeanCross):
    name = "ema_cross"
    summary = "Long while the short exponential mean of closes is above the long one."

    def direction(self, series: BarSeries) -> Column:
        return series.exponential_cross(self.values["fast"], self.values["slow"], short=self.values["short"])


class Breakout(BarStrategy):
    name = "breakout"
    summary = "Long from a close above every high of the bars before, out from one below every low."
    parameters = (window("length", 20, "Bars before."), SHORT, CONTRACTS)

    def direction(self, series: BarSeries) -> Column:
        return series.breakout(self.values["length"], short=self.values["short"])


class MeanReversion(BarStrategy):
    name = "mean_reversion"
    summary = "Against a close that stands far from its mean, until it has come back."
    parameters = (
        window("length", 20, "Bars of the mean and the deviation."),
        Parameter("enter", "number", 2.0, "Standard deviations at which to enter.", least=0.0, most=100.0),
        Parameter("leave", "number", 0.0, "Standard deviations at which to leave.", least=0.0, most=100.0),
        SHORT,
        CONTRACTS,
    )

    def direction(self, series: BarSeries) -> Column:
        values = self.values
        return series.mean_reversion(
            values["length"], enter=values["enter"], leave=values["leave"], short=values["short"]
        )


class OpenCapture(Strategy):
    """Does the signal at the open work?"""

    name = "open_capture"
    summary = "Trade the signal that stands a while after each open, with the same target for profit and for loss."
    feed = "ticks"
    parameters = (
        CONTRACTS,
        Parameter("delay_s", "integer", 0, "Seconds after the open.", least=0, most=86_400),
        Parameter("target_factor", "number", 1.0, "Factor of the usual targets.", least=0.01, most=1_000.0),
    )
    targets_in_points: ClassVar = MappingProxyType(
        {
            "ES": 2.0, "NQ": 5.0, "YM": 20.0, "RTY": 2.0, "CL": 0.10, "GC": 1.0, "SI": 0.02, "HG": 0.004,
            "VX": 0.10, "DX": 2.0, "ZB": 3 / 32,
        }
    )  # fmt: skip

    def play(self, data: TickData, terms: Terms) -> BacktestRun:
        """The run, by the core."""
        missing = [symbol for symbol in data.symbols if symbol not in self.targets_in_points]
        if missing:
            raise BacktestError("bad_specification", f"open_capture knows no target for {missing[0]}")
        points = [self.targets_in_points[symbol] * self.values["target_factor"] for symbol in data.symbols]
        return play_open_capture(
            data.events,
            terms.contracts,
            terms.rules,
            sizes=[self.values["contracts"]] * len(data.symbols),
            targets=[round(value, 9) for value in points],
            delay_us=self.values["delay_s"] * 1_000_000,
        )


BUILT_IN: Final[Sequence[type[Strategy]]] = (
    Composite, Ladder, OpenCapture, MeanCross, ExponentialCross, Breakout, MeanReversion,
)  # fmt: skip
