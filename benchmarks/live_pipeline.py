"""Publishing beside redis-benchmark and redis-py, and publish to unified with a merger process. Wall time."""

import asyncio
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import redis
import uvloop

from benchmarks.inputs import recorded_lines
from benchmarks.live_servers import redis_server, started
from benchmarks.measure import Measured
from collectors import keys
from collectors.bus import Bus
from collectors.publisher import UNANSWERED
from thor_fast import QuoteBatch, parse_batch
from thor_web.runtime import servers
from thor_web.runtime.composition import thor_command

__all__ = ["merged", "published"]

ROUNDS: Final = 5
EVENTS: Final = 100_000
DEPTH: Final = 100
KEPT_S: Final = 86_400
AT_US: Final = 1_760_000_000_000_000
SOURCE: Final = "TOS"
STREAM: Final = keys.source_stream(SOURCE)
SYMBOLS: Final = 100
MERGED_EVENTS: Final = 600_000
MOST_UNMERGED: Final = 10_000
"""The publisher waits at this lag: what is measured is what the merger keeps up with."""
MERGE_BUDGET_US: Final = 10.0

T = TypeVar("T")


def published() -> list[Measured]:
    """Appending in batches of 100, one connection each, on one server in turns. redis-py sends what it always does."""
    batch = parse_batch(list(recorded_lines()))[0]
    payloads = batch.to_json()
    samples: dict[str, list[float]] = {}
    with _redis() as (url, socket), redis.Redis.from_url(url) as client:
        _prove(url, client, batch[:DEPTH])
        turns: dict[str, Callable[[], float]] = {
            "thor": lambda: _run(_publish(url, batch)),
            "benchmark": lambda: _redis_benchmark(socket, payloads[len(payloads) // 2]),
            "redis-py": lambda: _redis_py(client, payloads),
        }
        for _ in range(ROUNDS):
            for name, turn in turns.items():
                client.delete(STREAM)
                samples.setdefault(name, []).append(turn())
    cost = {name: statistics.median(values) for name, values in samples.items()}
    return [
        Measured("publish-100-redis-benchmark", cost["thor"], cost["benchmark"], "redis-benchmark -c 1 -P 100", "ns"),
        Measured("publish-100-redis-py", cost["thor"], cost["redis-py"], "redis-py pipeline of 100", "ns"),
    ]


def _prove(url: str, client: "redis.Redis", batch: QuoteBatch) -> None:
    """What is measured appends every event, in order."""
    _run(_publish(url, batch, events=len(batch)))
    entries: Any = client.xrange(STREAM)
    assert [fields[b"data"] for _, fields in entries] == batch.to_json()


async def _publish(url: str, batch: QuoteBatch, *, events: int = EVENTS) -> float:
    """Nanoseconds an event, with as many batches under way as a collector has."""
    bus = Bus.from_url(url)
    parts = [batch[start : start + DEPTH] for start in range(0, len(batch) - DEPTH + 1, DEPTH)]
    await bus.server_time_us()
    under_way: deque[asyncio.Future[Any]] = deque()
    began = time.perf_counter_ns()
    for number in range(events // DEPTH):
        part = parts[number % len(parts)]
        under_way.append(await bus.start_publish(SOURCE, [(part, AT_US)], retention_s=KEPT_S))
        if len(under_way) == UNANSWERED:
            await bus.published(await under_way.popleft())
    while under_way:
        await bus.published(await under_way.popleft())
    spent = time.perf_counter_ns() - began
    await bus.close()
    return spent / events


def _redis_py(client: "redis.Redis", payloads: list[bytes]) -> float:
    events = EVENTS // 4
    began = time.perf_counter_ns()
    for start in range(0, events, DEPTH):
        pipeline = client.pipeline(transaction=False)
        for place in range(start, start + DEPTH):
            pipeline.xadd(STREAM, {"data": payloads[place % len(payloads)], "at": AT_US})
        pipeline.execute()
    return (time.perf_counter_ns() - began) / events


def _redis_benchmark(socket: Path, payload: bytes) -> float:
    command = ["redis-benchmark", "-s", str(socket), "-c", "1", "-P", str(DEPTH), "-n", str(2 * EVENTS), "--csv"]
    # The payload's quotes would end the name in its table.
    text = payload.decode().replace('"', "'")
    done = subprocess.run(
        [*command, "XADD", STREAM, "*", "data", text, "at", str(AT_US)], capture_output=True, text=True, check=True
    )
    rates = re.findall(r'","([\d.]+)"', done.stdout.splitlines()[-1])
    return 1e9 / float(rates[0])


def merged() -> list[Measured]:
    """Publishing as fast as a merger of its own process merges, never further ahead than a tenth of a second."""
    with _redis() as (url, _), ExitStack() as stack:
        log = stack.enter_context(tempfile.TemporaryFile())
        stack.enter_context(
            started(list(thor_command("merge")), lambda: True, env={"REDIS_URL": url}, stdout=log, stderr=log)
        )
        with redis.Redis.from_url(url) as client:
            client.sadd(keys.SOURCES_SET, SOURCE)
            while not client.exists(STREAM):
                time.sleep(0.05)
        cost_us, worst = _run(_keep_up(url))
    note = f"{1e6 / cost_us:,.0f} events/s, at most {worst:,} unmerged"
    return [Measured("publish-unified", cost_us, MERGE_BUDGET_US, "100,000 events/s", "us", note=note)]


async def _keep_up(url: str) -> tuple[float, int]:
    """Microseconds an event from the first published to the last merged, and the greatest lag."""
    bus = Bus.from_url(url)
    parts = [_market(start) for start in range(0, MERGED_EVENTS, 500)]
    client = redis.asyncio.Redis.from_url(url)
    sent = done = worst = 0
    began = time.perf_counter()
    for part in parts:
        await bus.published(await (await bus.start_publish(SOURCE, [(part, AT_US)], retention_s=KEPT_S)))
        sent += len(part)
        while sent - done > MOST_UNMERGED or (sent == MERGED_EVENTS and done < sent):
            done = await client.xlen(keys.UNIFIED_STREAM)
            worst = max(worst, sent - done)
            await asyncio.sleep(0.001)
    spent = time.perf_counter() - began
    latest = await bus.read_latest()
    assert len(latest) == SYMBOLS
    assert max(int(fields[b"seq"]) for fields in latest.values()) == MERGED_EVENTS - 1
    await client.aclose()
    await bus.close()
    return spent / MERGED_EVENTS * 1e6, worst


def _market(start: int) -> QuoteBatch:
    """500 events of 100 symbols, each numbered."""
    lines = [
        b'{"v":1,"symbol":"S%d","ts":%d,"source":"TOS","last":100.25,"bid":100.0,"ask":100.5,"lastSize":1,"bidSize":2,'
        b'"askSize":3,"seq":%d,"condition":null,"venue":"CME","meta":{"run":1,"precision":2}}'
        % (number % SYMBOLS, 1_760_000_000_000 + number, number)
        for number in range(start, start + 500)
    ]
    return parse_batch(lines)[0]


@contextmanager
def _redis() -> Iterator[tuple[str, Path]]:
    """Address and socket of a server without persistence."""
    folder = Path(tempfile.mkdtemp(prefix="thor-"))
    try:
        with redis_server(folder) as environment:
            yield environment["REDIS_URL"], servers.redis_socket(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(work: Coroutine[Any, Any, T]) -> T:
    """On the loop that collectors run on."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)
