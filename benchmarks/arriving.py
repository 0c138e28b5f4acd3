"""How long an event takes from its source to a reader of Redis: from a cell that Excel gave, from a frame of Schwab's.

The collectors are processes of their own with all they do beside it; each event carries the microsecond at which its
cell was read or its frame was sent, as its volume. What a reader of Redis sees is a little later than what is in Redis.
The peer is what the machine and the server give: one XADD of redis-py and its answer.
"""

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Final

from redis.asyncio import Redis

from benchmarks.collecting import own_redis, process, schwab_collector
from benchmarks.measure import Measured
from collectors import keys
from collectors.instruments import Instruments, load_instruments, register
from collectors.runner import collect
from collectors.settings import CollectorSettings
from collectors.sources.com_simulation import simulate
from collectors.sources.excel_live import ExcelLiveSource
from collectors.sources.excel_recording import Frame, Player
from collectors.sources.excel_session import ExcelSession, ExcelTarget
from tests.schwab_server import EQUITIES, LocalSchwab
from thor_fast import parse_batch

__all__ = ["cell_to_redis", "frame_to_redis"]

SECONDS: Final = 10.0
WARM_UP_S: Final = 2.0
POLL_S: Final = 0.05
FRAMES_A_SECOND: Final = 91
"""Of eleven quotes each: a thousand a second."""
STOCKS: Final = tuple(f"Q{at:02d}" for at in range(11))
HEADERS: Final = ("Symbol", "Last", "Bid", "Ask", "Volume")
PEER: Final = "one XADD of redis-py and its answer"


def cell_to_redis() -> list[Measured]:
    """Excel through xlwings over the simulated COM tree: every row of the sheet new at each of 20 polls a second."""
    return asyncio.run(_measured("cell-to-redis", "TOS", _excel))


def frame_to_redis() -> list[Measured]:
    """Frames of eleven quotes over TLS, 91 a second."""
    return asyncio.run(_measured("frame-to-redis", "SCHWAB", _schwab))


async def _measured(name: str, source: str, run: Callable[[Path, str], Awaitable[None]]) -> list[Measured]:
    with tempfile.TemporaryDirectory(prefix="thor-") as folder:
        # Without a file: what is measured is our way and not the disk's.
        async with own_redis(Path(folder), durable=False) as url:
            client: Any = Redis.from_url(url)
            reading = asyncio.ensure_future(_read(client, keys.source_stream(source)))
            await run(Path(folder), url)
            reading.cancel()
            (seen,) = await asyncio.gather(reading, return_exceptions=False)
            answers = [await _timed_xadd(client, seen[-1][1]) for _ in range(2_000)]
            await client.aclose()
    delays = _delays_ms(seen)
    p50, p99 = statistics.median(delays), _p99(delays)
    note = f"p50 {p50:.2f} ms of {len(delays):,} events"
    return [Measured(f"{name}-xadd", p99, _p99(answers), PEER, "ms p99", note=note)]


async def _read(client: Any, stream: str) -> list[tuple[int, bytes]]:
    """Each entry and the microsecond at which it was seen, until cancelled."""
    seen: list[tuple[int, bytes]] = []
    last = b"0-0"
    try:
        while True:
            for _, entries in await client.xread({stream: last}, block=1_000, count=1_000):
                now_us = _now_us()
                seen += [(now_us, fields[b"data"]) for _, fields in entries]
                last = entries[-1][0]
    except asyncio.CancelledError:
        return seen


def _delays_ms(seen: Sequence[tuple[int, bytes]]) -> list[float]:
    """What came while everything was warm. Every event must be there and good."""
    events, rejects = parse_batch([data for _, data in seen])
    assert not rejects
    sent = [json.loads(event.meta or "")["volume"] for event in events]
    delays = [(at - us) / 1_000 for (at, _), us in zip(seen, sent, strict=True) if us - sent[0] > WARM_UP_S * 1e6]
    assert len(delays) > 1_000
    assert min(delays) > 0
    return delays


async def _timed_xadd(client: Any, payload: bytes) -> float:
    began = time.perf_counter()
    await client.xadd("peer", {"data": payload})
    return (time.perf_counter() - began) * 1_000


def _p99(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=100)[98]


def _now_us() -> int:
    return time.time_ns() // 1_000


async def _schwab(folder: Path, url: str) -> None:
    async with schwab_collector(folder, url, STOCKS) as (schwab, _):
        began = time.monotonic()
        for turn in range(int(FRAMES_A_SECOND * (SECONDS + WARM_UP_S))):
            await asyncio.sleep(max(0.0, began + turn / FRAMES_A_SECOND - time.monotonic()))
            await _send(schwab, turn)
        await asyncio.sleep(0.5)  # what is under way


async def _send(schwab: LocalSchwab, turn: int) -> None:
    price, now = 100 + turn % 997 / 4, _now_us()
    quote = {"1": price, "2": price + 1, "3": price + 0.5, "8": now}
    data = {"service": EQUITIES, "command": "SUBS", "content": [{"key": key} | quote for key in STOCKS]}
    await schwab.send(json.dumps({"data": [data]}, separators=(",", ":")))


async def _excel(folder: Path, url: str) -> None:
    with process(["-m", "benchmarks.arriving"], {"REDIS_URL": url, "THOR_STATE": str(folder)}):
        await asyncio.sleep(WARM_UP_S + SECONDS)


class _StampedSheet(Player):
    """A sheet whose every row is new at each read and says when it was read."""

    workbook, sheet, cell_range, excel, throttle_ms = "book.xlsx", "LiveData", "A1:M20", "16.0", 100

    def __init__(self, instruments: Instruments) -> None:
        self._instruments = instruments
        self._reads = 0

    def read(self) -> Frame:
        """As COM would answer."""
        self._reads += 1
        price, now = 1_000 + self._reads % 997 / 4, float(_now_us())
        prices: tuple[object, ...] = (price, price - 0.25, price + 0.25)
        rows: list[tuple[object, ...]] = [HEADERS]
        rows += [(row.symbol, *prices, now) for row in self._instruments]
        return Frame(int(now), rows)

    def excel_is_open(self) -> bool:
        """Always."""
        return True


def main() -> int:
    """The process of the collector that reads such a sheet."""
    instruments = load_instruments()
    register(instruments)
    player = _StampedSheet(instruments)
    simulate(player)
    target = ExcelTarget(player.workbook, player.sheet, player.cell_range)
    source = ExcelLiveSource(lambda: ExcelSession.attach(target), instruments, poll_s=POLL_S)
    asyncio.run(collect(source, CollectorSettings(), kind="excel_live"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
