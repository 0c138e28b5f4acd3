"""Patterns of made-up markets whose answers are known, with their counts and intervals."""

from typing import Any

import polars as pl
import pytest

from thor_web.thordata.backtest.confidence import mean_of, share_of, student
from thor_web.thordata.backtest.contracts import Session
from thor_web.thordata.backtest.market_data import BarData, Manifest, TickData, with_points
from thor_web.thordata.backtest.patterns import PatternOptions, patterns_of

MINUTE_US, DAY_US = 60_000_000, 86_400_000_000
NOTHING = Manifest((), (), ())
# Monday, 2024-01-01, and the two days after it; an hour each from 14:00.
STARTS = [1_704_117_600_000_000 + day * DAY_US for day in range(3)]
SESSIONS: list[Session] = [(f"2024-01-0{day + 1}", start, start + 60 * MINUTE_US) for day, start in enumerate(STARTS)]


def bars(prices: list[list[tuple[float, float, float, float]]]) -> BarData:
    """Minutes of ES, a list of (open, high, low, close) a trade date."""
    rows = [
        ("ES", 0, 0, STARTS[day] + at * MINUTE_US, STARTS[day] + (at + 1) * MINUTE_US, None,
         *(round(price * 1e9) for price in row))
        for day, date in enumerate(prices) for at, row in enumerate(date)
    ]  # fmt: skip
    schema: dict[str, Any] = {
        "symbol": pl.String, "id": pl.UInt32, "contract": pl.UInt32, "start_us": pl.Int64, "end_us": pl.Int64,
        "volume": pl.Int64, "open_nanos": pl.Int64, "high_nanos": pl.Int64, "low_nanos": pl.Int64,
        "close_nanos": pl.Int64,
    }  # fmt: skip
    return BarData(("ES",), with_points(pl.DataFrame(rows, schema=schema, orient="row")), NOTHING, 60)


def ticks(rows: list[tuple[int, float, int | None]]) -> TickData:
    """Instants in seconds, last prices, signals."""
    frame = pl.DataFrame(
        [("ES", STARTS[0] + at * 1_000_000, round(last * 1e9), signal) for at, last, signal in rows],
        schema={"symbol": pl.String, "ts_us": pl.Int64, "last": pl.Int64, "signal": pl.Int8},
        orient="row",
    )
    return TickData(("ES",), frame, NOTHING)


def rising(first: float, count: int, step: float = 1.0) -> list[tuple[float, float, float, float]]:
    return [
        (first + at * step, first + (at + 1) * step, first + at * step, first + (at + 1) * step) for at in range(count)
    ]


def tables(data: BarData, market: TickData | None = None, **options: int) -> dict[str, list[dict[str, Any]]]:
    wanted = PatternOptions(**({"ahead": 2, "length": 3, "opening_s": 120} | options))
    found: dict[str, list[dict[str, Any]]] = patterns_of(data, market or ticks([]), SESSIONS, "ES", wanted)["tables"]
    return found


def test_gaps_are_counted_with_what_filled_them() -> None:
    # 100..105, then a gap up to 107 that falls back to 104, then a gap down to 90 that never comes back.
    second = [(107.0, 108.0, 106.0, 106.0), (106.0, 106.0, 104.0, 104.0)]
    found = tables(bars([rising(100, 5), second, rising(90, 5)]))["gaps"]
    up, down = found
    assert (up["gap"], up["count"], up["mean_size"], up["share"], up["after"]) == ("up", 1, 2.0, 1.0, -3.0)
    assert (down["gap"], down["count"], down["mean_size"], down["share"], down["after"]) == ("down", 1, 14.0, 0.0, 5.0)
    assert (up["low"], down["high"]) == (pytest.approx(0.2065, abs=1e-4), pytest.approx(0.7935, abs=1e-4))


def test_an_opening_range_is_left_and_the_close_stays_or_not() -> None:
    stays, returns = rising(100, 6), [*rising(100, 4), (104.0, 104.0, 100.0, 100.0)]
    found = tables(bars([stays, returns, [(50.0, 50.0, 50.0, 50.0)] * 4]))["opening range"]
    assert (found[0]["left"], found[0]["of_dates"], found[0]["count"], found[0]["share"]) == ("up", 3, 2, 0.5)
    assert found[1]["count"] == 0


def test_hours_and_weekdays_have_their_moves() -> None:
    found = tables(bars([rising(100, 4), rising(100, 4, -1.0), rising(100, 4, 2.0)]))
    (hour,) = found["by hour (UTC)"]
    assert (hour["value"], hour["count"], hour["mean"]) == ("14:00", 12, pytest.approx(2 / 3))
    days = [(row["value"], row["mean"], row["rising"]) for row in found["by weekday"]]
    assert days == [("Monday", 1.0, 1.0), ("Tuesday", -1.0, 0.0), ("Wednesday", 2.0, 1.0)]


