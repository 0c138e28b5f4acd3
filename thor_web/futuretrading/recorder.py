"""The recorder process, `thor signals`: keeps what the market did, and tells every process of a new configuration.

It takes the unified stream in once, from where the database says it stood, and stores bars, changed signals and their
grades, trade dates and rolls. It may be killed at any instant: what it stores and how far it has come are one
transaction. One recorder works a database; another one stands by.
"""

import asyncio
import json
import logging
import random
import time
from collections import Counter
from contextlib import suppress
from typing import Final

import psycopg

from collectors import keys
from collectors.bus import Bus, BusError, BusUnavailable, Entry, parse_id
from collectors.instruments import load_instruments
from thor_fast import parse_batch, register_source
from thor_web.futuretrading.services.announcement import announce, announced
from thor_web.futuretrading.services.configuration import Configuration
from thor_web.futuretrading.services.enrichment import Enricher
from thor_web.futuretrading.services.record_store import Extremes, RecordStore

__all__ = ["Recorder", "run_recorder"]

log = logging.getLogger(__name__)

READ_COUNT: Final = 2_000
BLOCK_MS: Final = 200
STORED_EACH_S: Final = 1.0
MOST_UNSTORED: Final = 50_000
"""Events after which it stores at once, however quickly they came."""
WATCHED_EACH_S: Final = 0.5
PRUNED_EACH_S: Final = 3_600.0
HEALTH_TTL_S: Final = 5
BACKOFF_S: Final = (0.1, 3.0)
STANDBY_S: Final = 1.0
JUDGED_EACH_S: Final = 30.0
JUDGED_SIGNALS: Final = 10_000
"""So many of the newest signals say how often signals work now."""


