"""A pytest plugin: one embedded Valkey and one Postgres for the whole session, started when the first test asks.

Named by `-p tests.servers`. Their sockets lie in a folder with a short name; both servers die with pytest, however it
ends. A test gets its own flushed Redis database and its own Postgres database with every migration applied.
"""

import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg
import pytest

from thor_web.runtime import launch, servers, wire
from thor_web.runtime.child import ChildSpec, last_lines
from thor_web.runtime.composition import thor_command
from thor_web.thor_project.configuration import ServerSettings

__all__ = ["Database", "Started"]

REDIS_DATABASES: Final = 64
START_LIMIT_S: Final = 60.0
TEMPLATE: Final = "thor_template"


@dataclass(frozen=True, slots=True)
class Database:
    """A Postgres database of one test."""

    host: str
    port: int
    name: str
    user: str

    @property
    def conninfo(self) -> str:
        return f"host={self.host} port={self.port} dbname={self.name} user={self.user}"

    def environment(self) -> dict[str, str]:
        """The variables by which a process of Thor finds it."""
        return {
            "DB_HOST": self.host,
            "DB_PORT": str(self.port),
            "DB_NAME": self.name,
            "DB_USER": self.user,
            "DB_PASSWORD": "",
        }


@dataclass(slots=True)
class Started:
    """One server of the session."""

    spec: ChildSpec
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        self.process.send_signal(self.spec.stop_signal)
        try:
            self.process.wait(self.spec.grace_s)
        except subprocess.TimeoutExpired:
            pass
        finally:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def start(spec: ChildSpec) -> Started:
    """Start a server and wait until it answers. The calling thread must outlive it."""
    argv = launch.command(spec.argv, death_signal=spec.death_signal, unprivileged=spec.unprivileged, owned=spec.owned)
    with spec.log.open("ab") as log:
        process = subprocess.Popen(
            argv,
            env=dict(spec.environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    started = Started(spec, process)
    wait_until(spec.ready or (lambda: True), lambda: "\n".join(last_lines(spec.log)), process)
    return started


def wait_until(condition: Callable[[], bool], words: Callable[[], str], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while not condition():
        assert process.poll() is None, f"the server ended:\n{words()}"
        assert time.monotonic() < deadline, f"the server is not ready:\n{words()}"
        time.sleep(0.01)


@pytest.fixture(scope="session")
def server_folder() -> Iterator[Path]:
    """A folder with a name short enough for sockets, gone after the session."""
    folder = Path(tempfile.mkdtemp(prefix="thor-t-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def redis_folder(server_folder: Path) -> Iterator[Path]:
    """The folder with the socket of the session's Redis."""
    spec = servers.redis_spec(
        servers.find_redis(),
        data=server_folder / "redis",
        sockets=server_folder,
        log=server_folder / "redis.log",
        durable=False,
        databases=REDIS_DATABASES,
    )
    started = start(spec)
    yield server_folder
    started.stop()


_numbers = itertools.count()


@pytest.fixture
def redis_url(redis_folder: Path) -> str:
    """URL of an empty Redis database that no other test uses now."""
    number = next(_numbers) % REDIS_DATABASES
    url = servers.redis_url(redis_folder, number)
    wire.redis_flush(servers.redis_socket(redis_folder), number)
    return url


@pytest.fixture(scope="session")
def postgres_folder(server_folder: Path) -> Iterator[Path]:
    """The folder with the socket of the session's Postgres."""
    program = servers.find_postgres()
    data, log = server_folder / "pg", server_folder / "postgres.log"
    servers.prepare_postgres(program, data=data, log=log)
    started = start(servers.postgres_spec(program, data=data, sockets=server_folder, log=log, durable=False))
    yield server_folder
    started.stop()


def _database(folder: Path, name: str) -> Database:
    return Database(str(folder), servers.POSTGRES_PORT, name, servers.DATABASE_USER)


def _execute(folder: Path, sql: str) -> None:
    with psycopg.connect(_database(folder, "postgres").conninfo, autocommit=True) as connection:
        connection.execute(sql.encode())


@pytest.fixture(scope="session")
def migrated_template(postgres_folder: Path) -> str:
    """Name of a database with every migration applied, from which tests' databases are copied."""
    _execute(postgres_folder, f"CREATE DATABASE {TEMPLATE}")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("THOR_", "DB_", "REDIS_"))}
    done = subprocess.run(
        thor_command("manage", "migrate", "--no-input", "--verbosity", "0"),
        env=environment | _database(postgres_folder, TEMPLATE).environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return TEMPLATE


@pytest.fixture
def database(postgres_folder: Path, migrated_template: str) -> Iterator[Database]:
    """A fresh Postgres database with every migration applied, dropped after the test."""
    name = f"test_{next(_numbers)}"
    _execute(postgres_folder, f"CREATE DATABASE {name} TEMPLATE {migrated_template}")
    yield _database(postgres_folder, name)
    _execute(postgres_folder, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def server_settings(redis_url: str, database: Database, tmp_path: Path) -> ServerSettings:
    """Settings that name this test's own Redis, Postgres and state folder."""
    return ServerSettings(
        redis_url=redis_url,
        thor_state=tmp_path,
        db_host=database.host,
        db_port=database.port,
        db_name=database.name,
        db_user=database.user,
    )


@pytest.fixture
def unused_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
