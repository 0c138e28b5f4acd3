"""A running Thor: `/api/session` under 500 requests a second, and how late triggers are run."""

import asyncio
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.measure import Measured

__all__ = ["session", "triggers"]

RATE = 500
SECONDS = 10
CONNECTIONS = 16
WARM_UP = 500
RUNS = 1_000
RUNS_A_SECOND = 50


@contextmanager
def _running() -> Iterator[tuple[int, Path]]:
    """A Thor without a source: its port and state folder."""
    with tempfile.TemporaryDirectory(prefix="thor-b-") as folder:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        state = Path(folder) / "state"
        named = ("REDIS_URL", "DB_", "THOR_", "DJANGO_")
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "thor_web.cli.main", "up", "--state", str(state), "--port", str(port)),
                *("--source", "none", "--no-browser"),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: value for name, value in os.environ.items() if not name.startswith(named)},
            text=True,
        )
        try:
            assert process.stdout is not None
            assert any(line.startswith("READY ") for line in process.stdout)
            yield port, state
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate()


def session() -> list[Measured]:
    """The 99th percentile of the time from when a request was due to its whole answer, in ms."""
    with _running() as (port, _):
        asyncio.run(_load(port, "/api/session?market=ES", WARM_UP))
        asyncio.run(_load(port, "/healthz", WARM_UP))
        ours = _p99(asyncio.run(_load(port, "/api/session?market=ES", RATE * SECONDS)))
        theirs = _p99(asyncio.run(_load(port, "/healthz", RATE * SECONDS)))
    return [
        Measured(
            name="clock-http-healthz",
            thor=ours,
            peer=theirs,
            peer_name="the same server's /healthz at the same rate",
            unit="ms p99",
            note=f"{RATE}/s, {CONNECTIONS} connections",
        )
    ]


async def _load(port: int, path: str, count: int) -> list[float]:
    """Latencies in ms of requests sent by the clock, never by the answer before."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    begun = time.perf_counter() + 0.2
    latencies: list[float] = []

    async def connection(number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for turn in range(number, count, CONNECTIONS):
            due = begun + turn / RATE
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            body = await reader.readexactly(length)
            latencies.append((time.perf_counter() - due) * 1_000)
            assert path == "/healthz" or json.loads(body)["market"] == "GLOBEX_EQUITY"
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(connection(number) for number in range(CONNECTIONS)))
    return latencies


def _p99(values: list[float]) -> float:
    return statistics.quantiles(values, n=100)[98]


def triggers() -> list[Measured]:
    """How long after its instant an action has been claimed and begun, 1,000 of them, the 99th percentile in ms."""
    import psycopg

    from thor_web.runtime.state import StateFolder

    with _running() as (_, folder):
        servers = StateFolder(folder).read_servers()
        assert servers is not None
        conninfo = f"host={servers.db_host} port={servers.db_port} dbname={servers.db_name} user={servers.db_user}"
        with psycopg.connect(conninfo, autocommit=True) as connection:
            connection.execute("DELETE FROM timezones_trigger")
            first = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=8)
            rows = [(number, first + timedelta(seconds=number // RUNS_A_SECOND)) for number in range(RUNS)]
            with connection.cursor() as cursor:
                cursor.executemany(
                    "INSERT INTO timezones_trigger (name, market, condition, phase, offset_s, local_time, action,"
                    " parameters, grace_s, misfire, max_attempts, timeout_s, enabled, watermark, author, changed_at)"
                    " VALUES (%s, 'ALWAYS', 'local_time', '', 0, %s, 'alert', '{}', 60, 'run_once', 3, 60, true,"
                    " now(), '', now())",
                    [(f"trigger {number}", at.time()) for number, at in rows],
                )
            deadline = time.monotonic() + 90
            while connection.execute("SELECT count(*) FROM timezones_triggerrun WHERE state = 'done'").fetchone() != (
                RUNS,
            ):
                assert time.monotonic() < deadline, "not all were run"
                time.sleep(0.5)
            late = [
                float(row[0])
                for row in connection.execute(
                    "SELECT extract(epoch FROM started_at - due_at) * 1000 FROM timezones_triggerrun"
                )
            ]
    assert len(late) == RUNS
    assert min(late) >= 0
    return [
        Measured(
            name="clock-trigger-timer",
            thor=_p99(late),
            peer=_timer(),
            peer_name="a timer of asyncio, which remembers nothing",
            unit="ms p99",
            note=f"{RUNS_A_SECOND} at each second",
        )
    ]


def _timer() -> float:
    """How late a bare timer is, the 99th percentile in ms."""

    async def measure() -> list[float]:
        late = []
        for _ in range(200):
            due = time.perf_counter() + 0.01
            await asyncio.sleep(0.01)
            late.append((time.perf_counter() - due) * 1_000)
        return late

    return _p99(asyncio.run(measure()))
