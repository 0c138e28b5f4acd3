"""The merger process: every source's stream in, one unified stream and the latest hash of each symbol out.

What stands, and what must be written, is `thor_fast.StreamMerge`'s to say; this file only moves bytes. It is safe to
kill at any instant: entries are acknowledged after the write, the latest hash of a symbol holds what the merge knows
of it, and what a dead merger had appended names the entries it was made from. A successor goes on exactly there.
"""

import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from collectors import keys
from collectors.bus import Bus, BusError, BusUnavailable, Packed
from collectors.instruments import load_instruments, register
from collectors.latency import Latency, wall_us
from collectors.metrics import served_metrics
from collectors.pace import Pace
from collectors.preferences import override_preferred
from collectors.settings import CollectorSettings
from thor_fast import EventError, MergeStep, QuoteEvent, StreamEntries, StreamMerge, register_source
from thor_web.livedata.services.merger_metrics import MERGER_METRICS
from thor_web.livedata.services.preferences import follow_preferences

__all__ = ["Merger", "run_merger"]

log = logging.getLogger(__name__)

LEASE_TTL_MS: Final = 1_500
LEASE_RENEWED_S: Final = 0.4
LEASE_TRIED_S: Final = 0.2
"""A dead merger is replaced within 1.7 s, and what its successor needs to find its state."""
READ_COUNT: Final = 1_000
RECOVERED_COUNT: Final = 5_000
BLOCK_MS: Final = 200
STEPS_APART_S: Final = 0.000_5
"""Less than sends of a publisher are: what has been gathered there does not wait here as well."""
SOURCES_REFRESHED_S: Final = 0.5
REPORTED_S: Final = 1.0
CLOCK_MARGIN_MS: Final = 5_000
"""How far the clocks of a cluster's nodes may be apart for a recovery to find all that was written."""
HEALTH_TTL_S: Final = 5
BACKOFF_S: Final = (0.1, 2.0)


class LeaseLostError(Exception):
    """Another merger took over; this one goes back to waiting."""


