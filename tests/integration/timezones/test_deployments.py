"""Deployment windows on a real Postgres and a real health check: each step is audited, and the feature follows it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg

from tests.integration.receiver import receiving
from tests.integration.timezones.conftest import insert, rows
from tests.servers import Database
from thor_web.timezones.interface import world_clock
from thor_web.timezones.services.deployment_loop import DeploymentLoop
from thor_web.timezones.services.rulebook import read_rulebook

OPENS = datetime(2026, 11, 20, 23, 0, tzinfo=UTC)
CHANGES = "SELECT from_state, to_state, reason FROM timezones_deploymentchange ORDER BY id"


class Standing:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.at = OPENS + timedelta(minutes=1)

    def now(self) -> datetime:
        return self.at

    def real_s(self, seconds: float) -> float:
        return seconds


async def add_window(connection: psycopg.AsyncConnection, url: str, **fields: Any) -> int:
    known: dict[str, Any] = {
        "feature": "new-chart",
        "opens_at": OPENS,
        "closes_at": OPENS + timedelta(hours=2),
        "markets": ["GLOBEX_EQUITY"],
        "required_state": "all_closed",
        "quiet_minutes": 30,
        "bake_minutes": 15,
        "rollback_deadline": OPENS + timedelta(hours=3),
        "health_url": url,
        "state": "planned",
        "reason": "",
        "since": OPENS,
        "armed": True,
        "killed": False,
        "confirmed": False,
        "author": "ann",
    }
    return await insert(connection, "deploymentwindow", **(known | fields))


async def live(connection: psycopg.AsyncConnection) -> bool:
    return "new-chart" in (await read_rulebook(connection)).live_features


async def test_a_healthy_change_bakes_and_is_done(database: Database, connection: psycopg.AsyncConnection) -> None:
    clock = Standing()
    async with receiving(200) as receiver, httpx.AsyncClient() as client:
        await add_window(connection, receiver.url)
        loop = DeploymentLoop(database.conninfo, world_clock(), clock, client)
        assert not await live(connection)
        await loop.look(connection)
        assert await live(connection)
        clock.at += timedelta(minutes=16)
        await loop.look(connection)
        await loop.look(connection)
    assert await rows(connection, CHANGES) == [
        ("planned", "armed", "armed by an operator"),
        ("armed", "active", "inside the window, and every condition holds"),
        ("active", "baking", "the health check passed"),
        ("baking", "done", "healthy for 900 s"),
    ]
    assert await live(connection)


async def test_a_change_that_makes_it_ill_is_rolled_back(
    database: Database, connection: psycopg.AsyncConnection
) -> None:
    clock = Standing()
    async with receiving(200, 500) as receiver, httpx.AsyncClient() as client:
        await add_window(connection, receiver.url)
        loop = DeploymentLoop(database.conninfo, world_clock(), clock, client)
        await loop.look(connection)
        assert await live(connection)
        await loop.look(connection)
    assert (await rows(connection, CHANGES))[-1] == ("baking", "rolled_back", "the health check failed")
    assert not await live(connection)


async def test_a_window_that_ended_while_the_clock_was_dead_expires(
    database: Database, connection: psycopg.AsyncConnection
) -> None:
    clock = Standing()
    clock.at = OPENS + timedelta(hours=5)
    async with receiving(200) as receiver, httpx.AsyncClient() as client:
        await add_window(connection, receiver.url, state="armed")
        await DeploymentLoop(database.conninfo, world_clock(), clock, client).look(connection)
    assert await rows(connection, CHANGES) == [
        ("armed", "expired", "the window ended without it: nothing is activated late")
    ]


async def test_the_kill_switch_turns_a_finished_change_off(
    database: Database, connection: psycopg.AsyncConnection
) -> None:
    clock = Standing()
    async with receiving(200) as receiver, httpx.AsyncClient() as client:
        await add_window(connection, receiver.url, state="done")
        loop = DeploymentLoop(database.conninfo, world_clock(), clock, client)
        await loop.look(connection)
        assert await live(connection)
        await connection.execute("UPDATE timezones_deploymentwindow SET killed = true")
        await loop.look(connection)
    assert not await live(connection)
    assert await rows(connection, CHANGES) == [("done", "rolled_back", "the kill switch")]
