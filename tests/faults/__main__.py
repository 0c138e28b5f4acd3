"""The heavy faults, each by its own command: `python -m tests.faults rounds`, `--help` names all of them.

Each prints its counts as one line and ends with status 1 when something was lost or doubled. `network` and `disk` make
a network namespace and a small tmpfs, which takes root.
"""

import argparse
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psutil

from tests.faults.costs import measure_costs
from tests.faults.hosts import Host
from tests.faults.rig import Counts, Rig

VICTIMS: Final = ("merge", "ingest", "web", "valkey", "postgres")
MIB: Final = 2**20
SAMPLED_S: Final = 2.0
OWN: Final = frozenset({"web", "merge", "ingest", "signals", "clock", "backtest"})
"""Whose memory has to be flat. Valkey's holds the streams of a day, and Postgres' pages are counted once a session."""
JUDGED_FROM_S: Final = 300
MOST_GROWTH: Final = 8.0
"""MiB of a process between the second and the last fifth of a soak."""


@contextmanager
def folder() -> Iterator[Path]:
    """A folder with a short name, gone afterwards."""
    made = Path(tempfile.mkdtemp(prefix="thor-f-", dir="/tmp"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def rounds(arguments: argparse.Namespace) -> Counts:
    """kill -9 of each process in turn, over and over, under load."""
    with folder() as made, Rig(made / "state", rate=arguments.rate) as rig:
        for number in range(arguments.rounds):
            rig.kill(VICTIMS[number % len(VICTIMS)])
            say(f"round {number + 1}: {VICTIMS[number % len(VICTIMS)]} killed, {rig.feeder.sent} sent")
        return rig.counts()


def soak(arguments: argparse.Namespace) -> Counts:
    """Steady load for minutes; memory and processor time of each process, over and over."""
    with folder() as made, Rig(made / "state", rate=arguments.rate) as rig:
        begun, first, offered = time.monotonic(), rig.usage(), rig.feeder.sent
        least, told = arguments.minutes * 60, 0.0
        sizes: dict[str, list[float]] = {}
        while (passed := time.monotonic() - begun) < least:
            for name, (memory, _) in rig.usage().items():
                sizes.setdefault(name, []).append(memory)
            if passed >= told:
                now = {name: round(found[-1], 1) for name, found in sorted(sizes.items())}
                say(f"after {passed / 60:.1f} min, {rig.feeder.sent} sent, MiB: {now}")
                told += max(60.0, least / 20)
            time.sleep(SAMPLED_S)
        events = rig.feeder.sent - offered
        spent = {name: cpu - first.get(name, (0.0, 0.0))[1] for name, (_, cpu) in sorted(rig.usage().items())}
        costs = {name: f"{seconds:.1f} s, {seconds / events * 1e6:.0f} us an event" for name, seconds in spent.items()}
        say(f"{events} events; processor time: {costs}")
        counts = rig.counts()
        growth = {name: grown(found) for name, found in sorted(sizes.items()) if name in OWN}
        more = {name: round(mib, 1) for name, mib in growth.items()}
        say(f"MiB more in the last fifth than in the second: {more}")
        if least >= JUDGED_FROM_S and max(growth.values()) > MOST_GROWTH:
            raise SystemExit(f"soak: {counts}\nmemory grows")
        return counts


def grown(sizes: Sequence[float]) -> float:
    """How much more there is on average in the last fifth of a series than in the second."""
    fifth = max(1, len(sizes) // 5)
    return statistics.fmean(sizes[-fifth:]) - statistics.fmean(sizes[fifth : 2 * fifth] or sizes[:1])


def costs(arguments: argparse.Namespace) -> Counts:
    """What an event, a symbol and a client cost in processor time and room."""
    crowded = {"STREAM_CLIENTS_EACH": str(arguments.clients + 10)}
    with folder() as made, Rig(made / "state", rate=200.0, environment=crowded) as rig:
        measure_costs(rig, stretch_s=arguments.seconds, rate=arguments.rate, clients=arguments.clients, say=say)
        return rig.counts()


def readers(arguments: argparse.Namespace) -> Counts:
    """Clients that never read the stream they asked for, and as many heads that come a byte a second (slow-loris)."""
    with folder() as made, Rig(made / "state", rate=arguments.rate) as rig:
        web = psutil.Process(rig.running.child("web").pid)
        before = web.num_fds(), web.memory_info().rss
        never = [
            rig.connect(b"GET /api/quotes/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n") for _ in range(arguments.count)
        ]
        slow = [rig.connect(b"GET / HTTP/1.1\r\nX-Slow: ") for _ in range(arguments.count)]
        begun, most = time.monotonic(), 0
        while time.monotonic() - begun < arguments.seconds:
            slow = [connection for connection in slow if still_takes(connection)]
            most = max(most, web.memory_info().rss)
            time.sleep(1)
        found = re.search(r"^thor_web_stuck_total\S* (\S+)", rig.running.get("/metrics").text, re.MULTILINE)
        cut = float(found[1]) if found else 0.0
        say(f"{arguments.count} never read, {cut:.0f} of them cut off; {len(slow)} slow heads not given up")
        say(f"open files {before[0]} -> {web.num_fds()}, MiB {before[1] / MIB:.1f} -> {most / MIB:.1f} at most")
        rig.comes_through()
        counts = rig.counts()
        for connection in never:
            connection.close()
        return counts


def still_takes(connection: socket.socket) -> bool:
    """Send a byte; False where the other end has gone."""
    try:
        connection.sendall(b"y")
    except OSError:
        connection.close()
        return False
    return True


def connections(arguments: argparse.Namespace) -> Counts:
    """Thousands of connections opened and cut, half of them with a stream asked for."""
    with folder() as made, Rig(made / "state", rate=arguments.rate) as rig:
        web = psutil.Process(rig.running.child("web").pid)
        rig.abandon(500)
        before = web.num_fds(), web.memory_info().rss
        rig.abandon(arguments.count)
        rig.comes_through()
        time.sleep(12)  # a head that does not come is waited for 10 s
        say(
            f"open files {before[0]} -> {web.num_fds()}, MiB {before[1] / MIB:.1f} -> {web.memory_info().rss / MIB:.1f}"
        )
        return rig.counts()


def freeze(arguments: argparse.Namespace) -> Counts:
    """Postgres hangs, as a machine that is out of breath does."""
    with folder() as made, Rig(made / "state", rate=arguments.rate) as rig:
        with rig.frozen("postgres"):
            time.sleep(arguments.seconds)
        return rig.counts()


def network(arguments: argparse.Namespace) -> Counts:
    """The collector's host is cut off from the others, and comes back."""
    with folder() as made, Host() as host, Rig(made / "state", rate=arguments.rate, feeder=host.feeder) as rig:
        return host.cut_off(rig, seconds=arguments.seconds, say=say)


def disk(arguments: argparse.Namespace) -> Counts:
    """The disk that holds Redis and Postgres runs full, then there is room again."""
    with folder() as made:
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={arguments.mib}m,mode=755", "tmpfs", str(made)], check=True
        )
        try:
            with Rig(made / "state", rate=arguments.rate) as rig:
                filler = made / "filler"
                with filler.open("wb") as file:
                    os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(made).free - 64 * 1024)
                say("the disk is full")
                time.sleep(arguments.seconds)
                say(f"stored meanwhile: {rig.stored()} of {rig.feeder.sent}; {rig.troubles()}")
                filler.unlink()
                rig.comes_through()
                return rig.counts()
        finally:
            subprocess.run(["umount", "-l", str(made)], check=True)


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    """Run one of them."""
    parser = argparse.ArgumentParser(description="The heavy faults, with counts at the end.")
    faults = parser.add_subparsers(required=True, metavar="FAULT")
    wanted: tuple[tuple[Callable[[argparse.Namespace], Counts], dict[str, int]], ...] = (
        (rounds, {"rounds": 20}),
        (soak, {"minutes": 10}),
        (connections, {"count": 10_000}),
        (readers, {"count": 100, "seconds": 90}),
        (costs, {"seconds": 10, "clients": 500}),
        (freeze, {"seconds": 30}),
        (network, {"seconds": 60}),
        (disk, {"seconds": 20, "mib": 400}),
    )
    for fault, options in wanted:
        added = faults.add_parser(fault.__name__, help=fault.__doc__)
        added.add_argument("--rate", type=float, default=200.0, help="events a second")
        for name, usual in options.items():
            added.add_argument(f"--{name}", type=int, default=usual)
        added.set_defaults(fault=fault)
    arguments = parser.parse_args()
    counts: Counts = arguments.fault(arguments)
    say(f"{arguments.fault.__name__}: {counts}")
    return int(counts.lost + counts.doubled > 0)


if __name__ == "__main__":
    sys.exit(main())
