"""The snapshot over HTTP, with a logged-in user's cookie, beside a plain Django view and beside ready bytes.

A cost is processor time of the serving process a request, while wrk asks over four connections as fast as it is
answered. A delay is another question: that of requests which are due at a steady rate, counted from when each was due,
so that a late answer is not hidden by the requests it holds up. How late answers are where the server has no time left
is said in the note.
"""

import http.client
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


@dataclass(frozen=True, slots=True)
class Asked:
    """What wrk got: processor time a request in microseconds, requests a second, and the delay of 99 of 100 in ms.

    `steady_p99_ms` is the delay at the steady rate.
    """

    cpu_us: float
    rate: float
    p99_ms: float
    steady_p99_ms: float


def snapshot() -> list[Measured]:
    """Of 11 and of 500 symbols."""
    rows = []
    for count in (11, 500):
        thor, django, ready = in_turns(count)
        cost, delay = middle([asked.cpu_us for asked in thor]), middle([asked.steady_p99_ms for asked in thor])
        rate, full = middle([asked.rate for asked in thor]), middle([asked.p99_ms for asked in thor])
        for key, name, peer in (("django", "async view, HGETALL", django), ("starlette", "ready bytes", ready)):
            theirs = middle([asked.cpu_us for asked in peer])
            rows.append(Measured(f"snapshot-{count}-{key}", cost, theirs, name, "us/request"))
        note = f"at {ASKED_A_SECOND}/s; at full load, {rate:,.0f}/s, {full:.1f} ms"
        rows.append(Measured(f"snapshot-{count}-p99", delay, MOST_MS, "the budget", "ms", note=note))
    return rows


def in_turns(count: int) -> tuple[list[Asked], list[Asked], list[Asked]]:
    """Thor, Django and Starlette in each round, on the same market of `count` symbols."""
    thor: list[Asked] = []
    django: list[Asked] = []
    ready: list[Asked] = []
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
        servers = [(web, thor)]
        for kind, into in (("django", django), ("starlette", ready)):
            servers.append((stack.enter_context(peer(kind, environment)), into))
        for _ in range(ROUNDS):
            for server, into in servers:
                into.append(ask(server, cookie))
    return thor, django, ready


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
    """One of the peers under uvicorn with uvloop and httptools."""
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


def ask(server: Server, cookie: str) -> Asked:
    """As fast as it answers, for some seconds, then at the steady rate."""
    if shutil.which("wrk") is None:
        raise Absent("wrk is not installed")
    command = ["wrk", "-t", "1", "-c", str(CONNECTIONS), "-d", str(SECONDS), "--latency", "-H", f"Cookie: {cookie}"]
    before = server.cpu_s()
    done = subprocess.run([*command, f"http://{server.address}/api/quotes"], capture_output=True, text=True, check=True)
    spent = server.cpu_s() - before
    requests = int(figure(done.stdout, r"(\d+) requests in"))
    assert "Non-2xx" not in done.stdout
    assert "Socket errors" not in done.stdout
    amount, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", done.stdout).groups()  # type: ignore[union-attr]
    return Asked(
        spent * 1e6 / requests,
        requests / SECONDS,
        float(amount) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[unit],
        steady_p99_ms(server, cookie),
    )


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
