"""What a report draws: months and the fan of simulated paths."""

from datetime import UTC, datetime
from math import prod

import pytest

from thor_fast import bootstrap_paths
from thor_web.thordata.backtest.columns import floats
from thor_web.thordata.backtest.fan import fan_of
from thor_web.thordata.backtest.months import monthly_returns
from thor_web.thordata.backtest.periods import PeriodReturns

SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)
RETURNS = [0.01, -0.02, 0.015, 0.0, 0.005, -0.01, 0.02, -0.005, 0.01, -0.015]


def periods(*ends: tuple[str, float]) -> PeriodReturns:
    instants = [int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000 for text, _ in ends]
    return PeriodReturns("trade date", 252.0, tuple(instants), tuple(equity for _, equity in ends), (), len(ends))


def test_a_month_earns_against_the_end_of_the_month_before() -> None:
    found = monthly_returns(
        periods(
            ("2025-12-30T21:00", 101.0),
            ("2025-12-31T21:00", 110.0),
            ("2026-01-02T21:00", 88.0),
            ("2026-03-31T21:00", 99.0),
        ),
        cash=100.0,
    )
    assert [(row["year"], row["month"]) for row in found] == [(2025, 12), (2026, 1), (2026, 3)]
    assert [row["total_return"] for row in found] == pytest.approx([0.1, -0.2, 0.125])
    assert prod(1 + row["total_return"] for row in found) == pytest.approx(0.99)


def test_a_ruined_month_is_followed_by_nothing() -> None:
    found = monthly_returns(periods(("2026-01-31T21:00", -5.0), ("2026-02-27T21:00", -5.0)), cash=100.0)
    assert [row["total_return"] for row in found] == [pytest.approx(-1.05), 0.0]


def test_the_fan_begins_at_one_and_ends_where_the_paths_do() -> None:
    returns = floats(RETURNS * 5)
    asked = {"paths": 2_000, "block": 4, "seed": 7}
    found = fan_of(returns, count=50, shares=SHARES, **asked)
    ends, _ = bootstrap_paths(returns, steps=50, threads=1, **asked)
    ranked = sorted(ends)
    assert found["steps"] == [0, 4, 8, 12, 17, 21, 25, 29, 33, 38, 42, 46, 50]
    assert found["quantiles"][0] == [1.0] * 5
    assert found["quantiles"][-1] == [ranked[int(share * 1_999)] for share in SHARES]
    # The further, the wider.
    widths = [high - low for low, *_, high in found["quantiles"]]
    assert widths[0] < widths[1] < widths[6] < widths[-1]
    assert all(list(row) == sorted(row) for row in found["quantiles"])


def test_few_steps_are_not_told_twice() -> None:
    found = fan_of(floats(RETURNS[:8]), count=8, paths=100, block=2, seed=1, shares=SHARES)
    assert found["steps"] == [0, 1, 2, 3, 4, 5, 6, 7, 8]
