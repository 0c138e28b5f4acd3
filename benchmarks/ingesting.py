"""Storing ticks: new rows, repeated ones, a steady stream and a burst, into a Postgres that commits durably."""

import asyncio
import itertools
import json
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any, Final

import psycopg

from benchmarks.measure import Measured
from benchmarks.stores import Stores, environment, stores
from collectors import keys
from collectors.bus import Bus
from thor_fast import QuoteBatch, parse_batch
from thor_web.runtime.composition import thor_command
from thor_web.thordata.services.partitions import midnight, partition_name
from thor_web.thordata.services.tick_store import ALL, COPY, STAGE, UPSERT, TickStore

__all__ = ["burst", "duplicate_rows", "new_rows", "steady"]

BATCH: Final = 5_000
BATCHES: Final = 20
ROUNDS: Final = 5
STREAM: Final = "quotes:stream:TOS"
STEADY_EVENTS, STEADY_RATE = 50_000, 5_000
BURST: Final = 200_000

_days = itertools.count()


def events(day: date, start: int, count: int) -> list[bytes]:
    """Events of a day, each with a key of its own."""
    lines = []
    for number in range(start, start + count):
        seconds, millisecond = divmod(number, 1_000)
        event = {
            "v": 1,
            "symbol": ("ES", "NQ", "YM")[number % 3],
            "ts": f"{day}T{seconds // 3_600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{millisecond:03}000Z",
            "source": "TOS",
            "last": 4_800 + number % 400 / 4,
            "bid": 4_800.25,
            "ask": 4_800.5,
            "lastSize": number % 9,
            "bidSize": 5,
            "askSize": 7,
            "seq": number,
            "condition": None,
            "venue": None,
            "meta": None,
        }
        lines.append(json.dumps(event, separators=(",", ":")).encode())
    return lines


def batches_of(day: date) -> list[QuoteBatch]:
    """A day's batches, parsed already: what is measured is storing."""
    batch = parse_batch(events(day, 0, BATCH * BATCHES))[0]
    return [batch[at : at + BATCH] for at in range(0, len(batch), BATCH)]


def fresh_day(connection: psycopg.Connection) -> tuple[date, str]:
    """A day that no row is of yet, with its partition."""
    day = date(2000, 1, 1) + timedelta(days=next(_days))
    name = partition_name(day)
    connection.execute(
        f"CREATE TABLE {name} PARTITION OF ticks FOR VALUES "
        f"FROM ('{midnight(day)}') TO ('{midnight(day + timedelta(days=1))}')".encode()
    )
    return day, name


def staged(connection: psycopg.Connection, table: str, buffers: Sequence[bytes]) -> None:
    """The peer: ready buffers by COPY into a stage, and from there with ON CONFLICT, as psycopg's documents have it."""
    target = psycopg.sql.Identifier(table)
    connection.execute(STAGE.encode())
    for buffer in buffers:
        with connection.transaction(), connection.cursor() as cursor:
            with cursor.copy(COPY.format(psycopg.sql.Identifier("ticks_stage"))) as copy:
                copy.write(buffer)
            cursor.execute(UPSERT.format(target, ALL))


def plain(connection: psycopg.Connection, table: str, buffers: Sequence[bytes]) -> None:
    """The limit: ready buffers by COPY into the same indexed table, each in a transaction."""
    for buffer in buffers:
        with connection.transaction(), connection.cursor() as cursor:
            with cursor.copy(COPY.format(psycopg.sql.Identifier(table))) as copy:
                copy.write(buffer)


async def stored(conninfo: str, batches: Sequence[QuoteBatch]) -> float:
    """Thor: from parsed batches to committed rows, encoding and the stream's position included. Seconds."""
    store = await TickStore.connect(conninfo)
    try:
        started = time.perf_counter()
        for number, batch in enumerate(batches, 1):
            await store.store(STREAM, batch, (1, number))
        return time.perf_counter() - started
    finally:
        await store.close()


def new_rows() -> list[Measured]:
    """5,000 new rows a batch, beside stage and upsert, and plain COPY."""
    with stores() as running, psycopg.connect(running.conninfo, autocommit=True) as connection:
        thor, peer, limit = _in_turns(running, connection, repeats=False)
    unit = "ns a row"
    return [
        Measured("ingest-new-staged", thor, peer, "COPY, stage, ON CONFLICT", unit, limit),
        Measured("ingest-new-copy", thor, limit, "plain binary COPY", unit, limit),
    ]


def duplicate_rows() -> list[Measured]:
    """A replay of rows that are all there."""
    with stores() as running, psycopg.connect(running.conninfo, autocommit=True) as connection:
        thor, peer, _ = _in_turns(running, connection, repeats=True)
    return [Measured("ingest-duplicate-staged", thor, peer, "COPY, stage, ON CONFLICT", "ns a row")]


