"""Storing ticks starts and stops with the market, on a simulated clock, also when the clock was dead meanwhile."""

from datetime import UTC, datetime
from typing import Any

from collectors.bus import Bus
from tests.integration.live import event, eventually, running
from tests.integration.thordata.test_ingestor import publish, rows
from tests.servers import Database
from thor_web.thor_project.configuration import ServerSettings
from thor_web.thordata.ingestor import Ingestor
from thor_web.timezones.interface import world_clock
from thor_web.timezones.services.clock import Clock
from thor_web.timezones.services.timekeeping import SimulatedTime
from thor_web.timezones.worldclock import WorldClock

FRIDAY = datetime(2026, 11, 20, 21, 30, tzinfo=UTC)
SUNDAY = datetime(2026, 11, 22, 22, 57, tzinfo=UTC)
SPEED = 900
"""A quarter of an hour a second: ES closes at 22:00 on Friday, two seconds on."""


def world(settings: ServerSettings, start: datetime) -> Any:
    clock = Clock({"GLOBEX_EQUITY": world_clock().market("GLOBEX_EQUITY")})
    follows = settings.model_copy(update={"follow_sessions": True})
    timekeeper = SimulatedTime(start, speed=SPEED)
    return WorldClock(follows, settings.conninfo(), {}, clock=clock, timekeeper=timekeeper).run()


async def test_ticks_are_stored_with_the_market_and_a_dead_clock_heals(
    bus: Bus, server_settings: ServerSettings, database: Database
) -> None:
    async def state() -> str:
        return (await bus.health()).get("ingestor", {}).get("state", "")

    async def stored() -> int:
        return len(await rows(database))

    async with running(Ingestor(bus, server_settings).run()):
        async with running(world(server_settings, FRIDAY)):
            await publish(bus, event(1))
            await eventually(stored, lambda count: count == 1, "ES is open: its tick is stored")
            await eventually(state, lambda word: word == "stopped by schedule", "ES is closed")
            await publish(bus, event(2))
        # The clock is dead over the weekend, and over the open: nothing moves.
        assert (await state(), await stored()) == ("stopped by schedule", 1)
        async with running(world(server_settings, SUNDAY)):
            await eventually(stored, lambda count: count == 2, "ES is open again: what came meanwhile is stored")
            await eventually(state, lambda word: word == "ingesting", "and it says so")
