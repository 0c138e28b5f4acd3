"""The composite as the clock's alerts see it: TOTAL on a real Redis, from what the market did and what it does now."""

from decimal import Decimal

import psycopg

from collectors import keys
from collectors.bus import Bus
from collectors.instruments import load_instruments
from tests.integration.live import event, eventually, running
from tests.integration.timezones.test_notices import add_rule
from tests.servers import Database
from thor_fast import parse_batch
from thor_web.futuretrading.interface import CompositeWatch, Configuration, Enricher
from thor_web.futuretrading.services.announcement import announce
from thor_web.thor_project.configuration import ServerSettings
from thor_web.timezones.worldclock import WorldClock

TITLES = "SELECT title FROM timezones_notification WHERE kind = 'threshold'"
NAMED = frozenset({"TOTAL"})


async def tell(bus: Bus, number: int, *, change: float, symbol: str = "ES") -> str:
    """A quote that is so far from its settlement, in the unified stream."""
    meta = {"close": 4800, "netChange": change}
    (entry,) = await bus.append_unified(
        [event(number, symbol=symbol, last=4800 + change, meta=meta)], retention_s=86_400
    )
    return entry


def watch(bus: Bus) -> CompositeWatch:
    return CompositeWatch(bus, stale_after_ms=5_000)


async def sums(found: CompositeWatch) -> list[Decimal | None]:
    return [feed.last for feed in await found.feeds(NAMED)]


async def test_it_is_what_the_symbols_stand_at(bus: Bus) -> None:
    total = watch(bus)
    assert await sums(total) == []
    await tell(bus, 1, change=-200)
    assert await sums(total) == [Decimal(-2)]
    await tell(bus, 2, change=200)
    await tell(bus, 3, change=-200, symbol="YM")
    await tell(bus, 4, change=200, symbol="NQ")
    assert await sums(total) == [Decimal(2)]
    assert await total.feeds(frozenset({"ES"})) == []


async def test_it_begins_with_what_was_seen_before(bus: Bus) -> None:
    """As `thor signals` leaves it: entries that it took in may be gone."""
    enricher = Enricher.shipped(stale_after_ms=5_000)
    entry = await tell(bus, 1, change=-200)
    (found,) = await bus.newest_entries(keys.UNIFIED_STREAM, count=1)
    enricher.observe(parse_batch([found.data or b""])[0], [entry])
    await bus.put(keys.MARKET_STATE, enricher.core.export_state())
    await tell(bus, 2, change=-200, symbol="YM")
    assert await sums(watch(bus)) == [Decimal(-4)]


async def test_it_keeps_to_the_configuration(bus: Bus) -> None:
    total = watch(bus)
    await tell(bus, 1, change=200)
    async with running(total.run()):
        assert await sums(total) == [Decimal(2)]
        without = Configuration.shipped([row for row in load_instruments() if row.symbol != "ES"])  # type: ignore[arg-type]
        await announce(bus, without)
        await eventually(lambda: sums(total), lambda found: found == [], "ES counts no more")


async def test_a_crossing_of_the_composite_is_told(
    bus: Bus, server_settings: ServerSettings, database: Database
) -> None:
    total = watch(bus)
    clock = WorldClock(server_settings, database.conninfo, {}, more_feeds=total.feeds)
    async with await psycopg.AsyncConnection.connect(database.conninfo, autocommit=True) as connection:
        await add_rule(connection, "threshold", symbols=["TOTAL"], limit_value=Decimal(0))

        async def told() -> list[str]:
            return [row[0] for row in await (await connection.execute(TITLES)).fetchall()]

        async def side() -> str:
            found = await connection.execute(
                "SELECT sides ->> 'TOTAL' FROM timezones_alertrule WHERE kind = 'threshold'"
            )
            row = await found.fetchone()
            return row[0] if row else ""

        await tell(bus, 1, change=-200)
        async with running(clock.run()):
            await eventually(side, lambda found: found == "below", "the composite is below")
            await tell(bus, 2, change=200)
            assert await eventually(told) == ["TOTAL is above 0"]
