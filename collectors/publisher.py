"""From a source's candidates to Redis: judge once, send in order, keep what Redis cannot take now.

Each event is sent once. Where a pipeline broke half way, or its answer was lost, the end of the stream tells how much
of it arrived, since one collector at a time publishes a source; only the rest is sent again. A server that was frozen
may still take the first send after that look: the merge policy and the ingestor's key both know a repeated event.

What waits depends on the source. A live source cannot be asked to wait: its events are spooled, and at the spool's
bound the oldest go and are counted. A replay or a file is simply not read on until there is room.
"""

import asyncio
import logging
import random
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import thor_fast
from collectors import keys
from collectors.bus import Bus, BusError
from collectors.settings import CollectorSettings
from collectors.sources.base import Mode
from collectors.spool import Spool, Spooled

__all__ = ["Publisher", "Tally"]

WAITING_BATCHES: Final = 4
"""How far a source that can wait is read ahead of Redis."""
ATTEMPT_S: Final = 10.0
"""A send without an answer for this long counts as failed: a cut network gives no sign of its own."""
FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 5.0

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Tally:
    """What has happened so far. `newest_ts_us` is the latest event time seen, in microseconds UTC."""

    published: int = 0
    rejects: Counter[str] = field(default_factory=Counter)
    newest_ts_us: int | None = None
    last_published_us: int | None = None
    waiting_for_redis: str | None = None


class Publisher:
    """Takes candidates with `offer`, sends them in `run`. One of each, in one event loop."""

    def __init__(self, bus: Bus, settings: CollectorSettings, spool: Spool, *, name: str, mode: Mode) -> None:
        self.tally = Tally()
        self._bus = bus
        self._settings = settings
        self._spool = spool
        self._name = name
        self._can_wait = mode in {"replay", "file"}
        self._rejects: deque[thor_fast.Reject] = deque(maxlen=settings.rejects_kept)
        self._in_hand: dict[str, list[bytes]] = {}
        self._rejects_in_hand: list[thor_fast.Reject] = []
        self._registered: set[str] = set()
        self._in_doubt: set[str] = set()
        self._changed = asyncio.Condition()
        self._finished = False
        self._lost = 0
        self._random = random.SystemRandom()

    @property
    def spooled(self) -> int:
        """Events that have come and are not yet known to be in Redis."""
        return len(self._spool) + sum(len(payloads) for payloads in self._in_hand.values())

    @property
    def dropped(self) -> int:
        """Events lost to the spool's bound."""
        return self._spool.dropped

    async def offer(self, candidates: Sequence[bytes]) -> None:
        """Judge candidates and queue what is good. Returns at once, or with room again for a source that can wait."""
        events, rejects = thor_fast.parse_batch(candidates)
        self.tally.rejects.update(reject.code for reject in rejects)
        self._rejects.extend(rejects)
        if len(events):
            newest = max(events.ts_us())
            self.tally.newest_ts_us = max(newest, self.tally.newest_ts_us or newest)
        self._spool.put(map(Spooled, events.sources(), events.to_json()))
        async with self._changed:
            self._changed.notify_all()
            if self._can_wait:
                await self._changed.wait_for(self._has_room)

    async def finish(self) -> None:
        """Nothing more will be offered; `run` returns when everything is sent."""
        async with self._changed:
            self._finished = True
            self._changed.notify_all()

    async def run(self) -> None:
        """Send what comes, at once when idle and gathered while a send is under way, until finished."""
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: self._finished or self._has_work())
            if not self._has_work():
                return
            await self._send_all()
            async with self._changed:
                self._changed.notify_all()

    async def flush(self, grace_s: float) -> int:
        """Send what is left within a grace time, then spool it. For the end of a run; returns how many were lost."""
        try:
            async with asyncio.timeout(grace_s):
                while self._has_work():
                    await self._send_all()
        except TimeoutError:
            log.warning("stopped with %d events not sent", self.spooled)
        finally:
            # Also where somebody in a hurry cancels the flush itself.
            left = [Spooled(source, payload) for source, payloads in self._in_hand.items() for payload in payloads]
            self._in_hand = {}
            self._lost = self._spool.close(left)
        return self._lost

    def _has_room(self) -> bool:
        return self.spooled < WAITING_BATCHES * self._settings.publish_batch

    def _has_work(self) -> bool:
        return bool(self._in_hand or self._rejects_in_hand or self._rejects or len(self._spool))

    async def _send_all(self) -> None:
        """Send one batch of events and one of rejects, trying again until Redis has them."""
        if not self._in_hand:
            for item in self._spool.take(self._settings.publish_batch):
                self._in_hand.setdefault(item.source, []).append(item.payload)
        if not self._rejects_in_hand:
            count = min(len(self._rejects), self._settings.publish_batch)
            self._rejects_in_hand = [self._rejects.popleft() for _ in range(count)]
        pause = FIRST_PAUSE_S
        while True:
            try:
                async with asyncio.timeout(ATTEMPT_S):
                    await self._attempt()
            except (BusError, TimeoutError) as error:
                self._note_trouble(str(error) or "no answer")
                # Jitter keeps the collectors of a house from all returning in the same instant.
                await asyncio.sleep(pause * self._random.uniform(0.5, 1.0))
                pause = min(2 * pause, LONGEST_PAUSE_S)
            else:
                self._note_success()
                return

    async def _attempt(self) -> None:
        for source in list(self._in_hand):
            if source not in self._registered:
                await self._bus.register_source(source)
                self._registered.add(source)
            payloads = self._in_hand[source]
            if source in self._in_doubt:
                payloads = await self._not_arrived(source, payloads)
            self._in_doubt.add(source)  # until the answer is here, also when we are cancelled while waiting for it
            await self._bus.publish(source, payloads, retention_s=self._settings.stream_retention_s)
            self._in_doubt.discard(source)
            self.tally.published += len(self._in_hand.pop(source))
            self.tally.last_published_us = time.time_ns() // 1_000
        if self._rejects_in_hand:
            await self._bus.reject(self._name, self._rejects_in_hand, kept=self._settings.rejects_kept)
            self._rejects_in_hand = []

    async def _not_arrived(self, source: str, payloads: list[bytes]) -> list[bytes]:
        """What of a broken send is not at the end of the stream."""
        newest = await self._bus.newest_entries(keys.source_stream(source), count=len(payloads))
        tail = [entry.data for entry in newest]
        for arrived in range(len(tail), 0, -1):
            if tail[-arrived:] == payloads[:arrived]:
                return payloads[arrived:]
        return payloads

    def _note_trouble(self, reason: str) -> None:
        # A Redis that comes back may be another one, which has not heard of our sources.
        self._registered.clear()
        if self.tally.waiting_for_redis is None:
            log.warning("waiting for Redis, events are kept: %s", reason)
        self.tally.waiting_for_redis = reason

    def _note_success(self) -> None:
        if self.tally.waiting_for_redis is not None:
            log.info("Redis is back, %d events to send", len(self._spool))
        self.tally.waiting_for_redis = None
