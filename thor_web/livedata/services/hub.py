"""The one reader of the unified stream in a web process: fills the ring and mirrors the newest event a symbol.

It lives as long as the process and outlives Redis: while Redis is away the mirror keeps answering (its ages
grow), clients are told `degraded`, and reading goes on behind the last entry when Redis is back.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from typing import Final

import orjson

from collectors import keys
from collectors.bus import Bus, BusError, BusUnavailable, Entry, parse_id
from collectors.pace import Pace
from thor_fast import EventError, QuoteBatch, QuoteEvent, parse_batch, register_source
from thor_web.livedata.services.ring import Frame, Position, Ring, notice

__all__ = ["Hub", "id_of"]

log = logging.getLogger(__name__)

READ_COUNT: Final = 2_000
BLOCK_MS: Final = 1_000
READINGS_APART_S: Final = 0.000_4
"""Less than the steps of a merger are: what has been gathered there does not wait here as well."""
RETRY_S: Final = 0.25
NOTICES_KEPT: Final = 32
PREFILLED: Final = 5_000
"""Entries read into the ring at the start, so that a client of the process before us resumes from memory."""


Listener = Callable[[Sequence[Frame], QuoteBatch | None], None]
"""Is told the new frames, and where all of them are events, the events that they were made of."""


class Hub:
    """Ring and mirror. Whoever must know of new frames says so with `listen`."""

    def __init__(self, bus: Bus, *, capacity: int) -> None:
        self._bus = bus
        self._capacity = capacity
        self._arrived = asyncio.Event()
        self._listeners: list[Listener] = []
        self._started = asyncio.Event()
        self._pace = Pace(READINGS_APART_S)
        self.read_position: Position = (0, 0)
        """Everything up to here has been read and is in the ring, or was no event."""
        self.ring = Ring(capacity, (0, 0))
        self.newest: dict[str, Frame] = {}
        """The newest frame of each symbol, those that changed last at the end."""
        self._notices: list[tuple[int, Frame]] = []
        self.version = 0
        """Counts up with every change of `newest`."""
        self.degraded = False
        self.skipped = 0
        """Entries of the unified stream that were no event."""

    @property
    def ready(self) -> bool:
        """Redis has been reached and what is there has been read."""
        return self._started.is_set()

    async def wait_ready(self, *, timeout_s: float) -> bool:
        """Wait for the first reading. False when the time was up first."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._started.wait()
        except TimeoutError:
            return False
        return True

    def listen(self, listener: Listener) -> None:
        """Call `listener` with the new frames whenever the ring has some. It must not wait for anything."""
        self._listeners.append(listener)

    async def run(self) -> None:
        """Read until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                if not self.ready:
                    await self._start()
                    self._started.set()
                if self.degraded:
                    await self._bus.ping()
                    self._set_degraded(False)
                entries = await self._bus.read_after(
                    keys.UNIFIED_STREAM, id_of(self.read_position), count=READ_COUNT, block_ms=BLOCK_MS
                )
                if last_id := entries.last_id():
                    self._pace.began(loop.time())
                    self.read_position = parse_id(last_id)
                    self.skipped += len(entries.rejects)
                    batch = entries.batch
                    self._publish(frames_of(batch, entries.event_ids(), entries.at_us()), batch)
                    if wait_s := self._pace.wait_s():
                        await asyncio.sleep(wait_s)
            except BusUnavailable as error:
                if not self.degraded:
                    log.warning("redis is away: %s", error)
                    self._set_degraded(True)
                await asyncio.sleep(RETRY_S)
            except BusError as error:
                log.warning("the unified stream cannot be read: %s", error)
                await asyncio.sleep(RETRY_S)

    def forget_records(self) -> None:
        """Have the newest records made anew: what they are made with has changed."""
        for frame in self.newest.values():
            frame.forget_record()
        self.version += 1

    def announce(self, event: str, data: bytes) -> None:
        """Send a notice to every client."""
        self._publish([notice(event, data, self.ring.last_position)])

    async def wait_read(self, position: Position) -> None:
        """Wait until everything up to a position that Redis has given out was read."""
        while self.read_position < position:
            await self._arrived.wait()

    def newest_after(self, position: Position) -> list[Frame]:
        """The newest frame of each symbol that changed after a position, in stream order."""
        changed = []
        for frame in reversed(self.newest.values()):
            if frame.position <= position:
                break
            changed.append(frame)
        changed.reverse()
        return changed

    def notices_from(self, number: int) -> list[Frame]:
        """The newest notices, those before that number in the ring left out."""
        return [frame for at, frame in self._notices if at >= number]

    def _frames(self, entries: Sequence[Entry]) -> list[Frame]:
        """Frames of stream entries; what is no event is counted and left out."""
        batch, rejects = parse_batch([entry.data or b"" for entry in entries])
        self.skipped += len(rejects)
        refused = {reject.position for reject in rejects}
        ids = [entry.id for i, entry in enumerate(entries) if i not in refused]
        return frames_of(batch, ids, [None] * len(ids))

    async def older(
        self, after: Position, *, count: int, symbols: Collection[str] | None = None
    ) -> tuple[list[Frame], Position | None]:
        """Frames of at most `count` entries after a position from Redis, and the last entry's position.

        That is None where nothing came after the position. With `symbols` only their frames. Raises BusError.
        """
        entries = await self._bus.range_after(keys.UNIFIED_STREAM, id_of(after), count=count)
        last_id = entries.last_id()
        batch, ids, at_us = entries.batch, entries.event_ids(), entries.at_us()
        if symbols is not None:
            rows = [row for row, symbol in enumerate(batch.symbols()) if symbol in symbols]
            batch, ids, at_us = batch.take(rows), [ids[row] for row in rows], [at_us[row] for row in rows]
        return frames_of(batch, ids, at_us), None if last_id is None else parse_id(last_id)

    async def is_kept(self, position: Position) -> bool:
        """True when no event after the position has been trimmed."""
        return await self._bus.is_kept(keys.UNIFIED_STREAM, position)

    async def was_given_out(self, position: Position) -> bool:
        """True when the unified stream has reached a position, whatever this process has read of it."""
        return parse_id(await self._bus.last_id(keys.UNIFIED_STREAM)) >= position

    async def _start(self) -> None:
        # Any source that has ever published is a good name, also for events that are older than this process.
        for source in await self._bus.sources():
            register_source(source)
        # Hashes first: each is written behind its entry, so the entries read next hold or follow all of them.
        hashes = await self._bus.read_latest()
        # Taken before the stream is looked at: whatever enters an empty stream afterwards is later than this.
        born = (await self._bus.server_time_us() // 1_000 - 1, 0)
        entries = await self._bus.newest_entries(keys.UNIFIED_STREAM, count=min(PREFILLED, self._capacity))
        # The ring promises what comes after its first entry: before that one there may be others.
        self.ring = Ring(self._capacity, entries[0].position if entries else born)
        self.read_position = entries[-1].position if entries else born
        found = []
        for symbol, fields in hashes.items():
            try:
                event = QuoteEvent.from_latest_fields(fields)
                entry_id = fields[b"stream_id"].decode()
                sse = parse_batch([event.to_json()])[0].to_sse([entry_id])[0]
                found.append(Frame(entry_id, parse_id(entry_id), symbol, sse))
            except (EventError, KeyError, ValueError, IndexError) as error:
                log.warning("the latest hash of %s cannot be read and is ignored: %s", symbol, error)
        self.newest = {frame.symbol or "": frame for frame in sorted(found, key=lambda frame: frame.position)}
        self._publish(self._frames(entries))

    def _publish(self, frames: Sequence[Frame], batch: QuoteBatch | None = None) -> None:
        """Enter frames in the ring in pieces that no listener who keeps up can miss a part of."""
        piece = max(1, self.ring.capacity // 2)
        for start in range(0, len(frames), piece):
            part = batch if batch is None else batch[start : start + piece]
            self._enter(frames[start : start + piece], part)
        arrived, self._arrived = self._arrived, asyncio.Event()
        arrived.set()

    def _enter(self, frames: Sequence[Frame], batch: QuoteBatch | None) -> None:
        newest = self.newest
        for number, frame in enumerate(frames, self.ring.end):
            symbol = frame.symbol
            if symbol is None:
                self._notices = [*self._notices[1 - NOTICES_KEPT :], (number, frame)]
                continue
            known = newest.get(symbol)
            if known is not None:
                if known.position > frame.position:
                    continue  # at the start: its latest hash was newer, and that entry is still to come
                del newest[symbol]
            newest[symbol] = frame
        self.version += 1
        self.ring.extend(frames)
        for listener in self._listeners:
            listener(frames, batch)

    def _set_degraded(self, degraded: bool) -> None:
        self.degraded = degraded
        self.announce("degraded", orjson.dumps({"degraded": degraded}))


def frames_of(batch: QuoteBatch, ids: Sequence[str], at_us: Sequence[int | None]) -> list[Frame]:
    """A frame an event: ids of their entries, and when their collector received them."""
    return [
        Frame(entry_id, parse_id(entry_id), symbol, sse, received)
        for entry_id, symbol, sse, received in zip(ids, batch.symbols(), batch.to_sse(ids), at_us, strict=True)
    ]


def id_of(position: Position) -> str:
    """The stream id of a position."""
    return f"{position[0]}-{position[1]}"
