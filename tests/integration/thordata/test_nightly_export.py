"""What the clock does for the lake: a close leads to an export of all that has ended, checked for doubtful rows."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest

from tests.integration.live import event, eventually, running
from tests.integration.thordata.test_lake import environment, store
from thor_web.runtime.composition import thor_command
from thor_web.thor_project.configuration import ServerSettings
from thor_web.thordata.lake import query
from thor_web.thordata.services.lake_files import lake_dates
from thor_web.timezones.interface import world_clock
from thor_web.timezones.services.actions import command_action
from thor_web.timezones.services.timekeeping import SimulatedTime
from thor_web.timezones.services.trigger_loop import TriggerLoop

TUESDAY = date(2025, 6, 10)
CLOSE = datetime(2025, 6, 10, 21, tzinfo=UTC)


async def runs(settings: ServerSettings) -> list[tuple[Any, ...]]:
    async with await psycopg.AsyncConnection.connect(settings.conninfo()) as connection:
        cursor = await connection.execute(
            "SELECT t.name, r.due_at, r.session_date, r.state, r.result FROM timezones_triggerrun r "
            "JOIN timezones_trigger t ON t.id = r.trigger_id ORDER BY r.due_at"
        )
        return await cursor.fetchall()


async def test_a_close_leads_to_an_export(server_settings: ServerSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    await store(server_settings, *[event(seq, ts=f"2025-06-10T12:00:{seq:02}Z") for seq in range(5)])
    late = event(9, ts="2025-06-06T12:00:00Z", bid=4801.0, ask=4800.0)  # of a Friday that ended long ago, and crossed
    await store(server_settings, late)
    with psycopg.connect(server_settings.conninfo(), autocommit=True) as connection:
        # The trigger that every Thor has, but for the nightly proof; it has looked up to just before the close.
        connection.execute("UPDATE timezones_trigger SET enabled = false WHERE action <> 'export'")
        changed = connection.execute(
            "UPDATE timezones_trigger SET watermark = %s WHERE enabled", (CLOSE - timedelta(minutes=1),)
        )
        assert changed.rowcount == 1
    for name, value in environment(server_settings).items():
        monkeypatch.setenv(name, value)
    actions = {"export": command_action(thor_command())}
    loop = TriggerLoop(
        server_settings.conninfo(), world_clock(), SimulatedTime(CLOSE, speed=3_600), actions, owner="a test"
    )
    async with running(loop.run()):
        found = await eventually(lambda: runs(server_settings), lambda rows: bool(rows) and rows[0][3] != "due")
        if found[0][3] == "running":
            found = await eventually(lambda: runs(server_settings), lambda rows: rows[0][3] != "running")
    name, due_at, session_date, state, result = found[0]
    assert (name, due_at, session_date) == ("Nightly export", CLOSE + timedelta(minutes=15), TUESDAY)
    assert state == "done", result
    assert lake_dates(server_settings.lake_folder()) == [date(2025, 6, 6), TUESDAY]
    assert query(server_settings, "SELECT count(*) FROM ticks")[1] == [(6,)]
    assert query(server_settings, "SELECT count(*) FROM ticks_clean")[1] == [(5,)]
