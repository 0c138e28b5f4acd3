"""The snapshot over HTTP, with a logged-in user's cookie, beside a plain Django view and beside ready bytes.

A cost is processor time of the serving process a request, while wrk asks over four connections as fast as it is
answered. A delay is another question: that of requests which are due at a steady rate, counted from when each was due,
so that a late answer is not hidden by the requests it holds up. How late answers are where the server has no time left
is said in the note.
"""

import http.client
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median as middle
from typing import Final

from benchmarks.inputs import ROOT
from benchmarks.live_servers import Server, answers, database, redis_server, started, thor_web_on, unused_port
from benchmarks.live_streams import load_program
from benchmarks.measure import Absent, Measured

__all__ = ["snapshot"]

ROUNDS: Final = 3
SECONDS: Final = 3
CONNECTIONS: Final = 4
ASKED_A_SECOND: Final = 500
MOST_MS: Final = 5.0
LOGIN: Final = """
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
user = User.objects.create_user("reader")
session = SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.save()
print(session.session_key)
"""


PEERS: Final = {"django": ("async view, HGETALL", "django"), "starlette": ("ready bytes", "starlette")}
"""By the last part of their rows: what they are called, and the package that they need."""


@dataclass(frozen=True, slots=True)
class Flooded:
    """What wrk got: processor time a request in microseconds, requests a second, and the delay of 99 of 100 in ms."""

    cpu_us: float
    rate: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class Asked:
    """One server: what wrk got each time, the delays of 99 of 100 at the steady rate in ms, and why there is none."""

    flooded: list[Flooded]
    steady_p99_ms: list[float]
    absent: str = ""

    @property
    def cpu_us(self) -> float | None:
        """Processor time a request."""
        return middle([flooded.cpu_us for flooded in self.flooded]) if self.flooded else None

    def note(self) -> str:
        """Where the delay was measured, and what it is where the server has no time left."""
        steady = f"at {ASKED_A_SECOND}/s"
        if not self.flooded:
            return steady
        rate, full = middle([it.rate for it in self.flooded]), middle([it.p99_ms for it in self.flooded])
        return f"{steady}; at full load, {rate:,.0f}/s, {full:.1f} ms"


def snapshot() -> list[Measured]:
    """Of 11 and of 500 symbols."""
    rows = []
    for count in (11, 500):
        thor, *peers = in_turns(count)
        for (key, (name, _)), peer in zip(PEERS.items(), peers, strict=True):
            cost = float("nan") if thor.cpu_us is None else thor.cpu_us
            rows.append(Measured(f"snapshot-{count}-{key}", cost, peer.cpu_us, name, "us/request", note=peer.absent))
        delay = middle(thor.steady_p99_ms)
        rows.append(Measured(f"snapshot-{count}-p99", delay, MOST_MS, "the budget", "ms", note=thor.note()))
    return rows


def in_turns(count: int) -> list[Asked]:
    """Thor, then each peer, in turn in each round on the same market of `count` symbols."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="thor-")))
        redis = stack.enter_context(redis_server(folder))
        environment = os.environ | redis | stack.enter_context(database(folder))
        subprocess.run(merge_command(count), env=environment, cwd=ROOT, check=True)
        cookie = f"sessionid={logged_in(environment)}"
        web = stack.enter_context(thor_web_on(folder, environment))
        body = right_answer(web, count, cookie)
        (folder / "body").write_bytes(body)
        environment |= {"SNAPSHOT_BODY": str(folder / "body"), "SNAPSHOT_SYMBOLS": str(count)}
        no_wrk = "" if shutil.which("wrk") else "wrk is not installed"
        found: list[tuple[Asked, Server | None]] = [(Asked([], []), web)]
        for kind in PEERS:
            try:
                found.append((Asked([], [], no_wrk), stack.enter_context(peer(kind, environment))))
            except Absent as error:
                found.append((Asked([], [], str(error)), None))
        for _ in range(ROUNDS):
            for asked, server in found:
                if server is not None and not no_wrk:
                    asked.flooded.append(flood(server, cookie))
            found[0][0].steady_p99_ms.append(steady_p99_ms(web, cookie))
    return [asked for asked, _ in found]


def merge_command(count: int) -> list[str]:
    """Write `count` symbols as the merger does."""
    return [sys.executable, "-m", "benchmarks.live_market", str(count)]


def logged_in(environment: dict[str, str]) -> str:
    """The key of a user's session."""
    from thor_web.runtime.composition import thor_command

    done = subprocess.run(
        thor_command("manage", "shell", "-v", "0", "-c", LOGIN),
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip().splitlines()[-1]


@contextmanager
def peer(kind: str, environment: dict[str, str]) -> Iterator[Server]:
    """One of the peers under uvicorn with uvloop and httptools. Raises Absent."""
    package = PEERS[kind][1]
    if importlib.util.find_spec(package) is None:
        raise Absent(f"{package} is not installed")
    port = unused_port()
    argv = [sys.executable, "-m", "uvicorn", "--factory", "benchmarks.peers.snapshots:application", "--port", str(port)]
    argv += ["--no-access-log", "--log-level", "warning"]
    with started(argv, answers(port, "/healthz"), env=environment | {"SNAPSHOT_PEER": kind}, cwd=ROOT) as process:
        yield Server(f"127.0.0.1:{port}", "", (), lambda: [process.pid])


def right_answer(server: Server, count: int, cookie: str) -> bytes:
    """The snapshot, once it has been seen to be one."""
    connection = http.client.HTTPConnection(server.address, timeout=10)
    connection.request("GET", "/api/quotes", headers={"Cookie": cookie})
    answer = connection.getresponse()
    body = answer.read()
    records = json.loads(body)
    connection.close()
    assert answer.status == 200
    assert len(records) == count
    assert all(record["seq"] == 1 and record["age_ms"] >= 0 and record["display"]["bid"] for record in records)
    return body


def flood(server: Server, cookie: str) -> Flooded:
    """As fast as it answers, for some seconds."""
    command = ["wrk", "-t", "1", "-c", str(CONNECTIONS), "-d", str(SECONDS), "--latency", "-H", f"Cookie: {cookie}"]
    before = server.cpu_s()
    done = subprocess.run([*command, f"http://{server.address}/api/quotes"], capture_output=True, text=True, check=True)
    spent = server.cpu_s() - before
    requests = int(figure(done.stdout, r"(\d+) requests in"))
    assert "Non-2xx" not in done.stdout
    assert "Socket errors" not in done.stdout
    amount, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", done.stdout).groups()  # type: ignore[union-attr]
    scale = {"us": 1e-3, "ms": 1.0, "s": 1e3}[unit]
    return Flooded(spent * 1e6 / requests, requests / SECONDS, float(amount) * scale)


def steady_p99_ms(server: Server, cookie: str) -> float:
    """The delay that one of a hundred requests passes when they are due at a steady rate."""
    command = [str(load_program()), "ask", "--address", server.address, "--path", "/api/quotes", "--cookie", cookie]
    command += ["--connections", str(CONNECTIONS), "--rate", str(ASKED_A_SECOND), "--seconds", str(SECONDS)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    delay_us: int = json.loads(done.stdout)["latency"]["p99"]
    return delay_us / 1_000


def figure(text: str, pattern: str) -> str:
    """What a pattern finds in wrk's words."""
    found = re.search(pattern, text)
    if found is None:
        raise Absent(f"wrk said nothing of {pattern}")
    return found[1]
