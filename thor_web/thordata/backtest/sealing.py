"""The sealer: takes in the unified stream once and seals each event's signal, as the live path writes it.

A block a symbol and trade date every few seconds; block and position in the stream are one transaction, so that a
sealer that dies goes on exactly where it stood. One sealer works a database; others stand by. Knows no Django.
"""

import asyncio
import logging
import random
import time
from collections import defaultdict
from datetime import date
from typing import Final

import orjson
import psycopg
from psycopg.rows import DictRow, dict_row

from collectors import keys
from collectors.bus import Bus, BusUnavailable, Entry, parse_id
from thor_fast import parse_batch, register_source
from thor_web.futuretrading.interface import Enricher, follow_configuration
from thor_web.thordata.backtest.seal_chain import Line, beginning, lines_of, linked, packed
from thor_web.thordata.backtest.trade_dates import TradeDates

__all__ = ["Sealer", "run_sealer"]

log = logging.getLogger(__name__)

READ_COUNT: Final = 2_000
BLOCK_MS: Final = 500
SEALED_EACH_S: Final = 5.0
MOST_UNSEALED: Final = 50_000
"""Events after which a block is closed at once, however quickly they came."""
STANDBY_S: Final = 2.0
BACKOFF_S: Final = (0.1, 5.0)
CONFIGURATION_S: Final = 2.0
"""How long the first configuration is waited for before what ships with Thor is taken."""
OWNED: Final = 0x7E41_0010
"""Advisory lock of the one sealer."""

Place = tuple[str, date]


class Sealer:
    """One Redis connection and one Postgres session."""

    def __init__(self, bus: Bus, conninfo: str, *, stale_after_ms: int, each_s: float = SEALED_EACH_S) -> None:
        self._bus = bus
        self._conninfo = conninfo
        self._each_s = each_s
        self._enricher = Enricher.shipped(stale_after_ms=stale_after_ms)
        self._configured = asyncio.Event()
        self._dates = TradeDates()
        self._waiting: defaultdict[Place, list[Line]] = defaultdict(list)
        self._count = 0
        self._after = "0-0"

    async def run(self) -> None:
        """Seal until cancelled; wait and try again while Redis or Postgres is away."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow())
            tasks.create_task(self._seal_for_ever())

    async def _follow(self) -> None:
        async for configuration in follow_configuration(self._bus):
            self._enricher.configure(configuration)
            self._configured.set()

    async def _seal_for_ever(self) -> None:
        try:
            await asyncio.wait_for(self._configured.wait(), CONFIGURATION_S)
        except TimeoutError:
            log.info("no configuration is published: sealing with what ships with Thor")
        delay = BACKOFF_S[0]
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(
                    self._conninfo, autocommit=True, application_name="thor sealer", row_factory=dict_row
                ) as connection:
                    while not await _owns(connection):  # noqa: ASYNC110 - Postgres tells nobody of a free lock
                        await asyncio.sleep(STANDBY_S)
                    await self._resume(connection)
                    delay = BACKOFF_S[0]
                    await self._seal(connection)
            except (psycopg.OperationalError, psycopg.errors.UndefinedTable) as error:
                log.warning("postgres is not ready, trying again: %s", str(error).strip().splitlines()[0])
            except BusUnavailable as error:
                log.warning("redis is away, trying again: %s", error)
            await asyncio.sleep(delay * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret
            delay = min(delay * 2, BACKOFF_S[1])

    async def _resume(self, connection: psycopg.AsyncConnection[DictRow]) -> None:
        """Begin where the database stands; what was taken in and not sealed is read again."""
        self._waiting.clear()
        self._count = 0
        row = await (await connection.execute("SELECT last_stream_id FROM backtest_sealer")).fetchone()
        self._after = row["last_stream_id"] if row else "0-0"
        if parse_id(self._after) > parse_id(await self._bus.last_id(keys.UNIFIED_STREAM)):
            log.warning("the unified stream was begun anew: sealing from its beginning")
            self._after = "0-0"
        for source in await self._bus.sources():
            register_source(source)

    async def _seal(self, connection: psycopg.AsyncConnection[DictRow]) -> None:
        sealed_at = time.monotonic()
        while True:
            entries = await self._bus.tail(keys.UNIFIED_STREAM, self._after, count=READ_COUNT, block_ms=BLOCK_MS)
            if entries:
                await self._take(entries)
            now = time.monotonic()
            if self._count >= MOST_UNSEALED or (self._count and now - sealed_at >= self._each_s):
                await self._close_blocks(connection)
                sealed_at = now

    async def _take(self, entries: list[Entry]) -> None:
        """The signal of each event, out of the very record that a dashboard is sent."""
        payloads = [entry.data or b"" for entry in entries]
        batch, rejects = parse_batch(payloads)
        if any(reject.code == "unknown_source" for reject in rejects):
            for source in await self._bus.sources():
                register_source(source)
            batch, rejects = parse_batch(payloads)
        refused = {reject.position for reject in rejects}
        good = [entry.id for number, entry in enumerate(entries) if number not in refused]
        for number, text in enumerate(self._enricher.core.records(batch, good)):
            event = batch[number]
            line: Line = ((event.source, event.ts_us, event.seq), orjson.loads(text)["signal"])
            self._waiting[event.symbol, self._dates.of(event.symbol, event.ts_us)].append(line)
        self._after = entries[-1].id
        self._count += len(good)

    async def _close_blocks(self, connection: psycopg.AsyncConnection[DictRow]) -> None:
        async with connection.transaction():
            for (symbol, trade_date), lines in self._waiting.items():
                await self._close_block(connection, symbol, trade_date, lines)
            await connection.execute(
                "INSERT INTO backtest_sealer (last_stream_id) VALUES (%s) "
                "ON CONFLICT (one) DO UPDATE SET last_stream_id = excluded.last_stream_id",
                (self._after,),
            )
        self._waiting.clear()
        self._count = 0

    async def _close_block(
        self, connection: psycopg.AsyncConnection[DictRow], symbol: str, trade_date: date, lines: list[Line]
    ) -> None:
        found = await connection.execute(
            "SELECT place, link FROM backtest_sealed WHERE symbol = %s AND trade_date = %s ORDER BY place DESC LIMIT 1",
            (symbol, trade_date),
        )
        row = await found.fetchone()
        text = lines_of(lines)
        link = linked(row["link"] if row else beginning(symbol, trade_date), text)
        await connection.execute(
            "INSERT INTO backtest_sealed (symbol, trade_date, place, last_stream_id, config_version, events, lines, "
            "link) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            (
                symbol, trade_date, row["place"] + 1 if row else 0, self._after,
                self._enricher.configuration.version, len(lines), packed(text), link,
            ),
        )  # fmt: skip


async def _owns(connection: psycopg.AsyncConnection[DictRow]) -> bool:
    row = await (await connection.execute("SELECT pg_try_advisory_lock(%s) AS owned", (OWNED,))).fetchone()
    return bool(row and row["owned"])


async def run_sealer(redis_url: str, conninfo: str, *, stale_after_ms: int) -> None:
    """Run one sealer until cancelled."""
    bus = Bus.from_url(redis_url)
    try:
        await Sealer(bus, conninfo, stale_after_ms=stale_after_ms).run()
    finally:
        await bus.close()
