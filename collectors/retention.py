"""Before which time the entries of a stream may go: what is too old, but nothing that is not stored yet.

It asks Redis now and then, and beside the appends that need the answer: an append never waits for more than the first.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Final

from collectors.bus_errors import BusError

__all__ = ["Retention"]

STORED_READ_EVERY_S: Final = 1.0
"""How old a publisher's knowledge of the stored positions may be. They only grow, so an old one trims less."""


class Retention:
    """What one process knows of the server's clock and of how far streams are stored."""

    def __init__(
        self, server_time_us: Callable[[], Awaitable[int]], stored_ms: Callable[[], Awaitable[Mapping[str, int]]]
    ) -> None:
        self._server_time_us = server_time_us
        self._stored_ms = stored_ms
        self._clock_offset_ms: int | None = None
        self._stored: Mapping[str, int] | None = None
        self._stored_read_at = 0.0
        self._reading: asyncio.Task[None] | None = None

    async def oldest_kept_ms(self, retention_s: int) -> int:
        """The time before which entries are too old, by the server's clock: a collector's host may run fast."""
        now_ms = time.time_ns() // 1_000_000
        if self._clock_offset_ms is None:
            self._clock_offset_ms = await self._server_time_us() // 1_000 - now_ms
        return max(0, now_ms + self._clock_offset_ms - retention_s * 1_000)

    async def oldest_unstored_ms(self, stream: str, retention_s: int) -> int:
        """The same, or the stored position of the stream where that is older: what is not stored is not trimmed."""
        oldest = await self.oldest_kept_ms(retention_s)
        if self._stored is None:
            await self._read()
        elif self._reading is None and time.monotonic() - self._stored_read_at >= STORED_READ_EVERY_S:
            self._reading = asyncio.create_task(self._read_again())
        return min(oldest, (self._stored or {}).get(stream, oldest))

    def close(self) -> None:
        """Give up a reading that is under way."""
        if self._reading is not None:
            self._reading.cancel()

    async def _read(self) -> None:
        self._stored = await self._stored_ms()
        self._stored_read_at = time.monotonic()

    async def _read_again(self) -> None:
        try:
            with suppress(BusError):  # the append will say so itself
                await self._read()
        finally:
            self._reading = None
