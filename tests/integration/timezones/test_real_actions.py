"""The actions that run commands of Thor, for real: a night's export and retention, a backtest of what was exported."""

import json
from datetime import UTC, date, datetime, time
from typing import Any

import psycopg
import pytest

from tests.integration.live import event
from tests.integration.thordata.test_lake import environment, store
from tests.integration.timezones.conftest import rows
from tests.integration.timezones.test_triggers import OPEN, add_trigger, due_run
from thor_web.runtime.composition import thor_command
from thor_web.thor_project.configuration import ServerSettings
from thor_web.thordata.services.lake_files import partition_path
from thor_web.timezones.interface import command_action, world_clock
from thor_web.timezones.services.executor import Executor
from thor_web.timezones.services.ledger import Ledger
from thor_web.timezones.services.planner import Planner

DAYS = (date(2025, 6, 9), date(2025, 6, 10))
RUNS = (
    "SELECT t.name, r.state, r.reason, r.result FROM timezones_triggerrun r JOIN timezones_trigger t"
    " ON t.id = r.trigger_id ORDER BY r.id"
)


@pytest.fixture
async def settings(server_settings: ServerSettings, monkeypatch: pytest.MonkeyPatch) -> ServerSettings:
    """Two days of ES in Postgres, and an environment in which commands find them."""
    for name, value in environment(server_settings).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TICKS_KEPT_DAYS", "30")
    ticks = [
        event(number, ts=f"{day}T14:{number % 60:02}:00Z", last=6000 + number % 7, meta={"close": 6000})
        for day in DAYS
        for number in range(1, 120)
    ]
    await store(server_settings, *ticks)
    return server_settings


async def carried_out(connection: psycopg.AsyncConnection, action: str) -> tuple[str, str, str]:
    """Run what is due; the state, reason and result of the newest run."""
    executor = Executor(Ledger(connection), {action: command_action(thor_command())}, owner="test")
    await executor.run_due(OPEN)
    await executor.drain()
    _, state, reason, result = (await rows(connection, RUNS))[-1]
    return state, reason, result


async def test_a_night_of_export_and_retention_and_a_backtest(
    settings: ServerSettings, connection: psycopg.AsyncConnection
) -> None:
    async def kept() -> list[Any]:
        return await rows(connection, "SELECT DISTINCT ts::date FROM ticks ORDER BY 1")

    await due_run(connection, name="too early", action="retention", max_attempts=1)
    state, reason, _ = await carried_out(connection, "retention")
    assert (state, reason.partition(":")[0]) == ("failed", "exit status 1")
    assert "export its dates" in reason
    assert await kept() == [(day,) for day in DAYS]

    await due_run(connection, name="export", action="export", parameters={"due": True})
    state, reason, result = await carried_out(connection, "export")
    assert (state, reason) == ("done", "")
    assert [line.split("\t")[:3] for line in result.splitlines()[1:]] == [[str(day), "ES", "119"] for day in DAYS]
    assert all(partition_path(settings.lake_folder(), day, "ES").is_file() for day in DAYS)

    words = ["run", "sma_cross", "--from", str(DAYS[0]), "--to", str(DAYS[1]), "--symbols", "ES", "--interval", "60"]
    arguments = [*words, "--set", "fast=3", "--set", "slow=8", "--json"]
    await due_run(connection, name="backtest", action="backtest", parameters={"arguments": arguments})
    state, reason, result = await carried_out(connection, "backtest")
    assert (state, reason) == ("done", "")
    assert (await rows(connection, "SELECT strategy, state FROM backtest_runs"))[0] == ("sma_cross", "done")

    await due_run(connection, name="retention", action="retention", parameters={"arguments": ["--json"]})
    state, _, result = await carried_out(connection, "retention")
    assert state == "done"
    assert [day["rows"] for day in json.loads(result)["dropped"]] == [119, 119]
    assert await kept() == []


async def test_the_export_of_a_session_is_of_its_trade_date(
    settings: ServerSettings, connection: psycopg.AsyncConnection
) -> None:
    await add_trigger(
        connection,
        name="export",
        market="GLOBEX_EQUITY",
        condition="local_time",
        local_time=time(16, 45),
        action="export",
        parameters={"symbols": ["ES"]},
        watermark=datetime(2025, 6, 9, 12, tzinfo=UTC),
    )
    planner = Planner(Ledger(connection), world_clock())
    await planner.load()
    await planner.plan(datetime(2025, 6, 9, 21, 45, tzinfo=UTC))
    state, reason, _ = await carried_out(connection, "export")
    assert (state, reason) == ("done", "")
    exported = [partition_path(settings.lake_folder(), day, "ES").is_file() for day in DAYS]
    assert exported == [True, False]


async def test_an_absurd_command_is_not_tried_again(
    settings: ServerSettings, connection: psycopg.AsyncConnection
) -> None:
    await due_run(connection, action="backtest", parameters={"arguments": ["run", "--never"]}, max_attempts=3)
    state, reason, _ = await carried_out(connection, "backtest")
    attempts = await rows(connection, "SELECT attempts FROM timezones_triggerrun")
    assert (state, reason.partition(":")[0], attempts) == ("failed", "exit status 2", [(1,)])
