"""Which source is preferred for each symbol: what ships with Thor, and over it what the newest configuration says.

The configuration is futuretrading's, and this room lies below it: of the published document nothing but each
instrument's symbol and preferred source is read here.
"""

import logging
import re
from collections.abc import AsyncIterator, Mapping
from typing import Final

import orjson

from collectors import keys
from collectors.bus import Bus
from collectors.following import follow_newest

__all__ = ["follow_preferences", "preferred_sources"]

log = logging.getLogger(__name__)

SOURCE: Final = re.compile(r"[A-Z][A-Z0-9_]{0,15}")


def preferred_sources(document: bytes, shipped: Mapping[str, str]) -> dict[str, str]:
    """By symbol; one for which no source is named has no preference. Raises ValueError for what is no configuration."""
    try:
        rows = orjson.loads(document)["instruments"]
        told = {str(row["symbol"]): row["preferred_source"] for row in rows}
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a configuration of instruments: {error!r}") from error
    wanted = {**shipped, **told}
    return {symbol: source for symbol, source in wanted.items() if source and SOURCE.fullmatch(source)}


async def follow_preferences(bus: Bus, shipped: Mapping[str, str]) -> AsyncIterator[dict[str, str]]:
    """Those of the published configuration, then again with each that follows; what cannot be read is passed over."""
    async for entry in follow_newest(bus, keys.CONFIGURATION_STREAM):
        try:
            yield preferred_sources(entry.data or b"", shipped)
        except ValueError as error:
            log.warning("the configuration %s cannot be read and is ignored: %s", entry.id, error)
