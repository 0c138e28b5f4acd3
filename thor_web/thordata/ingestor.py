"""The ingestor process: every source's stream into the ticks table, each event once.

Order of the work: read, store rows and position in one transaction, then acknowledge. A kill between any two
of these steps loses nothing and doubles nothing: what is read again and lies at or before the stored position
is only acknowledged. It knows no Django.
"""

import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import psycopg

from collectors import keys
from collectors.bus import Bus, BusError, BusUnavailable, Entry
from thor_fast import QuoteBatch, parse_batch, register_source
from thor_web.thordata.services.tick_store import Position, TickStore
from thor_web.thordata.settings import StorageSettings

__all__ = ["Ingestor", "run_ingestor"]

log = logging.getLogger(__name__)

BLOCK_MS: Final = 500
STREAMS_REFRESHED_S: Final = 0.5
HEALTH_TTL_S: Final = 5
BACKOFF_S: Final = (0.1, 3.0)
CONSUMER: Final = "ingestor"


@dataclass(frozen=True, slots=True)
class Unstorable:
    """An event that is valid but that Postgres refused, kept with the refusal."""

    message: str
    data: bytes
    code: str = "unstorable"
    field: str | None = None


class Ingestor:
    """One Postgres session and one Redis connection, and the streams they own."""

    def __init__(self, bus: Bus, settings: StorageSettings) -> None:
        self._bus = bus
        self._settings = settings
        self._positions: dict[str, Position] = {}
        self._counts: Counter[str] = Counter()
        self._state = "starting"

    async def run(self) -> None:
        """Store until cancelled; wait and try again while Redis or Postgres is away."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._report())
            tasks.create_task(self._ingest_for_ever())

    async def _ingest_for_ever(self) -> None:
        delay = BACKOFF_S[0]
        while True:
            try:
                store = await TickStore.connect(self._settings.conninfo())
                try:
                    self._state = "ingesting"
                    delay = BACKOFF_S[0]
                    await self._ingest(store)
                finally:
                    await store.close()
            except (psycopg.OperationalError, psycopg.errors.UndefinedTable) as error:
                self._state = "waiting for postgres"
                log.warning("postgres is not ready, trying again: %s", str(error).strip().splitlines()[0])
            except BusUnavailable as error:
                self._state = "waiting for redis"
                log.warning("redis is away, trying again: %s", error)
            await asyncio.sleep(delay * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret
            delay = min(delay * 2, BACKOFF_S[1])

    async def _ingest(self, store: TickStore) -> None:
        self._positions = {}
        next_refresh = 0.0
        while True:
            if time.monotonic() >= next_refresh:
                await self._take_streams(store)
                next_refresh = time.monotonic() + STREAMS_REFRESHED_S
            if not self._positions:
                await asyncio.sleep(STREAMS_REFRESHED_S)
                continue
            try:
                entries = await self._bus.read_group(
                    keys.INGEST_GROUP,
                    CONSUMER,
                    list(self._positions),
                    count=self._settings.ingest_batch,
                    block_ms=BLOCK_MS,
                )
            except BusUnavailable:
                raise
            except BusError as error:  # a stream or its group was deleted under us
                log.warning("reading the source streams failed, setting them up again: %s", error)
                self._positions = {}
                next_refresh = 0.0
                continue
            for stream in self._positions:
                await self._store(store, stream, [entry for entry in entries if entry.stream == stream])
            if 0 < len(entries) < self._settings.ingest_batch:
                await asyncio.sleep(self._settings.ingest_interval_ms / 1_000)

    async def _take_streams(self, store: TickStore) -> None:
        """Own every source's stream that nobody else owns, finishing first what its last owner left unfinished."""
        for source in await self._bus.sources():
            stream = keys.source_stream(source)
            if stream in self._positions or not await store.own(stream):
                continue
            register_source(source)
            state = await self._bus.stream_state(stream)
            if state is None or all(group.name != keys.INGEST_GROUP for group in state.groups):
                await store.reset_position(stream)
                await self._bus.ensure_group(stream, keys.INGEST_GROUP)
            self._positions[stream] = await store.position(stream)
            cursor = "0-0"
            while True:
                cursor, entries = await self._bus.claim_pending(
                    keys.INGEST_GROUP, CONSUMER, stream, start=cursor, count=self._settings.ingest_batch
                )
                await self._store(store, stream, entries)
                if cursor == "0-0":
                    break
            log.info("storing %s", stream)

    async def _store(self, store: TickStore, stream: str, entries: Sequence[Entry]) -> None:
        if not entries:
            return
        new = [entry for entry in entries if entry.position > self._positions[stream]]
        if new:
            started = time.monotonic()
            batch, rejects = parse_batch([entry.data or b"" for entry in new])
            if rejects:
                # The merger reads the same entries and keeps the refused ones; here they are only counted.
                self._counts["rejected"] += len(rejects)
            position = new[-1].position
            await self._store_or_set_aside(store, stream, batch, position)
            self._positions[stream] = position
            self._counts["events"] += len(batch)
            self._counts["batches"] += 1
            self._counts["last_batch_events"] = len(batch)
            self._counts["last_batch_ms"] = round((time.monotonic() - started) * 1_000)
        await self._bus.ack(keys.INGEST_GROUP, {stream: [entry.id for entry in entries]})

    async def _store_or_set_aside(self, store: TickStore, stream: str, batch: QuoteBatch, position: Position) -> None:
        """Store a batch; where Postgres refuses it, halve it until the refused events stand alone."""
        try:
            await store.store(stream, batch, position)
        except (psycopg.DataError, psycopg.IntegrityError) as error:
            if len(batch) > 1:
                half = len(batch) // 2
                # The first half must not claim the position of events that are not stored yet.
                await self._store_or_set_aside(store, stream, batch[:half], self._positions[stream])
                await self._store_or_set_aside(store, stream, batch[half:], position)
                return
            refused = Unstorable(str(error).splitlines()[0], batch[0].to_json())
            self._counts["unstorable"] += 1
            await self._bus.reject("ingestor", [refused], kept=self._settings.rejects_kept)
            await store.store(stream, batch[:0], position)

    async def _report(self) -> None:
        while True:
            with suppress(BusUnavailable):
                await self._bus.heartbeat(
                    "ingestor",
                    {
                        "state": self._state,
                        "time_ms": time.time_ns() // 1_000_000,
                        "streams": len(self._positions),
                        **self._counts,
                    },
                    ttl_s=HEALTH_TTL_S,
                )
            await asyncio.sleep(1.0)


async def run_ingestor(settings: StorageSettings) -> None:
    """Run one ingestor until cancelled."""
    bus = Bus.from_url(settings.redis_url.get_secret_value())
    try:
        await Ingestor(bus, settings).run()
    finally:
        await bus.close()
