"""Alert rules on quotes, on real servers: each crossing told once, with what was seen, whatever dies in between."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg import sql

from collectors.bus import Bus
from tests.integration.futuretrading.test_recorder import KEPT_S, START, quote, recorded, recorder, rows, stored
from tests.integration.live import running
from tests.servers import Database

TOLD = "SELECT symbol, title, mark FROM timezones_notification ORDER BY id"
AGO = datetime(2020, 1, 1, tzinfo=UTC)


def live(second: float, last: float, **fields: Any) -> bytes:
    """An event of now: the ones of `quote` are years old, so that a record says REPLAY."""
    return quote(second + (datetime.now(UTC) - START).total_seconds(), last, **fields)


def add_rule(database: Database, kind: str = "threshold", **fields: Any) -> int:
    """A rule on ES, there since long ago, in place of every other."""
    known: dict[str, Any] = {
        "name": "mine",
        "kind": kind,
        "severity": "info",
        "markets": [],
        "symbols": ["ES"],
        "side": "above",
        "channels": [],
        "emails": "",
        "webhook_url": "",
        "enabled": True,
        "sides": "{}",
        "author": "",
        "changed_at": AGO,
    } | fields
    statement = sql.SQL("INSERT INTO timezones_alertrule ({}) VALUES ({}) RETURNING id").format(
        sql.SQL(", ").join(sql.Identifier(name) for name in known),
        sql.SQL(", ").join([sql.Placeholder()] * len(known)),
    )
    with psycopg.connect(database.conninfo) as connection:
        connection.execute("UPDATE timezones_notification SET rule_id = NULL")
        connection.execute("DELETE FROM timezones_alertrule")
        found = connection.execute(statement, list(known.values())).fetchone()
    assert found
    return int(found[0])


async def told_of(bus: Bus, database: Database, events: Sequence[bytes]) -> list[tuple[Any, ...]]:
    """What is told of these events by a recorder that begins now."""
    async with running(recorder(bus, database).run()):
        await recorded(bus, database, events)
    return rows(database, TOLD)


async def test_a_crossing_is_told_with_the_event_the_exact_value_and_the_version(bus: Bus, database: Database) -> None:
    number = add_rule(database, limit_value=Decimal("4810.25"), version=3)
    ids = await bus.append_unified(
        [live(0, 4810.0), live(1, 4810.25), live(2, 4810.5), live(3, 4811)], retention_s=KEPT_S
    )
    async with running(recorder(bus, database).run()):
        await stored(database, ids[-1])
    told = rows(
        database,
        "SELECT rule_id, rule_version, event_id, value, mark, kind, severity, market, symbol, title, text "
        "FROM timezones_notification",
    )
    assert [row[:-1] for row in told] == [
        (number, 3, ids[2], Decimal("4810.5"), "", "threshold", "info", "GLOBEX_EQUITY", "ES", "ES is above 4810.25")
    ]
    assert told[0][-1].startswith("mine. It stands at 4810.50, by TOS at 20")


async def test_each_crossing_is_told_once_by_recorders_that_are_killed(bus: Bus, database: Database) -> None:
    add_rule(database, limit_value=Decimal(100))
    prices = [99, 101, 99, 101, 102, 99, 103, 98]
    for second, price in enumerate(prices):
        async with running(recorder(bus, database).run()):
            await recorded(bus, database, [live(second, price)])
    # What was read and not stored is read again, and tells nothing twice.
    with psycopg.connect(database.conninfo) as connection:
        connection.execute("UPDATE futuretrading_recorderstate SET stream_ms = 0, stream_number = 0, state = ''")
        connection.execute("UPDATE timezones_alertrule SET sides = '{}'")
    assert [row[1] for row in await told_of(bus, database, [live(9, 98)])] == ["ES is above 100"] * 3


async def test_it_is_armed_again_by_the_way_back_and_after_the_cool_down(bus: Bus, database: Database) -> None:
    add_rule(database, limit_value=Decimal(100), rearm=Decimal("0.5"))
    prices = [99.75, 100.25, 99.75, 100.25, 99.25, 100.25]
    assert len(await told_of(bus, database, [live(second, price) for second, price in enumerate(prices)])) == 2
    add_rule(database, limit_value=Decimal(100), cooldown_s=3_600)
    events = [live(second, price) for second, price in enumerate([99, 101, 99, 101, 99, 101])]
    assert len(await told_of(bus, database, events)) == 3


async def test_once_is_once_for_all_symbols_and_switches_off(bus: Bus, database: Database) -> None:
    number = add_rule(database, limit_value=Decimal(100), once=True, symbols=["ES", "NQ"])
    events = [live(0, 99), live(0, 99, symbol="NQ"), live(1, 101), live(1, 101, symbol="NQ"), live(2, 99), live(3, 101)]
    assert await told_of(bus, database, events) == [("ES", "ES is above 100", "")]
    assert rows(database, "SELECT id, enabled FROM timezones_alertrule") == [(number, False)]


async def test_a_made_up_market_is_named_and_no_crossing_leads_there(bus: Bus, database: Database) -> None:
    add_rule(database, limit_value=Decimal(100))
    events = [live(0, 99), live(1, 500, source="MOCK"), live(2, 99, source="MOCK"), live(3, 101, source="MOCK")]
    assert await told_of(bus, database, events) == [("ES", "ES is above 100 (MOCK)", "MOCK")]


async def test_a_recording_is_named_and_what_is_stale_is_no_news(bus: Bus, database: Database) -> None:
    add_rule(database, limit_value=Decimal(100))
    assert await told_of(bus, database, [quote(0, 99), quote(1, 101)]) == [("ES", "ES is above 100 (REPLAY)", "REPLAY")]
    stale = {"stale": True}
    assert len(await told_of(bus, database, [live(0, 99), live(1, 101, meta=stale), live(2, 99)])) == 1


@pytest.mark.parametrize(
    ("side", "limit", "changes", "told"),
    [
        ("beyond", "1", [0, 1.5, 0, -1.5], ["+1.5 %, beyond 1 %", "-1.5 %, beyond 1 %"]),
        ("below", "-1", [0, 1.5, 0, -1.5], ["-1.5 %, below -1 %"]),
    ],
)
async def test_a_change_beyond_a_percentage(  # noqa: PLR0917 - what is parametrized
    bus: Bus, database: Database, side: str, limit: str, changes: list[float], told: list[str]
) -> None:
    add_rule(database, "change", limit_value=Decimal(limit), side=side, symbols=[])
    events = [live(second, 100 + change) for second, change in enumerate(changes)]
    found = await told_of(bus, database, events)
    assert [title for _, title, _ in found] == [f"ES has changed by {words}" for words in told]


async def test_a_signal_that_becomes_what_was_asked_for(bus: Bus, database: Database) -> None:
    add_rule(database, "signal", signals=["STRONG_BUY"], symbols=["ES"])
    # The first signal is no change: nobody knows where it came from.
    events = [live(0, 107), live(1, 100), live(2, 107), live(3, 105), live(4, 107)]
    found = await told_of(bus, database, events)
    assert found == [
        ("ES", "ES has become strong buy, after hold", ""),
        ("ES", "ES has become strong buy, after buy", ""),
    ]


async def test_the_class_of_total(bus: Bus, database: Database) -> None:
    add_rule(database, "signal", signals=["BUY", "STRONG_BUY"], symbols=["TOTAL"])
    moved = [live(2, 200, symbol=symbol) for symbol in ("ES", "NQ", "YM", "RTY")]
    found = await told_of(bus, database, [live(0, 100), *moved])
    assert found
    assert found[0][:2] == ("TOTAL", "TOTAL has become buy, after hold")
    (value, text) = rows(database, "SELECT value, text FROM timezones_notification ORDER BY id LIMIT 1")[0]
    assert value > 3
    assert "tipped it, by TOS at" in text


async def test_a_changed_rule_knows_nothing_of_before_and_one_that_is_gone_tells_nothing(
    bus: Bus, database: Database
) -> None:
    number = add_rule(database, limit_value=Decimal(100))
    await told_of(bus, database, [live(0, 99)])
    with psycopg.connect(database.conninfo) as connection:
        connection.execute(
            "UPDATE timezones_alertrule SET version = 2, sides = '{}', limit_value = 98 WHERE id = %s", (number,)
        )
    assert await told_of(bus, database, [live(1, 101)]) == []
    with psycopg.connect(database.conninfo) as connection:
        connection.execute("UPDATE timezones_notification SET rule_id = NULL")
        connection.execute("DELETE FROM timezones_alertrule")
    assert await told_of(bus, database, [live(2, 97), live(3, 101)]) == []


async def test_nothing_is_looked_at_that_came_before_the_rule(bus: Bus, database: Database) -> None:
    await bus.append_unified([live(0, 99), live(1, 101)], retention_s=KEPT_S)
    add_rule(database, limit_value=Decimal(100), changed_at=datetime.now(UTC) + timedelta(hours=1))
    assert await told_of(bus, database, [live(2, 99), live(3, 101)]) == []


async def test_maintenance_pauses_what_is_told(bus: Bus, database: Database) -> None:
    add_rule(database, limit_value=Decimal(100))
    with psycopg.connect(database.conninfo) as connection:
        connection.execute(
            "INSERT INTO timezones_maintenancewindow (title, starts_at, ends_at, markets, pauses_alerts, shows_banner,"
            " author, changed_at) VALUES ('moving', now() - interval '1 hour', now() + interval '1 hour',"
            " '{GLOBEX_EQUITY}', true, true, '', now())"
        )
    assert await told_of(bus, database, [live(0, 99), live(1, 101)]) == []
    with psycopg.connect(database.conninfo) as connection:
        connection.execute("UPDATE timezones_maintenancewindow SET markets = '{NYSE}'")
    assert len(await told_of(bus, database, [live(2, 99), live(3, 101)])) == 1
