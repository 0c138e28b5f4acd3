"""What enrichment adds to the live path: publisher, merger and two web processes on one Redis, fed the same events.

One web process takes every event in, as `thor web` does; the other is told of none. A cost is the processor time of
publisher, merger and one of the two, an event, by the kernel's count; nobody listens, so that no delivery hides it.
"""

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import httpx
import psutil

from benchmarks.inputs import ROOT
from benchmarks.live_servers import answers, redis_server, started, unused_port
from benchmarks.measure import Measured
from collectors import keys
from collectors.bus import Bus
from thor_fast import QuoteBatch, parse_batch
from thor_web.runtime.composition import thor_command

__all__ = ["live"]

ROUNDS: Final = 5
EVENTS: Final = 40_000
BATCH: Final = 500
SYMBOLS: Final = ("YM", "ES", "NQ", "RTY", "CL", "SI", "HG", "GC", "VX", "DX", "ZB")
MOST_UNMERGED: Final = 2_000
PATIENCE_S: Final = 30.0
SOURCE: Final = "TOS"


def live() -> list[Measured]:
    """Microseconds an event with enrichment, and without."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="thor-")))
        environment = os.environ | stack.enter_context(redis_server(folder))
        log = stack.enter_context((folder / "processes.log").open("wb"))

        def start(argv: list[str], ready: Callable[[], bool] = lambda: True) -> psutil.Process:
            more = {"env": environment, "stdout": log, "stderr": log, "cwd": ROOT}
            return psutil.Process(stack.enter_context(started(argv, ready, **more)).pid)

        merger = start(list(thor_command("merge")))
        ports = unused_port(), unused_port()
        enriched = start([*thor_command("web"), "--port", str(ports[0])], answers(ports[0], "/healthz"))
        bare = [sys.executable, "-m", "benchmarks.peers.unenriched", "--port", str(ports[1])]
        unenriched = start(bare, answers(ports[1], "/healthz"))
        samples = asyncio.run(_rounds(environment["REDIS_URL"], ports, (merger, enriched, unenriched)))
    with_it, without = ([sample[place] for sample in samples] for place in (0, 1))
    median = statistics.median
    note = f"{median(a - b for a, b in samples):.2f} us more"
    return [Measured("enrich-live-without", median(with_it), median(without), "no enrichment", "us/event", note=note)]


async def _rounds(
    url: str, ports: tuple[int, int], processes: tuple[psutil.Process, psutil.Process, psutil.Process]
) -> list[tuple[float, float]]:
    bus = Bus.from_url(url)
    await bus.register_source(SOURCE)
    samples = []
    for number in range(ROUNDS + 1):
        batches = [_market(number * EVENTS + start) for start in range(0, EVENTS, BATCH)]
        before = [_spent(process) for process in processes]
        own = time.process_time()
        await _publish(bus, batches, (number + 1) * EVENTS)
        own = time.process_time() - own
        await _all_read(ports, (number + 1) * EVENTS - 1)
        merger, enriched, unenriched = (_spent(it) - was for it, was in zip(processes, before, strict=True))
        samples.append(((own + merger + enriched) / EVENTS * 1e6, (own + merger + unenriched) / EVENTS * 1e6))
    await bus.close()
    return samples[1:]


async def _publish(bus: Bus, batches: list[QuoteBatch], whole: int) -> None:
    """As fast as the merger merges."""
    sent = whole - EVENTS
    for batch in batches:
        at_us = time.time_ns() // 1_000
        await bus.published(await (await bus.start_publish(SOURCE, [(batch, at_us)], retention_s=86_400)))
        sent += len(batch)
        while sent - await _merged(bus) > MOST_UNMERGED:
            await asyncio.sleep(0.005)
    async with asyncio.timeout(PATIENCE_S):
        while await _merged(bus) < whole:
            await asyncio.sleep(0.005)


async def _merged(bus: Bus) -> int:
    state = await bus.stream_state(keys.UNIFIED_STREAM)
    return state.length if state else 0


async def _all_read(ports: tuple[int, int], last: int) -> None:
    """Wait until both tell the last event, and prove that the one has taken all of them in."""
    records = []
    async with httpx.AsyncClient() as client, asyncio.timeout(PATIENCE_S):
        for port in ports:
            newest = -1
            while newest != last:
                answer = (await client.get(f"http://127.0.0.1:{port}/api/quotes")).json()
                newest = max((record["seq"] for record in answer), default=-1)
                await asyncio.sleep(0.05)
            records.append(answer)
    enriched, unenriched = records
    assert all(record["session"]["volume"] > 0 for record in enriched)
    assert len(unenriched) == len(SYMBOLS)


def _spent(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _market(start: int) -> QuoteBatch:
    """Events of eleven futures with the figures that their sources send, each numbered."""
    now_ms = time.time_ns() // 1_000_000
    batch, rejects = parse_batch(
        [
            json.dumps(
                {
                    "v": 1, "symbol": SYMBOLS[number % len(SYMBOLS)], "ts": now_ms, "source": SOURCE,
                    "last": 4_800.25 + number % 9, "bid": 4_800.0, "ask": 4_800.5, "lastSize": 1, "bidSize": 2,
                    "askSize": 3, "seq": number, "condition": None, "venue": "CME",
                    "meta": {"volume": 1_000 + number, "netChange": number % 15 - 7, "open": 4_790.5, "high": 4_810.25,
                             "low": 4_780.0, "close": 4_788.0},
                }
            ).encode()
            for number in range(start, start + BATCH)
        ]
    )  # fmt: skip
    assert not rejects
    return batch
