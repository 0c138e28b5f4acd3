"""What a market did, counted: hours and weekdays, gaps, opening ranges, volatility, candlesticks, breakouts, signals.

Every line has its count and a 95 % interval. Returns are in points of the symbol. Of many lines one in twenty lies
beyond nothing by chance alone: the answer says how many there are and how many do. A pattern is made of a bar and those
before it, its outcome of those after it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from thor_web.thordata.backtest.confidence import mean_of, share_of
from thor_web.thordata.backtest.contracts import Session
from thor_web.thordata.backtest.market_data import BarData, TickData

__all__ = ["PatternOptions", "patterns_of"]

WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SIGNALS: Final = {2: "STRONG_BUY", 1: "BUY", 0: "HOLD", -1: "SELL", -2: "STRONG_SELL"}
HORIZONS_S: Final = (60, 300, 900, 3_600)
BODY: Final = 0.1
"""A doji's body is at most this share of its range."""
SHADOW: Final = 2.0
"""A hammer's long shadow is at least so many bodies."""


@dataclass(frozen=True, slots=True)
class PatternOptions:
    """`ahead` bars are the outcome of a bar's pattern, `length` bars before it make a breakout or a volatility."""

    ahead: int = 5
    length: int = 20
    opening_s: int = 1_800


def patterns_of(
    bars: BarData, ticks: TickData, sessions: Sequence[Session], symbol: str, options: PatternOptions
) -> dict[str, Any]:
    """Every statistic of one symbol. `sessions` are its own, in order."""
    frame = _prepared(bars, sessions, symbol, options)
    days = _days(frame)
    lines: dict[str, list[dict[str, Any]]] = {
        "by hour (UTC)": list(_by(frame, "hour")),
        "by weekday": list(_by(frame, "weekday")),
        "gaps": list(_gaps(days)),
        "opening range": list(_opening_range(frame, days, options)),
        "volatility regimes": list(_regimes(frame)),
        "candlesticks": list(_marked(frame, _candles())),
        "breakouts": list(_marked(frame, _breakouts())),
        "after signals": list(_after_signals(ticks, symbol)),
    }
    tested = [line for found in lines.values() for line in found if "beyond" in line and line["count"] > 1]
    return {
        "symbol": symbol,
        "bars": frame.height,
        "trade_dates": days.height,
        "lines_tested": len(tested),
        "beyond_nothing": sum(line["beyond"] for line in tested),
        "expected_by_chance": len(tested) / 20,
        "tables": lines,
    }


def _prepared(bars: BarData, sessions: Sequence[Session], symbol: str, options: PatternOptions) -> pl.DataFrame:
    """One symbol's bars with their trade date, what they moved, and what the bars after them did."""
    opens = pl.DataFrame(
        {
            "date": [date for date, _, _ in sessions],
            "opens": [opens for _, opens, _ in sessions],
            "closes": [closes for _, _, closes in sessions],
        },
        schema={"date": pl.String, "opens": pl.Int64, "closes": pl.Int64},
    )
    start = pl.from_epoch("start_us", time_unit="us")
    close, move = pl.col("close"), pl.col("move")
    return (
        bars.frame.filter(pl.col("symbol") == symbol)
        .sort("start_us")
        .join_asof(opens.sort("opens"), left_on="start_us", right_on="opens", strategy="backward")
        .filter(pl.col("start_us") < pl.col("closes"))
        .with_columns(
            move=close - pl.col("open"),
            hour=start.dt.strftime("%H:00"),
            weekday=(start.dt.weekday() - 1).replace_strict(list(range(7)), list(WEEKDAYS), return_dtype=pl.String),
            ahead=(close.shift(-options.ahead) - close).over("date"),
            highest=pl.col("high").rolling_max(options.length).shift(1),
            lowest=pl.col("low").rolling_min(options.length).shift(1),
        )
        .with_columns(volatility=move.rolling_std(options.length), next_move=move.shift(-1))
    )


def _days(frame: pl.DataFrame) -> pl.DataFrame:
    """One row a trade date, with the close of the one before."""
    return (
        frame.group_by("date", maintain_order=True)
        .agg(
            pl.col("opens").first(),
            pl.col("open").first(),
            pl.col("high").max(),
            pl.col("low").min(),
            pl.col("close").last(),
        )
        .with_columns(before=pl.col("close").shift(1))
    )


def _by(frame: pl.DataFrame, name: str) -> Iterator[dict[str, Any]]:
    """What bars of an hour or a weekday moved, and how far regardless of the side."""
    for (value,), part in sorted(frame.group_by(name), key=lambda it: _place(str(it[0][0]))):
        moves = part["move"].to_list()
        rising = share_of(sum(move > 0 for move in moves), sum(move != 0 for move in moves))
        yield {
            "value": value,
            **mean_of(moves),
            "mean_size": part["move"].abs().mean(),
            "rising": rising["share"],
            "rising_low": rising["low"],
            "rising_high": rising["high"],
        }


def _place(value: str) -> tuple[int, str]:
    return (WEEKDAYS.index(value), value) if value in WEEKDAYS else (0, value)


def _gaps(days: pl.DataFrame) -> Iterator[dict[str, Any]]:
    """Opens away from the close before, how far, and how often that close was traded at again on the same date."""
    gap = pl.col("open") - pl.col("before")
    for name, side in (("up", gap > 0), ("down", gap < 0)):
        part = days.filter(side)
        reached = (pl.col("low") <= pl.col("before")) if name == "up" else (pl.col("high") >= pl.col("before"))
        filled = share_of(part.select(reached.sum()).item(), part.height)
        yield {
            "gap": name,
            "mean_size": part.select(gap.abs().mean()).item(),
            **filled,
            "after": mean_of(part.select(pl.col("close") - pl.col("open")).to_series().to_list())["mean"],
        }


