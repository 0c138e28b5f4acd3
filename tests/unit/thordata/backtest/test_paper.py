"""A paper run over a market that comes in parts has the trades of the backtest on the same market, exactly."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from collectors.instruments import load_instruments
from tests.unit.thordata.backtest import leaky_strategies, own_strategies
from tests.unit.thordata.backtest.lakes import OPENED_US, made_up_market
from thor_fast import QuoteBatch, QuoteEvent, parse_batch
from thor_web.thordata.backtest.asked import PaperSpecification
from thor_web.thordata.backtest.errors import BacktestError
from thor_web.thordata.backtest.execution import execute
from thor_web.thordata.backtest.live_signals import live_classifier
from thor_web.thordata.backtest.market_data import load_ticks
from thor_web.thordata.backtest.paper import PaperRun
from thor_web.thordata.backtest.parity import events_of
from thor_web.thordata.backtest.report import html_report
from thor_web.thordata.backtest.specification import RunSpecification

OWN = own_strategies.__name__
SAME = ("digest", "trades", "figures", "equity", "trade_statistics", "notes", "open_positions", "confidence")
CASES: list[tuple[str, dict[str, Any]]] = [
    ("ladder", {"symbols": ["ES", "GC"]}),
    ("composite", {"symbols": ["ES", "GC"], "latency_us": 50_000, "flat_before_close_s": 60}),
    ("open_capture", {"symbols": ["ES", "GC"], "parameters": {"delay_s": 300}}),
    ("sma_cross", {"symbols": ["ES"], "interval_s": 10, "parameters": {"fast": 3, "slow": 8, "short": True}}),
    ("breakout", {"symbols": ["ES", "GC"], "interval_s": 30}),
    (f"{OWN}:OwnCross", {"symbols": ["ES", "GC"], "interval_s": 10}),
    (f"{OWN}:OwnExpression", {"symbols": ["ES", "GC"], "interval_s": 10}),
]


def specification(strategy: str, **options: Any) -> RunSpecification:
    day = {"symbols": ["ES"], "start": "2025-06-09T22:00Z", "end": "2025-06-09T23:00Z"}
    return RunSpecification.from_json(day | {"strategy": strategy} | options)


def played(asked: RunSpecification, parts: Sequence[QuoteBatch]) -> PaperRun:
    run = PaperRun(PaperSpecification(asked, "0-0"), modules=True)
    for part in parts:
        run.take(part)
    return run


def in_parts(batch: QuoteBatch, size: int) -> list[QuoteBatch]:
    lines = [batch[at].to_json() for at in range(len(batch))]
    return [parse_batch(lines[at : at + size])[0] for at in range(0, len(lines), size)]


@pytest.mark.parametrize(("strategy", "options"), CASES, ids=[name.rpartition(":")[2] for name, _ in CASES])
def test_a_paper_run_has_exactly_the_trades_of_the_backtest(lake: Path, strategy: str, options: dict[str, Any]) -> None:
    asked = specification(strategy, **options)
    backtest = execute(asked, lake, modules=True)
    assert backtest["trade_statistics"]["fills"] > 0
    for size in (997, 7_200):
        paper = played(asked, in_parts(made_up_market(), size)).result()
        assert {name: paper[name] for name in SAME} == {name: backtest[name] for name in SAME}
        assert paper["paper"] == {"after": "0-0", "events": backtest["data"]["ticks"], "late": 0}


def test_a_replayed_hour_of_the_exchange_has_the_backtests_trades(recorded_lake: Path) -> None:
    span = {"start": "2023-12-25", "end": "2023-12-25", "interval_s": 10, "parameters": {"fast": 3, "slow": 8}}
    asked = specification("sma_cross", **span)
    backtest = execute(asked, recorded_lake)
    events = _recorded(recorded_lake)
    paper = played(asked, in_parts(events, 500)).result()
    assert {name: paper[name] for name in SAME} == {name: backtest[name] for name in SAME}


def _recorded(lake: Path) -> QuoteBatch:
    """The events of the partition, in the order in which the stream had them."""
    start, end = datetime(2023, 12, 25, tzinfo=UTC), datetime(2023, 12, 26, tzinfo=UTC)
    ticks = load_ticks(
        lake, symbols=["ES"], start=start, end=end, instruments=load_instruments(), classifier=live_classifier()
    )
    return parse_batch([event.to_json() for event in events_of(ticks.frame)])[0]


def test_the_end_of_the_span_ends_the_run_and_what_follows_changes_nothing() -> None:
    asked = specification("ladder", symbols=["ES"], end="2025-06-09T22:30Z")
    run = played(asked, in_parts(made_up_market(), 3_700))
    assert run.is_over
    result = run.result()
    assert result["paper"]["events"] == 1_800
    assert result["data"]["last_us"] < OPENED_US + 1_800 * 1_000_000
    assert "played live" in html_report(result)


def test_an_event_of_before_is_taken_when_it_could_be_known(lake: Path) -> None:
    batch = made_up_market()
    events = [batch[at] for at in range(len(batch))]
    late = QuoteEvent(symbol="ES", ts_us=OPENED_US, source="TOS", last=1.0, bid=1.0, ask=2.0, seq=9_999)
    part = parse_batch([event.to_json() for event in [*events[:200], late, *events[200:]]])[0]
    result = played(specification("ladder"), [part]).result()
    assert result["paper"]["late"] == 1
    assert any("1 events came after later ones" in caveat for caveat in result["caveats"])


@pytest.mark.parametrize("name", ["ShiftedBack", "WholeSample"])
def test_a_strategy_that_changes_what_was_played_looks_ahead(name: str) -> None:
    asked = specification(f"{leaky_strategies.__name__}:{name}", interval_s=10)
    with pytest.raises(BacktestError) as raised:
        played(asked, in_parts(made_up_market(), 400))
    assert raised.value.code == "look_ahead"


def test_a_strategy_that_fails_names_the_event_of_the_whole_run() -> None:
    asked = specification(f"{OWN}:Raises", interval_s=10)
    with pytest.raises(BacktestError) as raised:
        played(asked, in_parts(made_up_market(), 400))
    assert raised.value.code == "strategy_failed"
    assert raised.value.position is not None


def test_nothing_in_the_span_is_no_data() -> None:
    with pytest.raises(BacktestError) as raised:
        played(specification("ladder", start="2025-06-10", end="2025-06-10"), [made_up_market()]).result()
    assert raised.value.code == "no_data"
