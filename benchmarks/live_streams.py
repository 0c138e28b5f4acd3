"""The event stream at scale: cost of a delivery beside nchan's and django-eventstream's, delay, memory, slow clients.

Every run opens its clients, then publishes numbered events at a steady rate; each client must see every number once and
in order. A cost is processor time of the serving process a delivery. A delay is from when an event was due.
"""

import json
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from statistics import median as middle
from typing import Any, Final

from benchmarks.inputs import ROOT
from benchmarks.live_servers import Server, django_eventstream, nchan, thor_web
from benchmarks.measure import Absent, Measured

__all__ = ["conflated", "each_event", "gathered", "memory", "slow_neighbours"]

PACKAGE: Final = ROOT / "benchmarks" / "load"
ROUNDS: Final = 3
SLACK_S: Final = 15.0


@dataclass(frozen=True, slots=True)
class Load:
    """What is asked of a server: that many clients, events a second, for so long."""

    clients: int
    rate: float
    seconds: float
    query: str = ""
    conflated: bool = False

    @property
    def count(self) -> int:
        return round(self.rate * self.seconds)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run: microseconds of processor time a delivery and a message, and what the listener saw."""

    cpu_us: float
    cores: float
    seen: dict[str, Any]

    @property
    def whole(self) -> bool:
        """Every client saw every event once and in order."""
        return not (self.seen["gaps"] or self.seen["doubles"] or self.seen["behind"] or self.seen["closed"])

    def p99_ms(self) -> float:
        milliseconds: float = self.seen["latency"]["p99"] / 1_000
        return milliseconds


@cache
def load_program() -> Path:
    """The load client, built when it is first needed."""
    command = ["cargo", "build", "--release", "--locked", "--quiet"]
    done = subprocess.run(command, cwd=PACKAGE, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Absent("the load client could not be built")
    return PACKAGE / "target" / "release" / "thor_load"


def run(server: Server, load: Load, *, first: int = 1) -> Outcome:
    """Open the clients, publish, and wait until all has come or nothing comes any more."""
    program = load_program()
    last = first + load.count - 1
    listen = [str(program), "listen", "--address", server.address, "--path", server.stream_path + load.query]
    listen += ["--clients", str(load.clients), "--conflated", str(int(load.conflated))]
    listen += ["--seconds", str(round(load.seconds + SLACK_S)), "--from", str(first)]
    if not load.conflated:
        listen += ["--until", str(last)]
    with subprocess.Popen(listen, stdout=subprocess.PIPE, text=True) as listener:
        if listener.stdout is None or listener.stdout.readline() != "READY\n":
            raise Absent("the clients could not all connect")
        before = server.cpu_s()
        publish = [str(program), "publish", *server.publish_to, "--rate", str(load.rate), "--count", str(load.count)]
        subprocess.run([*publish, "--first", str(first)], check=True)
        text = listener.stdout.read()
        spent = server.cpu_s() - before
    seen = json.loads(text)
    return Outcome(spent * 1e6 / max(1, seen["events"]), spent / load.seconds, seen)


Open = Callable[[], AbstractContextManager[Server]]


@dataclass(frozen=True, slots=True)
class Ran:
    """The runs of one server, or why there is none."""

    outcomes: list[Outcome]
    absent: str = ""

    @property
    def cpu_us(self) -> float | None:
        """Processor time a delivery."""
        return middle([outcome.cpu_us for outcome in self.outcomes]) if self.outcomes else None

    @property
    def p99_ms(self) -> float:
        """The delay of 99 of 100 deliveries; not a number where nothing ran."""
        return middle([outcome.p99_ms() for outcome in self.outcomes]) if self.outcomes else float("nan")


def in_turns(loads: Sequence[tuple[Open, Load]], rounds: int = ROUNDS) -> list[Ran]:
    """Each server under its load, one after the other, some rounds; a server is started anew for each run.

    The first is Thor: whatever it lacks is raised. A peer that is not installed says so, and the others go on.
    """
    found = [Ran([]) for _ in loads]
    for _ in range(rounds):
        for place, (opened, load) in enumerate(loads):
            if found[place].absent:
                continue
            try:
                with opened() as server:
                    run(server, Load(load.clients, load.rate, 1.0, load.query, load.conflated))
                    found[place].outcomes.append(run(server, load, first=round(load.rate) + 1))
            except Absent as error:
                if place == 0:
                    raise
                found[place] = Ran([], str(error))
    if not loads[0][1].conflated:
        require_whole(found[0].outcomes)
    return found


def beside(name: str, thor: Ran, peer: Ran, peer_name: str) -> Measured:
    """Processor time a delivery of both."""
    cost = float("nan") if thor.cpu_us is None else thor.cpu_us
    return Measured(name, cost, peer.cpu_us, peer_name, "us/delivery", note=peer.absent)


def each_event() -> list[Measured]:
    """One event a message: 100 clients and 200 events a second, 1,000 and 20."""
    rows = []
    for clients, rate, most_ms in ((100, 200.0, 3.0), (1_000, 20.0, 15.0)):
        load = Load(clients, rate, 6.0)
        thor, peer = in_turns([(thor_web, load), (nchan, load)])
        rows.append(beside(f"sse-{clients}-nchan", thor, peer, "nchan"))
        note = peer.absent or f"nchan {peer.p99_ms:.2f} ms"
        rows.append(Measured(f"sse-{clients}-p99", thor.p99_ms, most_ms, "the budget", "ms", note=note))
    return rows


def gathered() -> list[Measured]:
    """1,000 clients and 1,000 events a second, gathered up to 5 ms. The peers at what they can take."""
    thor, peer, django = in_turns(
        [
            (thor_web, Load(1_000, 1_000.0, 6.0)),
            (nchan, Load(1_000, 60.0, 6.0)),
            (django_eventstream, Load(200, 10.0, 6.0)),
        ]
    )
    return [
        beside("sse-gathered-nchan", thor, peer, "nchan"),
        beside("sse-gathered-django", thor, django, "django-eventstream"),
        Measured("sse-gathered-p99", thor.p99_ms, 25.0, "the budget", "ms"),
    ]


def conflated() -> list[Measured]:
    """5,000 clients at 4 Hz while the market has 20,000 events a second.

    The age is that of the newest event that a client has, at the moment when it is replaced by a newer one.
    """
    (thor,) = in_turns([(thor_web, Load(5_000, 20_000.0, 8.0, query="?conflate=4", conflated=True))])
    cores = middle([outcome.cores for outcome in thor.outcomes])
    age = middle([outcome.seen["picture"]["p99"] / 1_000 for outcome in thor.outcomes])
    return [
        Measured("sse-5000-cores", cores, 1.0, "one core", "cores"),
        Measured("sse-5000-age", age, 300.0, "the budget", "ms"),
    ]


def memory() -> list[Measured]:
    """What a connection adds to the process beside its socket: 2,000 clients that get every event."""
    clients = 2_000
    with thor_web() as server:
        run(server, Load(100, 200.0, 1.0))
        before = server.resident()
        held: list[int] = []
        program = [str(load_program()), "listen", "--address", server.address, "--path", server.stream_path]
        with subprocess.Popen(
            [*program, "--clients", str(clients), "--seconds", "4"], stdout=subprocess.PIPE, text=True
        ) as listener:
            if listener.stdout is None or listener.stdout.readline() != "READY\n":
                raise Absent("the clients could not all connect")
            held.append(server.resident() - before)
            listener.stdout.read()
    return [Measured("sse-memory", held[0] / clients / 1_024, 16.0, "the budget", "KiB/client")]


def slow_neighbours() -> list[Measured]:
    """100 clients' delay beside one and beside a hundred others that never read, against their delay without."""
    load = Load(100, 1_000.0, 5.0)
    runs: dict[int, list[Outcome]] = {count: [] for count in (0, 1, 100)}
    for _ in range(5):
        for count, outcomes in runs.items():
            with thor_web() as server, stuck_clients(server, count):
                # They are stuck when the kernel holds all that it takes for them, long before this is over.
                run(server, replace(load, seconds=3.0))
                outcomes.append(run(server, load, first=round(3 * load.rate) + 1))
    for outcomes in runs.values():
        require_whole(outcomes)
    alone, *beside = [middle([run.p99_ms() for run in outcomes]) for outcomes in runs.values()]
    return [
        Measured(f"sse-slow-{count}", delay, alone, "nobody is slow", "ms")
        for count, delay in zip((1, 100), beside, strict=True)
    ]


@contextmanager
def stuck_clients(server: Server, count: int) -> Iterator[None]:
    """So many clients that never read, beside one that does."""
    listen = [str(load_program()), "listen", "--address", server.address, "--path", server.stream_path]
    listen += ["--stuck", str(count), "--seconds", "600", "--idle-ms", "600000"]
    with subprocess.Popen(listen, stdout=subprocess.PIPE, text=True) as process:
        try:
            if process.stdout is None or process.stdout.readline() != "READY\n":
                raise Absent("the clients could not all connect")
            yield
        finally:
            process.kill()


def require_whole(outcomes: Sequence[Outcome]) -> None:
    """The right answer first: a figure of a server that loses events is worth nothing."""
    for outcome in outcomes:
        if not outcome.whole:
            raise AssertionError(f"events were lost or doubled: {outcome.seen}")
