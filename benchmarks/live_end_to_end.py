"""From a source to the clients: publisher, Redis, merger, web process and 20 streams, each a process of its own.

Events are handed to the publisher at a steady rate by a program that stamps each with when it was due, by the machine's
monotonic clock; a delay counts from then until a client has read the event. Every client sees every event once.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median as middle
from typing import Any, Final

import psutil
import redis

from benchmarks.inputs import ROOT
from benchmarks.live_servers import Server, redis_server, started, thor_web_on
from benchmarks.live_streams import SLACK_S, load_program
from benchmarks.measure import Absent, Measured
from collectors import keys
from thor_web.runtime.composition import thor_command

__all__ = ["Pipeline", "end_to_end", "feed", "pipeline", "publisher", "ready", "run"]

CLIENTS: Final = 20
SECONDS: Final = 4.0
ROUNDS: Final = 3
WARM_UP_S: Final = 1.0
SETTLING_S: Final = 0.5
"""What starting the publisher and its clients took is over."""
BUDGETS_MS: Final = {1_000: (0.8, 2.0), 10_000: (1.5, 6.0)}
"""By events a second: what half of the deliveries and what 99 of 100 may take."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What runs, how a publisher finds its Redis, and each process by its name."""

    web: Server
    environment: dict[str, str]
    processes: dict[str, psutil.Process]


def end_to_end() -> list[Measured]:
    """Delays at both rates, each round on servers of its own. About a minute."""
    seen: dict[int, list[dict[str, int]]] = {rate: [] for rate in BUDGETS_MS}
    for _ in range(ROUNDS):
        with pipeline() as running:
            first = 1
            for rate, delays in seen.items():
                run(running, rate, first=first, seconds=WARM_UP_S)
                first += round(rate * WARM_UP_S)
                delays.append(run(running, rate, first=first, seconds=SECONDS))
                first += round(rate * SECONDS)
    return [
        Measured(
            f"end-to-end-{rate}-{share}",
            middle([delay[share] / 1_000 for delay in delays]),
            BUDGETS_MS[rate][place],
            "the budget",
            "ms",
        )
        for rate, delays in seen.items()
        for place, share in enumerate(("p50", "p99"))
    ]


@contextmanager
def pipeline(**settings: str) -> Iterator[Pipeline]:
    """Redis, a merger and a web process, with these settings."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="thor-")))
        environment = os.environ | stack.enter_context(redis_server(folder)) | settings
        log = stack.enter_context((folder / "merge.log").open("wb"))
        client = stack.enter_context(redis.Redis.from_url(environment["REDIS_URL"]))
        merger = stack.enter_context(
            started(
                list(thor_command("merge")),
                lambda: client.hget(keys.health("merger"), "state") == b"merging",
                env=environment,
                stdout=log,
                stderr=log,
            )
        )
        web = stack.enter_context(thor_web_on(folder, environment))
        server: Any = client.info("server")
        pids = {"redis": server["process_id"], "merger": merger.pid, "web": web.pids()[0]}
        yield Pipeline(web, environment, {name: psutil.Process(pid) for name, pid in pids.items()})


@contextmanager
def ready(argv: Sequence[str], name: str, **more: Any) -> Iterator[subprocess.Popen[str]]:
    """A program that has said READY. Raises Absent where it does not."""
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, **more) as process:
        if process.stdout is None or process.stdout.readline() != "READY\n":
            raise Absent(f"the {name} cannot connect")
        yield process


@contextmanager
def publisher(running: Pipeline) -> Iterator[subprocess.Popen[str]]:
    """A process that publishes the lines of its standard input."""
    argv = [sys.executable, "-m", "benchmarks.live_source"]
    with ready(argv, "publisher", env=running.environment, cwd=ROOT, stdin=subprocess.PIPE) as process:
        yield process


def feed(process: subprocess.Popen[str], rate: int, *, first: int, count: int) -> None:
    """Hand a publisher so many events at a steady rate, and wait until it has sent them all and is gone."""
    publish = [str(load_program()), "publish", "--to", "lines", "--rate", str(rate), "--count", str(count)]
    subprocess.run([*publish, "--first", str(first)], stdout=process.stdin, check=True)
    process.communicate()
    if process.returncode != 0:
        raise AssertionError("the publisher failed")


def run(running: Pipeline, rate: int, *, first: int, seconds: float) -> dict[str, int]:
    """The delays of one stretch in microseconds, once nothing of it was lost or doubled."""
    count = round(rate * seconds)
    listen = [str(load_program()), "listen", "--address", running.web.address, "--path", running.web.stream_path]
    listen += ["--clients", str(CLIENTS), "--from", str(first), "--until", str(first + count - 1)]
    listen += ["--seconds", str(round(seconds + SLACK_S))]
    with ready(listen, "clients") as listener, publisher(running) as source:
        time.sleep(SETTLING_S)
        feed(source, rate, first=first, count=count)
        seen: dict[str, Any] = json.loads(listener.communicate()[0])
    whole = not (seen["gaps"] or seen["doubles"] or seen["behind"] or seen["closed"])
    if not whole or seen["events"] != CLIENTS * count:
        raise AssertionError(f"events were lost or doubled: {seen}")
    delays: dict[str, int] = seen["latency"]
    return delays
