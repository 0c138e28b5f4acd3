"""The embedded servers, started and stopped for real, also as root."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from collectors.bus import Bus
from tests.servers import Database, start
from thor_web.runtime import servers, wire
from thor_web.runtime.state import StateFolder


@pytest.fixture
def sockets(tmp_path: Path) -> Iterator[Path]:
    folder = StateFolder(tmp_path).socket_folder()
    yield folder
    for left in folder.iterdir():
        left.unlink()
    folder.rmdir()


async def test_redis_keeps_what_was_written_when_it_is_killed(tmp_path: Path, sockets: Path) -> None:
    spec = servers.redis_spec(servers.find_redis(), data=tmp_path / "data", sockets=sockets, log=tmp_path / "redis.log")
    started = start(spec)
    assert wire.redis_call(servers.redis_socket(sockets), "SET", "key", "value") == "+OK"
    started.process.send_signal(signal.SIGKILL)
    started.process.wait()
    started = start(spec)
    assert wire.redis_call(servers.redis_socket(sockets), "EXISTS", "key") == ":1"
    bus = Bus.from_url(servers.redis_url(sockets))
    await bus.ping()
    await bus.close()
    started.stop()
    assert started.process.returncode == 0
    assert not wire.redis_ready(servers.redis_socket(sockets))


def test_postgres_is_made_started_and_stopped_without_being_root(tmp_path: Path, sockets: Path) -> None:
    program = servers.find_postgres()
    data, log = tmp_path / "pg", tmp_path / "postgres.log"
    servers.prepare_postgres(program, data=data, log=log)
    servers.prepare_postgres(program, data=data, log=log)
    started = start(servers.postgres_spec(program, data=data, sockets=sockets, log=log))
    socket = servers.postgres_socket(sockets)
    wire.ensure_database(socket, user=servers.DATABASE_USER, name="thor")
    wire.ensure_database(socket, user=servers.DATABASE_USER, name="thor")
    database = Database(str(sockets), servers.POSTGRES_PORT, "thor", servers.DATABASE_USER)
    with psycopg.connect(database.conninfo) as connection:
        row = connection.execute("SELECT current_setting('listen_addresses'), current_setting('fsync')").fetchone()
        assert row == ("", "on")
    started.stop()
    assert started.process.returncode == 0
    assert not wire.postgres_ready(socket, user=servers.DATABASE_USER)


def test_a_lock_of_a_process_that_is_something_else_now_is_no_hindrance(tmp_path: Path, sockets: Path) -> None:
    program = servers.find_postgres()
    data, log = tmp_path / "pg", tmp_path / "postgres.log"
    servers.prepare_postgres(program, data=data, log=log)
    (data / "postmaster.pid").write_text(f"{os.getpid()}\n{data}\n")
    start(servers.postgres_spec(program, data=data, sockets=sockets, log=log)).stop()


def test_a_refused_query_is_an_error_with_the_servers_words(postgres_folder: Path) -> None:
    with pytest.raises(OSError, match="thor_nobody"):
        wire.ensure_database(servers.postgres_socket(postgres_folder), user="thor_nobody", name="thor")


def test_a_silent_socket_is_not_ready(tmp_path: Path) -> None:
    assert not wire.redis_ready(tmp_path / "redis.sock")
    assert not wire.postgres_ready(tmp_path / ".s.PGSQL.5432", user="thor")
    assert not wire.http_ok(1, "/healthz")


def test_without_namespaces_root_becomes_a_plain_account() -> None:
    """Many containers forbid user namespaces; then the folder is given to an account that is not root."""
    # Neither pytest's folder nor this interpreter need be within another account's reach.
    owned = Path(tempfile.mkdtemp(prefix="thor-t-", dir="/tmp"))
    (owned / "file").touch()
    python = next(path for path in ("/usr/bin/python3", sys.executable) if Path(path).exists())
    show = f"import os; print(os.geteuid(), os.stat({str(owned / 'file')!r}).st_uid)"
    options = [f"--parent={os.getpid()}", "--death-signal=9", "--unprivileged", f"--own={owned}"]
    program = (
        "from thor_web.runtime import launch\n"
        "def forbidden(): raise PermissionError\n"
        "launch._enter_namespace = forbidden\n"
        f"launch.main({[*options, '--', python, '-I', '-S', '-c', show]!r})\n"
    )
    try:
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd="/")
    finally:
        shutil.rmtree(owned)
    user, owner = map(int, done.stdout.split())
    assert user == owner != 0
