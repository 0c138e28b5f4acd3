"""Telling every process of a changed configuration: a bounded stream in Redis whose newest entry is the whole of it.

An edit publishes what holds after it; `thor signals` watches the version in the database and publishes what was
changed past every edit, or what Redis has lost. A process without Postgres reads it here, and one without Redis either
keeps what ships with Thor.
"""

import logging
from collections.abc import AsyncIterator
from typing import Final

from collectors import keys
from collectors.bus import Bus, Entry
from collectors.following import follow_newest
from thor_web.futuretrading.services.configuration import Configuration

__all__ = ["announce", "announced", "follow"]

log = logging.getLogger(__name__)

KEPT: Final = 16


async def announce(bus: Bus, configuration: Configuration) -> None:
    """Publish a configuration. Raises BusError."""
    await bus.append(keys.CONFIGURATION_STREAM, configuration.to_json(), kept=KEPT)


async def announced(bus: Bus) -> Configuration | None:
    """The newest configuration that was published, None where there is none. Raises BusError."""
    entries = await bus.newest_entries(keys.CONFIGURATION_STREAM, count=1)
    return _read(entries[-1]) if entries else None


async def follow(bus: Bus) -> AsyncIterator[Configuration]:
    """The newest published configuration, then each that follows it; waits while Redis is away."""
    async for entry in follow_newest(bus, keys.CONFIGURATION_STREAM):
        configuration = _read(entry)
        if configuration is not None:
            yield configuration


def _read(entry: Entry) -> Configuration | None:
    try:
        return Configuration.from_json(entry.data or b"")
    except (ValueError, KeyError, TypeError, ArithmeticError) as error:
        log.warning("the configuration %s cannot be read and is ignored: %s", entry.id, error)
        return None
