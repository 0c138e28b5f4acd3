"""The ingestor on real servers: each event once, the later one standing, whatever dies or repeats."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from collectors import keys
from collectors.bus import Bus
from tests.integration.live import event, eventually, running
from tests.servers import Database
from thor_fast import parse_batch, register_source
from thor_web.thor_project.configuration import ServerSettings
from thor_web.thordata.ingestor import COMPONENT, Ingestor
from thor_web.thordata.services.partitions import day_of
from thor_web.thordata.services.tick_store import TickStore

KEPT_S = 86_400
STREAM = keys.source_stream("TOS")


async def publish(bus: Bus, *events: bytes, source: str = "TOS") -> None:
    await bus.register_source(source)
    await bus.publish(source, events, retention_s=KEPT_S)


async def rows(database: Database, columns: str = "symbol, seq, bid") -> list[tuple[Any, ...]]:
    async with await psycopg.AsyncConnection.connect(database.conninfo) as connection:
        cursor = await connection.execute(f"SELECT {columns} FROM ticks ORDER BY symbol, source, ts, seq".encode())  # noqa: S608
        return await cursor.fetchall()


async def ingested(bus: Bus, settings: ServerSettings, *sources: str) -> None:
    """Run an ingestor until it has nothing left to do."""
    async with running(Ingestor(bus, settings).run()):
        for source in sources or ("TOS",):

            async def idle(stream: str = keys.source_stream(source)) -> bool:
                state = await bus.stream_state(stream)
                groups = {group.name: group for group in state.groups} if state else {}
                group = groups.get(keys.INGEST_GROUP)
                return group is not None and group.lag == 0 and group.pending == 0

            await eventually(idle, bool, f"{source} is stored")


async def test_every_column_arrives_exactly(bus: Bus, server_settings: ServerSettings, database: Database) -> None:
    full = event(
        1, bid=118.3125, last=-37.63, lastSize=0, condition="@", venue="CME", meta={"run": 5, "netChange": 0.000000001}
    )
    await publish(bus, full, event(2, ask=None, bidSize=None, seq=None))
    await ingested(bus, server_settings)
    stored = await rows(database, "symbol, ts::text, last, bid, ask, last_size, bid_size, source, cond, seq, extra")
    assert stored == [
        (
            *("ES", "2025-06-11 12:00:00.000001+00", Decimal("-37.63"), Decimal("118.3125"), Decimal(4801)),
            *(0, 1, "TOS", "@", 1, {"venue": "CME", "meta": {"run": 5, "netChange": 0.000000001}}),
        ),
        ("ES", "2025-06-11 12:00:00.000002+00", None, Decimal(4800), None, None, None, "TOS", None, None, None),
    ]


async def test_of_events_with_one_key_the_later_stands(
    bus: Bus, server_settings: ServerSettings, database: Database
) -> None:
    await publish(bus, event(1, bid=1.0), event(1, bid=2.0), event(2), event(1, bid=3.0))
    await ingested(bus, server_settings)
    assert await rows(database) == [("ES", 1, Decimal(3)), ("ES", 2, Decimal(4800))]
    # In a later batch as well, and without a sequence number.
    await publish(bus, event(1, bid=4.0), event(5, seq=None, bid=5.0), event(5, seq=None, bid=6.0))
    await ingested(bus, server_settings)
    assert await rows(database) == [("ES", 1, Decimal(4)), ("ES", 2, Decimal(4800)), ("ES", None, Decimal(6))]


async def test_a_repeated_stream_changes_nothing(bus: Bus, server_settings: ServerSettings, database: Database) -> None:
    events = [event(seq, bid=seq / 4) for seq in range(1, 3_001)]
    await publish(bus, *events)
    await ingested(bus, server_settings)
    before = await rows(database)
    assert len(before) == 3_000
    await publish(bus, *events)
    await ingested(bus, server_settings)
    assert await rows(database) == before


async def test_committed_but_not_acknowledged_is_not_stored_again(
    bus: Bus, server_settings: ServerSettings, database: Database
) -> None:
    """The older event of a key must not come back over the newer one when its entry is delivered again."""
    await publish(bus, event(1, bid=1.0))
    await bus.ensure_group(STREAM, keys.INGEST_GROUP)
    (entry,) = await bus.read_group(keys.INGEST_GROUP, "dead", [STREAM], count=10, block_ms=1)
    store = await TickStore.connect(server_settings.conninfo())
    assert await store.own(STREAM)
    await store.store(STREAM, parse_batch([event(1, bid=9.0)])[0], entry.position)
    await store.close()
    await ingested(bus, server_settings)
    assert await rows(database) == [("ES", 1, Decimal(9))]


async def test_a_stream_born_anew_is_stored_from_its_start(
    bus: Bus, server_settings: ServerSettings, database: Database
) -> None:
    store = await TickStore.connect(server_settings.conninfo())
    await store.store(STREAM, parse_batch([])[0], (2**62, 0))
    await store.close()
    await publish(bus, event(1))
    await ingested(bus, server_settings)
    assert len(await rows(database)) == 1


async def test_poison_is_stepped_over(bus: Bus, server_settings: ServerSettings, database: Database) -> None:
    await publish(bus, event(1), b"\xff\xfe", event(2, meta=[]), b"", event(3))
    await ingested(bus, server_settings)
    assert [row[1] for row in await rows(database)] == [1, 3]


async def test_an_event_that_postgres_refuses_is_set_aside(
    bus: Bus, server_settings: ServerSettings, database: Database
) -> None:
    async with await psycopg.AsyncConnection.connect(database.conninfo, autocommit=True) as connection:
        await connection.execute("ALTER TABLE ticks ADD CONSTRAINT no_seven CHECK (seq <> 7)")
    await publish(bus, *[event(seq) for seq in range(1, 21)])
    await ingested(bus, server_settings)
    assert [row[1] for row in await rows(database)] == [seq for seq in range(1, 21) if seq != 7]
    (reject,) = await bus.rejects(count=10)
    assert (reject["code"], reject["source"]) == ("unstorable", "ingestor")
    assert '"seq":7,' in reject["data"]


async def test_two_ingestors_never_store_the_same_stream(
    bus: Bus, redis_url: str, server_settings: ServerSettings, database: Database
) -> None:
    other = Bus.from_url(redis_url)
    async with running(Ingestor(bus, server_settings).run()), running(Ingestor(other, server_settings).run()):
        for start in range(0, 5_000, 500):
            await publish(bus, *[event(seq, bid=seq / 4) for seq in range(start, start + 500)])
            await publish(bus, *[event(seq, source="SCHWAB") for seq in range(start, start + 500)], source="SCHWAB")
            await asyncio.sleep(0)
        stored = await eventually(lambda: rows(database), lambda found: len(found) >= 10_000, "all is stored")
    assert len(stored) == 10_000
    await other.close()


@pytest.mark.parametrize(
    ("ts_us", "day"),
    [(0, "1970-01-01"), (-1, "1969-12-31"), (86_399_999_999, "1970-01-01"), (-62_135_596_800_000_000, "0001-01-01")],
)
def test_the_day_of_an_instant(ts_us: int, day: str) -> None:
    assert day_of(ts_us).isoformat() == day


async def test_partitions_of_the_first_and_the_last_day(
    bus: Bus, server_settings: ServerSettings, database: Database
) -> None:
    await publish(bus, event(1, ts="0001-01-01T00:00:00Z"), event(2, ts="9999-12-31T23:59:59.999999Z"))
    await ingested(bus, server_settings)
    assert [row[0] for row in await rows(database, "tableoid::regclass::text")] == ["ticks_00010101", "ticks_99991231"]


async def stored(settings: ServerSettings, *batches: list[bytes]) -> TickStore:
    """A store that has stored these batches, closed."""
    store = await TickStore.connect(settings.conninfo())
    for number, events in enumerate(batches, 1):
        await store.store(STREAM, parse_batch(events)[0], (number, 0))
    await store.close()
    return store


async def test_new_rows_are_copied_and_repeated_ones_go_the_long_way(server_settings: ServerSettings) -> None:
    new = [[event(seq) for seq in range(start, start + 10)] for start in (0, 10, 20)]
    store = await stored(server_settings, *new)
    assert (store.counts.copied, store.counts.staged) == (3, 0)
    store = await stored(server_settings, new[1], [event(30)], [event(31)], [event(31)])
    assert (store.counts.copied, store.counts.staged, store.counts.conflicts) == (2, 2, 2)
    # A replay of everything tries the short way ever more rarely.
    store = await stored(server_settings, *[[event(seq)] for seq in range(30)])
    assert (store.counts.copied, store.counts.staged) == (0, 30)
    assert store.counts.conflicts == 5


async def test_every_changed_hour_gets_a_new_version(server_settings: ServerSettings, database: Database) -> None:
    at = "2025-06-11T{:02}:30:00Z".format
    await stored(server_settings, [event(1, ts=at(12)), event(2, ts=at(13))], [event(3, ts=at(13))], [])
    async with await psycopg.AsyncConnection.connect(database.conninfo) as connection:
        cursor = await connection.execute("SELECT hour::text, stream, version FROM tick_changes ORDER BY hour")
        assert await cursor.fetchall() == [
            ("2025-06-11 12:00:00+00", STREAM, 1),
            ("2025-06-11 13:00:00+00", STREAM, 2),
        ]


async def test_a_batch_over_midnight_lands_in_both_partitions(
    server_settings: ServerSettings, database: Database
) -> None:
    both = [event(1, ts="2025-06-11T23:59:59Z"), event(2, ts="2025-06-12T00:00:00Z")]
    await stored(server_settings, both, [*both, event(3, ts="2025-06-12T00:00:00Z")])
    assert await rows(database, "seq, tableoid::regclass::text") == [
        (1, "ticks_20250611"),
        (2, "ticks_20250612"),
        (3, "ticks_20250612"),
    ]


async def test_a_dropped_partition_is_made_again(server_settings: ServerSettings, database: Database) -> None:
    store = await TickStore.connect(server_settings.conninfo())
    await store.store(STREAM, parse_batch([event(1)])[0], (1, 0))
    async with await psycopg.AsyncConnection.connect(database.conninfo, autocommit=True) as connection:
        await connection.execute("DROP TABLE ticks_20250611")
    await store.store(STREAM, parse_batch([event(2)])[0], (2, 0))
    await store.close()
    assert await rows(database) == [("ES", 2, Decimal(4800))]


async def test_partitions_are_made_ahead(bus: Bus, server_settings: ServerSettings, database: Database) -> None:
    today = datetime.now(UTC).date()
    wanted = {f"ticks_{today + timedelta(days=ahead):%Y%m%d}" for ahead in range(3)}

    async def partitions() -> set[str]:
        async with await psycopg.AsyncConnection.connect(database.conninfo) as connection:
            cursor = await connection.execute("SELECT inhrelid::regclass::text FROM pg_inherits")
            return {row[0] for row in await cursor.fetchall()}

    async with running(Ingestor(bus, server_settings).run()):
        await eventually(partitions, lambda found: found >= wanted, "partitions of today and the next days")


async def test_a_table_that_is_no_partition_is_not_written_to(
    bus: Bus, server_settings: ServerSettings, database: Database
) -> None:
    async with await psycopg.AsyncConnection.connect(database.conninfo, autocommit=True) as connection:
        await connection.execute("CREATE TABLE ticks_20250611 (LIKE ticks INCLUDING ALL)")
        await publish(bus, event(1))
        async with running(Ingestor(bus, server_settings).run()):
            health = await eventually(bus.health, lambda found: bool(found.get("ingestor", {}).get("problem")))
            assert health["ingestor"]["state"] == "waiting: half_partition"
            assert "ticks_20250611 exists but is no partition of ticks" in health["ingestor"]["problem"]
            await connection.execute(
                "ALTER TABLE ticks ATTACH PARTITION ticks_20250611 FOR VALUES FROM ('2025-06-11Z') TO ('2025-06-12Z')"
            )
            assert await eventually(lambda: rows(database), bool, "it goes on") == [("ES", 1, Decimal(4800))]


async def test_nothing_is_trimmed_that_is_not_stored(bus: Bus, server_settings: ServerSettings) -> None:
    """However long Postgres is away: a retention of no time at all keeps every event that is not in it."""
    await publish(bus, event(1))
    await ingested(bus, server_settings)
    late = Bus.from_url(server_settings.redis_url.get_secret_value())
    await late.publish("TOS", [event(seq) for seq in range(2, 400)], retention_s=0)
    await asyncio.sleep(0.01)
    await late.publish("TOS", [event(400)], retention_s=0)
    state = await bus.stream_state(STREAM)
    assert state
    assert state.length == 400
    await ingested(bus, server_settings)
    await asyncio.sleep(0.01)
    fresh = Bus.from_url(server_settings.redis_url.get_secret_value())
    await fresh.publish("TOS", [event(401)], retention_s=0)
    state = await bus.stream_state(STREAM)
    assert state
    assert state.length < 400
    await late.close()
    await fresh.close()


async def test_it_stops_and_starts_as_the_schedule_wants(
    bus: Bus, server_settings: ServerSettings, database: Database
) -> None:
    await bus.want(COMPONENT, wanted=False)
    await publish(bus, event(1))

    async def state() -> str:
        return (await bus.health()).get(COMPONENT, {}).get("state", "")

    async with running(Ingestor(bus, server_settings).run()):
        await eventually(state, lambda found: found == "stopped by schedule", "it rests")
        assert await rows(database) == []
        await bus.want(COMPONENT, wanted=True)
        await eventually(lambda: rows(database), bool, "it stores")
        await bus.want(COMPONENT, wanted=False)
        await eventually(state, lambda found: found == "stopped by schedule", "it rests again")


async def test_ingestors_share_the_streams(bus: Bus, server_settings: ServerSettings, database: Database) -> None:
    sources = ("ALPHA", "BETA", "GAMMA", "DELTA")
    for source in sources:
        register_source(source)
        await publish(bus, event(1, source=source), source=source)
    first, second = Ingestor(bus, server_settings), Ingestor(bus, server_settings)

    async def shares() -> tuple[int, int]:
        return len(first.streams), len(second.streams)

    async with running(first.run()):
        await eventually(shares, lambda found: found == (4, 0), "one has all")
        async with running(second.run()):
            await eventually(shares, lambda found: found == (2, 2), "two have half each")
        await eventually(shares, lambda found: found[0] == 4, "the one that is left has all again")
        for source in sources:
            await publish(bus, event(2, source=source), source=source)
        await eventually(lambda: rows(database), lambda found: len(found) == 8, "all is stored")


async def test_a_table_without_partitions_serves_as_well(
    bus: Bus, server_settings: ServerSettings, database: Database
) -> None:
    """As a hypertable of Timescale is one: rows go to `ticks` itself."""
    async with await psycopg.AsyncConnection.connect(database.conninfo, autocommit=True) as connection:
        await connection.execute("ALTER TABLE ticks RENAME TO partitioned")
        await connection.execute("CREATE TABLE ticks (LIKE partitioned INCLUDING ALL)")
        await connection.execute("DROP TABLE partitioned")
    await publish(bus, event(1), event(2), event(1, bid=1.0))
    await ingested(bus, server_settings)
    assert await rows(database) == [("ES", 1, Decimal(1)), ("ES", 2, Decimal(4800))]
