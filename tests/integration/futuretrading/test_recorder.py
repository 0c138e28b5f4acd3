"""The recorder on real servers: bars, signals, grades, trade dates and rolls, each once whatever dies in between."""

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from collectors import keys
from collectors.bus import Bus
from tests.integration.live import eventually, running
from tests.servers import Database
from thor_web.futuretrading.recorder import Recorder

KEPT_S = 86_400
START = datetime(2025, 6, 11, 14, 0, tzinfo=UTC)
"""A Wednesday morning in Chicago: the trade date of the same day."""


def quote(second: float, last: float, *, symbol: str = "ES", source: str = "TOS", **fields: Any) -> bytes:
    """An event of so many seconds after START, half a point wide around its price."""
    meta = {"volume": 1_000 + int(second), "netChange": last - 100, **fields.pop("meta", {})}
    event = {
        "symbol": symbol,
        "ts": round((START.timestamp() + second) * 1_000),
        "source": source,
        "last": last,
        "bid": last - 0.25,
        "ask": last + 0.25,
        "lastSize": 1,
        "bidSize": 1,
        "askSize": 1,
        "meta": meta,
    } | fields
    return json.dumps(event).encode()


def rows(database: Database, question: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(database.conninfo) as connection:
        return connection.execute(question.encode()).fetchall()


async def recorded(bus: Bus, database: Database, events: Sequence[bytes]) -> None:
    """Append events, and wait until a recorder has stored them all."""
    ids = await bus.append_unified(events, retention_s=KEPT_S)
    await stored(database, ids[-1])


async def stored(database: Database, entry_id: str) -> None:
    async def position() -> str:
        found = await asyncio.to_thread(
            rows, database, "SELECT stream_ms || '-' || stream_number FROM futuretrading_recorderstate"
        )
        return str(found[0][0]) if found else "0-0"

    await eventually(position, lambda at: at == entry_id, "the recorder has stored everything")


def recorder(bus: Bus, database: Database) -> Recorder:
    return Recorder(bus, database.conninfo, stale_after_ms=5_000, second_bars_days=7)


async def test_bars_are_those_of_the_events_whatever_their_order(bus: Bus, database: Database) -> None:
    events = [quote(second, 100 + second % 7) for second in range(130)]
    late = [events.pop(70), events.pop(3)]
    async with running(recorder(bus, database).run()):
        await recorded(bus, database, events[:60])
        await recorded(bus, database, [*events[60:], *late, late[0]])
    minutes = rows(
        database,
        "SELECT start, open, high, low, close, events FROM futuretrading_bar WHERE \"interval\" = '1m' ORDER BY start",
    )
    assert [(bar[0].minute, *map(int, bar[1:])) for bar in minutes] == [
        (0, 100, 106, 100, 103, 60),
        (1, 104, 106, 100, 100, 60),
        (2, 101, 106, 100, 103, 10),
    ]
    (day,) = rows(database, "SELECT start, events, mock FROM futuretrading_bar WHERE \"interval\" = '1d'")
    assert day == (datetime(2025, 6, 10, 22, 0, tzinfo=UTC), 130, False)


async def test_a_recorder_that_is_killed_stores_everything_once(bus: Bus, database: Database) -> None:
    events = [quote(second, 100 + second % 7) for second in range(90)]
    for start in range(0, 90, 30):
        async with running(recorder(bus, database).run()):
            await recorded(bus, database, events[start : start + 30])
            await bus.append_unified(events[start : start + 1], retention_s=KEPT_S)
    last = await bus.append_unified([quote(90, 100)], retention_s=KEPT_S)
    async with running(recorder(bus, database).run()):
        await stored(database, last[-1])
    (volume, count) = rows(
        database, "SELECT sum(volume), sum(events) FROM futuretrading_bar WHERE \"interval\" = '1s'"
    )[0]
    assert (volume, count) == (90, 91)
    ((vwap_volume,),) = rows(database, "SELECT volume FROM futuretrading_marketdata")
    assert vwap_volume == 90


async def test_signals_are_recorded_with_their_grades(bus: Bus, database: Database) -> None:
    events = [
        quote(0, 100.0),
        quote(1, 107.0),  # a strong buy, entered at the next ask
        quote(2, 107.25),
        quote(30, 109.75),  # the bid has earned the two points of the target
        quote(63, 105.0),  # after a minute it has lost
    ]
    async with running(recorder(bus, database).run()):
        await recorded(bus, database, events)
    signals = rows(
        database,
        "SELECT symbol, signal, previous, change, stat_value, phase, trade_date, config_version "
        "FROM futuretrading_tradingsignal WHERE symbol = 'ES' ORDER BY id",
    )
    assert [(row[0], row[1], row[2], row[3], row[4], row[5], str(row[6]), row[7]) for row in signals] == [
        ("ES", "HOLD", "", Decimal(0), Decimal(0), "OVERLAP", "2025-06-11", 0),
        ("ES", "STRONG_BUY", "HOLD", Decimal(7), Decimal(6), "OVERLAP", "2025-06-11", 0),
        ("ES", "BUY", "STRONG_BUY", Decimal(5), Decimal(1), "OVERLAP", "2025-06-11", 0),
    ]
    grades = rows(database, "SELECT measure, entry, exit, move, outcome FROM futuretrading_signalgrade ORDER BY id")
    assert grades == [
        ("target", Decimal("107.5"), Decimal("109.5"), Decimal(2), "WORKED"),
        ("1m", Decimal("107.5"), Decimal("104.75"), Decimal("-2.75"), "DIDNT_WORK"),
    ]
    # One that begins here tells at once how often signals worked, the real market's apart from the made-up one's.
    async with running(recorder(bus, database).run()):

        async def accuracy() -> Any:
            told = (await bus.health()).get("signals", {})
            return json.loads(told.get("accuracy", "{}")), told.get("accuracy_mock")

        await eventually(accuracy, lambda told: told == ({"1m": 0.0, "target": 1.0}, "{}"), "both measures are told")


async def test_rolls_and_the_made_up_market_stand_apart(bus: Bus, database: Database) -> None:
    events = [
        quote(0, 100.0, meta={"contract": "ESM25"}),
        quote(1, 160.0, meta={"contract": "ESU25"}),
        quote(2, 500.0, source="MOCK"),
    ]
    async with running(recorder(bus, database).run()):
        await recorded(bus, database, events)
    assert rows(database, "SELECT symbol, from_contract, to_contract FROM futuretrading_contractroll") == [
        ("ES", "ESM25", "ESU25")
    ]
    days = rows(database, "SELECT mock, high, contract FROM futuretrading_marketdata ORDER BY mock")
    assert days == [(False, Decimal(160), "ESU25"), (True, Decimal(500), "")]
    bars = rows(database, "SELECT mock, high FROM futuretrading_bar WHERE \"interval\" = '1h' ORDER BY mock")
    assert bars == [(False, Decimal(160)), (True, Decimal(500))]


async def test_a_second_recorder_stands_by(bus: Bus, database: Database) -> None:
    async with running(recorder(bus, database).run()):
        await recorded(bus, database, [quote(0, 100.0)])
        async with running(recorder(bus, database).run()):
            await recorded(bus, database, [quote(1, 100.0), quote(2, 100.0)])
    ((count,),) = rows(database, "SELECT sum(events) FROM futuretrading_bar WHERE \"interval\" = '1s'")
    assert count == 3


@pytest.mark.usefixtures("seeded")
async def test_a_change_past_every_edit_is_told_to_everybody(bus: Bus, database: Database) -> None:
    from thor_web.futuretrading.services.announcement import announced

    async def weight() -> Any:
        found = await announced(bus)
        return None if found is None else {row.symbol: row.weight for row in found.instruments}.get("ES")

    async with running(recorder(bus, database).run()):
        with psycopg.connect(database.conninfo) as connection:
            connection.execute("UPDATE futuretrading_contractweight SET weight = 9 WHERE weight = 1.5")
        await eventually(weight, lambda value: value == 9, "the edit was published")
        await bus._redis.delete(keys.CONFIGURATION_STREAM)
        await eventually(weight, lambda value: value == 9, "what Redis has lost was published again")
