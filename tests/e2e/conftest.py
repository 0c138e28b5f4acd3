"""A whole Thor, started as a user starts it, and the little that a test needs to look at it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx
import psutil
import pytest

from tests.e2e.prepared import give_postgres

START_LIMIT_S = 60.0
"""First start on a busy machine: initdb and all."""
WAIT_LIMIT_S = 60.0


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """One message of an event stream."""

    event: str
    id: str
    data: str


def sse_messages(lines: Iterator[str]) -> Iterator[ServerSentEvent]:
    """Messages of a stream of lines, comments left out."""
    event, entry_id, data = "message", "", ""
    for line in lines:
        if not line:
            if data:
                yield ServerSentEvent(event, entry_id, data)
            event, data = "message", ""
            continue
        name, _, value = line.partition(": ")
        if name == "event":
            event = value
        elif name == "id":
            entry_id = value
        elif name == "data":
            data = value


class RunningThor:
    """`thor up` in a process of its own. A state folder that is not there gets a prepared Postgres, unless `fresh`."""

    def __init__(
        self, state: Path, *arguments: str, environment: Mapping[str, str] | None = None, fresh: bool = False
    ) -> None:
        if not (fresh or state.exists()):
            give_postgres(state)
        self.state = state
        self.port = free_port()
        self._log = state.with_suffix(".up.log").open("ab")
        self._process = subprocess.Popen(
            [
                *thor("up"),
                *("--state", str(state), "--port", str(self.port), "--no-browser", *arguments),
            ],
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=clean_environment() | dict(environment or {}),
            text=True,
        )
        self.ready_line = self._read_ready()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        return self._process.pid

    def children(self) -> list[psutil.Process]:
        """Every process below this Thor."""
        return psutil.Process(self._process.pid).children(recursive=True)

    def child(self, *words: str) -> psutil.Process:
        """The direct child whose command line holds all the words, or whose program is called so."""
        for process in psutil.Process(self._process.pid).children():
            command = process.cmdline()
            if all(word in command or Path(command[0]).name.startswith(word) for word in words):
                return process
        raise AssertionError(f"no child runs {words}: {[p.cmdline() for p in self.children()]}")

    def get(self, path: str, **parameters: str) -> httpx.Response:
        return httpx.get(self.url + path, params=parameters, timeout=10)

    def quotes(self, *symbols: str) -> list[dict[str, Any]]:
        answer = self.get("/api/quotes", symbols=",".join(symbols))
        answer.raise_for_status()
        records: list[dict[str, Any]] = answer.json()
        return records

    def status(self) -> dict[str, Any]:
        """What `thor status --json` prints."""
        done = subprocess.run(
            [*thor("status"), "--state", str(self.state), "--json"],
            capture_output=True,
            text=True,
            env=clean_environment(),
            check=True,
            timeout=60,
        )
        document: dict[str, Any] = json.loads(done.stdout)
        return document

    def events(self, count: int, *, after: str = "0-0", **parameters: str) -> list[ServerSentEvent]:
        """The next `count` quotes of the event stream behind an id."""
        found: list[ServerSentEvent] = []
        query = {"last_event_id": after, **parameters}
        with httpx.stream("GET", f"{self.url}/api/quotes/stream", params=query, timeout=WAIT_LIMIT_S) as answer:
            answer.raise_for_status()
            for message in sse_messages(answer.iter_lines()):
                if message.event in {"quote", "reset"}:
                    found.append(message)
                if len(found) == count:
                    return found
        raise AssertionError(f"the stream ended after {len(found)} of {count} events")

    def stop(self) -> int:
        """Ctrl-C, and the exit status."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        status = self._process.wait(timeout=30)
        self._log.close()
        if self._process.stdout:
            self._process.stdout.close()
        return status

    def _read_ready(self) -> str:
        assert self._process.stdout
        deadline = time.monotonic() + START_LIMIT_S
        for line in self._process.stdout:
            if line.startswith("READY ") or time.monotonic() > deadline:
                return line.strip()
        raise AssertionError(f"thor up ended:\n{Path(self._log.name).read_text()}")


def thor(*arguments: str) -> list[str]:
    """The command line of a Thor command."""
    return [sys.executable, "-m", "thor_web.cli.main", *arguments]


def clean_environment() -> dict[str, str]:
    """Ours without what names servers: a test's Thor brings its own."""
    named = ("REDIS_URL", "DB_", "THOR_", "DJANGO_")
    return {name: value for name, value in os.environ.items() if not name.startswith(named)}


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(condition: Callable[[], bool], what: str, *, limit_s: float = WAIT_LIMIT_S) -> None:
    """Ask again until it holds; fail with its name when the time is up."""
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {limit_s:g} s: {what}"
        time.sleep(0.05)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state folder that does not exist yet."""
    return tmp_path / "state"
