"""From a source's candidates to Redis: judge once, send in order, keep what Redis cannot take now.

An event leaves at once when nothing is under way; while something is, what comes is gathered into batches, of which
a few may be unanswered at a time. Where many come, sends are kept apart (pace.py). Each event is sent once. Where a
pipeline broke half way, or its answer was lost, the end of the stream tells how much of it arrived, since one collector
at a time publishes a source; only the rest is sent again. Refused input, whose stream all share, is looked for by names
of its own. A server that was frozen may still take the first send after that look: the merge policy and the ingestor's
key both know a repeated event.

What waits depends on the source. A live source cannot be asked to wait: its events are spooled, and at the spool's
bound the oldest go and are counted. A replay or a file is simply not read on until there is room.
"""

import asyncio
import logging
import random
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from operator import attrgetter
from typing import Final

import thor_fast
from collectors import keys
from collectors.bus import Bus, BusError
from collectors.latency import Latency, wall_us
from collectors.pace import Pace
from collectors.session_gate import SessionGate
from collectors.settings import CollectorSettings
from collectors.sources.base import Mode
from collectors.spool import Spool, Spooled

__all__ = ["Publisher", "Tally"]

WAITING_BATCHES: Final = 4
"""How far a source that can wait is read ahead of Redis."""
UNANSWERED: Final = 3
"""Sends that may be under way at once: Redis has the next one before we have the answer to the last."""
ATTEMPT_S: Final = 10.0
"""A send without an answer for this long counts as failed: a cut network gives no sign of its own."""
SENDS_APART_S: Final = 0.000_6
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
    not_wanted: int = 0
    """Events of symbols whose market was closed, which are not published."""


@dataclass(frozen=True, slots=True)
class _Send:
    """Events of one source that are under way."""

    source: str
    items: tuple[Spooled, ...]
    answer: "asyncio.Future[thor_fast.Replies]"


