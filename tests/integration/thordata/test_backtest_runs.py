"""Runs in Postgres: kept, done again, queued, cancelled, and what becomes of them when their worker dies."""

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.integration.thordata import slow_strategies
from tests.unit.thordata.backtest import leaky_strategies
from tests.unit.thordata.backtest.lakes import write_lake
from thor_fast import parse_batch
from thor_web.runtime.composition import thor_command
from thor_web.thor_project.configuration import ServerSettings
from thor_web.thordata.backtest.asked import SweepSpecification
from thor_web.thordata.backtest.errors import BacktestError
from thor_web.thordata.backtest.runs import SWEEPS, Runs
from thor_web.thordata.backtest.schedules import words_of_schedule
from thor_web.thordata.backtest.specification import RunSpecification
from thor_web.thordata.backtest.worker import work

GOLDEN = Path(__file__).parents[2] / "golden" / "es_open.jsonl"
SLOW = f"{slow_strategies.__name__}"
DEADLINE_S = 60.0


def specification(strategy: str = "sma_cross", **parameters: Any) -> RunSpecification:
    return RunSpecification.from_json(
        {
            "strategy": strategy, "symbols": ["ES"], "start": "2023-12-25", "end": "2023-12-25",
            "parameters": parameters, "interval_s": 1,
        }
    )  # fmt: skip


@pytest.fixture
def settings(server_settings: ServerSettings) -> ServerSettings:
    batch, _ = parse_batch(GOLDEN.read_bytes())
    write_lake(server_settings.lake_folder(), batch.last_per_key(), date(2023, 12, 26))
    return server_settings


@pytest.fixture
def runs(settings: ServerSettings) -> Iterator[Runs]:
    with Runs.connect(settings.conninfo()) as connected:
        yield connected


def environment(settings: ServerSettings) -> dict[str, str]:
    named = {
        "DB_HOST": settings.db_host, "DB_PORT": str(settings.db_port), "DB_NAME": settings.db_name,
        "DB_USER": settings.db_user, "THOR_STATE": str(settings.thor_state),
        "BACKTEST_TIME_S": str(settings.backtest_time_s), "BACKTEST_MEMORY_MIB": str(settings.backtest_memory_mib),
        "PYTHONPATH": str(Path(__file__).parents[3]),
    }  # fmt: skip
    return dict(os.environ) | named


