"""`thor up`: puts servers, workers and the supervisor together on one machine and runs until told to stop."""

import asyncio
import hashlib
import os
import signal
import sys
import webbrowser
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from thor_web.runtime import servers, wire
from thor_web.runtime.child import last_lines
from thor_web.runtime.composition import (
    SourceChoice,
    collector_specs,
    forget_former_run,
    stop_order,
    thor_command,
    worker_specs,
)
from thor_web.runtime.errors import ThorError
from thor_web.runtime.ports import require_free_port
from thor_web.runtime.state import Servers, StateFolder
from thor_web.runtime.supervisor import Supervisor, death_of

__all__ = ["DATABASE_NAME", "MIGRATED_STAMP", "UpOptions", "migrations_fingerprint", "run_up"]

DATABASE_NAME: Final = "thor"
MIGRATED_STAMP: Final = "thor.migrated"
"""Lies in Postgres' folder and says which migrations it has."""
EXTERNAL_LIMIT_S: Final = 5
PACKAGE: Final = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class UpOptions:
    """What the command line of `thor up` says."""

    state: StateFolder
    port: int
    sources: tuple[SourceChoice, ...]
    open_browser: bool


def run_up(options: UpOptions) -> None:
    """Run Thor until SIGINT or SIGTERM. Raises ThorError for whatever a person can mend."""
    if sys.platform == "win32":
        raise ThorError("thor up needs Linux or macOS; on Windows run `thor collect` against a Thor elsewhere.")
    options.state.create()
    with options.state.held():
        require_free_port(options.port)
        asyncio.run(_Up(options).run())


