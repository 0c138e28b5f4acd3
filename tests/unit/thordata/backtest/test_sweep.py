"""Sweeps: the same bits as single runs wherever they are played, every trial counted, and what all say of the best."""

import json
import math
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.unit.thordata.backtest import own_strategies
from thor_web.thordata.backtest import places
from thor_web.thordata.backtest.asked import SweepOptions
from thor_web.thordata.backtest.cross_validation import cross_validation, sums_of, walk_forward
from thor_web.thordata.backtest.errors import BacktestError
from thor_web.thordata.backtest.execution import execute
from thor_web.thordata.backtest.grid import combinations_of, parse_values
from thor_web.thordata.backtest.overfitting import overfitting
from thor_web.thordata.backtest.places import processes
from thor_web.thordata.backtest.specification import RunSpecification
from thor_web.thordata.backtest.sweep import Swept, sweep
from thor_web.thordata.backtest.sweep_chunk import Chunk, play_chunk
from thor_web.thordata.backtest.sweep_report import sweep_report
from thor_web.thordata.backtest.trial_key import Trials

GRID = {"fast": [2, 3, 5], "slow": [4, 8, 20]}
CROSSES = {"fast": [2, 3], "slow": [4, 8, 20]}
OWN = own_strategies.__name__


def specification(strategy: str = "sma_cross", **options: Any) -> RunSpecification:
    day = {"symbols": ["ES"], "start": "2025-06-09", "end": "2025-06-09", "interval_s": 15}
    return RunSpecification.from_json(day | {"strategy": strategy} | options)


def swept(lake: Path, strategy: str = "sma_cross", *, grid: dict[str, list[int]] = CROSSES, **options: Any) -> Swept:
    return sweep(specification(strategy), grid, lake, SweepOptions(modules=True, **options))


def alone(lake: Path, values: dict[str, Any], strategy: str = "sma_cross") -> dict[str, Any]:
    return execute(specification(strategy, parameters=values), lake, modules=True)


def test_every_combination_is_a_run_of_its_own(lake: Path) -> None:
    found = swept(lake, grid=GRID)
    document = found.document
    # fast = 5 and slow = 4 is refused: it is no cross.
    assert (document["combinations"], document["refused"]) == (8, 1)
    for row, (trial, sharpe, _) in zip(document["rows"], found.trials, strict=True):
        run = alone(lake, row["parameters"])
        assert row["equity"] == run["equity"]["end"]
        assert row["fills"] == run["trade_statistics"]["fills"]
        assert row["fees"] == run["trade_statistics"]["all_fees"]
        assert (sharpe, trial) == (run["figures"]["sharpe_period"]["value"], run["trial"])
    assert document["best"]["sharpe"] == max(row["sharpe"] for row in document["rows"] if row["sharpe"] is not None)


def test_the_kernels_own_sweep_is_the_engines(lake: Path) -> None:
    at_once, one_by_one = swept(lake), swept(lake, f"{OWN}:OwnExpression")
    for name in ("equity", "max_drawdown", "fees", "fills", "trades", "wins", "sharpe"):
        assert [row[name] for row in at_once.document["rows"]] == [row[name] for row in one_by_one.document["rows"]]
    assert at_once.document["digest"] == one_by_one.document["digest"]


def test_threads_processes_and_pieces_change_nothing(lake: Path) -> None:
    first = swept(lake, threads=1).document
    assert first["digest"] == swept(lake, threads=3).document["digest"]
    single, several = (swept(lake, f"{OWN}:OwnCross", threads=threads).document for threads in (1, 2))
    assert several["where"]["place"] in {"processes", "this process"}
    assert single["rows"] == several["rows"]
    assert single["digest"] == first["digest"]


def test_a_lost_process_is_replaced(lake: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    wanted = specification(f"{OWN}:DiesOnce", parameters={"fast": 2, "slow": 4})
    values = combinations_of(wanted.strategy, {}, {"fast": [2, 3]}, modules=True).values
    monkeypatch.setenv("DIES_ONCE", str(tmp_path / "died"))
    chunks = [
        Chunk(wanted.to_json(), str(lake), modules=True, first=at, combinations=[value])
        for at, value in enumerate(values)
    ]
    answers = {answer["first"]: answer for answer in processes(2)(chunks)}
    assert (tmp_path / "died").exists()
    assert sorted(answers) == [0, 1]
    assert all(len(answer["equity"]) == 1 for answer in answers.values())


def test_trials_are_counted_once_each(lake: Path) -> None:
    asked: list[tuple[str, str, int]] = []

    def count(strategy: str, data_hash: str, own: Sequence[tuple[str, float]]) -> Trials:
        asked.append((strategy, data_hash, len(own)))
        return Trials.of([*own, ("another", 0.5), own[0]])

    found = sweep(specification(), GRID, lake, SweepOptions(), trials=count).document
    assert asked == [("sma_cross", found["data"]["hash"], 8)]
    different = {trial for trial, sharpe, _ in swept(lake, grid=GRID).trials if sharpe is not None}
    assert found["significance"]["trials"] == len(different) + 1
    assert found["significance"]["deflated_sharpe"] < found["significance"]["probabilistic_sharpe"]


def test_a_sweep_is_json_and_a_page(lake: Path) -> None:
    document = {"id": 7, **swept(lake).document}
    assert json.loads(json.dumps(document, allow_nan=False))["digest"] == document["digest"]
    page = sweep_report(document)
    assert "http" not in page
    for words in ("Is the best only luck?", "Walk forward", "Parameter surface", "Costs and speed", document["digest"]):
        assert words in page
    stressed = {row["case"]: row for row in document["stress"]}
    assert stressed["as asked"]["equity"] == document["best"]["equity"]
    assert stressed["fees x 3"]["fees"] == pytest.approx(3 * stressed["as asked"]["fees"])
    assert stressed["4 more ticks of slippage"]["equity"] < stressed["as asked"]["equity"]


@pytest.mark.parametrize(
    ("text", "values"),
    [("5,10", ["5", "10"]), ("5:11:2", ["5", "7", "9", "11"]), ("0.1:0.3:0.1", ["0.1", "0.2", "0.3"]), ("7", ["7"])],
)
def test_values_are_read(text: str, values: list[str]) -> None:
    assert parse_values(text) == values


@pytest.mark.parametrize("text", ["1:2", "5:1:1", "1:2:0", "1:nan:1", "a:b:c", "0:1e9:1"])
def test_a_range_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BacktestError):
        parse_values(text)


