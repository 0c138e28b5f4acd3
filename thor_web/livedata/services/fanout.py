"""Every client of the event stream in this process: who joins which group, who lags, who is let in and when it ends.

A client that takes what it is sent stands in a group and costs one write a message. One that does not leaves its
group with its number in the ring; when it has taken the rest it is sent what it missed, from the ring. Fallen off the
ring it is told so and conflated from then on. Nothing is queued for anybody, and nobody waits for anybody.
"""

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final

from collectors.bus import BusError, BusUnavailable
from collectors.latency import Latency, wall_us
from thor_fast import QuoteBatch
from thor_web.livedata.services.client import Client, Transport
from thor_web.livedata.services.groups import Audience, Group, Groups, Rhythm
from thor_web.livedata.services.hub import Hub
from thor_web.livedata.services.messages import CONFLATED, HEARTBEAT, RESET, StreamRequest, retry
from thor_web.livedata.services.ring import Frame, Position

__all__ = ["Counts", "Fanout", "TooManyStreams"]

log = logging.getLogger(__name__)

GATHERED_S: Final = 0.005
"""Most that an event waits for others to share its message."""
GATHERED_FROM_S: Final = 0.002
"""From so much rest owed on what comes is gathered: timers of the loop are no finer than a millisecond, and a lone
sending that takes long is no load."""
CHUNK: Final = 500
"""Most frames sent at once to a client that catches up."""
CHUNK_FROM_REDIS: Final = 1_000
CATCHING_UP_S: Final = 30.0
"""A client that resumes is late, not slow, while it comes nearer to the market: that is judged after each such time."""
SLOW_CLIENT_HZ: Final = 4.0
RETRY_MS: Final = 1_000
LEAVING_RETRY_MS: Final = 50
"""A client that is sent away comes back soon, but not all in one moment: a further millisecond for each of them."""
TICK_S: Final = 0.5
HEARTBEAT_S: Final = 10.0
STUCK_S: Final = 60.0
DRAIN_S: Final = 2.0
REDIS_RETRY_S: Final = 0.25


class TooManyStreams(Exception):  # noqa: N818 - it names a state
    """There is no room for another client. `whose` is `server` or `caller`."""

    def __init__(self, whose: str) -> None:
        super().__init__(whose)
        self.whose = whose


class _TooSlow(Exception):  # noqa: N818 - it names a state
    """A client takes less than the market brings."""


@dataclass(slots=True)
class Counts:
    """What has happened since the start."""

    opened: int = 0
    refused: int = 0
    conflated: int = 0
    reset: int = 0
    from_redis: int = 0
    stuck: int = 0
    latency: Latency = field(default_factory=Latency)


