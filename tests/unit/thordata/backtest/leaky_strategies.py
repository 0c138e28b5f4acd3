"""Strategies that know the future, each in a way that was found in published ones, and honest ones that look alike."""

import polars as pl

from thor_web.thordata.backtest.market_data import BarData, TickData
from thor_web.thordata.backtest.strategy import ExpressionStrategy, TargetStrategy

CLOSE = pl.col("close")


class _Leaky(ExpressionStrategy):
    summary = "Knows the future."


class ShiftedBack(_Leaky):
    """The next bar's close."""

    name = "shifted_back"

    def expression(self) -> pl.Expr:
        return (CLOSE.shift(-1) > CLOSE).cast(pl.Int32)


class CentredWindow(_Leaky):
    """A mean of bars on both sides."""

    name = "centred_window"

    def expression(self) -> pl.Expr:
        return (CLOSE.rolling_mean(21, center=True) < CLOSE).cast(pl.Int32)


class WholeSample(_Leaky):
    """Mean and deviation of everything, the future included."""

    name = "whole_sample"

    def expression(self) -> pl.Expr:
        return ((CLOSE - CLOSE.mean()) / CLOSE.std() < -1).cast(pl.Int32)


class HourlyClose(_Leaky):
    """The hour's close, known from the hour's first minute on."""

    name = "hourly_close"

    def expression(self) -> pl.Expr:
        return (CLOSE.last().over(pl.col("start_us") // 3_600_000_000) > CLOSE).cast(pl.Int32)


class FilledBackwards(_Leaky):
    """A level that is taken from where it will be set next."""

    name = "filled_backwards"

    def expression(self) -> pl.Expr:
        level = pl.when(pl.col("start_us") % 1_800_000_000 == 0).then(CLOSE).backward_fill()
        return (level > CLOSE).cast(pl.Int32)


class DaysHighest(_Leaky):
    """Sells near the highest price of a day that is not over."""

    name = "days_highest"

    def expression(self) -> pl.Expr:
        highest = pl.col("high").max().over(pl.col("start_us") // 86_400_000_000)
        return -(highest - 0.5 < CLOSE).cast(pl.Int32)


class TheEnd(_Leaky):
    """Knows where the data ends, and nothing else."""

    name = "the_end"

    def expression(self) -> pl.Expr:
        return (pl.int_range(pl.len()) < pl.len() - 3).cast(pl.Int32)


LEAKY = (ShiftedBack, CentredWindow, WholeSample, HourlyClose, FilledBackwards, DaysHighest)


class _Honest(ExpressionStrategy):
    summary = "Knows the past."


class ShiftedForth(_Honest):
    name = "shifted_forth"

    def expression(self) -> pl.Expr:
        return (CLOSE.shift(1) > CLOSE).cast(pl.Int32)


class MovingScore(_Honest):
    """A window of 24 bars, as a moving z-score has it."""

    name = "moving_score"

    def expression(self) -> pl.Expr:
        return ((CLOSE - CLOSE.rolling_mean(24)) / CLOSE.rolling_std(24) < -1).cast(pl.Int32)


class SoFar(_Honest):
    """Everything up to now: its memory has no end, which is no look into the future."""

    name = "so_far"

    def expression(self) -> pl.Expr:
        return (CLOSE.cum_min().shift(1) + 1 > CLOSE).cast(pl.Int32)


class LastHoursClose(_Honest):
    name = "last_hours_close"

    def expression(self) -> pl.Expr:
        hour = pl.col("start_us") // 3_600_000_000
        level = pl.when(hour != hour.shift(1)).then(CLOSE.shift(1)).forward_fill()
        return (level > CLOSE).cast(pl.Int32)


class HighestSoFarToday(_Honest):
    name = "highest_so_far_today"

    def expression(self) -> pl.Expr:
        highest = pl.col("high").cum_max().over(pl.col("start_us") // 86_400_000_000)
        return -(highest - 0.5 < CLOSE).cast(pl.Int32)


class OnlyChanges(_Honest):
    """Says nothing where nothing changes."""

    name = "only_changes"

    def expression(self) -> pl.Expr:
        rising = CLOSE.shift(5) < CLOSE
        return pl.when(rising != rising.shift(1)).then(rising.cast(pl.Int32))


class BesideTheOther(TargetStrategy):
    """Each symbol by the other's bar of the same minute, which is known at the same instant."""

    name = "beside_the_other"
    summary = "Knows both bars of a minute."

    def targets(self, data: TickData | BarData) -> pl.Series:
        frame = data.frame.with_columns(mean=CLOSE.mean().over("end_us"))
        rising = pl.col("mean") > pl.col("mean").shift(1).over("symbol")
        return frame.select(rising.cast(pl.Int32).alias("target")).to_series()


class Flips(TargetStrategy):
    """Answers differently each time."""

    name = "flips"
    summary = "Has a memory of its own."
    times = 0

    def targets(self, data: TickData | BarData) -> pl.Series:
        type(self).times += 1
        return pl.Series([type(self).times % 2] * data.frame.height)


HONEST = (
    ShiftedForth, MovingScore, SoFar, LastHoursClose, HighestSoFarToday, OnlyChanges, BesideTheOther,
)  # fmt: skip
