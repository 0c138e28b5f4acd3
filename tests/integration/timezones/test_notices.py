"""Alerts on a real Postgres: told once by however many copies, sent through channels, held in quiet hours, paused."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import psycopg

from tests.integration.live import eventually
from tests.integration.receiver import receiving
from tests.integration.timezones.conftest import insert, rows
from tests.servers import Database
from thor_web.timezones.interface import follow_notices, traded_markets, world_clock
from thor_web.timezones.services.alert_conditions import Feed
from thor_web.timezones.services.alert_loop import AlertLoop
from thor_web.timezones.services.delivering import webhook_channel

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
DELIVERIES = "SELECT channel, state, attempts, error FROM timezones_delivery ORDER BY id"
TITLES = "SELECT title FROM timezones_notification ORDER BY id"


class Market:
    """A clock that stands still until it is moved, and prices that the test sets."""

    def __init__(self) -> None:
        self.at = NOW
        self.prices: dict[str, str] = {}
        self.sources: dict[str, str] | None = {}

    def now(self) -> datetime:
        return self.at

    def real_s(self, seconds: float) -> float:
        return seconds

    async def feeds(self, _named: frozenset[str]) -> list[Feed]:
        return [
            Feed(symbol, {"ES": "GLOBEX_EQUITY"}.get(symbol, ""), Decimal(price), NOW)
            for symbol, price in self.prices.items()
        ]

    async def statuses(self) -> dict[str, str] | None:
        return self.sources


async def add_rule(connection: psycopg.AsyncConnection, kind: str, **fields: Any) -> int:
    await connection.execute("DELETE FROM timezones_alertrule")
    known: dict[str, Any] = {
        "name": kind,
        "kind": kind,
        "severity": "info",
        "markets": ["GLOBEX_EQUITY"],
        "symbols": [],
        "side": "above",
        "channels": [],
        "emails": "",
        "webhook_url": "",
        "enabled": True,
        "sides": {},
        "author": "",
        "changed_at": NOW,
    }
    return await insert(connection, "alertrule", **(known | fields))


def loop_of(database: Database, market: Market, **channels: Any) -> AlertLoop:
    return AlertLoop(
        database.conninfo,
        world_clock(),
        market,
        feeds=market.feeds,
        statuses=market.statuses,
        channels=channels,
        traded=traded_markets(),
    )


async def test_the_first_rules_are_there_at_once(database: Database, connection: psycopg.AsyncConnection) -> None:
    await loop_of(database, Market()).look(connection)
    assert len(await rows(connection, TITLES)) == 6
    assert (await rows(connection, TITLES))[0] == (
        "The calendar of CME Globex equity index is verified through 2026-12-31 only",
    )


async def test_however_many_look_it_is_told_once(database: Database, connection: psycopg.AsyncConnection) -> None:
    await add_rule(connection, "stale_feed")
    market = Market()
    market.prices, market.at = {"ES": "1"}, NOW + timedelta(minutes=2)
    for loop in (loop_of(database, market), loop_of(database, market)):
        await loop.look(connection)
        await loop.look(connection)
    assert await rows(connection, TITLES) == [("ES is silent while CME Globex equity index is open",)]


async def test_a_crossing_of_total_is_told_also_when_the_copy_that_saw_the_other_side_is_dead(
    database: Database, connection: psycopg.AsyncConnection
) -> None:
    await add_rule(connection, "threshold", symbols=["TOTAL", "ES"], limit_value=Decimal(3))
    market = Market()
    market.prices = {"TOTAL": "2", "ES": "2"}
    await loop_of(database, market).look(connection)
    market.prices = {"TOTAL": "4", "ES": "4"}
    await loop_of(database, market).look(connection)
    # What a price does is told by `thor signals`, which sees every event.
    assert await rows(connection, TITLES) == [("TOTAL is above 3",)]


async def test_a_source_that_is_heard_no_more_is_told_once_also_after_a_restart(
    database: Database, connection: psycopg.AsyncConnection
) -> None:
    await add_rule(connection, "source_lost")
    market = Market()
    market.sources = {"TOS": "live", "MOCK": "live", "SCHWAB": "live"}
    await loop_of(database, market).look(connection)
    market.sources = {"MOCK": "stopped", "SCHWAB": "login_needed"}
    loop = loop_of(database, market)
    for seconds in (0, 9.5, 10, 60):
        market.at = NOW + timedelta(seconds=seconds)
        await loop.look(connection)
        assert len(await rows(connection, TITLES)) == (0 if seconds < 10 else 2)
    assert sorted(await rows(connection, TITLES)) == [("The source SCHWAB is lost",), ("The source TOS is lost",)]
    await loop_of(database, market).look(connection)
    market.sources = {"TOS": "quiet"}
    await loop.look(connection)
    market.sources = None  # nobody can know: no source is lost by that
    market.at += timedelta(minutes=5)
    await loop.look(connection)
    assert len(await rows(connection, TITLES)) == 2
    market.sources = {}
    await loop.look(connection)
    market.at += timedelta(seconds=10)
    await loop.look(connection)
    assert (await rows(connection, TITLES))[2:] == [("The source TOS is lost",)]


async def test_what_has_no_market_is_looked_at_only_where_a_threshold_names_it(
    database: Database, connection: psycopg.AsyncConnection
) -> None:
    market = Market()
    await add_rule(connection, "stale_feed", markets=[])
    market.prices, market.at = {"TOTAL": "1", "AAPL": "1"}, NOW + timedelta(minutes=2)
    await loop_of(database, market).look(connection)
    assert await rows(connection, TITLES) == []
    await add_rule(
        connection, "threshold", symbols=["TOTAL"], markets=["NYSE"], limit_value=Decimal("-2.5"), side="below"
    )
    await loop_of(database, market).look(connection)
    market.prices = {"TOTAL": "-3", "AAPL": "-3"}
    await loop_of(database, market).look(connection)
    assert await rows(connection, TITLES) == [("TOTAL is below -2.5",)]


async def test_openings_are_told_as_they_come_and_old_ones_are_no_news(
    database: Database, connection: psycopg.AsyncConnection
) -> None:
    await add_rule(connection, "opens", markets=["NYSE"])
    market = Market()
    loop = loop_of(database, market)
    await loop.look(connection)
    assert await rows(connection, TITLES) == []
    market.at = datetime(2026, 11, 25, 14, 30, 1, tzinfo=UTC)
    await loop.look(connection)
    await loop.look(connection)
    assert await rows(connection, TITLES) == [("New York Stock Exchange is open",)]


async def test_maintenance_pauses_alerts_of_its_markets(
    database: Database, connection: psycopg.AsyncConnection
) -> None:
    await add_rule(connection, "stale_feed")
    window = {
        "title": "moving",
        "starts_at": NOW,
        "ends_at": NOW + timedelta(hours=1),
        "pauses_alerts": True,
        "shows_banner": True,
        "author": "",
        "changed_at": NOW,
    }
    market = Market()
    market.prices, market.at = {"ES": "1"}, NOW + timedelta(minutes=2)
    number = await insert(connection, "maintenancewindow", markets=["GLOBEX_EQUITY"], **window)
    await loop_of(database, market).look(connection)
    assert await rows(connection, TITLES) == []
    await connection.execute("UPDATE timezones_maintenancewindow SET markets = '{NYSE}' WHERE id = %s", (number,))
    await loop_of(database, market).look(connection)
    assert len(await rows(connection, TITLES)) == 1


async def test_a_webhook_waits_for_the_end_of_quiet_hours_and_is_tried_again(
    database: Database, connection: psycopg.AsyncConnection
) -> None:
    market = Market()
    market.prices, market.at = {"ES": "1"}, NOW + timedelta(minutes=2)
    quiet = await insert(
        connection,
        "quiethours",
        market="",
        time_zone="UTC",
        begins="14:00",
        ends="16:00",
        days=list(range(7)),
        author="",
    )
    async with receiving(500, 200) as receiver, httpx.AsyncClient() as client:
        await add_rule(connection, "stale_feed", channels=["webhook"], webhook_url=receiver.url)
        loop = loop_of(database, market, webhook=webhook_channel(client, "a secret"))
        await loop.look(connection)
        await loop.send(connection)
        assert (receiver.requests, await rows(connection, DELIVERIES)) == ([], [("webhook", "waiting", 0, "")])
        await connection.execute("DELETE FROM timezones_quiethours WHERE id = %s", (quiet,))
        await connection.execute("UPDATE timezones_delivery SET next_try_at = now()")
        await loop.send(connection)
        assert await rows(connection, DELIVERIES) == [("webhook", "waiting", 1, "status 500")]
        await connection.execute("UPDATE timezones_delivery SET next_try_at = now()")
        await loop.send(connection)
        assert await rows(connection, DELIVERIES) == [("webhook", "sent", 2, "")]
        headers, body = receiver.requests[-1]
    assert headers["x-thor-signature"].startswith("v1=")
    document = json.loads(body)
    assert (document["kind"], document["symbol"], document["key"]) == ("stale_feed", "ES", headers["x-thor-key"])


async def test_critical_notices_know_no_quiet_hours_and_a_refusal_is_final(
    database: Database, connection: psycopg.AsyncConnection
) -> None:
    market = Market()
    market.prices, market.at = {"ES": "1"}, NOW + timedelta(minutes=2)
    await insert(
        connection,
        "quiethours",
        market="",
        time_zone="UTC",
        begins="00:00",
        ends="00:00",
        days=list(range(7)),
        author="",
    )
    async with receiving(404) as receiver, httpx.AsyncClient() as client:
        await add_rule(
            connection, "stale_feed", severity="critical", channels=["webhook", "email"], webhook_url=receiver.url
        )
        loop = loop_of(database, market, webhook=webhook_channel(client, "a secret"))
        await loop.look(connection)
        await loop.send(connection)
    assert await rows(connection, "SELECT channel, state, error FROM timezones_delivery ORDER BY channel") == [
        ("email", "failed", "there is no channel 'email'"),
        ("webhook", "failed", "status 404"),
    ]


async def test_a_new_notice_and_its_acknowledgement_reach_whoever_follows(
    database: Database, connection: psycopg.AsyncConnection
) -> None:
    await add_rule(connection, "stale_feed")
    market = Market()
    market.prices, market.at = {"ES": "1"}, NOW + timedelta(minutes=2)
    notices = follow_notices(database.conninfo)
    first = asyncio.ensure_future(anext(notices))

    async def listening() -> bool:
        return bool(await rows(connection, "SELECT 1 FROM pg_stat_activity WHERE query = 'LISTEN thor_notice'"))

    await eventually(listening, bool, "somebody listens")
    await loop_of(database, market).look(connection)
    told = await asyncio.wait_for(first, 20)
    assert (told["title"], told["acknowledged_at"]) == ("ES is silent while CME Globex equity index is open", None)
    await connection.execute("UPDATE timezones_notification SET acknowledged_at = now(), acknowledged_by = 'ann'")
    assert (await asyncio.wait_for(anext(notices), 20))["acknowledged_by"] == "ann"