class Recorder:
    """One Postgres session and one Redis connection."""

    def __init__(self, bus: Bus, conninfo: str, *, stale_after_ms: int, second_bars_days: int) -> None:
        self._bus = bus
        self._conninfo = conninfo
        self._stale_after_ms = stale_after_ms
        self._second_bars_days = second_bars_days
        self._enricher = self._new_enricher()
        self._after = "0-0"
        self._extremes: Extremes = {}
        self._extremes_day = 0
        self._counts = Counter(signals=0, grades=0)
        self._accuracy: dict[str, str] = {}
        self._state = "starting"

    async def run(self) -> None:
        """Record until cancelled; wait and try again while Redis or Postgres is away."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._report())
            tasks.create_task(self._record_for_ever())

    def _new_enricher(self) -> Enricher:
        return Enricher(Configuration.shipped(load_instruments()), stale_after_ms=self._stale_after_ms, recording=True)

    async def _record_for_ever(self) -> None:
        delay = BACKOFF_S[0]
        while True:
            try:
                store = await RecordStore.connect(self._conninfo)
                try:
                    while not await store.own():
                        self._state = "standby"
                        await asyncio.sleep(STANDBY_S)
                    await self._resume(store)
                    self._state = "recording"
                    delay = BACKOFF_S[0]
                    await self._record(store)
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

    async def _resume(self, store: RecordStore) -> None:
        """Begin where the database stands; whatever was taken in and not stored is read again."""
        self._enricher = self._new_enricher()
        self._after, state = await store.state()
        if state:
            try:
                self._enricher.core.import_state(state)
            except ValueError:
                log.warning("the state of before has another form: sessions and averages begin anew")
        if parse_id(self._after) > parse_id(await self._bus.last_id(keys.UNIFIED_STREAM)):
            # A stream that was born anew under a clock that stood behind: none of it has been seen.
            log.warning("the unified stream was begun anew: recording from its beginning")
            self._after = "0-0"
        for source in await self._bus.sources():
            register_source(source)
        self._extremes_day = 0
        configuration = await store.configuration()
        if configuration is not None:
            self._enricher.configure(configuration)
            # Redis may hold the configuration of a database that is no more.
            if await announced(self._bus) != configuration:
                await announce(self._bus, configuration)

    async def _record(self, store: RecordStore) -> None:
        unstored = 0
        stored_at = watched_at = pruned_at = judged_at = time.monotonic()
        await self._judge(store)
        while True:
            entries = await self._bus.tail(keys.UNIFIED_STREAM, self._after, count=READ_COUNT, block_ms=BLOCK_MS)
            if entries:
                await self._take(entries)
                unstored += len(entries)
            now = time.monotonic()
            if now - watched_at >= WATCHED_EACH_S:
                await self._watch(store)
                watched_at = now
            if unstored >= MOST_UNSTORED or (unstored and now - stored_at >= STORED_EACH_S):
                await self._store(store)
                unstored, stored_at = 0, now
            if now - pruned_at >= PRUNED_EACH_S:
                await store.prune_second_bars(self._second_bars_days)
                pruned_at = now
            if now - judged_at >= JUDGED_EACH_S:
                await self._judge(store)
                judged_at = now

    async def _take(self, entries: list[Entry]) -> None:
        batch, rejects = parse_batch([entry.data or b"" for entry in entries])
        if any(reject.code == "unknown_source" for reject in rejects):
            for source in await self._bus.sources():
                register_source(source)
            batch, rejects = parse_batch([entry.data or b"" for entry in entries])
        refused = {reject.position for reject in rejects}
        good = [entry.id for number, entry in enumerate(entries) if number not in refused]
        self._enricher.observe(batch, good)
        self._after = entries[-1].id
        self._counts["events"] += len(good)
        self._counts["rejected"] += len(rejects)

    async def _store(self, store: RecordStore) -> None:
        recording = self._enricher.core.drain()
        days = [session["day"] for session in recording["sessions"]]
        if days and max(days) != self._extremes_day:
            self._extremes_day = max(days)
            self._extremes = await store.extremes(self._extremes_day)
            for symbol, (high, high_day, low, low_day) in self._extremes.items():
                self._enricher.core.set_history(symbol, high=high, high_day=high_day, low=low, low_day=low_day)
        state = self._enricher.core.export_state()
        await store.store(recording, parse_id(self._after), state, self._extremes)
        self._counts["bars"] += len(recording["bars"])
        self._counts["signals"] += len(recording["transitions"])
        self._counts["grades"] += len(recording["grades"])
        await self._bus.put(keys.MARKET_STATE, state)

    async def _watch(self, store: RecordStore) -> None:
        """Take a new configuration over, and publish what no edit has published or what Redis has lost."""
        version = await store.version()
        if version != self._enricher.configuration.version:
            configuration = await store.configuration()
            if configuration is not None:
                self._enricher.configure(configuration)
        known = self._enricher.configuration
        published = await announced(self._bus)
        # An edit may have published what this session has not read yet: only what is behind is published over.
        if known.version and (published is None or published.version < known.version):
            await announce(self._bus, known)

    async def _judge(self, store: RecordStore) -> None:
        """How often signals worked, for `/metrics`: by measure, the real market's and the made-up one's apart."""
        ratios: dict[str, dict[str, float]] = {"accuracy": {}, "accuracy_mock": {}}
        for (mock, measure), (worked, decided) in (await store.hits(JUDGED_SIGNALS)).items():
            ratios["accuracy_mock" if mock else "accuracy"][measure] = worked / decided
        self._accuracy = {field: json.dumps(found) for field, found in ratios.items()}

    async def _report(self) -> None:
        while True:
            with suppress(BusError):
                await self._bus.heartbeat(
                    "signals",
                    {
                        "state": self._state,
                        "time_ms": time.time_ns() // 1_000_000,
                        "config_version": self._enricher.configuration.version,
                        **self._counts,
                        **self._accuracy,
                    },
                    ttl_s=HEALTH_TTL_S,
                )
            await asyncio.sleep(1.0)


async def run_recorder(redis_url: str, conninfo: str, *, stale_after_ms: int, second_bars_days: int) -> None:
    """Run one recorder until cancelled."""
    bus = Bus.from_url(redis_url)
    try:
        await Recorder(bus, conninfo, stale_after_ms=stale_after_ms, second_bars_days=second_bars_days).run()
    finally:
        await bus.close()
