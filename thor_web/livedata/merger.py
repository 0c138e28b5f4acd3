"""The merger process: every source's stream in, one unified stream and the latest hash of each symbol out.

The decision which event stands is `thor_fast.MergePolicy`; this file only moves bytes to it and writes what it
accepts. It is safe to kill at any instant: entries are acknowledged after the write, and what a dead merger had
written of an unacknowledged batch is found again in the unified stream and not written twice.
"""

import asyncio
import logging
import random
import time
from collections import Counter, defaultdict, deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from collectors import keys
from collectors.bus import Bus, BusError, BusUnavailable, Entry, parse_id
from collectors.instants import iso_from_ms
from collectors.instruments import load_instruments, register
from collectors.settings import CollectorSettings
from thor_fast import EventError, MergePolicy, QuoteEvent, parse_batch, register_source

__all__ = ["Merger", "run_merger"]

log = logging.getLogger(__name__)

LEASE_TTL_MS: Final = 2_000
LEASE_RENEWED_S: Final = 0.5
READ_COUNT: Final = 1_000
BLOCK_MS: Final = 200
SOURCES_REFRESHED_S: Final = 0.5
RECOVERED_ENTRIES: Final = 20_000
"""How much of the unified stream's end is searched for a dead merger's last, unacknowledged batch."""
HEALTH_TTL_S: Final = 5
BACKOFF_S: Final = (0.1, 2.0)


class LeaseLostError(Exception):
    """Another merger took over; this one goes back to waiting."""