def command(settings: ServerSettings, *words: str) -> Any:
    done = subprocess.run(
        thor_command("backtest", *words, "--json"),
        env=environment(settings),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def worker(settings: ServerSettings, *words: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(thor_command("backtest", "work", *words), env=environment(settings), start_new_session=True)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.05)


def test_a_run_is_kept_and_gives_the_same_again(settings: ServerSettings) -> None:
    words = ("--from", "2023-12-25", "--to", "2023-12-25", "--symbols", "ES", "--interval", "1")
    first = command(settings, "run", "sma_cross", *words, "--set", "fast=3", "--set", "slow=8")
    second = command(settings, "run", "sma_cross", *words, "--set", "fast=2", "--set", "slow=5")
    again = command(settings, "rerun", str(first["id"]))
    assert (again["same_code"], again["same_data"], again["same_result"]) == (True, True, True)
    assert command(settings, "report", str(first["id"])) == first
    compared = command(settings, "compare", str(first["id"]), str(second["id"]))
    assert compared["differing_inputs"] == {"parameters.fast": [3, 2], "parameters.slow": [8, 5]}
    listed = command(settings, "list")
    assert [(run["id"], run["state"], run["rerun_of"]) for run in listed] == [
        (again["id"], "done", first["id"]), (second["id"], "done", None), (first["id"], "done", None),
    ]  # fmt: skip
    page = subprocess.run(
        thor_command("backtest", "report", str(first["id"])),
        env=environment(settings), capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert first["data"]["hash"] in page


def test_a_queued_run_is_played_by_a_worker(settings: ServerSettings, runs: Runs) -> None:
    number = runs.add(specification(fast=3, slow=8))
    failing = runs.add(specification(f"{SLOW}:Fails"), modules=True)
    refused = runs.add(specification(f"{SLOW}:Fails"))
    assert command(settings, "work", "--once") == {"runs": 3}
    status = runs.status(number)
    assert (status["state"], status["share"], status["attempts"]) == ("done", 1.0, 1)
    assert runs.result(number)["trade_statistics"]["trades"] >= 0
    failed = runs.status(failing)
    assert (failed["state"], failed["error"]["code"], failed["error"]["position"]) == ("failed", "strategy_failed", 0)
    # A module is imported only for a run that was asked for on the command line.
    assert runs.status(refused)["error"]["code"] == "unknown_strategy"


def test_a_run_that_never_ends_is_ended(settings: ServerSettings, runs: Runs) -> None:
    number = runs.add(specification(f"{SLOW}:Never"), modules=True)
    command(settings.model_copy(update={"backtest_time_s": 4}), "work", "--once")
    assert runs.status(number)["error"]["code"] == "time_limit"


def test_a_run_that_wants_too_much_memory_is_ended(settings: ServerSettings, runs: Runs) -> None:
    number = runs.add(specification(f"{SLOW}:Greedy"), modules=True)
    command(settings.model_copy(update={"backtest_memory_mib": 1_024}), "work", "--once")
    assert runs.status(number)["error"]["code"] == "memory_limit"


def test_a_cancelled_run_ends_soon(settings: ServerSettings, runs: Runs) -> None:
    waiting = runs.add(specification())
    assert runs.cancel(waiting)["state"] == "cancelled"
    number = runs.add(specification(f"{SLOW}:Never"), modules=True)
    stopped = threading.Event()
    os.environ.update(
        {name: value for name, value in environment(settings).items() if name.startswith(("DB_", "THOR_STATE"))}
    )
    thread = threading.Thread(target=work, args=(settings,), kwargs={"stopped": stopped, "once": True})
    thread.start()
    until(lambda: runs.status(number)["state"] == "running")
    runs.cancel(number)
    until(lambda: runs.status(number)["state"] == "cancelled")
    thread.join(DEADLINE_S)
    assert not thread.is_alive()


def test_a_killed_workers_run_is_taken_again(settings: ServerSettings, runs: Runs) -> None:
    number = runs.add(specification(f"{SLOW}:Never"), modules=True)
    dying = worker(settings)
    until(lambda: runs.status(number)["work"] is not None)
    os.killpg(dying.pid, signal.SIGKILL)
    dying.wait(DEADLINE_S)
    assert runs.claim("next") is None  # its lease has not run out
    with psycopg.connect(settings.conninfo(), autocommit=True) as connection:
        connection.execute("UPDATE backtest_runs SET lease_until = now() - interval '1 second'")
    claim = runs.claim("next")
    assert claim is not None
    assert (claim.id, runs.status(number)["attempts"]) == (number, 2)
    # The dead one's child, if it lived on, could store nothing any more.
    assert not runs.fail(number, "somebody else", BacktestError("internal", "late"))
    for attempt in ("third", "fourth"):
        with psycopg.connect(settings.conninfo(), autocommit=True) as connection:
            connection.execute("UPDATE backtest_runs SET lease_until = now() - interval '1 second'")
        assert (runs.claim(attempt) is None) == (attempt == "fourth")
    assert runs.status(number)["error"]["code"] == "worker_lost"


def test_trials_are_counted_once_each(settings: ServerSettings, runs: Runs) -> None:
    for fast in (2, 3, 3):
        number = runs.add(specification(fast=fast, slow=8))
        command(settings, "work", "--once")
    status = runs.status(number)
    different = len({runs.status(at)["digest"] for at in range(number - 2, number + 1)})
    counted = runs.trials("sma_cross", status["data_hash"]).count
    assert counted in {1, different + 1}  # without a trade there is no ratio to count


def test_a_sweep_is_kept_and_its_trials_count(settings: ServerSettings) -> None:
    words = ("--from", "2023-12-25", "--to", "2023-12-25", "--symbols", "ES", "--interval", "1")
    alone = command(settings, "run", "sma_cross", *words, "--set", "fast=3", "--set", "slow=8")
    assert alone["significance"]["trials"] == 1
    swept = command(settings, "sweep", "sma_cross", *words, "--grid", "fast=2,3", "--grid", "slow=5:8:3")
    different = len({row["equity"] for row in swept["rows"]})
    assert (swept["combinations"], swept["refused"]) == (4, 0)
    # The run before was one of these: it is counted once.
    assert swept["significance"]["trials"] >= different
    again = command(settings, "run", "sma_cross", *words, "--set", "fast=4", "--set", "slow=9")
    assert again["significance"]["trials"] > swept["significance"]["trials"] - 1 >= different - 1
    assert [it["id"] for it in command(settings, "sweeps")] == [swept["id"]]
    assert command(settings, "sweep-report", str(swept["id"])) == swept


def test_the_audit_tells_by_its_exit_status(settings: ServerSettings) -> None:
    words = ("--from", "2023-12-25", "--to", "2023-12-25", "--symbols", "ES", "--interval", "1", "--json")

    def status(strategy: str) -> tuple[int, str]:
        done = subprocess.run(
            thor_command("backtest", "audit", strategy, *words),
            env=environment(settings),
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, json.loads(done.stdout)["verdict"]

    assert status(f"{leaky_strategies.__name__}:ShiftedBack") == (1, "look_ahead")
    assert status("breakout")[0] == 0


def test_a_schedule_asks_once_an_occurrence(
    settings: ServerSettings, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THOR_TRIGGER_KEY", "nightly 2023-12-26")
    body = {"strategy": "sma_cross", "symbols": ["ES"], "options": {"interval_s": 1}}
    words = words_of_schedule("run", body, trade_dates=2, name="nightly")
    said = [word.replace("{session_date}", "2023-12-26") for word in words]
    first, again = command(settings, *said), command(settings, *said)
    assert first == again == {"id": first["id"], "kind": "run"}
    status = runs.status(first["id"])
    assert (status["created_by"], status["state"]) == ("schedule nightly", "queued")
    # The trade date before is Friday's; Monday's day session was a holiday that belongs to Tuesday.
    assert (status["specification"]["start"], status["specification"]["end"]) == (
        "2023-12-21T23:00:00Z", "2023-12-26T22:00:00Z",
    )  # fmt: skip


def test_a_queued_sweep_ends_when_it_is_cancelled_and_keeps_nothing(settings: ServerSettings, runs: Runs) -> None:
    grid: dict[str, list[object]] = {"fast": [2, 3], "slow": [8]}
    waiting = runs.add(SweepSpecification(specification(), grid))
    assert runs.cancel(waiting, kinds=SWEEPS)["state"] == "cancelled"
    number = runs.add(SweepSpecification(specification(), grid))
    assert command(settings, "work", "--once") == {"runs": 1}
    assert (runs.status(number)["state"], runs.status(number)["combinations"]) == ("done", 2)
    for wrong in (waiting, number):
        with pytest.raises(BacktestError) as raised:
            runs.result(wrong)
        assert raised.value.code == "unknown_run"
    kept = runs.connection.execute("SELECT DISTINCT sweep FROM backtest_trials").fetchall()
    assert [row["sweep"] for row in kept] == [number]


def test_what_another_version_asked_for_fails_alone(runs: Runs) -> None:
    broken, sound = runs.add(specification()), runs.add(specification())
    runs.connection.execute("UPDATE backtest_runs SET specification = '{}' WHERE id = %s", (broken,))
    claim = runs.claim("worker")
    assert claim is not None
    assert claim.id == sound
    assert runs.status(broken)["error"]["code"] == "bad_specification"
