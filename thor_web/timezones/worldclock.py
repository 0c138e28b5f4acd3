"""The clock process: publishes what markets do, runs triggers, keeps up with operators. Safe in several copies."""

import asyncio
import logging
import os
import secrets
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final

import httpx

from collectors.bus import Bus, BusError
from collectors.instruments import load_instruments
from collectors.provider_health import read_providers
from thor_web.timezones.interface import calendar_folders, market_of, traded_markets, world_clock
from thor_web.timezones.services.actions import Action, alert_action
from thor_web.timezones.services.alert_conditions import Feed
from thor_web.timezones.services.alert_loop import AlertLoop, Feeds
from thor_web.timezones.services.clock import Clock
from thor_web.timezones.services.delivering import Channel, webhook_channel
from thor_web.timezones.services.deployment_loop import DeploymentLoop
from thor_web.timezones.services.feeds import quote_feeds
from thor_web.timezones.services.following import follow_files, follow_rulebook
from thor_web.timezones.services.publishing import publish_sessions, publish_wanted, spans_of_any
from thor_web.timezones.services.schedule import Span
from thor_web.timezones.services.timekeeping import MachineTime, Timekeeper
from thor_web.timezones.services.trigger_loop import TriggerLoop
from thor_web.timezones.settings import ClockSettings

__all__ = ["WorldClock", "owner_name", "run_world_clock"]

log = logging.getLogger(__name__)

HEALTH_TTL_S: Final = 5


class WorldClock:
    """One copy of the clock. `timekeeper` may be a simulated one; `more_feeds` are those that other rooms know of."""

    def __init__(
        self,
        settings: ClockSettings,
        conninfo: str,
        actions: Mapping[str, Action],
        *,
        clock: Clock | None = None,
        timekeeper: Timekeeper | None = None,
        channels: Mapping[str, Channel] | None = None,
        more_feeds: Feeds | None = None,
    ) -> None:
        self._settings = settings
        self._conninfo = conninfo
        self._clock = clock or world_clock()
        self._timekeeper = timekeeper or MachineTime()
        self._owner = owner_name()
        self._channels = channels or {}
        self._more_feeds = more_feeds
        actions = {"alert": alert_action(conninfo), **actions}
        self.triggers = TriggerLoop(conninfo, self._clock, self._timekeeper, actions, owner=self._owner)

    async def run(self) -> None:
        """Until cancelled; Redis and Postgres being away is waited out."""
        bus = Bus.from_url(self._settings.redis_url.get_secret_value())
        client = httpx.AsyncClient()
        markets = {row.symbol: market_of(row.market) for row in load_instruments()}

        async def feeds(named: frozenset[str]) -> list[Feed]:
            others = await self._more_feeds(named) if self._more_feeds is not None else ()
            return [*await quote_feeds(bus, markets), *others]

        async def statuses() -> dict[str, str] | None:
            try:
                health = await bus.health()
            except BusError:
                return None
            return {it.source: it.status for it in read_providers(health, (), self._timekeeper.now())}

        secret = self._settings.webhook_secret.get_secret_value()
        alerts = AlertLoop(
            self._conninfo,
            self._clock,
            self._timekeeper,
            feeds=feeds,
            statuses=statuses,
            channels={"webhook": webhook_channel(client, secret), **self._channels},
            traded=self._traded(),
        )
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(alerts.run())
                tasks.create_task(DeploymentLoop(self._conninfo, self._clock, self._timekeeper, client).run())
                tasks.create_task(self._follow())
                tasks.create_task(follow_files(self._clock, *calendar_folders()))
                tasks.create_task(
                    publish_sessions(
                        bus,
                        self._clock,
                        self._timekeeper.now,
                        lead_s=self._settings.session_lead_s,
                        lag_s=self._settings.session_lag_s,
                    )
                )
                tasks.create_task(publish_wanted(bus, self._timekeeper.now, self._ingest_wanted))
                tasks.create_task(self.triggers.run())
                tasks.create_task(self._report(bus))
        finally:
            await client.aclose()
            await bus.close()

    def _ingest_wanted(self, at: datetime) -> Sequence[Span] | None:
        """Ticks are stored at all times, unless sessions are followed: then while any instrument's market is wanted."""
        if not self._settings.follow_sessions:
            return None
        lead_s, lag_s = self._settings.session_lead_s, self._settings.session_lag_s
        return spans_of_any(self._clock, self._traded(), at, lead_s=lead_s, lag_s=lag_s)

    def _traded(self) -> list[str]:
        return [name for name in traded_markets() if name in self._clock.names]

    async def _follow(self) -> None:
        async for rulebook in follow_rulebook(self._conninfo, self._clock):
            for fault in rulebook.faults:
                log.error("left out: %s", fault)
            self.triggers.changed.set()

    async def _report(self, bus: Bus) -> None:
        while True:
            fields: dict[str, str | int | float] = {
                "state": self.triggers.state,
                "time_ms": int(self._timekeeper.now().timestamp() * 1_000),
                "version": self._clock.version,
                "markets": len(self._clock.names),
                "runs_done": self.triggers.done,
                "runs_failed": self.triggers.failed,
                "calendar_faults": " ".join(self._clock.faults),
                "pid": os.getpid(),
            }
            with suppress(BusError):
                await bus.heartbeat("clock", fields, ttl_s=HEALTH_TTL_S)
            await asyncio.sleep(1.0)


def owner_name() -> str:
    """A name for this copy in the ledger that no other has."""
    return f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"


async def run_world_clock(
    settings: ClockSettings,
    conninfo: str,
    actions: Mapping[str, Action],
    channels: Mapping[str, Channel],
    more_feeds: Feeds,
) -> None:
    """Run one copy until cancelled."""
    await WorldClock(settings, conninfo, actions, channels=channels, more_feeds=more_feeds).run()
