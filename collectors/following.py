"""Following a stream of whole documents, of which the newest one holds."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Final

from collectors.bus import Bus, BusError
from collectors.bus_entries import Entry

__all__ = ["follow_newest"]

log = logging.getLogger(__name__)

READ_COUNT: Final = 16
BLOCK_MS: Final = 1_000
RETRY_S: Final = 0.25


async def follow_newest(bus: Bus, stream: str) -> AsyncIterator[Entry]:
    """The newest entry, then each that follows it, until cancelled; waits while Redis is away."""
    after: str | None = None
    while True:
        try:
            if after is None:
                entries = await bus.newest_entries(stream, count=1)
                after = entries[-1].id if entries else "0-0"
            else:
                entries = await bus.tail(stream, after, count=READ_COUNT, block_ms=BLOCK_MS)
        except BusError as error:
            log.warning("%s cannot be followed: %s", stream, error)
            after = None  # a Redis that comes back empty begins again
            await asyncio.sleep(RETRY_S)
            continue
        for entry in entries:
            after = entry.id
            yield entry
