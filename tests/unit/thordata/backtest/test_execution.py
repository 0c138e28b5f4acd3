"""Whole runs over small lakes: what they say of their data, that they repeat, and what is wrong with bad ones."""

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest

from collectors.instruments import load_instruments
from tests.unit.thordata.backtest import leaky_strategies, own_strategies
from tests.unit.thordata.backtest.lakes import write_lake
from thor_fast import parse_batch
from thor_web.thordata.backtest.comparison import compare_results
from thor_web.thordata.backtest.errors import BacktestError
from thor_web.thordata.backtest.execution import execute
from thor_web.thordata.backtest.report import html_report
from thor_web.thordata.backtest.specification import RunSpecification
from thor_web.thordata.backtest.trial_key import Trials

OWN = own_strategies.__name__


def specification(strategy: str, **options: Any) -> RunSpecification:
    day = {"symbols": ["ES"], "start": "2025-06-09", "end": "2025-06-09"}
    return RunSpecification.from_json(day | {"strategy": strategy} | options)


def run(lake: Path, strategy: str, **options: Any) -> dict[str, Any]:
    return execute(specification(strategy, **options), lake, modules=True)


def test_the_recorded_hour_names_its_data_and_its_caveats(recorded_lake: Path) -> None:
    result = run(recorded_lake, "composite", start="2023-12-25", end="2023-12-25")
    (partition,) = result["data"]["partitions"]
    file = recorded_lake / "date=2023-12-26" / "symbol=ES" / "ticks.parquet"
    assert partition["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert result["data"]["sources"] == ["ES of TOS"]
    assert result["data"]["ticks"] == partition["rows"]
    assert result["parity"]["match"] is True
    assert result["parity"]["live"] == result["parity"]["engine"]
    # The exchange's own feed carries no previous settlement: the live path shows no signal, so nothing is traded.
    assert result["trade_statistics"]["trades"] == 0
    assert any("no signal on this data" in text for text in result["caveats"])
    assert result["figures"]["sharpe"]["withheld"] is True
    assert {finding["code"] for finding in result["diagnosis"]} >= {"missing_signals", "few_trades"}


def test_the_same_run_gives_the_same_bits(recorded_lake: Path) -> None:
    options = {"start": "2023-12-25", "end": "2023-12-25", "interval_s": 10, "parameters": {"fast": 3, "slow": 8}}
    first, second = (run(recorded_lake, "sma_cross", **options) for _ in range(2))
    for result in (first, second):
        result.pop("elapsed_s")
    assert first == second
    other = run(recorded_lake, "sma_cross", **(options | {"fee": "1"}))
    compared = compare_results([first, other])
    assert compared["differing_inputs"] == {"fee": ["2.50", "1"]}
    assert (compared["same_data"], compared["same_result"]) == (True, first["trade_statistics"]["fills"] == 0)


def test_signals_are_the_live_ones_and_havens_turn_around(lake: Path) -> None:
    result = run(lake, "composite", symbols=["ES", "GC"], latency_us=0)
    assert result["parity"]["match"] is True
    assert result["data"]["signals"] == 7_200
    by_symbol = {row["value"]: row for row in result["breakdowns"]["symbol"]}
    assert set(by_symbol) == {"ES", "GC"}
    assert result["trade_statistics"]["trades"] > 4


def test_a_row_that_is_still_loading_has_no_signal_here_either(tmp_path: Path) -> None:
    quotes: list[dict[str, Any]] = [
        {"last": None, "meta": {"netChange": 0, "close": 5_900}},
        {"last": 0, "meta": {"netChange": 0, "volume": 0}},
        {"last": 0, "meta": {"close": 5_900}},
        {"last": 6_000, "meta": {"netChange": 0, "volume": 0}},
        {"last": None, "meta": {"netChange": 7}},
        {"last": 6_000, "meta": {"close": 5_990}},
    ]
    sides: dict[str, Any] = {
        "bid": 5_999.75,
        "ask": 6_000.25,
        "lastSize": 1,
        "bidSize": 1,
        "askSize": 1,
        "source": "TOS",
    }
    lines = [
        orjson.dumps({"symbol": "ES", "ts": f"2025-06-09T14:00:0{number}Z", "seq": number, **sides, **quote})
        for number, quote in enumerate(quotes)
    ]
    batch, rejects = parse_batch(lines)
    assert not rejects
    write_lake(tmp_path, batch, date(2025, 6, 9))
    result = run(tmp_path, "ladder")
    assert result["data"]["signals"] == 3
    assert result["parity"]["match"] is True


def test_the_ladder_holds_its_steps(lake: Path) -> None:
    result = run(lake, "ladder", latency_us=0, fee="0", parameters={"contracts": 3})
    held = {trade["quantity"] for trade in result["trades"]}
    assert held <= {-6, -3, 3, 6}
    assert {-6, 6} <= held


def test_the_capture_at_the_open_ends_at_its_target(lake: Path) -> None:
    result = run(lake, "open_capture", parameters={"delay_s": 200}, latency_us=0, fee="0")
    (trade,) = result["trades"]
    assert abs(trade["exit"] - trade["entry"]) >= 2.0
    assert result["notes"] == {"linked_filled": 1}


def test_every_strategy_on_bars_runs(lake: Path) -> None:
    for name in ("sma_cross", "ema_cross", "breakout", "mean_reversion"):
        values: dict[str, Any] = {"fast": 3, "slow": 9} if name.endswith("cross") else {"length": 5}
        values |= {"enter": 1.0} if name == "mean_reversion" else {}
        result = run(lake, name, symbols=["ES", "GC"], interval_s=15, parameters=values | {"short": True})
        assert result["trade_statistics"]["fills"] > 0, name
        assert result["specification"]["slippage_ticks"] == "1"


def test_python_and_expressions_give_what_the_core_gives(lake: Path) -> None:
    options = {"symbols": ["ES", "GC"], "interval_s": 15}
    core = run(lake, "sma_cross", parameters={"fast": 4, "slow": 20}, **options)
    for name in ("OwnCross", "OwnExpression"):
        own = run(lake, f"{OWN}:{name}", parameters={"fast": 4, "slow": 20}, **options)
        assert own["digest"] == core["digest"], name
        assert own["trade_statistics"]["fills"] >= 4


def test_money_is_what_the_trades_say(lake: Path) -> None:
    result = run(lake, "ladder", latency_us=0)
    profit = sum(trade["profit"] for trade in result["trades"])
    equity = result["equity"]
    assert equity["end"] == pytest.approx(100_000 + profit + equity["open_profit"], abs=1e-6)
    assert equity["open_profit"] != 0


def test_a_trial_more_makes_a_ratio_less_sure(lake: Path) -> None:
    wanted = specification("sma_cross", interval_s=15, parameters={"fast": 3, "slow": 9})
    alone = execute(wanted, lake)["significance"]
    often = execute(wanted, lake, trials=lambda _hash: Trials(50, 0.01))["significance"]
    assert (alone["trials"], often["trials"]) == (1, 50)
    assert often["deflated_sharpe"] < alone["probabilistic_sharpe"] == alone["deflated_sharpe"]


def test_a_result_is_json_and_a_page_without_addresses(lake: Path) -> None:
    result = run(lake, "sma_cross", interval_s=15, parameters={"fast": 3, "slow": 9})
    assert json.loads(json.dumps(result, allow_nan=False))["digest"] == result["digest"]
    page = html_report(result)
    assert "http" not in page.replace("http-equiv", "")
    assert result["data"]["hash"] in page
    assert "What this report cannot tell" in page
    assert "equal" in page
    assert html_report(run(lake, "composite")).startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("strategy", "options", "code"),
    [
        ("nothing", {}, "unknown_strategy"),
        ("no.such:Thing", {}, "unknown_strategy"),
        (f"{OWN}:HELPER", {}, "strategy_broken"),
        ("ladder", {"parameters": {"windows": 3}}, "unknown_parameter"),
        ("sma_cross", {"parameters": {"fast": 0}}, "bad_parameter"),
        ("sma_cross", {"parameters": {"fast": "many"}}, "bad_parameter"),
        ("sma_cross", {"parameters": {"fast": 50, "slow": 20}}, "bad_parameter"),
        ("composite", {"parameters": {"rule": "luck"}}, "bad_parameter"),
        ("ladder", {"symbols": ["NOPE"]}, "unknown_symbol"),
        ("ladder", {"symbols": []}, "bad_specification"),
        ("ladder", {"end": "2025-06-08"}, "bad_specification"),
        ("ladder", {"start": "yesterday"}, "bad_specification"),
        ("ladder", {"start": "2025-06-09T12:00:00"}, "bad_specification"),
        ("ladder", {"cash": "0"}, "bad_specification"),
        ("ladder", {"fee": "-1"}, "bad_specification"),
        ("ladder", {"fee": "NaN"}, "bad_specification"),
        ("ladder", {"start": "2020-01-01", "end": "2020-01-02"}, "no_data"),
        ("ladder", {"source": "SCHWAB"}, "no_data"),
        (f"{OWN}:Raises", {}, "strategy_failed"),
        (f"{OWN}:NeverAsked", {}, "strategy_failed"),
        (f"{OWN}:Fractional", {}, "strategy_failed"),
        (f"{OWN}:NotANumber", {}, "strategy_failed"),
        (f"{OWN}:TooShort", {}, "strategy_failed"),
    ],
)
def test_what_cannot_be_run_says_so(lake: Path, strategy: str, options: dict[str, Any], code: str) -> None:
    with pytest.raises(BacktestError) as raised:
        run(lake, strategy, **options)
    assert raised.value.code == code
    if strategy == f"{OWN}:Raises":
        assert raised.value.position == 3
        assert raised.value.message.startswith("ZeroDivisionError: ")
        assert raised.value.ts_us is not None