def _in_turns(running: Stores, connection: psycopg.Connection, *, repeats: bool) -> tuple[float, float, float]:
    """Medians of nanoseconds a row of Thor, the peer and the limit, each on days of its own."""
    taken: list[list[float]] = [[], [], []]

    def timed(work: Callable[..., None], *arguments: Any) -> float:
        started = time.perf_counter()
        work(connection, *arguments)
        return time.perf_counter() - started

    for _ in range(ROUNDS):
        day, table = fresh_day(connection)
        batches = batches_of(day)
        seconds = asyncio.run(stored(running.conninfo, batches))
        if repeats:
            seconds = asyncio.run(stored(running.conninfo, batches))
        taken[0].append(seconds)
        _require(connection, table, BATCH * BATCHES)
        for place, work in enumerate((staged, plain), 1):
            day, table = fresh_day(connection)
            buffers = [batch.to_copy_binary() for batch in batches_of(day)]
            if repeats:
                plain(connection, table, buffers)
                taken[place].append(timed(staged, table, buffers))
            else:
                taken[place].append(timed(work, table, buffers))
            _require(connection, table, BATCH * BATCHES)
    thor, peer, limit = (statistics.median(seconds) * 1e9 / (BATCH * BATCHES) for seconds in taken)
    return thor, peer, limit


def _require(connection: psycopg.Connection, table: str, rows: int) -> None:
    found = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
    assert found == (rows,), f"{table} has {found}, not {rows} rows"


def steady() -> list[Measured]:
    """From the stream to a committed row, at 5,000 events a second; against the half second that is allowed."""
    p99 = asyncio.run(_with_ingestor(_latency))
    return [Measured("ingest-latency-p99", p99 * 1_000, 500.0, "allowed", "ms")]


def burst() -> list[Measured]:
    """200,000 events at once until nothing is left; against the three seconds that are allowed."""
    seconds = asyncio.run(_with_ingestor(_burst))
    return [Measured("ingest-burst", seconds, 3.0, "allowed", "s")]


async def _with_ingestor(work: Callable[[Stores, Bus], Any]) -> float:
    with stores() as running:
        process = subprocess.Popen(thor_command("ingest"), env=environment(running.settings), stderr=subprocess.DEVNULL)
        bus = Bus.from_url(running.settings.redis_url.get_secret_value())
        try:
            await bus.register_source("TOS")
            await bus.publish("TOS", events(date(2025, 6, 10), 0, 1), retention_s=86_400)
            while await _left(bus):
                await asyncio.sleep(0.05)
            return float(await work(running, bus))
        finally:
            await bus.close()
            process.terminate()
            process.wait()


async def _left(bus: Bus) -> int:
    state = await bus.stream_state(STREAM)
    group = {one.name: one for one in state.groups}.get(keys.INGEST_GROUP) if state else None
    return (group.lag or 0) + group.pending if group else 1


async def _burst(running: Stores, bus: Bus) -> float:
    payloads = events(date(2025, 6, 10), 1, BURST)
    for at in range(0, BURST, 5_000):
        await bus.publish("TOS", payloads[at : at + 5_000], retention_s=86_400)
    # What is stored while it is published is not waited for: the lag counts from the burst's end.
    started = time.perf_counter()
    while await _left(bus):
        await asyncio.sleep(0.01)
    seconds = time.perf_counter() - started
    with psycopg.connect(running.conninfo) as connection:
        _require(connection, "ticks", BURST + 1)
    return seconds


async def _latency(running: Stores, bus: Bus) -> float:
    """The 99th percentile of what passes between an entry's stamp and the first look that finds it committed."""
    payloads = events(date(2025, 6, 10), 1, STEADY_EVENTS)
    at_once = STEADY_RATE // 100
    waits: list[float] = []
    done = asyncio.Event()

    async def watch() -> None:
        connection = await psycopg.AsyncConnection.connect(running.conninfo, autocommit=True)
        seen = (0, 0)
        async with connection:
            while not done.is_set() or len(waits) <= STEADY_EVENTS:  # one event more was there before
                cursor = await connection.execute("SELECT id_ms, id_counter FROM ingest_positions")
                row = await cursor.fetchone()
                now_ms = time.time() * 1_000
                if row is not None and row != seen:
                    entries = await bus.entries_after(STREAM, f"{seen[0]}-{seen[1]}", count=100_000)
                    waits.extend(now_ms - entry.position[0] for entry in entries if entry.position <= row)
                    seen = row
                await asyncio.sleep(0.005)

    watching = asyncio.create_task(watch())
    started = time.perf_counter()
    for number, at in enumerate(range(0, STEADY_EVENTS, at_once)):
        await asyncio.sleep(max(0.0, started + number / 100 - time.perf_counter()))
        await bus.publish("TOS", payloads[at : at + at_once], retention_s=86_400)
    done.set()
    async with asyncio.timeout(30):
        await watching
    assert len(waits) >= STEADY_EVENTS, f"only {len(waits)} of {STEADY_EVENTS} were seen"
    return sorted(waits)[len(waits) * 99 // 100] / 1_000
