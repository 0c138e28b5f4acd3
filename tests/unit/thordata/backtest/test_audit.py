"""The audit: who looks ahead is caught, who does not is never accused, and a warm-up is measured."""

import random
from typing import Any

import polars as pl
import pytest

from tests.unit.thordata.backtest.leaky_strategies import HONEST, LEAKY, Flips, MovingScore, ShiftedForth, SoFar, TheEnd
from tests.unit.thordata.backtest.own_strategies import OwnCross
from thor_fast import BacktestContract, BacktestRules, Broker, SeenBar
from thor_web.thordata.backtest.audit import Audit, AuditOptions, audit
from thor_web.thordata.backtest.builtin import BUILT_IN
from thor_web.thordata.backtest.market_data import BarData, Manifest, with_points
from thor_web.thordata.backtest.parameters import check_parameters
from thor_web.thordata.backtest.strategy import EventStrategy, Strategy, Terms

MINUTE_US = 60_000_000
BARS = 3_000
TERMS = Terms([BacktestContract(name, multiplier=50) for name in ("ES", "NQ")], BacktestRules(cash=1_000_000))


@pytest.fixture(scope="module")
def bars() -> BarData:
    """Two days of minutes of two symbols on a quarter-point grid."""
    chosen = random.Random(3)
    rows = []
    prices = {0: 19_200, 1: 60_000}
    for minute in range(BARS):
        for number, symbol in enumerate(("ES", "NQ")):
            opened = prices[number]
            closed = opened + chosen.randint(-4, 4)
            prices[number] = closed
            high, low = max(opened, closed) + 1, min(opened, closed) - 1
            nanos = [price * 250_000_000 for price in (opened, high, low, closed)]
            rows.append((symbol, number, 0, minute * MINUTE_US, (minute + 1) * MINUTE_US, None, *nanos))
    schema: dict[str, Any] = {
        "symbol": pl.String, "id": pl.UInt32, "contract": pl.UInt32, "start_us": pl.Int64, "end_us": pl.Int64,
        "volume": pl.Int64, "open_nanos": pl.Int64, "high_nanos": pl.Int64, "low_nanos": pl.Int64,
        "close_nanos": pl.Int64,
    }  # fmt: skip
    frame = with_points(pl.DataFrame(rows, schema=schema, orient="row"))
    return BarData(("ES", "NQ"), frame, Manifest((), (), ()), 60)


def audited(kind: type[Strategy], data: BarData, **options: int) -> Audit:
    values = check_parameters(kind.parameters, {})
    return audit(lambda: kind(values), data, TERMS, AuditOptions(**({"cuts": 40, "changes": 100} | options)))


def codes(found: Audit) -> list[str]:
    return [finding.code for finding in found.findings()]


@pytest.mark.parametrize("kind", LEAKY, ids=lambda kind: kind.name)
def test_a_leak_is_caught(bars: BarData, kind: type[Strategy]) -> None:
    found = audited(kind, bars)
    assert found.verdict == "look_ahead"
    assert codes(found)[0] == "look_ahead"
    assert not found.only_the_end
    example = found.examples[0]
    assert example["decided"] != example["without_future"]
    assert example["ts_us"] <= example["known_until_us"]


@pytest.mark.parametrize("kind", LEAKY, ids=lambda kind: kind.name)
def test_a_run_of_its_own_catches_it_too(bars: BarData, kind: type[Strategy]) -> None:
    assert audited(kind, bars, cuts=8, changes=20).verdict == "look_ahead"


@pytest.mark.parametrize("kind", HONEST, ids=lambda kind: kind.name)
def test_an_honest_one_is_not_accused(bars: BarData, kind: type[Strategy]) -> None:
    found = audited(kind, bars)
    assert found.verdict == "clean"
    assert found.differing_cuts == 0
    assert found.cuts >= 30


@pytest.mark.parametrize("kind", [it for it in BUILT_IN if it.feed == "bars"], ids=lambda kind: kind.name)
def test_thors_own_are_honest(bars: BarData, kind: type[Strategy]) -> None:
    found = audited(kind, bars)
    assert (found.verdict, found.differing_cuts) == ("clean", 0)


def test_who_knows_the_end_knows_no_values(bars: BarData) -> None:
    found = audited(TheEnd, bars)
    assert found.verdict == "look_ahead"
    assert "where the data ends" in next(iter(found.findings())).text


def test_a_warm_up_is_measured_exactly(bars: BarData) -> None:
    assert audited(ShiftedForth, bars).warm_up == 2
    # The mean and deviation of 24 bars, and nothing further back.
    assert audited(MovingScore, bars).warm_up == 24
    assert audited(next(it for it in BUILT_IN if it.name == "sma_cross"), bars).warm_up == 100


def test_who_remembers_is_told_and_not_accused(bars: BarData) -> None:
    found = audited(SoFar, bars)
    assert found.verdict == "clean"
    assert found.warm_up is None or found.warm_up > 24


def test_who_answers_differently_is_not_repeatable(bars: BarData) -> None:
    found = audited(Flips, bars)
    assert (found.verdict, codes(found)[0]) == ("not_repeatable", "not_repeatable")


class Peeks(EventStrategy):
    """Counts its bars in a place that all its copies share: a run's length shows in the next run."""

    name = "peeks"
    summary = "Shares a memory."
    seen = 0

    def on_bar(self, bar: SeenBar, broker: Broker) -> int | None:
        type(self).seen += 1
        return type(self).seen % 7 % 2


def test_event_strategies_are_played_again_on_the_beginning(bars: BarData) -> None:
    found = audited(OwnCross, bars, cuts=6)
    assert (found.method, found.verdict, found.cuts) == ("orders", "clean", 6)
    assert found.decisions > 10
    assert audited(Peeks, bars, cuts=4).verdict == "not_repeatable"
    assert audited(OwnCross, bars, cuts=0).method == "by construction"


def test_an_audit_is_json_and_the_same_again(bars: BarData) -> None:
    first, second = (audited(MovingScore, bars).to_json() for _ in range(2))
    assert first == second
    assert first["verdict"] == "clean"
    assert set(first) >= {"cuts", "windows", "warm_up", "findings", "examples"}