def test_an_unknown_option_is_refused() -> None:
    with pytest.raises(BacktestError, match="there is no option 'colour'"):
        specification("ladder", colour="red")


def test_a_run_is_audited(lake: Path) -> None:
    options = {"interval_s": 15, "parameters": {"fast": 4, "slow": 20}}
    honest = run(lake, f"{OWN}:OwnExpression", **options)["audit"]
    assert (honest["verdict"], honest["differing_cuts"], honest["warm_up"]) == ("clean", 0, 20)
    leaky = run(lake, f"{leaky_strategies.__name__}:ShiftedBack", interval_s=15)
    assert leaky["audit"]["verdict"] == "look_ahead"
    assert "LOOKS AHEAD" in html_report(leaky)
    called = run(lake, f"{OWN}:OwnCross", **options)["audit"]
    assert (called["verdict"], called["method"], called["cuts"]) == ("clean", "orders", 2)


def test_a_run_is_played_again_under_worse_terms(lake: Path) -> None:
    result = run(lake, "ladder")
    cases = {case["case"]: case for case in result["stress"]}
    assert cases["as asked"]["equity"] == result["equity"]["end"]
    assert cases["fees x 0"]["equity"] - cases["as asked"]["equity"] == pytest.approx(cases["as asked"]["fees"])
    assert cases["4 more ticks of slippage"]["equity"] < cases["1 more ticks of slippage"]["equity"]
    # The default of a millisecond is the run itself; the others are tried.
    assert {"0 ms of latency", "10 ms of latency", "1000 ms of latency"} <= set(cases)
    assert "Costs and speed" in html_report(result)
    on_bars = run(lake, "breakout", interval_s=15, parameters={"length": 5})
    assert not any("latency" in case["case"] for case in on_bars["stress"])


def test_a_run_from_before_the_audit_still_has_its_page(lake: Path) -> None:
    result = run(lake, "breakout", interval_s=60)
    del result["audit"], result["stress"]
    assert "older than the audit" in html_report(result)


def test_a_strategy_that_leaves_out_what_it_must_bring_is_broken() -> None:
    with pytest.raises(BacktestError) as raised:
        specification(f"{OWN}:Unfinished").checked(load_instruments(), modules=True)
    assert raised.value.code == "strategy_broken"
    assert "does not say its expression" in str(raised.value)