class Publisher:
    """Takes candidates with `offer`, sends them in `run`. One of each, in one event loop."""

    def __init__(
        self,
        bus: Bus,
        settings: CollectorSettings,
        spool: Spool,
        *,
        name: str,
        mode: Mode,
        gate: SessionGate | None = None,
    ) -> None:
        self.tally = Tally()
        self.latency = Latency()
        self._bus = bus
        self._settings = settings
        self._spool = spool
        self._name = name
        self._gate = gate
        self._can_wait = mode in {"replay", "file"}
        self._rejects: deque[thor_fast.Reject] = deque(maxlen=settings.rejects_kept)
        self._pace = Pace(SENDS_APART_S)
        self._under_way: deque[_Send] = deque()
        self._to_begin: list[Spooled] = []
        self._in_doubt: list[Spooled] = []
        self._rejects_in_hand: list[tuple[str, thor_fast.Reject]] = []
        self._rejects_in_doubt = False
        self._rejects_taken = 0
        self._run = f"{name}-{time.time_ns():x}"
        self._registered: set[str] = set()
        self._changed = asyncio.Condition()
        self._finished = False
        self._lost = 0
        self._random = random.SystemRandom()

    @property
    def spooled(self) -> int:
        """Events that have come and are not yet known to be in Redis."""
        return len(self._spool) + sum(map(len, self._in_hand()))

    @property
    def dropped(self) -> int:
        """Events lost to the spool's bound."""
        return self._spool.dropped

    async def offer(self, candidates: Sequence[bytes]) -> None:
        """Judge candidates and queue what is good. Returns at once, or with room again for a source that can wait."""
        at_us = wall_us()
        events, rejects = thor_fast.parse_batch(candidates)
        self.tally.rejects.update(reject.code for reject in rejects)
        self._rejects.extend(rejects)
        if self._gate is not None:
            come = len(events)
            events = self._gate.wanted_of(events)
            self.tally.not_wanted += come - len(events)
        newest = events.newest_ts_us()
        if newest is not None:
            self.tally.newest_ts_us = max(newest, self.tally.newest_ts_us or newest)
        self._spool.put(Spooled(source, part, at_us) for source, part in events.by_source())
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
            self._give_up()
            left, self._in_doubt = self._in_doubt, []
            self._lost = self._spool.close(left)
        return self._lost

    def _in_hand(self) -> list[Spooled]:
        """Taken from the spool and not known to be in Redis, oldest first."""
        return [*self._in_doubt, *(item for send in self._under_way for item in send.items), *self._to_begin]

    def _has_room(self) -> bool:
        return self.spooled < WAITING_BATCHES * self._settings.publish_batch

    def _has_work(self) -> bool:
        return bool(self._in_hand() or self._rejects_in_hand or self._rejects or len(self._spool))

    async def _send_all(self) -> None:
        """Send what waits until nothing does, trying again until Redis has it."""
        pause = FIRST_PAUSE_S
        while True:
            try:
                async with asyncio.timeout(ATTEMPT_S) as limit:
                    await self._attempt(limit)
            except (BusError, TimeoutError) as error:
                self._give_up()
                self._note_trouble(str(error) or "no answer")
                # Jitter keeps the collectors of a house from all returning in the same instant.
                await asyncio.sleep(pause * self._random.uniform(0.5, 1.0))
                pause = min(2 * pause, LONGEST_PAUSE_S)
            except asyncio.CancelledError:
                self._give_up()
                raise
            else:
                self._note_success()
                return

    async def _attempt(self, limit: asyncio.Timeout) -> None:
        """Send until nothing waits. Each answer moves the limit. Raises BusError."""
        loop = asyncio.get_running_loop()
        if self._in_doubt:
            await self._settle()
        while self._under_way or len(self._spool):
            while len(self._under_way) < UNANSWERED and len(self._spool):
                if len(self._spool) < self._settings.publish_batch and (wait_s := self._pace.wait_s()):
                    await asyncio.sleep(wait_s)
                items = self._spool.take(self._settings.publish_batch)
                self._pace.began(loop.time())
                await self._send(items)
            await self._answered(self._under_way[0])
            limit.reschedule(loop.time() + ATTEMPT_S)
            self._note_success()
            async with self._changed:
                self._changed.notify_all()
        while self._rejects or self._rejects_in_hand:
            await self._send_rejects()

    async def _send_rejects(self) -> None:
        """Keep one batch of refused input with its errors. Raises BusError."""
        if not self._rejects_in_hand:
            count = min(len(self._rejects), self._settings.publish_batch)
            self._rejects_in_hand = [(self._next_reject(), self._rejects.popleft()) for _ in range(count)]
        if self._rejects_in_doubt:
            there = await self._bus.reject_refs(count=self._settings.rejects_kept)
            self._rejects_in_hand = [(ref, reject) for ref, reject in self._rejects_in_hand if ref not in there]
        self._rejects_in_doubt = True
        refs, rejects = [ref for ref, _ in self._rejects_in_hand], [reject for _, reject in self._rejects_in_hand]
        await self._bus.reject(self._name, rejects, kept=self._settings.rejects_kept, refs=refs)
        self._rejects_in_hand, self._rejects_in_doubt = [], False

    def _next_reject(self) -> str:
        """A name that no other refused input has, by which it is found again."""
        self._rejects_taken += 1
        return f"{self._run}-{self._rejects_taken}"

    async def _send(self, items: list[Spooled]) -> None:
        """Begin to send batches, those of one source that follow one another in one go. Raises BusError."""
        self._to_begin = items
        while self._to_begin:
            source, following = next(groupby(self._to_begin, key=attrgetter("source")))
            if source not in self._registered:
                await self._bus.register_source(source)
                self._registered.add(source)
            part = tuple(following)
            chunks = [(item.events, item.at_us) for item in part]
            answer = await self._bus.start_publish(source, chunks, retention_s=self._settings.stream_retention_s)
            self._under_way.append(_Send(source, part, answer))
            self._to_begin = self._to_begin[len(part) :]

    async def _answered(self, send: _Send) -> None:
        await self._bus.published(await send.answer)
        self._under_way.popleft()
        now_us = wall_us()
        for item in send.items:
            self.tally.published += len(item)
            self.latency.record(now_us - item.at_us, len(item))
        self.tally.last_published_us = now_us

    def _give_up(self) -> None:
        """Nobody knows what of the sends under way arrived."""
        if self._under_way:
            self._bus.disconnect()
        self._in_doubt, self._to_begin = self._in_hand(), []
        for send in self._under_way:
            if not send.answer.cancel() and not send.answer.cancelled():
                send.answer.exception()  # looked at, or the loop would complain that nobody did
        self._under_way.clear()

    async def _settle(self) -> None:
        """Send what of the broken sends did not arrive. Raises BusError."""
        doubted: dict[str, list[Spooled]] = {}
        for item in self._in_doubt:
            doubted.setdefault(item.source, []).append(item)
        for source, items in doubted.items():
            missing = await self._not_arrived(source, items)
            self.tally.published += sum(map(len, items)) - sum(map(len, missing))
            self._in_doubt = [item for item in self._in_doubt if item.source != source]
            if missing:
                await self._send(missing)
        while self._under_way:
            await self._answered(self._under_way[0])

    async def _not_arrived(self, source: str, items: list[Spooled]) -> list[Spooled]:
        """What of broken sends is not at the end of the stream."""
        payloads = [payload for item in items for payload in item.events.to_json()]
        newest = await self._bus.newest_entries(keys.source_stream(source), count=len(payloads))
        tail = [entry.data for entry in newest]
        arrived = next((count for count in range(len(tail), 0, -1) if tail[-count:] == payloads[:count]), 0)
        missing: list[Spooled] = []
        for item in items:
            if arrived < len(item):
                missing.append(replace(item, events=item.events[arrived:]))
            arrived = max(0, arrived - len(item))
        return missing

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