def _opening_range(frame: pl.DataFrame, days: pl.DataFrame, options: PatternOptions) -> Iterator[dict[str, Any]]:
    """The first bars' range: how often it was left on a side first, and how often the date closed beyond that side."""
    early = pl.col("end_us") <= pl.col("opens") + options.opening_s * 1_000_000
    ranges = frame.filter(early).group_by("date").agg(top=pl.col("high").max(), bottom=pl.col("low").min())
    later = frame.filter(~early).join(ranges, on="date")
    left = later.filter((pl.col("close") > pl.col("top")) | (pl.col("close") < pl.col("bottom")))
    first = left.group_by("date", maintain_order=True).agg(
        up=(pl.col("close") > pl.col("top")).first(), at=pl.col("close").first(),
        top=pl.col("top").first(), bottom=pl.col("bottom").first(),
    )  # fmt: skip
    joined = first.join(days.select("date", pl.col("close").alias("last")), on="date")
    for name, side, stayed in (
        ("up", pl.col("up"), pl.col("last") > pl.col("top")),
        ("down", ~pl.col("up"), pl.col("last") < pl.col("bottom")),
    ):
        part = joined.filter(side)
        yield {
            "left": name,
            "of_dates": ranges.height,
            **share_of(part.select(stayed.sum()).item(), part.height),
            "after": mean_of(part.select(pl.col("last") - pl.col("at")).to_series().to_list())["mean"],
        }


def _regimes(frame: pl.DataFrame) -> Iterator[dict[str, Any]]:
    """Thirds of the volatility of the bars before: how far the next bar goes, and whether it stays in its third."""
    known = frame.filter(pl.col("volatility").is_not_null() & pl.col("next_move").is_not_null())
    if known.height < 3:
        return
    bounds = [known["volatility"].quantile(share, "linear") for share in (1 / 3, 2 / 3)]
    level = (pl.col("volatility") > bounds[0]).cast(pl.Int8) + (pl.col("volatility") > bounds[1]).cast(pl.Int8)
    known = known.with_columns(level=level).with_columns(following=pl.col("level").shift(-1))
    for number, name in enumerate(("calm", "middle", "wild")):
        part = known.filter(pl.col("level") == number)
        size = mean_of(part["next_move"].abs().to_list())
        stays = share_of(part.select((pl.col("following") == number).sum()).item(), part.height)
        yield {
            "regime": name,
            "count": part.height,
            "next_size": size["mean"],
            "next_size_low": size["low"],
            "next_size_high": size["high"],
            "stays": stays["share"],
        }


def _candles() -> dict[str, pl.Expr]:
    """Shapes of one bar or two (Nison, Japanese Candlestick Charting Techniques, 1991), with bounds of our own."""
    opened, closed, high, low = (pl.col(name) for name in ("open", "close", "high", "low"))
    body, span = (closed - opened).abs(), high - low
    upper, lower = high - pl.max_horizontal(opened, closed), pl.min_horizontal(opened, closed) - low
    was_opened, was_closed = opened.shift(1), closed.shift(1)
    return {
        "doji": (span > 0) & (body <= BODY * span),
        "hammer": (body > 0) & (lower >= SHADOW * body) & (upper <= body),
        "shooting star": (body > 0) & (upper >= SHADOW * body) & (lower <= body),
        "bullish engulfing": (was_closed < was_opened) & (closed > was_opened) & (opened <= was_closed),
        "bearish engulfing": (was_closed > was_opened) & (closed < was_opened) & (opened >= was_closed),
    }


def _breakouts() -> dict[str, pl.Expr]:
    """A close beyond every bar before it, counted where the close before was not."""
    above, below = pl.col("close") > pl.col("highest"), pl.col("close") < pl.col("lowest")
    return {
        "above the highest": above & ~above.shift(1, fill_value=False),
        "below the lowest": below & ~below.shift(1, fill_value=False),
    }


def _marked(frame: pl.DataFrame, kinds: dict[str, pl.Expr]) -> Iterator[dict[str, Any]]:
    """What the bars after a marked one did, beside what they do after any bar."""
    for name, mark in ({"any bar": pl.lit(value=True)} | kinds).items():
        after = frame.filter(mark & pl.col("ahead").is_not_null())["ahead"].to_list()
        rising = share_of(sum(move > 0 for move in after), sum(move != 0 for move in after))
        line = {"pattern": name, **mean_of(after), "rising": rising["share"]}
        if name == "any bar":
            del line["beyond"]
        yield line


def _after_signals(ticks: TickData, symbol: str) -> Iterator[dict[str, Any]]:
    """What the last price did after the live signal changed to each class."""
    own = ticks.frame.filter((pl.col("symbol") == symbol) & pl.col("last").is_not_null()).sort("ts_us")
    last = own.select("ts_us", later=pl.col("last"))
    changed = own.filter(pl.col("signal").is_not_null()).filter(pl.col("signal") != pl.col("signal").shift(1))
    for horizon in HORIZONS_S:
        moved = (
            changed.with_columns(at=pl.col("ts_us") + horizon * 1_000_000)
            .filter(pl.col("at") <= (own["ts_us"][-1] if own.height else 0))
            .sort("at")
            .join_asof(last, left_on="at", right_on="ts_us", strategy="backward")
            .with_columns(move=(pl.col("later") - pl.col("last")) / 1e9)
        )
        for code, name in SIGNALS.items():
            yield {
                "signal": name,
                "after_s": horizon,
                **mean_of(moved.filter(pl.col("signal") == code)["move"].to_list()),
            }
