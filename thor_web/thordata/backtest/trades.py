"""What the trades of a run say: their statistics, and the same by symbol, weekday, hour and phase of the session."""

from collections.abc import Sequence
from typing import Any, Final

import polars as pl

from thor_fast import BacktestRun

__all__ = ["breakdowns", "trade_frame", "trade_statistics"]

EDGE_US: Final = 3_600_000_000
"""The first and the last hour of a session are phases of their own."""
WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def trade_frame(run: BacktestRun, symbols: Sequence[str]) -> pl.DataFrame:
    """Finished trades, one a row, in the order of finishing; prices in points, money in the account's."""
    columns = {name: list(values) for name, values in run.trades().items()}
    whole = {"instrument", "entered_us", "left_us", "quantity"}
    schema = {name: pl.Int64 if name in whole else pl.Float64 for name in columns}
    frame = pl.DataFrame(columns, schema=schema)
    names = pl.DataFrame(
        {"instrument": range(len(symbols)), "symbol": list(symbols)}, schema_overrides={"instrument": pl.Int64}
    )
    return frame.join(names, on="instrument", how="left", maintain_order="left").drop("instrument")


def trade_statistics(trades: pl.DataFrame) -> dict[str, Any]:
    """Counts, hit rate, profit factor, expectancy, excursions and holding times."""
    if trades.is_empty():
        return {"trades": 0}
    profit = trades["profit"]
    gains, losses = profit.filter(profit > 0), profit.filter(profit < 0)
    lost = -float(losses.sum())
    held_s = (trades["left_us"] - trades["entered_us"]) / 1e6
    return {
        "trades": trades.height,
        "hit_rate": gains.len() / trades.height,
        "profit_factor": float(gains.sum()) / lost if lost > 0 else None,
        "expectancy": profit.sum() / trades.height,
        "profit": float(profit.sum()),
        "fees": float(trades["fees"].sum()),
        "mean_gain": gains.mean(),
        "mean_loss": losses.mean(),
        "best": profit.max(),
        "worst": profit.min(),
        "mean_adverse_excursion": trades["worst"].mean(),
        "mean_favourable_excursion": trades["best"].mean(),
        "median_holding_s": held_s.median(),
        "longest_holding_s": held_s.max(),
        "longest_losing_streak": _streak(profit.to_list()),
    }


def _streak(profits: Sequence[float]) -> int:
    longest = now = 0
    for profit in profits:
        now = now + 1 if profit < 0 else 0
        longest = max(longest, now)
    return longest


def breakdowns(trades: pl.DataFrame, sessions: Sequence[tuple[int, int]]) -> dict[str, list[dict[str, Any]]]:
    """Trades, hit rate and profit by symbol, by weekday and hour of entry (UTC), and by phase of the session."""
    if trades.is_empty():
        return {}
    entered = pl.from_epoch("entered_us", time_unit="us")
    frame = trades.with_columns(
        weekday=(entered.dt.weekday() - 1).replace_strict(list(range(7)), list(WEEKDAYS), return_dtype=pl.String),
        hour=entered.dt.strftime("%H:00"),
        phase=pl.Series([_phase(at, sessions) for at in trades["entered_us"]], dtype=pl.String),
    )
    return {name: _by(frame, name) for name in ("symbol", "weekday", "hour", "phase")}


def _phase(at_us: int, sessions: Sequence[tuple[int, int]]) -> str:
    for opens, closes in sessions:
        if opens <= at_us < closes:
            if at_us - opens < EDGE_US:
                return "first hour"
            return "last hour" if closes - at_us <= EDGE_US else "middle"
    return "outside"


def _by(frame: pl.DataFrame, name: str) -> list[dict[str, Any]]:
    grouped = frame.group_by(name).agg(
        trades=pl.len(), hit_rate=(pl.col("profit") > 0).mean(), profit=pl.col("profit").sum()
    )
    return grouped.sort(name).rename({name: "value"}).to_dicts()