@pytest.mark.parametrize(
    ("grid", "code"),
    [
        ({}, "bad_specification"),
        ({"fast": []}, "bad_specification"),
        ({"fast": [3, 3]}, "bad_specification"),
        ({"wings": [1]}, "unknown_parameter"),
        ({"fast": ["many"]}, "bad_parameter"),
        ({"fast": [50], "slow": [10, 20]}, "bad_parameter"),
        ({"fast": list(range(1, 1_001)), "slow": list(range(2_000, 2_101))}, "bad_specification"),
    ],
)
def test_a_grid_that_makes_no_sense_is_refused(grid: dict[str, list[Any]], code: str) -> None:
    with pytest.raises(BacktestError) as raised:
        combinations_of("sma_cross", {}, grid)
    assert raised.value.code == code


def test_a_strategy_that_fails_names_its_parameters(lake: Path) -> None:
    with pytest.raises(BacktestError, match="fast = 2") as raised:
        sweep(specification(f"{OWN}:RaisesWide"), {"fast": [2, 3]}, lake, SweepOptions(modules=True))
    assert raised.value.code == "strategy_failed"


def noise(rows: int, columns: int, seed: int) -> pl.DataFrame:
    chosen = random.Random(seed)
    return pl.DataFrame({str(at): [chosen.gauss(0, 0.01) for _ in range(rows)] for at in range(columns)})


def test_noise_is_overfitted_and_merit_is_not() -> None:
    returns = noise(600, 20, 5)
    of_noise = overfitting(returns)
    assert (of_noise["blocks"], of_noise["splits"]) == (16, 12_870)
    assert 0.2 < of_noise["probability"] < 0.8
    merit = returns.with_columns(pl.col("3") + 0.01)
    assert overfitting(merit)["probability"] < 0.02
    found = cross_validation(merit, folds=6, tests=2, purge=2, embargo=3)
    assert found is not None
    assert (found["splits"], found["share_below_zero"]) == (15, 0.0)
    assert found["mean_test_sharpe"] == pytest.approx(found["mean_hindsight_sharpe"])
    assert overfitting(returns.head(3))["probability"] is None
    assert cross_validation(returns.head(20), folds=6, tests=2, purge=1, embargo=1) is None


def test_purged_periods_train_nobody() -> None:
    # The only gain of the second column lies beside the tested folds: who purges does not see it.
    rows = 40
    steady = [0.001 * (-1) ** at + 0.0005 for at in range(rows)]
    beside = [0.5 if at % 10 in {0, 9} else -0.001 * (at % 2) for at in range(rows)]
    returns = pl.DataFrame({"0": steady, "1": beside})
    kept = cross_validation(returns, folds=4, tests=1, purge=0, embargo=0)
    purged = cross_validation(returns, folds=4, tests=1, purge=1, embargo=1)
    assert kept is not None
    assert purged is not None
    assert kept["mean_train_sharpe"] > purged["mean_train_sharpe"]


def test_sums_give_the_ratio_itself() -> None:
    returns = noise(50, 2, 9)
    values = returns["1"].to_list()
    mean = sum(values) / 50
    deviation = math.sqrt(sum((value - mean) ** 2 for value in values) / 49)
    assert sums_of(returns).sharpe(1) == pytest.approx(mean / deviation, rel=1e-9)
    assert sums_of(pl.DataFrame({"0": [0.0] * 5})).sharpe(0) == 0.0


def test_a_walk_tests_on_what_it_did_not_train_on() -> None:
    returns = noise(90, 3, 2).with_columns(pl.col("2") + 0.02)
    found = walk_forward(returns, [{"fast": at} for at in range(3)], splits=5)
    assert found is not None
    spans = [(step["train"], step["test"]) for step in found["steps"]]
    assert spans[0] == ([0, 40], [40, 50])
    assert spans[-1] == ([40, 80], [80, 90])
    assert all(step["parameters"] == {"fast": 2} for step in found["steps"])
    assert (found["choices"], found["sharpe"] > 0) == (1, True)
    outside = returns["2"].slice(40).to_list()
    assert found["return"] == pytest.approx(math.prod(1 + value for value in outside) - 1)
    assert walk_forward(returns.head(12), [{}] * 3, splits=5) is None


def test_who_reads_another_lake_is_found_out(lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def elsewhere(chunk: Chunk) -> dict[str, Any]:
        return play_chunk(chunk) | ({"data_hash": "another"} if chunk.first else {})

    monkeypatch.setattr(places, "play_chunk", elsewhere)
    with pytest.raises(BacktestError) as raised:
        swept(lake, threads=1)
    assert raised.value.code == "other_data"