class _Up:
    def __init__(self, options: UpOptions) -> None:
        self._options = options
        self._state = options.state
        self._embedded_redis = not os.environ.get("REDIS_URL")
        self._embedded_postgres = not os.environ.get("DB_HOST")
        self._migrated_stamp: Path | None = None

    async def run(self) -> None:
        """Bring everything up, wait for a signal or a child's death for good, stop everything."""
        supervisor = Supervisor()
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, _asked, stop, supervisor)
        ends: set[asyncio.Future[Any]] = {asyncio.create_task(stop.wait()), supervisor.failed}
        work = asyncio.create_task(self._bring_up(supervisor))
        try:
            await asyncio.wait({work, *ends}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if supervisor.failed.done():
                raise death_of(supervisor.failed.result())
        finally:
            for task in (work, *ends):
                task.cancel()
            with suppress(asyncio.CancelledError, ThorError):
                await work
            self._state.remove_servers()
            await supervisor.stop(stop_order(supervisor.children))
            with suppress(OSError):  # what a killed server left in it stays for the next start to see
                self._state.socket_folder().rmdir()

    async def _bring_up(self, supervisor: Supervisor) -> None:
        reached = await self._start_servers(supervisor)
        self._state.write_servers(reached)
        environment = self._environment(reached)
        await self._migrate(environment)
        specs = list(worker_specs(self._state, environment, port=self._options.port))
        specs += collector_specs(self._state, environment, self._options.sources)
        await asyncio.gather(*(supervisor.start(spec) for spec in specs if not spec.later))
        later = asyncio.gather(*(supervisor.start(spec) for spec in specs if spec.later))
        await asyncio.sleep(0)  # they are begun, and in the table
        if sys.stdout.isatty():
            _show_table(supervisor, self._state)
        sys.stdout.write(f"READY {reached.web_url}\n")
        sys.stdout.flush()
        await later
        if self._options.open_browser:
            _open_browser(reached.web_url)

    async def _start_servers(self, supervisor: Supervisor) -> Servers:
        sockets = self._state.socket_folder()
        starts = []
        if self._embedded_redis:
            starts.append(self._start_redis(supervisor, sockets))
        else:
            starts.append(_require_redis(os.environ["REDIS_URL"]))
        if self._embedded_postgres:
            starts.append(self._start_postgres(supervisor, sockets))
        else:
            starts.append(asyncio.to_thread(_require_postgres))
        await asyncio.gather(*starts)
        named = os.environ if not self._embedded_postgres else {}
        return Servers(
            redis_url=servers.redis_url(sockets) if self._embedded_redis else os.environ["REDIS_URL"],
            db_host=named.get("DB_HOST") or str(sockets),
            db_port=int(named.get("DB_PORT") or servers.POSTGRES_PORT),
            db_name=named.get("DB_NAME") or DATABASE_NAME,
            db_user=named.get("DB_USER") or servers.DATABASE_USER,
            db_password=named.get("DB_PASSWORD") or "",
            web_url=f"http://127.0.0.1:{self._options.port}",
            pid=os.getpid(),
        )

    async def _start_redis(self, supervisor: Supervisor, sockets: Path) -> None:
        program = servers.find_redis()
        spec = servers.redis_spec(
            program,
            data=self._state.path / program.folder_name,
            sockets=sockets,
            log=self._state.logs / "redis.log",
        )
        await supervisor.start(spec)
        await asyncio.to_thread(forget_former_run, servers.redis_socket(sockets))

    async def _start_postgres(self, supervisor: Supervisor, sockets: Path) -> None:
        program = servers.find_postgres()
        data = self._state.path / program.folder_name
        log = self._state.logs / "postgres.log"
        await asyncio.to_thread(servers.prepare_postgres, program, data=data, log=log)
        await supervisor.start(servers.postgres_spec(program, data=data, sockets=sockets, log=log))
        await asyncio.to_thread(
            wire.ensure_database, servers.postgres_socket(sockets), user=servers.DATABASE_USER, name=DATABASE_NAME
        )
        self._migrated_stamp = data / MIGRATED_STAMP

    def _environment(self, reached: Servers) -> dict[str, str]:
        """What every child process finds in its environment."""
        return {
            **os.environ,
            **reached.environment(),
            "THOR_STATE": str(self._state.path),
            "THOR_SECRET_KEY_FILE": os.environ.get("THOR_SECRET_KEY_FILE") or str(self._state.secret_key_file),
            "PYTHONUNBUFFERED": "1",
        }

    async def _migrate(self, environment: Mapping[str, str]) -> None:
        """Bring the database to the present shape; on an own database only when the migrations have changed."""
        fingerprint = migrations_fingerprint()
        stamp = self._migrated_stamp
        if stamp is not None and stamp.exists() and stamp.read_text(encoding="ascii") == fingerprint:
            return
        log_path = self._state.logs / "migrate.log"
        log_path.write_bytes(b"")
        await self._manage(environment, log_path, "migrate", "--no-input", "--verbosity", "1")
        await self._manage(environment, log_path, "seed_stat_values", "--create-instruments")
        if stamp is not None:
            stamp.write_text(fingerprint, encoding="ascii")

    async def _manage(self, environment: Mapping[str, str], log_path: Path, *words: str) -> None:
        """Run one of Django's commands. Raises ThorError with its last lines when it fails."""
        with log_path.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *thor_command("manage", *words),
                env=dict(environment),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            try:
                status = await process.wait()
            finally:
                if process.returncode is None:
                    process.kill()
        if status != 0:
            raise ThorError("The database could not be brought to its present shape.", details=last_lines(log_path))


def migrations_fingerprint() -> str:
    """A hash of everything that decides what `migrate` does: our migrations, what they seed, and Django's version."""
    import importlib.metadata  # noqa: PLC0415 - 20 ms that only this needs

    digest = hashlib.sha256(importlib.metadata.version("django").encode())
    files = sorted(PACKAGE.glob("*/migrations/*.py")) + sorted(PACKAGE.parent.glob("collectors/*.toml"))
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def _asked(stop: asyncio.Event, supervisor: Supervisor) -> None:
    if stop.is_set():
        supervisor.hurry()
    stop.set()


async def _require_redis(url: str) -> None:
    from collectors.bus import Bus, BusError  # noqa: PLC0415 - needed only where Redis is somebody else's

    try:
        bus = Bus.from_url(url)
        async with asyncio.timeout(EXTERNAL_LIMIT_S):
            await bus.ping()
        await bus.close()
    except (BusError, TimeoutError) as error:
        raise ThorError(f"The Redis of REDIS_URL cannot be reached: {_one_line(error)}.") from error


def _require_postgres() -> None:
    import psycopg  # noqa: PLC0415 - needed only where Postgres is somebody else's

    from thor_web.thordata.settings import StorageSettings  # noqa: PLC0415

    try:
        psycopg.connect(StorageSettings().conninfo()).close()
    except psycopg.Error as error:
        raise ThorError(f"The Postgres of DB_HOST cannot be reached: {_one_line(error)}.") from error


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__


def _show_table(supervisor: Supervisor, state: StateFolder) -> None:
    from rich.console import Console  # noqa: PLC0415 - only a terminal pays for it
    from rich.table import Table  # noqa: PLC0415

    table = Table(title="Thor runs", caption=f"logs in {state.logs} - Ctrl-C stops everything", title_justify="left")
    for heading in ("name", "what", "pid", "state", "where"):
        table.add_column(heading, overflow="fold")
    for child in supervisor.children.values():
        table.add_row(child.spec.name, child.spec.purpose, str(child.pid or "-"), child.state.value, child.spec.place)
    Console().print(table)


def _open_browser(url: str) -> None:
    """Show the dashboard where there is a desktop; a machine without one is no fault."""
    desktop = sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if desktop:
        with suppress(webbrowser.Error):
            webbrowser.open(url)