class Merger:
    """Reads entries, lets the policy decide, writes what it accepted, acknowledges."""

    def __init__(self, bus: Bus, settings: CollectorSettings) -> None:
        instruments = load_instruments()
        register(instruments)
        self._bus = bus
        self._settings = settings
        self._preferred = {instrument.symbol: instrument.preferred for instrument in instruments}
        self._lease = bus.lease("merger", ttl_ms=LEASE_TTL_MS)
        self._consumer = "merger"
        self._policy = self._new_policy()
        self._streams: list[str] = []
        self._written_before: dict[bytes, deque[str]] = {}
        self._counts: Counter[str] = Counter()

    async def run(self) -> None:
        """Merge until cancelled, standing by while another merger holds the lease."""
        delay = BACKOFF_S[0]
        while True:
            try:
                await self._wait_for_lease()
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._keep_lease())
                    tasks.create_task(self._report())
                    tasks.create_task(self._merge())
                    delay = BACKOFF_S[0]
            except* BusUnavailable as errors:
                log.warning("redis is away, trying again: %s", errors.exceptions[0])
            except* LeaseLostError:
                log.warning("another merger took over; standing by")
            if (task := asyncio.current_task()) and task.cancelling():
                # Before Python 3.13 a task group that fails while it is cancelled forgets the cancellation.
                raise asyncio.CancelledError
            await asyncio.sleep(delay * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret
            delay = min(delay * 2, BACKOFF_S[1])

    async def close(self) -> None:
        """Give the lease up at once, so that a successor need not wait for its end."""
        with suppress(BusError):
            await self._lease.release()

    async def _wait_for_lease(self) -> None:
        while not await self._lease.acquire():
            await self._bus.heartbeat("merger:standby", {"state": "standby"}, ttl_s=HEALTH_TTL_S)
            await asyncio.sleep(LEASE_RENEWED_S)

    async def _keep_lease(self) -> None:
        while True:
            await asyncio.sleep(LEASE_RENEWED_S)
            if not await self._lease.acquire():
                raise LeaseLostError

    async def _report(self) -> None:
        while True:
            await self._bus.heartbeat(
                "merger",
                {"state": "merging", "time_ms": time.time_ns() // 1_000_000, **self._counts},
                ttl_s=HEALTH_TTL_S,
            )
            await asyncio.sleep(1.0)

    async def _merge(self) -> None:
        await self._recover()
        next_refresh = 0.0
        while True:
            if time.monotonic() >= next_refresh:
                await self._refresh_sources()
                next_refresh = time.monotonic() + SOURCES_REFRESHED_S
            if not self._streams:
                await asyncio.sleep(SOURCES_REFRESHED_S)
                continue
            try:
                entries = await self._bus.read_group(
                    keys.MERGE_GROUP, self._consumer, self._streams, count=READ_COUNT, block_ms=BLOCK_MS
                )
            except BusUnavailable:
                raise
            except BusError as error:  # a stream or its group was deleted under us
                log.warning("reading the source streams failed, setting them up again: %s", error)
                self._streams = []
                next_refresh = 0.0
                continue
            if entries:
                await self._process(entries)

    def _new_policy(self) -> MergePolicy:
        return MergePolicy(self._preferred, self._settings.stale_after_ms)

    async def _recover(self) -> None:
        """Rebuild the policy from the latest hashes and finish what a dead merger left unacknowledged."""
        self._policy = self._new_policy()
        self._streams = []
        standing: dict[str, tuple[int, int]] = {}
        for source in await self._bus.sources():
            register_source(source)
        for symbol, fields in (await self._bus.read_latest()).items():
            try:
                event = QuoteEvent.from_latest_fields(fields)
                self._policy.restore(event, int(fields[b"received_us"]))
                standing[symbol] = parse_id(fields[b"stream_id"].decode())
            except (EventError, KeyError, ValueError) as error:
                log.warning("the latest hash of %s cannot be read and is ignored: %s", symbol, error)
        tail = await self._bus.newest_entries(keys.UNIFIED_STREAM, count=RECOVERED_ENTRIES)
        batch, rejects = parse_batch([entry.data or b"" for entry in tail])
        refused = {reject.position for reject in rejects}
        good = [entry for i, entry in enumerate(tail) if i not in refused]
        beyond: dict[bytes, deque[str]] = defaultdict(deque)
        for symbol, entry in zip(batch.symbols(), good, strict=True):
            if entry.data is not None and entry.position > standing.get(symbol, (0, 0)):
                beyond[entry.data].append(entry.id)
        self._written_before = dict(beyond)
        await self._refresh_sources()
        for stream in self._streams:
            cursor = "0-0"
            while True:
                cursor, entries = await self._bus.claim_pending(
                    keys.MERGE_GROUP, self._consumer, stream, start=cursor, count=READ_COUNT
                )
                if entries:
                    await self._process(entries)
                if cursor == "0-0":
                    break
        self._written_before = {}

    async def _refresh_sources(self) -> None:
        for source in await self._bus.sources():
            stream = keys.source_stream(source)
            if stream not in self._streams:
                register_source(source)
                await self._bus.ensure_group(stream, keys.MERGE_GROUP)
                self._streams.append(stream)
                log.info("merging %s", stream)

    async def _process(self, entries: Sequence[Entry]) -> None:
        # The order of receipt across the streams, by the one clock that stamped them all.
        ordered = sorted(entries, key=lambda entry: entry.position)
        batch, rejects = parse_batch([entry.data or b"" for entry in ordered])
        refused = {reject.position for reject in rejects}
        received = [received_us(entry) for i, entry in enumerate(ordered) if i not in refused]
        decisions = self._policy.offer_batch(batch, received)
        accepted = [i for i, decision in enumerate(decisions) if decision.accepted]
        self._counts.update(f"reason_{decision.reason}" for decision in decisions)
        self._counts["events_in"] += len(ordered)
        self._counts["events_out"] += len(accepted)
        self._counts["rejected"] += len(rejects)
        for reject in rejects:
            self._counts[f"rejected_{reject.code}"] += 1
        if rejects:
            await self._bus.reject("merger", rejects, kept=self._settings.rejects_kept)
        if accepted:
            merged = batch.take(accepted)
            ids = await self._append(merged.to_json())
            latest: dict[str, Sequence[bytes | str]] = {}
            for i in merged.newest_per_symbol():
                event = merged[i]
                latest[event.symbol] = [
                    *event.to_latest_fields(),
                    "updated_at",
                    iso_from_ms(parse_id(ids[i])[0]),
                    "active_source",
                    event.source,
                    "stream_id",
                    ids[i],
                    "received_us",
                    str(received[accepted[i]]),
                ]
            await self._bus.write_latest(latest)
        acknowledged: dict[str, list[str]] = defaultdict(list)
        for entry in ordered:
            acknowledged[entry.stream].append(entry.id)
        await self._bus.ack(keys.MERGE_GROUP, acknowledged)

    async def _append(self, payloads: Sequence[bytes]) -> list[str]:
        """Append to the unified stream what a dead merger had not already appended; the ids of all, in order."""
        known = [self._written_before[p].popleft() if self._written_before.get(p) else None for p in payloads]
        missing = [payload for payload, entry_id in zip(payloads, known, strict=True) if entry_id is None]
        new = iter(
            await self._bus.append_unified(missing, retention_s=self._settings.stream_retention_s) if missing else ()
        )
        return [entry_id or next(new) for entry_id in known]


def received_us(entry: Entry) -> int:
    """When Redis received an entry, in microseconds UTC; the counter within a millisecond keeps their order."""
    milliseconds, counter = entry.position
    return milliseconds * 1_000 + min(counter, 999)


async def run_merger(settings: CollectorSettings) -> None:
    """Run one merger until cancelled."""
    bus = Bus.from_url(settings.redis_url.get_secret_value())
    merger = Merger(bus, settings)
    try:
        await merger.run()
    finally:
        await merger.close()
        await bus.close()
