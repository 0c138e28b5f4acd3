"""Collecting and storing follow the market of each symbol on a simulated clock, also while the clock itself is dead."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from collectors.bus import Bus
from collectors.runner import collect
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
SUNDAY = datetime(2026, 11, 22, 22, 30, tzinfo=UTC)
SPEED = 900
"""A quarter of an hour a second."""
MARKETS = ("CFE", "GLOBEX_ENERGY", "GLOBEX_EQUITY", "GLOBEX_METALS", "GLOBEX_RATES", "ICE_US")


class Hands(SimulatedTime):
    """A simulated clock that a test may put to another instant."""

    def put(self, start: datetime) -> None:
        self._start, self._begun_s = start, time.time()

    def time_s(self) -> float:
        return self.now().timestamp()


class Ticker:
    """A source that quotes ES and DX all the time, each event stamped by the simulated clock."""

    name = "TOS"
    mode = "live"
    problem = None

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._number = 0

    async def batches(self) -> AsyncIterator[Sequence[bytes]]:
        while True:
            self._number += 1
            ts = self._hands.now().isoformat()
            yield [event(self._number, symbol=symbol, ts=ts) for symbol in ("ES", "DX")]
            await asyncio.sleep(0.02)


def world(settings: ServerSettings, hands: SimulatedTime) -> Any:
    clock = Clock({name: world_clock().market(name) for name in MARKETS})
    return WorldClock(settings, settings.conninfo(), {}, clock=clock, timekeeper=hands).run()


def follows(settings: ServerSettings) -> ServerSettings:
    return settings.model_copy(update={"follow_sessions": True})


async def test_ticks_are_stored_with_the_market_and_a_dead_clock_changes_nothing(
    bus: Bus, server_settings: ServerSettings, database: Database
) -> None:
    settings, hands = follows(server_settings), Hands(FRIDAY, speed=SPEED)

    async def state() -> str:
        return (await bus.health()).get("ingestor", {}).get("state", "")

    async def stored() -> int:
        return len(await rows(database))

    async with running(Ingestor(bus, settings, time_s=hands.time_s).run()):
        async with running(world(settings, hands)):
            await publish(bus, event(1))
            await eventually(stored, lambda count: count == 1, "ES is open: its tick is stored")
            await eventually(state, lambda word: word == "stopped by schedule", "every market is closed")
            await publish(bus, event(2))
        assert (await state(), await stored()) == ("stopped by schedule", 1)
        # The clock is dead from here on, and the markets open without it.
        hands.put(SUNDAY)
        await eventually(stored, lambda count: count == 2, "ES is open again: what came meanwhile is stored")
        await eventually(state, lambda word: word == "ingesting", "and it says so")


async def test_each_symbol_is_collected_and_stored_with_its_own_market(
    bus: Bus, server_settings: ServerSettings, database: Database
) -> None:
    """On a Monday ES rests from 22:00Z to 23:00Z, DX from 22:00Z to 01:00Z, with five minutes before and 15 behind.

    The clock dies before anything closes.
    """
    start = datetime(2026, 11, 23, 21, 45, tzinfo=UTC)
    settings, hands = follows(server_settings), Hands(start, speed=60)
    closes, es_opens, dx_opens = (start + timedelta(minutes=minutes) for minutes in (30, 70, 190))
    moment = timedelta(seconds=20)

    async def stored(symbol: str, after: datetime) -> bool:
        return any(name == symbol and ts >= after for name, ts in await rows(database, "symbol, ts"))

    async def resting() -> bool:
        return (await bus.health()).get("collector:TOS", {}).get("state") == "resting"

    async def known() -> bool:
        said = await bus.read_sessions(MARKETS)
        return len(said) == len(MARKETS) and not await bus.is_wanted("ingestor", (closes + moment).timestamp())

    async with running(world(settings, hands)):
        await eventually(known, bool, "everybody knows when the markets open")
    hands.put(start)
    async with (
        running(Ingestor(bus, settings, time_s=hands.time_s).run()),
        running(collect(Ticker(hands), settings, kind="test", time_s=hands.time_s)),  # type: ignore[arg-type]
    ):
        await eventually(lambda: stored("ES", start), bool, "ES is open")
        await eventually(lambda: stored("DX", start), bool, "and so is DX")
        hands.put(closes - moment)
        await eventually(resting, bool, "both are closed")
        hands.put(es_opens - moment)
        await eventually(lambda: stored("ES", es_opens), bool, "ES is open again")
        hands.put(dx_opens - moment)
        await eventually(lambda: stored("DX", dx_opens), bool, "DX is open again")
        health = (await bus.health())["collector:TOS"]
    assert int(health["not_wanted"]) > 0
    # An event may be stamped a moment before it is judged.
    late = timedelta(minutes=5)
    opens = {"ES": es_opens, "DX": dx_opens}
    assert not [(name, ts) for name, ts in await rows(database, "symbol, ts") if closes < ts < opens[name] - late]
