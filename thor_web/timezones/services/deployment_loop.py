"""Carries deployment windows through their states: looks every second, decides, writes the state and an audit row."""

import asyncio
import logging
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

import httpx
import psycopg
from psycopg.rows import dict_row

from thor_web.timezones.services.clock import Clock
from thor_web.timezones.services.deployment import FINAL_STATES, Surroundings, Window, decide
from thor_web.timezones.services.timekeeping import Timekeeper

__all__ = ["DeploymentLoop"]

log = logging.getLogger(__name__)

LOOK_S: Final = 1.0
HEALTH_TRIES: Final = 3
HEALTH_PAUSE_S: Final = 0.3
HEALTH_TIMEOUT_S: Final = 2.0
OPEN: Final = """
SELECT id, feature, opens_at, closes_at, markets, required_state, quiet_minutes, bake_minutes, rollback_deadline,
       health_url, state, since, armed, killed, confirmed
FROM timezones_deploymentwindow WHERE state NOT IN ('rolled_back', 'expired') AND (state <> 'done' OR killed)
ORDER BY opens_at, id
"""
LOCKED: Final = OPEN.replace("ORDER BY opens_at, id", "AND id = %s FOR UPDATE SKIP LOCKED")
MAINTENANCE: Final = (
    "SELECT title FROM timezones_maintenancewindow WHERE starts_at <= %s AND ends_at > %s ORDER BY starts_at LIMIT 1"
)
MOVE: Final = "UPDATE timezones_deploymentwindow SET state = %s, reason = %s, since = %s WHERE id = %s"
AUDIT: Final = """
INSERT INTO timezones_deploymentchange (window_id, at, from_state, to_state, reason, author)
VALUES (%s, %s, %s, %s, %s, 'clock')
"""


class DeploymentLoop:
    """One copy; a window is locked while it is decided on, so copies never decide twice."""

    def __init__(self, conninfo: str, clock: Clock, timekeeper: Timekeeper, client: httpx.AsyncClient) -> None:
        self._conninfo = conninfo
        self._clock = clock
        self._timekeeper = timekeeper
        self._client = client

    async def run(self) -> None:
        """Until cancelled; Postgres being away is waited out, and nothing is activated late."""
        while True:
            with suppress(psycopg.Error):
                async with await psycopg.AsyncConnection.connect(
                    self._conninfo, autocommit=True, application_name="thor deployments"
                ) as connection:
                    while True:
                        await self.look(connection)
                        await asyncio.sleep(LOOK_S)
            await asyncio.sleep(LOOK_S)

    async def look(self, connection: psycopg.AsyncConnection) -> None:
        """Decide on every window that is not over. Raises psycopg.Error."""
        cursor = connection.cursor(row_factory=dict_row)
        for row in await (await cursor.execute(OPEN)).fetchall():
            now = self._timekeeper.now()
            needs_health = row["state"] in {"active", "baking"} or (row["armed"] and row["opens_at"] <= now)
            healthy = await self._healthy(row["health_url"]) if needs_health else None
            await self._move(connection, row["id"], healthy, now)

    async def _move(
        self, connection: psycopg.AsyncConnection, number: int, healthy: bool | None, now: datetime
    ) -> None:
        async with connection.transaction():
            cursor = connection.cursor(row_factory=dict_row)
            row = await (await cursor.execute(LOCKED, (number,))).fetchone()
            if row is None:
                return
            found = await (await connection.execute(MAINTENANCE, (now, now))).fetchone()
            surroundings = Surroundings(found[0] if found else None, healthy)
            while (decision := decide(_window(row), self._clock, surroundings, now)) is not None:
                log.info("%s: %s to %s: %s", row["feature"], row["state"], decision.state, decision.reason)
                await connection.execute(MOVE, (decision.state, decision.reason, now, number))
                await connection.execute(AUDIT, (number, now, row["state"], decision.state, decision.reason))
                row |= {"state": decision.state, "since": now}
                if decision.state in FINAL_STATES:
                    break

    async def _healthy(self, url: str) -> bool:
        """Whether the address answers well; one bad answer out of several is forgiven."""
        for attempt in range(HEALTH_TRIES):
            if attempt:
                await asyncio.sleep(HEALTH_PAUSE_S)
            with suppress(httpx.HTTPError):
                if (await self._client.get(url, timeout=HEALTH_TIMEOUT_S)).is_success:
                    return True
        return False


def _window(row: dict[str, Any]) -> Window:
    return Window(
        feature=row["feature"],
        opens_at=row["opens_at"],
        closes_at=row["closes_at"],
        markets=tuple(row["markets"]),
        required_state=row["required_state"],
        quiet_s=60 * row["quiet_minutes"],
        bake_s=60 * row["bake_minutes"],
        rollback_deadline=row["rollback_deadline"],
        state=row["state"],
        since=row["since"],
        armed=row["armed"],
        killed=row["killed"],
        confirmed=row["confirmed"],
    )
