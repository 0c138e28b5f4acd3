"""The newest quote of each symbol as one source told it, whether or not it stands: what a provider says before anybody
chooses or derives anything.

Nothing is read until somebody asks, and then what has come since the last time: the end of the source's stream, and
for symbols that have long been quiet there what the merge last heard of the source.
"""

import asyncio
from typing import Final

from collectors import keys
from collectors.bus import Bus, Entry, parse_id
from thor_fast import heard_events, parse_batch, register_source

__all__ = ["SourceMirror", "SourceMirrors", "SourceQuote"]

PAGE: Final = 5_000
MOST_PAGES: Final = 4
"""Further behind than this it begins anew from the end of the stream."""

SourceQuote = tuple[int, bytes]
"""When Redis received an event, milliseconds UTC, and its canonical JSON."""


class SourceMirror:
    """One source."""

    def __init__(self, bus: Bus, source: str) -> None:
        self._bus = bus
        self._source = source
        self._stream = keys.source_stream(source)
        self._quotes: dict[str, SourceQuote] = {}
        self._after: str | None = None
        self._reading = asyncio.Lock()

    async def newest(self) -> dict[str, SourceQuote]:
        """The newest quote by symbol. Raises BusError."""
        async with self._reading:
            if self._after is None or not await self._go_on(self._after):
                await self._begin()
            return dict(self._quotes)

    async def _begin(self) -> None:
        register_source(self._source)
        self._quotes = await self._heard()
        entries = await self._bus.newest_entries(self._stream, count=PAGE)
        self._take(entries)
        self._after = entries[-1].id if entries else "0-0"

    async def _go_on(self, after: str) -> bool:
        """Take in what has come after an id; False when that is too much, or the stream is another one."""
        if parse_id(await self._bus.last_id(self._stream)) < parse_id(after):
            return False
        for _ in range(MOST_PAGES):
            entries = await self._bus.entries_after(self._stream, after, count=PAGE)
            self._take(entries)
            after = entries[-1].id if entries else after
            if len(entries) < PAGE:
                self._after = after
                return True
        return False

    def _take(self, entries: list[Entry]) -> None:
        batch, rejects = parse_batch([entry.data or b"" for entry in entries])
        refused = {reject.position for reject in rejects}
        good = [entry for number, entry in enumerate(entries) if number not in refused]
        for entry, symbol in zip(good, batch.symbols(), strict=True):
            self._quotes[symbol] = (entry.position[0], entry.data or b"")

    async def _heard(self) -> dict[str, SourceQuote]:
        found: dict[str, SourceQuote] = {}
        for symbol, fields in (await self._bus.read_latest()).items():
            for received_us, event in heard_events(fields.get(b"merge", b"")):
                batch, _ = parse_batch([event])
                if batch.sources() == [self._source]:
                    found[symbol] = (received_us // 1_000, event)
        return found


class SourceMirrors:
    """Those that were asked for, by source. Which sources there are is the caller's to check."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._mirrors: dict[str, SourceMirror] = {}

    def of(self, source: str) -> SourceMirror:
        """The mirror of a source, the same for everybody."""
        return self._mirrors.setdefault(source, SourceMirror(self._bus, source))
