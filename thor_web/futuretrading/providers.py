"""One read of a provider without any server: its newest event of each symbol as enriched rows, and their composite."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from collectors.instruments import load_instruments, register
from collectors.settings import CollectorSettings
from collectors.sources.base import CollectSpec, Source
from collectors.sources.registry import create_source
from thor_fast import QuoteEvent, parse_batch, register_source
from thor_web.futuretrading.services.configuration import Configuration
from thor_web.futuretrading.services.enrichment import Enricher

__all__ = ["ProviderReading", "read_once"]

PATIENCE_S: Final = 3.0
"""A provider that tells its symbols one by one is listened to this long at most."""


@dataclass(frozen=True, slots=True)
class ProviderReading:
    """The rows in display order, and the composite of them."""

    rows: list[dict[str, Any]]
    total: dict[str, Any]


def read_once(
    provider: str, *, file: Path | None = None, symbols: Sequence[str] | None = None, settings: CollectorSettings
) -> ProviderReading:
    """Rows of every symbol, or of `symbols` only, as the file that ships with Thor decides their signals.

    Raises CollectorError for what is missing.
    """
    instruments = load_instruments()
    register(instruments)
    source = create_source(CollectSpec(provider, file, speed=None, once=True), instruments)
    if source.mode != "replay":
        register_source(source.name)
    newest = asyncio.run(_listen(source, set(symbols or instruments.symbols)))
    enrich = Enricher(Configuration.shipped(instruments), stale_after_ms=settings.stale_after_ms)
    found = sorted((symbol for symbol in newest if symbols is None or symbol in symbols), key=enrich.order)
    read_ms = time.time_ns() // 1_000_000
    rows = [orjson.loads(enrich(newest[symbol], f"{read_ms}-0")) for symbol in found]
    return ProviderReading(rows, orjson.loads(enrich.total(read_ms)))


async def _listen(source: Source, wanted: set[str]) -> dict[str, QuoteEvent]:
    """The newest event of each symbol, until every wanted one has spoken, the source ends, or patience does."""
    newest: dict[str, QuoteEvent] = {}
    try:
        async with asyncio.timeout(PATIENCE_S):
            async for candidates in source.batches():
                events, _ = parse_batch(candidates)
                newest |= {event.symbol: event for event in events}
                if source.mode != "replay" and wanted <= newest.keys():
                    break
    except TimeoutError:
        pass
    return newest
