"""A soak of the Schwab collector: `python -m benchmarks.soak_schwab --minutes 10 --rate 10000`.

A real `thor collect schwab` reads from a local Schwab over TLS and publishes to a Valkey of its own. Said each ten
seconds: memory, processor time, open files, threads and tasks of the collector, events sent and stored, and how long a
quote took from the server's send to its entry in Redis. It fails where an event is lost, where the memory of the
second half grows, or where there are more files, threads or tasks at the end than ever in the first half.
"""

import argparse
import asyncio
import json
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.collecting import own_redis, schwab_collector
from collectors import keys
from collectors.bus import Bus, BusError
from tests.schwab_server import EQUITIES, LocalSchwab
from thor_fast import parse_batch

SYMBOLS = 491
"""With the registry's nine futures the 500 that Schwab streams."""
QUOTES_A_FRAME = 10
SAMPLED_S = 10.0
GROWTH_ALLOWED = 1.05


@dataclass(frozen=True, slots=True)
class Sample:
    """Ten seconds: memory in MiB, share of a core, events so far, and milliseconds from send to Redis."""

    rss: float
    core: float
    files: int
    threads: int
    tasks: int
    sent: int
    stored: int
    p50_ms: float
    p99_ms: float


def main() -> int:
    """Exit status 1 where an event was lost or memory grew."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak_schwab")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--rate", type=int, default=10_000, help="updates a second over all symbols")
    arguments = parser.parse_args()
    # Asked to end it ends what it started, too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    return asyncio.run(soak(arguments.minutes * 60, arguments.rate))


async def soak(seconds: float, rate: int) -> int:
    """Run it and print."""
    with tempfile.TemporaryDirectory(prefix="thor-") as name:
        folder = Path(name)
        async with own_redis(folder) as url:
            bus = Bus.from_url(url)
            try:
                async with schwab_collector(folder, url, symbols()) as (schwab, collector):
                    samples = await watch(schwab, bus, psutil.Process(collector.pid), seconds, rate)
            finally:
                await bus.close()
    return verdict(samples)


async def watch(schwab: LocalSchwab, bus: Bus, collector: psutil.Process, seconds: float, rate: int) -> list[Sample]:
    """Send for so long, a sample each ten seconds, then wait until everything is stored."""
    sending = asyncio.ensure_future(send(schwab, seconds, rate))
    samples: list[Sample] = []
    spent, at = cpu_s(collector), time.monotonic()
    while not sending.done():
        await asyncio.wait({sending}, timeout=SAMPLED_S)
        now_spent, now = cpu_s(collector), time.monotonic()
        samples.append(await sample(bus, collector, (now_spent - spent) / (now - at), Sent.events))
        spent, at = now_spent, now
        show(samples[-1])
    sent = await sending
    deadline = time.monotonic() + 180
    while await told(bus, "events") < sent and time.monotonic() < deadline:
        await asyncio.sleep(0.2)
    samples.append(await sample(bus, collector, 0.0, sent))
    return samples


class Sent:
    """How many updates have been sent so far."""

    events = 0


async def send(schwab: LocalSchwab, seconds: float, rate: int) -> int:
    """Frames of ten quotes at an even pace; each carries the millisecond in which it is sent."""
    names = symbols()
    groups = [names[at : at + QUOTES_A_FRAME] for at in range(0, SYMBOLS - SYMBOLS % QUOTES_A_FRAME, QUOTES_A_FRAME)]
    began = time.monotonic()
    turn = 0
    while (elapsed := time.monotonic() - began) < seconds:
        due = int(elapsed * rate / QUOTES_A_FRAME)
        while turn < due:
            await schwab.send(frame(groups[turn % len(groups)], turn))
            turn += 1
            Sent.events = turn * QUOTES_A_FRAME
        await asyncio.sleep(0.001)
    return turn * QUOTES_A_FRAME


def frame(group: Sequence[str], turn: int) -> str:
    """One frame, every quote of it new."""
    now_ms = time.time_ns() // 1_000_000
    price = 100 + turn % 997 / 4
    quote = {"1": price, "2": price + 1, "3": price + 0.5, "8": turn, "34": now_ms}
    content = [{"key": key} | quote for key in group]
    data = {"service": EQUITIES, "timestamp": now_ms, "command": "SUBS", "content": content}
    return json.dumps({"data": [data]}, separators=(",", ":"))


def symbols() -> list[str]:
    """Tickers that no future has."""
    return [f"Q{at:03d}" for at in range(SYMBOLS)]


def cpu_s(process: psutil.Process) -> float:
    """Processor time that the collector has spent."""
    times = process.cpu_times()
    return times.user + times.system


async def told(bus: Bus, count: str) -> int:
    """A counter of the collector: `events` stored, trimmed ones included, or `tasks` of its event loop."""
    fields = (await bus.health()).get("collector:SCHWAB", {})
    return int(fields.get(count, 0))


async def sample(bus: Bus, collector: psutil.Process, core: float, sent: int) -> Sample:
    """The last thousand entries tell the delay: their ids are Redis' clock, their ts the server's, both here."""
    try:
        entries = await bus.newest_entries(keys.source_stream("SCHWAB"), count=1_000)
        stored, tasks = await told(bus, "events"), await told(bus, "tasks")
    except BusError:  # a machine too busy to say in time: the next look will
        entries, stored, tasks = [], -1, -1
    events, _ = parse_batch([entry.data or b"" for entry in entries])
    pairs = zip(entries, events.ts_us(), strict=True)
    delays = sorted(entry.position[0] - ts_us / 1_000 for entry, ts_us in pairs)
    at_99 = delays[int(len(delays) * 0.99)] if delays else 0.0
    median = statistics.median(delays) if delays else 0.0
    rss, files, threads = collector.memory_info().rss / 2**20, collector.num_fds(), collector.num_threads()
    return Sample(rss, core, files, threads, tasks, sent, stored, median, at_99)


def show(found: Sample) -> None:
    """A line for whoever waits."""
    print(
        f"{found.sent:>10,} sent {found.stored:>10,} stored  {found.rss:6.1f} MiB  {found.core * 100:5.1f} % of a core"
        f"  {found.files} files {found.threads} threads {found.tasks} tasks"
        f"  p50 {found.p50_ms:.0f} ms  p99 {found.p99_ms:.0f} ms",
        flush=True,
    )


def verdict(samples: Sequence[Sample]) -> int:
    """Say how it went."""
    last = samples[-1]
    half = samples[len(samples) // 2 : -1] or samples
    grown = half[-1].rss / half[0].rss
    lost = last.sent - last.stored
    core = statistics.median(found.core for found in samples[:-1])
    p99 = statistics.median(found.p99_ms for found in samples[:-1])
    more = {
        what: increase
        for what in ("files", "threads", "tasks")
        if (increase := getattr(last, what) - max(getattr(found, what) for found in samples[: len(samples) // 2])) > 0
    }
    print(
        f"lost {lost}, memory {samples[0].rss:.1f} to {last.rss:.1f} MiB, second half x{grown:.3f}, more at the end: "
        f"{more or 'nothing'}, median {core * 100:.1f} % of a core, p99 {p99:.0f} ms"
    )
    return 1 if lost or grown > GROWTH_ALLOWED or more else 0


if __name__ == "__main__":
    sys.exit(main())