class Merger:
    """Reads entries, lets the merge decide, writes what stands, acknowledges."""

    def __init__(self, bus: Bus, settings: CollectorSettings) -> None:
        instruments = load_instruments()
        register(instruments)
        self._bus = bus
        self._settings = settings
        self._instruments = instruments
        self._shipped = {instrument.symbol: instrument.preferred for instrument in instruments}
        self._preferred = self._wanted = self._overridden(self._shipped)
        self._lease = bus.lease("merger", ttl_ms=LEASE_TTL_MS)
        self._consumer = "merger"
        self._reader = bus.group_reader(keys.MERGE_GROUP, self._consumer)
        self._merge = self._new_merge()
        self._streams: list[str] = []
        self._left_out: set[str] = set()
        self._counts: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        """What the merges before the present one gave as reasons."""
        self._latency = Latency()
        self._lag: dict[str, int] = {}
        self._pace = Pace(STEPS_APART_S)

    @property
    def preferred(self) -> Mapping[str, str]:
        """The preferred source by symbol that the merge goes by now."""
        return self._preferred

    async def run(self) -> None:
        """Merge until cancelled, standing by while another merger holds the lease."""
        delay = BACKOFF_S[0]
        while True:
            try:
                await self.wait_for_lease()
                delay = BACKOFF_S[0]
                await self.serve()
            except* BusUnavailable as errors:
                log.warning("redis is away, trying again: %s", errors.exceptions[0])
            except* LeaseLostError:
                log.warning("another merger took over; standing by")
            if (task := asyncio.current_task()) and task.cancelling():
                # Before Python 3.13 a task group that fails while it is cancelled forgets the cancellation.
                raise asyncio.CancelledError
            await asyncio.sleep(delay * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret
            delay = min(delay * 2, BACKOFF_S[1])

    async def serve(self) -> None:
        """Merge while the lease is held. Raises a group of BusError or LeaseLostError."""
        # In a task of its own: before Python 3.13 a group that fails leaves the task that waits for it marked as being
        # cancelled.
        await asyncio.create_task(self._serve())

    async def _serve(self) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._keep_lease())
                tasks.create_task(self._report())
                tasks.create_task(self._keep_sources())
                tasks.create_task(self._keep_preferences())
                tasks.create_task(self._merge_all())
        finally:
            self._reader.close()

    async def close(self) -> None:
        """Give the lease up at once, so that a successor need not wait for its end."""
        with suppress(BusError):
            await self._lease.release()

    async def wait_for_lease(self) -> None:
        """Stand by until the lease is ours. Raises BusError."""
        while not await self._lease.acquire():
            await self._bus.heartbeat("merger:standby", {"state": "standby"}, ttl_s=HEALTH_TTL_S)
            await asyncio.sleep(LEASE_TRIED_S)

    async def _keep_lease(self) -> None:
        while True:
            await asyncio.sleep(LEASE_RENEWED_S)
            if not await self._lease.acquire():
                raise LeaseLostError

    async def _keep_sources(self) -> None:
        while True:
            await asyncio.sleep(SOURCES_REFRESHED_S)
            await self._refresh_sources()

    async def _keep_preferences(self) -> None:
        async for wanted in follow_preferences(self._bus, self._shipped):
            self._wanted = self._overridden(wanted)

    def _overridden(self, preferred: Mapping[str, str]) -> dict[str, str]:
        """What this deployment prefers, whatever the instruments say."""
        return override_preferred(preferred, self._settings.preferred_sources, self._instruments)

    async def _report(self) -> None:
        while True:
            self._lag = {stream: await self._lag_of(stream) for stream in list(self._streams)}
            reasons = self._reasons + Counter(self._merge.counts())
            fields = self._counts | {f"reason_{reason}": count for reason, count in reasons.items()}
            await self._bus.heartbeat(
                "merger",
                {
                    "state": "merging",
                    "time_ms": time.time_ns() // 1_000_000,
                    "lag": sum(self._lag.values()),
                    **{f"lag_{stream.removeprefix(keys.source_stream(''))}": lag for stream, lag in self._lag.items()},
                    **{name: count for name, count in fields.items() if count},
                    **self._latency.fields(),
                },
                ttl_s=HEALTH_TTL_S,
            )
            await asyncio.sleep(REPORTED_S)

    async def _lag_of(self, stream: str) -> int:
        """Entries of a stream that are not merged yet."""
        state = await self._bus.stream_state(stream)
        groups = {group.name: group for group in state.groups} if state else {}
        merge = groups.get(keys.MERGE_GROUP)
        return (merge.lag or 0) + merge.pending if merge else 0

    async def _merge_all(self) -> None:
        await self._recover()
        loop = asyncio.get_running_loop()
        writes: list[Packed] = []
        acks: list[Packed] = []
        while True:
            if self._wanted != self._preferred:
                await self._prefer(self._wanted, writes, acks)
                writes, acks = [], []
            held = self._merge.held()
            streams = [stream for stream in self._streams if stream not in held]
            try:
                # What was decided is written, acknowledged and followed by the next reading in one pipeline.
                read = await self._reader.read(
                    streams, count=READ_COUNT, block_ms=None if held else BLOCK_MS, writes=writes, acks=acks
                )
            except BusUnavailable:
                raise
            except BusError as error:  # a stream or its group was deleted under us
                log.warning("reading the source streams failed, setting them up again: %s", error)
                self._streams = []
                await self._refresh_sources()
                read = []
            writes, acks = [], []
            step = self._merge.take(read, READ_COUNT)
            if step is not None:
                self._pace.began(loop.time())
                writes, acks = await self._append(step)
                if wait_s := self._pace.wait_s():
                    await asyncio.sleep(wait_s)
            elif not streams and not held:
                await asyncio.sleep(BLOCK_MS / 1_000)

    async def _append(self, step: MergeStep) -> tuple[list[Packed], list[Packed]]:
        """Append what stands; what is to be written and then acknowledged after it."""
        if not self._lease.is_held:  # this process was stopped for so long that another may be at work
            raise LeaseLostError
        replies = await self._bus.append_step(step, retention_s=self._settings.stream_retention_s)
        now_us = wall_us()
        for histogram in self._latency.histograms:
            step.record_latency(histogram, now_us)
        if rejects := step.rejects:
            self._counts.update(f"rejected_{reject.code}" for reject in rejects)
            self._counts["rejected"] += len(rejects)
            await self._bus.reject("merger", rejects, kept=self._settings.rejects_kept)
        self._counts["events_in"] += step.entries
        self._counts["events_out"] += step.appended
        writes = [Packed(key, command) for key, command in step.latest(replies)]
        return writes, [Packed(key, command) for key, command in step.xack(keys.MERGE_GROUP)]

    async def _prefer(self, preferred: dict[str, str], writes: list[Packed], acks: list[Packed]) -> None:
        """Finish what was decided, then go on as a successor would: with all that was known, by other preferences."""
        await self._reader.read([], count=0, block_ms=None, writes=writes, acks=acks)
        self._reasons.update(self._merge.counts())
        self._preferred = preferred
        await self._recover()
        log.info("preferred sources were edited")

    def _new_merge(self) -> StreamMerge:
        return StreamMerge(self._preferred, self._settings.stale_after_ms)

    async def _recover(self) -> None:
        """Rebuild the merge from the latest hashes and finish what a dead merger left unacknowledged."""
        self._merge = self._new_merge()
        self._streams = []
        await self._refresh_sources()
        for symbol, fields in (await self._bus.read_latest()).items():
            try:
                if state := fields.get(b"merge"):
                    self._merge.restore_state(state)
                else:
                    self._merge.restore(QuoteEvent.from_latest_fields(fields), int(fields[b"received_us"]))
            except (EventError, KeyError, ValueError) as error:
                log.warning("the latest hash of %s cannot be read and is ignored: %s", symbol, error)
        pending = [
            entries
            for stream in self._streams
            for entries in await self._bus.pending(keys.MERGE_GROUP, self._consumer, stream, count=RECOVERED_COUNT)
        ]
        if not pending:
            return
        step = self._merge.recover(pending, await self._written_since(pending))
        if step is not None:
            writes, acks = await self._append(step)
            await self._reader.read([], count=0, block_ms=None, writes=writes, acks=acks)

    async def _written_since(self, pending: list[StreamEntries]) -> list[StreamEntries]:
        """The end of the unified stream that may hold what was made of pending entries."""
        oldest_ms = min(int(first.partition("-")[0]) for entries in pending if (first := entries.first_id()))
        since = self._bus.entries_since(keys.UNIFIED_STREAM, max(0, oldest_ms - CLOCK_MARGIN_MS), count=RECOVERED_COUNT)
        return [entries async for entries in since]

    async def _refresh_sources(self) -> None:
        streams = []
        for source in await self._bus.sources():
            stream = keys.source_stream(source)
            try:
                if stream not in self._streams:
                    register_source(source)
                    await self._bus.ensure_group(stream, keys.MERGE_GROUP)
                    log.info("merging %s", stream)
                streams.append(stream)
            except BusUnavailable:
                raise
            except (BusError, ValueError) as error:  # one that is no stream, or no name, stops no other
                if source not in self._left_out:
                    log.warning("the source %r is left out: %s", source, error)
                self._left_out.add(source)
        self._streams = streams


async def run_merger(settings: CollectorSettings, *, metrics_port: int | None = None) -> None:
    """Run one merger until cancelled, with `/metrics` at a port of its own where one is named."""
    bus = Bus.from_url(settings.redis_url.get_secret_value())
    merger = Merger(bus, settings)
    try:
        with served_metrics({"merger": MERGER_METRICS}, bus.told, metrics_port):
            await merger.run()
    finally:
        await merger.close()
        await bus.close()
