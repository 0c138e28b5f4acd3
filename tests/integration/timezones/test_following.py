"""What an operator writes reaches a running clock within a second, and what the clock says reaches Redis."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest

from collectors.bus import Bus
from collectors.instruments import load_instruments
from collectors.session_gate import SessionGate
from tests.integration.live import eventually, running
from tests.servers import Database
from thor_web.thor_project.configuration import ServerSettings
from thor_web.timezones.interface import session_changes, world_clock
from thor_web.timezones.services.clock import Clock
from thor_web.timezones.services.following import follow_rulebook
from thor_web.timezones.services.state import state_of
from thor_web.timezones.services.timekeeping import SimulatedTime
from thor_web.timezones.worldclock import WorldClock

NAMES = ("GLOBEX_EQUITY", "GLOBEX_RATES", "GLOBEX_ENERGY", "GLOBEX_METALS", "CFE", "ICE_US", "NYSE")
WITHIN_S = 1.0


@pytest.fixture
def clock() -> Clock:
    """A clock of the test's own, which it may override."""
    return Clock({name: world_clock().market(name) for name in NAMES})


@pytest.fixture
async def connection(database: Database) -> AsyncIterator[psycopg.AsyncConnection]:
    async with await psycopg.AsyncConnection.connect(database.conninfo, autocommit=True) as connected:
        yield connected


async def write_override(connection: psycopg.AsyncConnection, market: str, day: date, hours: str) -> None:
    await connection.execute(
        "INSERT INTO timezones_calendaroverride (market, day, hours, name, reason, author, changed_at)"
        " VALUES (%s, %s, %s, 'Storm', 'radio', 'ann', now())",
        (market, day, hours),
    )


async def take(clock: Clock, database: Database) -> None:
    async for _ in follow_rulebook(database.conninfo, clock):
        pass


async def test_overrides_and_halts_reach_a_running_process_within_a_second(
    clock: Clock, database: Database, connection: psycopg.AsyncConnection
) -> None:
    day = date(2026, 11, 25)
    at = datetime(2026, 11, 25, 15, tzinfo=UTC)

    async def phase() -> str:
        return state_of(clock, "NYSE", at).phase

    async with running(take(clock, database)):
        await write_override(connection, "NYSE", day, "closed")
        await eventually(phase, lambda found: found == "closed", "the override")
        started = asyncio.get_running_loop().time()
        await connection.execute("UPDATE timezones_calendaroverride SET hours = '09:30 regular 11:00 closed'")
        await eventually(phase, lambda found: found == "regular", "the changed override")
        assert asyncio.get_running_loop().time() - started < WITHIN_S
        await connection.execute(
            "INSERT INTO timezones_halt (market, starts_at, reason, author, changed_at)"
            " VALUES ('NYSE', '2026-11-25T14:40:00Z', 'fire', 'ann', now())"
        )
        await eventually(phase, lambda found: found == "halt", "the halt")
        await connection.execute("DELETE FROM timezones_halt; DELETE FROM timezones_calendaroverride")
        await eventually(phase, lambda found: found == "regular", "what the calendar says")


async def test_a_row_that_cannot_be_read_is_left_out_and_named(
    clock: Clock, database: Database, connection: psycopg.AsyncConnection
) -> None:
    await write_override(connection, "NYSE", date(2026, 11, 25), "at noon")
    await write_override(connection, "NYSE", date(2026, 11, 30), "closed")
    await write_override(connection, "NYSE", date(2026, 12, 2), "-10:00 regular 16:00 closed")
    async for rulebook in follow_rulebook(database.conninfo, clock):
        assert rulebook.faults[0].startswith("override of NYSE on 2026-11-25: hours are `closed` or steps")
        break
    assert list(clock.market("NYSE").overrides) == [date(2026, 11, 30)]


async def test_clients_are_told_of_an_override_and_of_a_transition(clock: Clock) -> None:
    timekeeper = SimulatedTime(datetime(2026, 11, 24, 14, 29, 58, tzinfo=UTC), speed=4)
    changes = session_changes(clock, timekeeper.now)
    async with asyncio.timeout(20):
        opened = await anext(changes)
        assert (opened.market, opened.phase) == ("NYSE", "regular")
        told = asyncio.ensure_future(anext(changes))
        await asyncio.sleep(0)
        from thor_web.timezones.services.halts import Halt

        clock.put("CFE", halts=[Halt(int(timekeeper.now().timestamp()), None, "fire")])
        halted = await told
    assert (halted.market, halted.phase, halted.reason) == ("CFE", "halt", "halted: fire")


