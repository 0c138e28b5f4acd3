"""A whole Thor under load, what is done to it, and the counts at the end: sent, stored, delivered, lost, doubled."""

import json
import shutil
import signal
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Self

import psutil
import psycopg
from psycopg.conninfo import make_conninfo

from tests.e2e.conftest import RunningThor, clean_environment, thor, wait_until
from tests.faults.feeding import SOURCE, Feeder
from tests.following import Follower
from thor_web.runtime.state import StateFolder

__all__ = ["Counts", "Rig"]

CATCH_UP_S: Final = 120.0
RESET: Final = struct.pack("ii", 1, 0)
"""SO_LINGER by which a connection is not closed but cut."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the events. Stored and delivered are different ones, each counted once."""

    sent: int
    stored: int
    delivered: int
    lost: int
    doubled: int
    refused: int
    reconnects: int

    def __str__(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in asdict(self).items())


class Rig:
    """`thor up` without a source, a publisher that feeds it, and a client that follows it all the time."""

    def __init__(
        self,
        state: Path,
        *,
        rate: float,
        environment: Mapping[str, str] | None = None,
        feeder: Callable[[str, float], Feeder] = Feeder,
    ) -> None:
        self.running = RunningThor(state, "--source", "none", environment=environment)
        found = StateFolder(state).read_servers()
        assert found is not None
        self._conninfo = make_conninfo(host=found.db_host, port=found.db_port, dbname=found.db_name, user=found.db_user)
        self.feeder = feeder(found.redis_url, rate)
        self.follower = Follower(self.running.port)
        self._others: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        self.follower.start()
        self.feeder.start()
        wait_until(lambda: bool(self.follower.ids) and self.stored() > 0, "the first events come through")
        return self

    def __exit__(self, *_: object) -> None:
        for other in self._others:
            other.terminate()
            other.wait(20)
        self.follower.stop()
        self.running.stop()

    # --- what is done to it ---------------------------------------------------------------------------------

    def kill(self, victim: str) -> None:
        """kill -9 one of its processes, and wait until it is back and events come through again."""
        old = self.running.child(victim)
        old.send_signal(signal.SIGKILL)

        def back() -> bool:
            with suppress(AssertionError, psutil.Error, IndexError):
                return self.running.child(victim).pid != old.pid
            return False

        wait_until(back, f"{victim} is started again")
        self.comes_through()

    def lose_redis(self) -> None:
        """Kill Redis and take its data away, before anybody can start it again."""
        parent = psutil.Process(self.running.pid)
        redis = self.running.child("valkey")
        parent.suspend()
        redis.kill()
        for folder in self.running.state.glob("valkey*"):
            shutil.rmtree(folder)
            folder.mkdir(mode=0o700)
        parent.resume()

    @contextmanager
    def frozen(self, victim: str) -> Iterator[None]:
        """Stop a process and everything below it, as a machine that hangs does."""
        root = self.running.child(victim)
        group = [root, *root.children(recursive=True)]
        for process in group:
            with suppress(psutil.Error):
                process.suspend()
        yield
        for process in group:
            with suppress(psutil.Error):
                process.resume()
        self.comes_through()

    def also(self, command: str) -> None:
        """Start a process a second time, as by mistake."""
        named = ["--state", str(self.running.state)]
        self._others.append(subprocess.Popen([*thor(command), *named], env=clean_environment()))

    def connect(self, request: bytes = b"", *, reads: bool = False) -> socket.socket:
        """A connection, with little room for what nobody reads."""
        connection = socket.socket()
        if not reads:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        connection.connect(("127.0.0.1", self.running.port))
        connection.sendall(request)
        return connection

    def abandon(self, count: int, *, at_once: int = 500) -> None:
        """Open connections, half of them with a stream asked for, and cut them."""
        ask = b"GET /api/quotes/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        for begun in range(0, count, at_once):
            opened = [self.connect(ask if number % 2 else b"") for number in range(min(at_once, count - begun))]
            for connection in opened:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                connection.close()

    # --- what is seen ---------------------------------------------------------------------------------------

    def stored(self) -> int:
        """Rows of the source in Postgres; -1 while it is away."""
        with suppress(psycopg.Error), psycopg.connect(self._conninfo, connect_timeout=3) as connection:
            row = connection.execute("SELECT count(*) FROM ticks WHERE source = %s", [SOURCE]).fetchone()
            return int(row[0]) if row else 0
        return -1

    def comes_through(self) -> None:
        """Wait until events that are sent from now on are stored and delivered."""
        mark = self.feeder.sent
        wait_until(
            lambda: len(self.follower.ids) > mark and self.stored() > mark,
            "events come through again",
            limit_s=CATCH_UP_S,
        )

    def usage(self) -> dict[str, tuple[float, float]]:
        """Resident MiB and seconds of processor time of each kind of process, by its command."""
        found: dict[str, tuple[float, float]] = {}
        for process in self.running.children():
            with suppress(psutil.Error):
                words = process.cmdline()
                name = words[words.index("thor_web.cli.main") + 1] if "thor_web.cli.main" in words else process.name()
                memory, cpu = found.get(name, (0.0, 0.0))
                times = process.cpu_times()
                found[name] = memory + process.memory_info().rss / 2**20, cpu + times.user + times.system
        return found

    def room(self) -> dict[str, int]:
        """Rows of the source, and bytes of everything in Postgres and in the memory of Redis."""
        status = self.running.status()
        with psycopg.connect(self._conninfo) as connection:
            row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
        redis = self.running.child("valkey").memory_info().rss
        return {"rows": int(status["ticks"]["rows"]), "Postgres": int(row[0]) if row else 0, "Redis": redis}

    def counts(self) -> Counts:
        """Stop the load, wait for the end of the work, and count."""
        self.feeder.stop()
        wanted = self.feeder.keys()
        self._settle(lambda: self.stored() >= len(wanted) and len(self.follower.ids) >= len(wanted))
        delivered = [(str(event["symbol"]), int(str(event["seq"]))) for event in self.follower.events]
        with psycopg.connect(self._conninfo) as connection:
            rows = connection.execute("SELECT symbol, seq FROM ticks WHERE source = %s", [SOURCE]).fetchall()
        stored = [(str(symbol), int(seq)) for symbol, seq in rows]
        return Counts(
            sent=len(wanted),
            stored=len(set(stored) & wanted),
            delivered=len(set(delivered) & wanted),
            lost=len(wanted - set(stored)) + len(wanted - set(delivered)),
            doubled=len(stored) - len(set(stored)) + len(delivered) - len(set(delivered)),
            refused=self.feeder.refused,
            reconnects=self.follower.connections - 1,
        )

    @staticmethod
    def _settle(done: Callable[[], bool]) -> None:
        """Wait for the end, or until nothing can come any more; the counts say what is missing."""
        deadline = time.monotonic() + CATCH_UP_S
        while not done() and time.monotonic() < deadline:
            time.sleep(0.2)

    def troubles(self) -> str:
        """What `thor status` says of each process now, or why it can say nothing."""
        words = [*thor("status"), "--state", str(self.running.state), "--json"]
        done = subprocess.run(words, capture_output=True, text=True, env=clean_environment(), check=False)
        if done.returncode:
            return done.stderr.strip()
        document = json.loads(done.stdout)
        states = [f"{name}: {one['state']} {one.get('problem', '')}" for name, one in document["processes"].items()]
        return ", ".join([*states, *(f"{name}: {fault}" for name, fault in document["faults"].items())])
