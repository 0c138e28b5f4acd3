"""A soak of the live path: `python -m benchmarks.soak_live --minutes 10 --rate 10000 --clients 500`.

Publisher, Redis, merger and web process run as they do in use, and clients come and go (benchmarks/load/src/churn.rs):
some take every event, some one symbol, some are conflated, and each goes on behind the last event it had. Said each ten
seconds: memory and processor time of every process. It fails where a client missed an event or had one twice, where
one was reset or conflated against its will, and where a process's memory grows after its first minutes.
"""

import argparse
import json
import signal
import statistics
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any, Final

import psutil

from benchmarks.live_end_to_end import SETTLING_S, Pipeline, feed, pipeline, publisher, ready
from benchmarks.live_streams import SLACK_S, load_program

__all__: list[str] = []

SAMPLED_S: Final = 10.0
WARM_UP_S: Final = 150.0
"""The ring and what Redis keeps of a minute are full by then, and allocators have what they need."""
RING_S: Final = 10
"""The web process keeps so many seconds of the market for clients that come back."""
GROWTH_ALLOWED: Final = 1.05
FEWEST_SAMPLES: Final = 9

Sample = dict[str, tuple[float, float]]
"""By process: memory in MiB and processor time so far in seconds."""


def main() -> int:
    """Exit status 1 where anything was lost or doubled, or memory grew."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak_live")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--rate", type=int, default=10_000, help="events a second")
    parser.add_argument("--clients", type=int, default=500)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # asked to end it ends what it started, too
    ring = str(RING_S * arguments.rate)
    with pipeline(STREAM_RETENTION_S="60", STREAM_RING=ring) as running:
        seen, samples = soak(running, arguments.minutes * 60, arguments.rate, arguments.clients)
    return verdict(seen, samples, arguments.clients)


def soak(running: Pipeline, seconds: float, rate: int, clients: int) -> tuple[dict[str, Any], list[Sample]]:
    """What the clients saw, and a sample each ten seconds while events were published."""
    count = round(rate * seconds)
    churn = [str(load_program()), "churn", "--address", running.web.address, "--path", running.web.stream_path]
    churn += ["--clients", str(clients), "--until", str(count), "--seconds", str(round(seconds + 2 * SLACK_S))]
    samples: list[Sample] = []
    with ready(churn, "clients") as crowd, publisher(running) as source:
        time.sleep(SETTLING_S)
        processes = running.processes | {"publisher": psutil.Process(source.pid)}
        over = threading.Event()
        watching = threading.Thread(target=watch, args=(processes, samples, over))
        watching.start()
        try:
            feed(source, rate, first=1, count=count)
        finally:
            over.set()
            watching.join()
        seen: dict[str, Any] = json.loads(crowd.communicate()[0])
    return seen, samples


def watch(processes: dict[str, psutil.Process], samples: list[Sample], over: threading.Event) -> None:
    """Take samples until it is over, and say each."""
    while True:
        samples.append({name: look(process) for name, process in processes.items()})
        show(samples)
        if over.wait(SAMPLED_S):
            return


def look(process: psutil.Process) -> tuple[float, float]:
    """Memory and processor time; of a process that has just ended, none."""
    try:
        spent = process.cpu_times()
        return process.memory_info().rss / 2**20, spent.user + spent.system
    except psutil.NoSuchProcess:
        return 0.0, 0.0


def show(samples: Sequence[Sample]) -> None:
    """A line for whoever waits."""
    last, before = samples[-1], samples[-2] if len(samples) > 1 else samples[-1]
    cells = [
        f"{name} {memory:6.1f} MiB {max(0.0, spent - before[name][1]) / SAMPLED_S * 100:5.1f} %"
        for name, (memory, spent) in last.items()
    ]
    print(f"{len(samples) * SAMPLED_S - SAMPLED_S:5.0f} s  " + "   ".join(cells), flush=True)


def growth(samples: Sequence[Sample], name: str) -> float | None:
    """The memory of a process at the end over that after its warm-up, each the median of a third of the time since.

    None where that was too short.
    """
    memory = [sample[name][0] for sample in samples[int(WARM_UP_S / SAMPLED_S) :] if sample[name][0]]
    third = len(memory) // 3
    if len(memory) < FEWEST_SAMPLES:
        return None
    return statistics.median(memory[-third:]) / statistics.median(memory[:third])


def verdict(seen: dict[str, Any], samples: Sequence[Sample], clients: int) -> int:
    """Say how it went."""
    delays = seen["latency"]
    print(
        f"{clients} clients, {seen['opened']:,} streams opened, {seen['resumed']:,} of them to go on;"
        f" {seen['events']:,} events, {seen['bytes'] / 2**30:.1f} GiB\n"
        f"lost {seen['lost']}, doubled {seen['doubled']}, clients without the last event {seen['behind']},"
        f" reset or conflated {seen['told']}, closed by the server {seen['closed']}\n"
        f"from due to client: p50 {delays['p50'] / 1e3:.1f} ms, p99 {delays['p99'] / 1e3:.1f} ms,"
        f" longest {delays['max'] / 1e3:.0f} ms"
    )
    grown = {name: growth(samples, name) for name in samples[-1]}
    for name, factor in grown.items():
        print(f"memory of {name}: " + ("too short a run to say" if factor is None else f"x{factor:.3f}"))
    whole = not any(seen[fault] for fault in ("lost", "doubled", "behind", "told", "closed"))
    flat = all(factor is None or factor <= GROWTH_ALLOWED for factor in grown.values())
    return 0 if whole and flat else 1


if __name__ == "__main__":
    sys.exit(main())