def test_candlesticks_are_those_of_the_book() -> None:
    date = [
        (100.0, 101.0, 99.0, 100.0),  # doji
        (100.0, 100.0, 96.0, 99.0),  # hammer
        (99.0, 103.0, 98.0, 102.0),  # engulfs the one before, upwards
        (102.0, 107.0, 101.5, 103.0),  # shooting star
        (104.0, 104.5, 100.0, 101.0),  # engulfs it, downwards
        (101.0, 102.0, 100.0, 101.5),
        (101.5, 102.0, 101.0, 101.75),
    ]
    found = {row["pattern"]: row for row in tables(bars([date]))["candlesticks"]}
    counts = {name: row["count"] for name, row in found.items()}
    assert counts["any bar"] == 5
    # What the two bars after it did, from its close on.
    assert (counts["doji"], found["doji"]["mean"]) == (1, 2.0)
    assert (counts["hammer"], found["hammer"]["mean"]) == (1, 4.0)
    assert (counts["bullish engulfing"], found["bullish engulfing"]["mean"]) == (1, -1.0)
    assert (counts["shooting star"], found["shooting star"]["mean"]) == (1, -1.5)
    assert (counts["bearish engulfing"], found["bearish engulfing"]["mean"]) == (1, 0.75)


def test_a_breakout_is_counted_once() -> None:
    date = [(100.0, 100.0, 100.0, 100.0)] * 4 + rising(100, 5)
    found = {row["pattern"]: row for row in tables(bars([date]))["breakouts"]}
    assert (found["above the highest"]["count"], found["above the highest"]["mean"]) == (1, 2.0)
    assert found["below the lowest"]["count"] == 0


def test_calm_bars_follow_calm_ones() -> None:
    calm = [(100.0, 100.5, 100.0, 100.0 + at % 2 / 4) for at in range(30)]
    wild = [(100.0, 115.0, 85.0, 100.0 + (-1) ** at * (8.0 + at % 5)) for at in range(30)]
    found = {row["regime"]: row for row in tables(bars([calm + wild]))["volatility regimes"]}
    assert found["calm"]["next_size"] < 1
    assert found["wild"]["next_size"] > 7
    assert found["wild"]["stays"] > 0.5


def test_what_follows_a_signal() -> None:
    rows = [(0, 100.0, 0), (10, 100.0, 2), (70, 103.0, 2), (80, 103.0, -1), (140, 101.0, -1), (5_000, 90.0, None)]
    found = tables(bars([rising(100, 3)]), ticks([(at, last, signal) for at, last, signal in rows]))["after signals"]
    after = {(row["signal"], row["after_s"]): row for row in found}
    assert (after["STRONG_BUY", 60]["count"], after["STRONG_BUY", 60]["mean"]) == (1, 3.0)
    assert (after["SELL", 60]["count"], after["SELL", 60]["mean"]) == (1, -2.0)
    assert after["HOLD", 60]["count"] == 0
    assert after["STRONG_BUY", 3_600]["mean"] == 1.0


def test_lines_beyond_nothing_are_counted() -> None:
    found = patterns_of(bars([rising(100, 50)]), ticks([]), SESSIONS, "ES", PatternOptions())
    assert found["lines_tested"] > 0
    assert found["expected_by_chance"] == found["lines_tested"] / 20
    empty = patterns_of(bars([]), ticks([]), SESSIONS, "ES", PatternOptions())
    assert (empty["bars"], empty["beyond_nothing"]) == (0, 0)


@pytest.mark.parametrize(
    ("degrees", "quantile"), [(1, 12.7062), (2, 4.3027), (3, 3.1824), (5, 2.5706), (10, 2.2281), (100, 1.9840)]
)
def test_students_quantiles_are_those_of_the_tables(degrees: int, quantile: float) -> None:
    assert student(0.975, degrees) == pytest.approx(quantile, rel=0.01 if degrees in {3, 5} else 1e-4)


def test_shares_and_means_have_their_intervals() -> None:
    # Newcombe (1998), table I: 81 of 263 by Wilson's method.
    found = share_of(81, 263)
    assert (round(found["low"], 4), round(found["high"], 4)) == (0.2553, 0.3662)
    assert share_of(0, 0)["share"] is None
    assert share_of(0, 20)["low"] == 0.0
    # Two degrees of freedom: 2 +- 4.3027 / sqrt(3).
    assert mean_of([1.0, 2.0, 3.0])["high"] == pytest.approx(2 + 4.302653 / 3**0.5)
    assert mean_of([1.0, 1.1, 0.9, 1.05])["beyond"] is True
    assert mean_of([-1.0, 1.0])["beyond"] is False
    assert mean_of([])["mean"] is None
