"""One read of a provider without any server: its newest event of each symbol, as enriched records."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import orjson

from collectors.instruments import load_instruments, register
from collectors.settings import CollectorSettings
from collectors.sources.base import CollectSpec, Source
from collectors.sources.registry import create_source
from thor_fast import QuoteEvent, parse_batch, register_source
from thor_web.futuretrading.services.classification import Classifier
from thor_web.futuretrading.services.enrichment import Enricher

__all__ = ["read_once"]

PATIENCE_S: Final = 3.0
"""A provider that tells its symbols one by one is listened to this long at most."""


def read_once(
    provider: str, *, file: Path | None = None, symbols: Sequence[str] | None = None, settings: CollectorSettings
) -> list[dict[str, Any]]:
    """Records in display order, those of `symbols` only where given. Raises CollectorError for what is missing."""
    instruments = load_instruments()
    register(instruments)
    source = create_source(CollectSpec(provider, file, speed=None, once=True), instruments)
    if source.mode != "replay":
        register_source(source.name)
    newest = asyncio.run(_listen(source, set(symbols or instruments.symbols)))
    enrich = Enricher(instruments, Classifier.from_data_file(), stale_after_ms=settings.stale_after_ms)
    order = {symbol: i for i, symbol in enumerate(instruments.symbols)}
    found = sorted(newest, key=lambda symbol: (order.get(symbol, len(order)), symbol))
    read_at = f"{time.time_ns() // 1_000_000}-0"
    return [orjson.loads(enrich(newest[symbol], read_at)) for symbol in found if symbols is None or symbol in symbols]


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
