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
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Final

import psycopg

from collectors import keys
from collectors.bus import Bus, BusError, BusUnavailable, Entry
from collectors.latency import Latency, wall_us
from thor_fast import QuoteBatch, parse_batch, register_source
from thor_web.thordata.errors import StorageError
from thor_web.thordata.services.tick_store import Position, TickStore
from thor_web.thordata.settings import StorageSettings

__all__ = ["COMPONENT", "Ingestor", "run_ingestor"]

log = logging.getLogger(__name__)

COMPONENT: Final = "ingestor"
BLOCK_MS: Final = 500
LOOK_AROUND_S: Final = 0.5
"""How often it looks for new streams, for its fair share of them, and whether it is wanted at all."""
PREPARE_S: Final = 3_600.0
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


class NotWanted(Exception):  # noqa: N818 - it names a state
    """The desired state says stop, and everything read so far is stored."""


class Ingestor:
    """One Postgres session and one Redis connection, and the streams they own."""

    def __init__(self, bus: Bus, settings: StorageSettings, *, time_s: Callable[[], float] = time.time) -> None:
        self._bus = bus
        self._settings = settings
        self._time_s = time_s
        self._positions: dict[str, Position] = {}
        self._counts: Counter[str] = Counter()
        self._latency = Latency()
        self._state = "starting"
        self._problem = ""
        self._pause_s = BACKOFF_S[0]

    @property
    def streams(self) -> tuple[str, ...]:
        """The streams that are its own now."""
        return tuple(self._positions)

    async def run(self) -> None:
        """Store until cancelled; wait and try again while Redis or Postgres is away."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._report())
            tasks.create_task(self._ingest_for_ever())

    async def _ingest_for_ever(self) -> None:
        while True:
            try:
                if not await self._bus.is_wanted(COMPONENT, self._time_s()):
                    raise NotWanted
                store = await TickStore.connect(self._settings.conninfo())
                try:
                    await self._ingest(store)
                finally:
                    self._positions = {}
                    await store.close()
            except NotWanted:
                self._state = "stopped by schedule"
                await asyncio.sleep(LOOK_AROUND_S)
                continue
            except StorageError as error:
                self._wait_for_person(error.code, str(error))
            except psycopg.errors.DiskFull as error:
                self._wait_for_person("postgres_full", str(error))
            except (psycopg.OperationalError, psycopg.errors.UndefinedTable) as error:
                self._state = "waiting for postgres"
                log.warning("postgres is not ready, trying again: %s", str(error).strip().splitlines()[0])
            except BusUnavailable as error:
                self._state = "waiting for redis"
                log.warning("redis is away, trying again: %s", error)
            await asyncio.sleep(self._pause_s * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret
            self._pause_s = min(self._pause_s * 2, BACKOFF_S[1])

    def _wait_for_person(self, code: str, message: str) -> None:
        """Nothing is lost while it waits: what is not stored stays in its stream."""
        self._state = f"waiting: {code}"
        self._problem = message.strip().splitlines()[0]
        log.error("%s: %s", code, self._problem)

    async def _ingest(self, store: TickStore) -> None:
        self._positions = {}
        next_look, next_preparation = 0.0, 0.0
        while True:
            if time.monotonic() >= next_preparation:
                await store.prepare_ahead(datetime.now(UTC).date())
                next_preparation = time.monotonic() + PREPARE_S
            if time.monotonic() >= next_look:
                if not await self._bus.is_wanted(COMPONENT, self._time_s()):
                    raise NotWanted
                await self._take_streams(store)
                # Only now: what was left unfinished is stored, so nothing that it waited for is the matter any more.
                self._state, self._problem, self._pause_s = "ingesting", "", BACKOFF_S[0]
                next_look = time.monotonic() + LOOK_AROUND_S
            if not self._positions:
                await asyncio.sleep(LOOK_AROUND_S)
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
                next_look = 0.0
                continue
            fullest = 0
            for stream, part in _by_stream(entries).items():
                await self._store(store, stream, part)
                fullest = max(fullest, len(part))
            for name, count in asdict(store.counts).items():
                self._counts[name] = count
            if 0 < fullest < self._settings.ingest_batch:
                await asyncio.sleep(self._settings.ingest_interval_ms / 1_000)

    async def _take_streams(self, store: TickStore) -> None:
        """Own a fair share of the streams, finishing first what the last owner of each left unfinished."""
        streams = [keys.source_stream(source) for source in await self._bus.sources()]
        share = -(-len(streams) // await store.sessions())
        for surplus in list(self._positions)[share:]:
            log.info("leaving %s to another ingestor", surplus)
            del self._positions[surplus]
            await store.disown(surplus)
        for stream in streams:
            if stream in self._positions or len(self._positions) >= share or not await store.own(stream):
                continue
            register_source(keys.source_of(stream))
            state = await self._bus.stream_state(stream)
            if state is None or all(group.name != keys.INGEST_GROUP for group in state.groups):
                await store.reset_position(stream)
                await self._bus.ensure_group(stream, keys.INGEST_GROUP)
            self._positions[stream] = await store.position(stream)
            await self._bus.keep_from(stream, self._positions[stream])
            await self._finish_pending(store, stream)
            log.info("storing %s", stream)

    async def _finish_pending(self, store: TickStore, stream: str) -> None:
        """Store what a dead owner read and did not acknowledge. Nobody else is at work on it: the stream is ours."""
        cursor = "0-0"
        while True:
            cursor, entries = await self._bus.claim_pending(
                keys.INGEST_GROUP, CONSUMER, stream, start=cursor, count=self._settings.ingest_batch
            )
            await self._store(store, stream, entries)
            if cursor == "0-0":
                return

    async def _store(self, store: TickStore, stream: str, entries: Sequence[Entry]) -> None:
        if not entries:
            return
        stored = self._positions[stream]
        # Entries come in order: mostly all of them are new.
        new = entries if entries[0].position > stored else [entry for entry in entries if entry.position > stored]
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
            now_us = wall_us()
            # A collector sends many events together, so a batch has few different instants.
            for at_us, times in Counter(entry.at_us for entry in new if entry.at_us is not None).items():
                self._latency.record(max(0, now_us - at_us), times)
        await self._bus.ack(keys.INGEST_GROUP, {stream: [entry.id for entry in entries]})
        await self._bus.keep_from(stream, self._positions[stream])

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
            await self._bus.reject(COMPONENT, [refused], kept=self._settings.rejects_kept)
            await store.store(stream, batch[:0], position)

    async def _report(self) -> None:
        while True:
            with suppress(BusUnavailable):
                await self._bus.heartbeat(
                    COMPONENT,
                    {
                        "state": self._state,
                        "problem": self._problem,
                        "time_ms": time.time_ns() // 1_000_000,
                        "streams": len(self._positions),
                        **self._counts,
                        **self._latency.fields(),
                    },
                    ttl_s=HEALTH_TTL_S,
                )
            await asyncio.sleep(1.0)


def _by_stream(entries: Sequence[Entry]) -> dict[str, list[Entry]]:
    parts: dict[str, list[Entry]] = {}
    for entry in entries:
        parts.setdefault(entry.stream, []).append(entry)
    return parts


async def run_ingestor(settings: StorageSettings) -> None:
    """Run one ingestor until cancelled."""
    bus = Bus.from_url(settings.redis_url.get_secret_value())
    try:
        await Ingestor(bus, settings).run()
    finally:
        await bus.close()
