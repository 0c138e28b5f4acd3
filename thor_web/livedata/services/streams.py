"""What one client of the event stream gets, as an async iterator of bytes. It knows no HTTP.

Every loop below holds only a number in the ring: a client that is slow falls behind, and one that falls off
the ring is told so and conflated from then on. Nothing is queued for anybody.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final

from collectors.bus import BusUnavailable
from thor_web.livedata.services.hub import Hub
from thor_web.livedata.services.ring import Enrich, Frame, Position

__all__ = ["HEARTBEAT_S", "StreamRequest", "stream"]

HEARTBEAT_S: Final = 10.0
RETRY_MS: Final = 1_000
CHUNK: Final = 500
"""Most frames joined into one write."""
SLOW_CLIENT_HZ: Final = 4.0
"""Rate of a client that was too slow for every event."""
RETRY_S: Final = 0.25
HEARTBEAT: Final = b": heartbeat\n\n"


@dataclass(frozen=True, slots=True)
class StreamRequest:
    """What a client asked for. `symbols` None means all; `after` resumes behind that position."""

    symbols: Collection[str] | None = None
    after: Position | None = None
    conflate_hz: float | None = None
    enrich: Enrich | None = None

    def wants(self, frame: Frame) -> bool:
        """Notices are for everybody."""
        return self.symbols is None or frame.event is None or frame.event.symbol in self.symbols

    def one(self, frame: Frame) -> bytes:
        """The frame as a message of its own."""
        if frame.event is None or self.enrich is None:
            return frame.sse
        return b"id: %b\nevent: quote\ndata: %b\n\n" % (frame.id.encode(), frame.record(self.enrich))

    def many(self, frames: Sequence[Frame]) -> bytes:
        """Frames of different symbols, in stream order, as one message; its id is the newest of them."""
        enrich = self.enrich
        data = b",".join(frame.data if enrich is None else frame.record(enrich) for frame in frames)
        return b"id: %b\nevent: quotes\ndata: [%b]\n\n" % (frames[-1].id.encode(), data)


async def stream(hub: Hub, request: StreamRequest, greeting: Callable[[], bytes]) -> AsyncIterator[bytes]:
    """Everything one client gets, until it leaves. `greeting` is asked once, for what each client starts with."""
    hub.clients += 1
    client = _Client(hub, request)
    try:
        yield b"retry: %d\n\n" % RETRY_MS + greeting()
        if hub.degraded:
            yield b'event: degraded\ndata: {"degraded":true}\n\n'
        if request.after is not None:
            async for chunk in client.resume(request.after):
                yield chunk
        if request.conflate_hz is None:
            async for chunk in client.every_event():
                yield chunk
            yield b'event: conflated\ndata: {"reason":"too_slow"}\n\n'
        async for chunk in client.conflated(request.conflate_hz or SLOW_CLIENT_HZ):
            yield chunk
    finally:
        hub.clients -= 1


class _Client:
    """Where one client stands in the ring."""

    def __init__(self, hub: Hub, request: StreamRequest) -> None:
        self._hub = hub
        self._request = request
        self._number = hub.ring.end
        self._last_sent = time.monotonic()

    async def resume(self, after: Position) -> AsyncIterator[bytes]:
        """What came after a position, from Redis until the ring holds the rest; `reset` when it is not kept."""
        while (number := self._hub.ring.number_after(after)) is None or after > self._hub.ring.last_position:
            try:
                kept = number is None and await self._hub.is_kept(after)
                frames = await self._hub.older(after, count=CHUNK) if kept else []
            except BusUnavailable:
                await asyncio.sleep(RETRY_S)
                continue
            if not kept:
                self._number = self._hub.ring.end
                yield b"event: reset\ndata: {}\n\n"
                return
            if not frames:
                # Nothing came after the position yet: whatever the ring holds by now is later than that look.
                number = self._hub.ring.first
                break
            after = frames[-1].position
            yield self._message(frames)
        self._number = number

    async def every_event(self) -> AsyncIterator[bytes]:
        """Each event, until the client has fallen off the ring."""
        while (frames := self._hub.ring.since(self._number, limit=CHUNK)) is not None:
            self._number += len(frames)
            chunk = self._message(frames)
            if chunk or not frames:
                yield chunk or await self._heartbeat()

    async def conflated(self, hz: float) -> AsyncIterator[bytes]:
        """The newest event of each symbol that changed, at most `hz` times a second."""
        request = self._request
        self._request = StreamRequest(request.symbols, request.after, hz, request.enrich)
        sent: Position = (0, 0)
        while True:
            await asyncio.sleep(max(0.0, self._last_sent + 1.0 / hz - time.monotonic()))
            frames = self._hub.ring.since(self._number, limit=self._hub.ring.end)
            if frames is None:
                # The ring has moved on, but the mirror holds the newest event of each symbol all the same.
                behind = [frame for frame in self._hub.newest.values() if frame.position > sent]
                frames = sorted(behind, key=lambda frame: frame.position)
                self._number = self._hub.ring.end
            else:
                self._number += len(frames)
            if frames:
                sent = frames[-1].position
            chunk = self._message(frames)
            if chunk or not frames:
                yield chunk or await self._heartbeat()

    def _message(self, frames: Sequence[Frame]) -> bytes:
        """Frames as the client asked for them: each, or the newest a symbol. Empty when it wants none of them."""
        request = self._request
        wanted = [frame for frame in frames if request.wants(frame)]
        if request.conflate_hz is None:
            message = b"".join(request.one(frame) for frame in wanted)
        else:
            quotes = newest_of(wanted)
            message = b"".join(frame.sse for frame in wanted if frame.event is None)
            message += request.many(quotes) if quotes else b""
        if message:
            self._last_sent = time.monotonic()
        return message

    async def _heartbeat(self) -> bytes:
        """Wait for the next frame; a comment when the client has had nothing for too long, else nothing."""
        left = self._last_sent + HEARTBEAT_S - time.monotonic()
        if left > 0 and await self._hub.wait(self._number, timeout_s=left):
            return b""
        self._last_sent = time.monotonic()
        return HEARTBEAT


def newest_of(frames: Sequence[Frame]) -> list[Frame]:
    """The last frame of each symbol, in stream order."""
    newest: dict[str, Frame] = {}
    for frame in frames:
        if frame.event is not None:
            newest.pop(frame.event.symbol, None)
            newest[frame.event.symbol] = frame
    return list(newest.values())