class Fanout:
    """The clients of one hub."""

    def __init__(self, hub: Hub, *, most_clients: int, most_a_caller: int) -> None:
        self._hub = hub
        self._most_clients = most_clients
        self._most_a_caller = most_a_caller
        self._clients: dict[Client, Group | None] = {}
        self._of_caller: Counter[str] = Counter()
        self._asking_bars = 0
        self._audiences: Groups[Audience] = Groups()
        self._rhythms: Groups[Rhythm] = Groups()
        self._number = 0
        self._quiet_until = self._ended = self._owed_s = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._draining = False
        self.counts = Counts()
        hub.listen(self._on_frames)

    def __len__(self) -> int:
        return len(self._clients)

    @property
    def clients(self) -> Collection[Client]:
        """Everyone who is connected."""
        return self._clients.keys()

    def groups(self) -> list[Group]:
        """The groups that have members now."""
        return [*self._audiences, *self._rhythms]

    @property
    def wants_bars(self) -> bool:
        """Somebody asks for bars now."""
        return self._asking_bars > 0

    def require_room(self, caller: str) -> None:
        """Raise TooManyStreams unless this caller may open one more stream now."""
        whose = None
        if self._draining or len(self._clients) >= self._most_clients:
            whose = "server"
        elif self._of_caller[caller] >= self._most_a_caller:
            whose = "caller"
        if whose is not None:
            self.counts.refused += 1
            raise TooManyStreams(whose)

    def open(
        self,
        transport: Transport,
        wanted: StreamRequest,
        *,
        caller: str,
        head: bytes,
        greeting: bytes,
        after: Position | None = None,
        lasting_s: float | None = None,
    ) -> None:
        """Take a connection over, unless it has gone already.

        `head` goes out as it is, `greeting` as the first messages. With `after` the client is sent every event behind
        that position, else those that come from now on. `lasting_s`: the stream ends in good order after that time.
        """
        if transport.is_closing():
            return  # nobody would tell a new protocol of it
        client = Client(transport, wanted, caller, self)
        self._clients[client] = None
        self._of_caller[caller] += 1
        self._asking_bars += bool(wanted.bars)
        self.counts.opened += 1
        client.number, client.position = self._hub.ring.end, self._hub.read_position
        client.heard = asyncio.get_running_loop().time()
        if after is not None:
            self._begin_to_judge(client, after)
        if after is not None and not self._stands(client, after):
            client.task = asyncio.create_task(self._resume_from_redis(client, after))
        client.start(head)
        client.send(wanted.encoded(retry(RETRY_MS) + greeting + degraded_notice(self._hub)))
        if client.task is None and not client.is_blocked():
            self._proceed(client)
        if lasting_s is not None:
            asyncio.get_running_loop().call_later(lasting_s, self._end, client)

    async def run(self) -> None:
        """Heartbeats, and an end to clients that take nothing any more. Until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(TICK_S)
            now = loop.time()
            for group in self.groups():
                if now - group.last_sent > HEARTBEAT_S - TICK_S:
                    group.send(group.wanted.encoded(HEARTBEAT), now)
            for client in tuple(self._clients):
                if client.blocked_since is not None and now - client.blocked_since > STUCK_S:
                    self.counts.stuck += 1
                    client.transport.abort()
                elif client.task is not None and not client.is_blocked() and now - client.heard > HEARTBEAT_S - TICK_S:
                    self._send_alone(client, HEARTBEAT)

    async def drain(self) -> None:
        """Let nobody in any more and send everybody away; they go on at another process or at our successor."""
        self._draining = True
        self._flush()
        spread_ms = LEAVING_RETRY_MS + len(self._clients)
        for client in tuple(self._clients):
            self._take_out(client)
            if not client.is_blocked():
                again = retry(random.randint(LEAVING_RETRY_MS, spread_ms))  # noqa: S311 - no secret
                client.send(client.wanted.encoded(again) + client.wanted.ending())
            client.transport.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_S):
                while self._clients:  # noqa: ASYNC110 - a moment, once in a process's life
                    await asyncio.sleep(0.01)
        for client in tuple(self._clients):
            client.transport.abort()

    def _end(self, client: Client) -> None:
        """It has had all it asked for."""
        if client in self._clients and not client.transport.is_closing():
            self._flush()
            self._take_out(client)
            if not client.is_blocked():
                client.send(client.wanted.ending())
            client.transport.close()

    # --- what happens to a client ---------------------------------------------------------------------------

    def fell_behind(self, client: Client) -> None:
        """It has not taken all it was sent: it leaves its group until it has."""
        self._take_out(client)

    def caught_breath(self, client: Client) -> None:
        """It has taken all it was sent."""
        if client.room is not None:
            client.room.set()
        if client.task is None:
            self._proceed(client)

    def left(self, client: Client) -> None:
        """Its connection is gone."""
        self._take_out(client)
        if client.task is not None:
            client.task.cancel()
        if client in self._clients:
            del self._clients[client]
            self._of_caller[client.name] -= 1
            self._asking_bars -= bool(client.wanted.bars)
            if not self._of_caller[client.name]:
                del self._of_caller[client.name]

    def _take_out(self, client: Client) -> None:
        group = self._clients.get(client)
        if group is None:
            return
        self._clients[client] = None
        group.remove(client)
        if not len(group):
            if isinstance(group, Audience):
                self._audiences.remove(group)
            elif isinstance(group, Rhythm):
                self._rhythms.remove(group)

    def _proceed(self, client: Client) -> None:
        """Bring a client that is not blocked to where its group is, then into it."""
        if client.gone or client.is_blocked() or client.transport.is_closing() or self._clients.get(client) is not None:
            return
        if client.wanted.conflate_hz is not None:
            self._join_rhythm(client, client.wanted.conflate_hz)
            return
        if client.number > self._number:
            self._flush()
        frames = self._hub.ring.since(client.number, until=min(self._number, client.number + CHUNK))
        if frames is None:
            self._fell_off(client)
            return
        client.number += len(frames)
        client.position = frames[-1].position if frames else client.position
        message = client.wanted.each(frames)
        if message:
            client.send(message)
        if client.is_blocked():
            return
        if client.number == self._number:
            self._join_audience(client)
        else:
            asyncio.get_running_loop().call_soon(self._proceed, client)  # others first

    def _fell_off(self, client: Client) -> None:
        """The ring does not hold any more what it lacks."""
        if self._is_catching_up(client, client.position):
            client.task = asyncio.create_task(self._resume_from_redis(client, client.position))
        else:
            self._conflate(client)

    def _is_catching_up(self, client: Client, after: Position) -> bool:
        """Whether a client that resumed, and stands behind a position by now, will reach the market at its pace."""
        before = client.behind_ms
        if before is None or asyncio.get_running_loop().time() < client.judged_at:
            return before is not None
        return self._begin_to_judge(client, after) < before

    def _begin_to_judge(self, client: Client, after: Position) -> int:
        """Note how long before the newest event that position is, by the clock that stamps stream ids."""
        client.behind_ms = self._hub.read_position[0] - after[0]
        client.judged_at = asyncio.get_running_loop().time() + CATCHING_UP_S
        return client.behind_ms

    def _conflate(self, client: Client) -> None:
        """It was too slow for every event: from now on it gets the newest of each symbol."""
        self.counts.conflated += 1
        client.behind_ms = None
        client.wanted = replace(client.wanted, conflate_hz=SLOW_CLIENT_HZ)
        client.position, client.number = (0, 0), self._hub.ring.end
        self._send_alone(client, CONFLATED)
        self._proceed(client)

    def _join_audience(self, client: Client) -> None:
        alike = self._audiences.alike(client.wanted)
        if alike:
            audience = alike[0]
        else:
            audience = Audience(client.wanted, asyncio.get_running_loop().time())
            audience.number = self._number
            self._audiences.add(audience)
        audience.add(client)
        client.behind_ms = None
        self._clients[client] = audience

    def _join_rhythm(self, client: Client, hz: float) -> None:
        alike = self._rhythms.alike(client.wanted)
        rhythm = next((found for found in alike if len(found) < Rhythm.MOST), None)
        if rhythm is None:
            rhythm = Rhythm(self._hub, client.wanted, hz, len(alike))
            self._rhythms.add(rhythm)
        self._clients[client] = rhythm
        rhythm.add(client)

    def _send_alone(self, client: Client, message: bytes) -> None:
        client.heard = asyncio.get_running_loop().time()
        client.send(client.wanted.encoded(message))

    # --- new frames -----------------------------------------------------------------------------------------

    def _on_frames(self, frames: Sequence[Frame], _batch: QuoteBatch | None) -> None:
        for rhythm in self._rhythms.touched(frames):
            rhythm.wake()
        now = asyncio.get_running_loop().time()
        # No group may fall off the ring because its frames were being gathered.
        crowded = self._hub.ring.end - self._number > self._hub.ring.capacity // 2
        if crowded or now >= self._quiet_until:
            self._flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_at(self._quiet_until, self._flush)

    def _flush(self) -> None:
        """Send every frame that has come since the last time to whoever wants it."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        clock = asyncio.get_running_loop().time
        started = clock()
        frames = self._hub.ring.since(self._number, until=self._hub.ring.end) or ()
        self._number = self._hub.ring.end
        if not frames:
            return
        for audience in self._audiences:
            audience.number = self._number
        sent = False
        for audience in self._audiences.touched(frames):
            message = audience.wanted.each(frames)
            if message:
                audience.send(message, started)
                sent = True
        ended = clock()
        # As much rest as work: where sending takes less than half of the time nothing waits.
        rested_s = started - self._ended
        self._owed_s = min(GATHERED_S, max(0.0, self._owed_s - rested_s) + ended - started)
        self._ended = ended
        self._quiet_until = ended + self._owed_s if self._owed_s >= GATHERED_FROM_S else 0.0
        if sent:
            self._record_latency(frames)

    def _record_latency(self, frames: Sequence[Frame]) -> None:
        """From the collector to the clients' connections; from Redis where the collector's time is not known."""
        now_us = wall_us()
        for frame in frames:
            if frame.symbol is not None:
                self.counts.latency.record(now_us - (frame.position[0] * 1_000 if frame.at_us is None else frame.at_us))

    # --- resume ---------------------------------------------------------------------------------------------

    def _stands(self, client: Client, after: Position) -> bool:
        """Let a client go on behind a position if what this process holds can tell what came after it."""
        number = self._hub.ring.number_after(after)
        if number is None and client.wanted.conflate_hz is not None:
            number = self._hub.ring.end  # the mirror tells it, however long ago it was
        if number is None or after > self._hub.read_position:
            return False
        client.number, client.position = number, after
        return True

    async def _resume_from_redis(self, client: Client, after: Position) -> None:
        try:
            if not await self._replay(client, after):
                self.counts.reset += 1
                client.number, client.position = self._hub.ring.end, self._hub.read_position
                self._send_alone(client, RESET)
        except _TooSlow:
            client.task = None
            self._conflate(client)
        except BusError:
            log.exception("a client could not be resumed")
            client.transport.close()
        finally:
            client.task = None
        self._proceed(client)

    async def _replay(self, client: Client, after: Position) -> bool:
        """Send what came after a position until the ring holds the rest. False when it is no longer kept.

        Raises _TooSlow for a client that the market runs away from.
        """
        hub, began = self._hub, after
        while not self._stands(client, after):
            if after != began and not self._is_catching_up(client, after):
                raise _TooSlow
            try:
                if after > hub.read_position:
                    # Another process, which has read further than this one, may have given it out.
                    if not await hub.was_given_out(after):
                        return False
                    await hub.wait_read(after)
                    continue
                if not await hub.is_kept(after):
                    return False
                frames, last = await hub.older(after, count=CHUNK_FROM_REDIS, symbols=client.wanted.symbols)
            except BusUnavailable:
                await asyncio.sleep(REDIS_RETRY_S)
                self._begin_to_judge(client, after)  # while Redis is away nobody comes nearer
                continue
            if last is None:
                # Nothing came after the position yet: whatever the ring holds by now is later than that look.
                client.number, client.position = hub.ring.first, after
                return True
            self.counts.from_redis += len(frames)
            after = last
            message = client.wanted.each(frames)
            if message:
                client.heard = asyncio.get_running_loop().time()
                client.send(message)
                await client.drained()
        return True


def degraded_notice(hub: Hub) -> bytes:
    """What a client that comes while Redis is away must know."""
    return b'event: degraded\ndata: {"degraded":true}\n\n' if hub.degraded else b""