def world(settings: ServerSettings, clock: Clock, timekeeper: SimulatedTime, **changes: Any) -> WorldClock:
    return WorldClock(settings.model_copy(update=changes), settings.conninfo(), {}, clock=clock, timekeeper=timekeeper)


async def test_redis_holds_every_state_for_processes_without_django(
    bus: Bus, server_settings: ServerSettings, clock: Clock
) -> None:
    timekeeper = SimulatedTime(datetime(2026, 11, 24, 14, 0, tzinfo=UTC), speed=1)
    async with running(world(server_settings, clock, timekeeper).run()):
        hashes = await eventually(lambda: bus.read_sessions(NAMES), lambda found: len(found) == len(NAMES))
        health = await eventually(bus.health, lambda found: "clock" in found)
    assert hashes["NYSE"] | {"now": "", "local_time": "", "wanted": ""} == {
        "is_open": "false",
        "market": "NYSE",
        "now": "",
        "next_transition_at": "2026-11-24T14:30:00Z",
        "holiday": "",
        "phase": "pre",
        "trade_date": "2026-11-24",
        "title": "New York Stock Exchange",
        "confidence": "verified",
        "next_phase": "regular",
        "next_phase_at": "2026-11-24T14:30:00Z",
        "holiday_kind": "",
        "reason": "",
        "halted": "false",
        "scheduled_phase": "pre",
        "verified_through": "2028-12-31",
        "time_zone": "America/New_York",
        "local_time": "",
        "version": "0",
        "wanted": "",
    }
    assert json.loads(hashes["NYSE"]["wanted"])[:2] == [
        ["2026-11-24T08:55:00Z", "2026-11-25T01:15:00Z"],
        ["2026-11-25T08:55:00Z", "2026-11-26T01:15:00Z"],
    ]
    assert health["clock"]["markets"] == str(len(NAMES))


async def test_quotes_of_a_symbol_are_wanted_with_its_market_also_while_the_clock_is_dead(
    bus: Bus, server_settings: ServerSettings, clock: Clock
) -> None:
    """Half an hour a second: ES closes at 22:00Z on Friday, and opens at 23:00Z on Sunday."""
    timekeeper = SimulatedTime(datetime(2026, 11, 20, 21, 30, tzinfo=UTC), speed=1_800)
    gate = SessionGate(bus, load_instruments(), time_s=lambda: timekeeper.now().timestamp())

    async def wants() -> bool:
        await gate.refresh()
        return gate.wants("ES")

    async with running(world(server_settings, clock, timekeeper).run()):
        await eventually(lambda: bus.read_sessions(NAMES), lambda found: len(found) == len(NAMES))
        assert await wants()
        await eventually(wants, lambda found: not found, "ES is closed")
        assert timekeeper.now() >= datetime(2026, 11, 20, 22, 15, tzinfo=UTC)
    # The clock is dead from here on, and the market opens without it.
    timekeeper = SimulatedTime(datetime(2026, 11, 22, 22, 50, tzinfo=UTC), speed=1_800)
    assert not gate.wants("ES")
    await eventually(wants, bool, "ES is open")
    assert timekeeper.now() >= datetime(2026, 11, 22, 22, 55, tzinfo=UTC)
    # A halt nobody planned closes nothing here; an override does, once the clock is back.
    clock.put("GLOBEX", overrides={})
    assert gate.unwanted() == frozenset({"DX"}) or gate.wants("DX")


async def test_what_nobody_knows_is_wanted(bus: Bus) -> None:
    gate = SessionGate(bus, load_instruments())
    await gate.refresh()
    assert gate.wants("ES")
    assert gate.wants("NOBODY")
    past = datetime.now(UTC) - timedelta(days=20)
    spans = json.dumps([[past.isoformat(), (past + timedelta(hours=1)).isoformat()]])
    await bus.write_sessions({"GLOBEX_EQUITY": {"wanted": spans}, "CFE": {"wanted": "never"}})
    await gate.refresh()
    assert gate.wants("ES"), "a clock that died weeks ago decides nothing"
    assert gate.wants("VX")
