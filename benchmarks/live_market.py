"""Writes a market of some symbols into Redis as the merger leaves it: `python -m benchmarks.live_market COUNT`."""

import asyncio
import json
import os
import sys

from collectors.bus import Bus
from thor_fast import parse_batch

__all__: list[str] = []

META = {"precision": 2, "volume": 515_563, "netChange": 7.25, "open": 6715.5, "high": 6729.5, "low": 6714.75,
        "close": 6721.25, "high52": 6953.75, "low52": 4832}  # fmt: skip


def event(symbol: str) -> bytes:
    """The event of one symbol."""
    fields = {
        "v": 1, "symbol": symbol, "ts": "2026-11-24T08:31:05.200683Z", "source": "MOCK", "last": 6728.5,
        "bid": 6728.5, "ask": 6728.75, "lastSize": 3, "bidSize": 9, "askSize": 13, "seq": 1, "condition": None,
        "venue": "CME", "meta": META,
    }  # fmt: skip
    return json.dumps(fields, separators=(",", ":")).encode()


async def write(count: int) -> None:
    """Entries and latest hashes."""
    bus = Bus.from_url(os.environ["REDIS_URL"])
    events = [event(f"S{number:03}") for number in range(count)]
    batch, rejects = parse_batch(events)
    assert not rejects
    await bus.register_source("MOCK")
    ids = await bus.append_unified(events, retention_s=86_400)
    latest: dict[str, list[bytes | str]] = {
        quote.symbol: [*quote.to_latest_fields(), "stream_id", entry_id, "active_source", "MOCK"]
        for quote, entry_id in zip(batch, ids, strict=True)
    }
    await bus.write_latest(latest)
    await bus.close()


if __name__ == "__main__":
    asyncio.run(write(int(sys.argv[1])))
