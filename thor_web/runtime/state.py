"""The state folder of a `thor up`: where it is, who holds it, what it says about its servers. Starts nothing."""

import hashlib
import json
import os
import secrets
import stat
import sys
import tempfile
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Final, Self

from thor_web.runtime.errors import AlreadyRuns, ThorError

__all__ = ["SOCKET_PATH_LIMIT", "Servers", "StateFolder", "default_state_path", "private_folder"]

SOCKET_PATH_LIMIT: Final = 107
"""Longest path of a Unix socket in bytes on Linux (104 - 1 on macOS, which is checked against its own limit)."""
LONGEST_SOCKET_NAME: Final = ".s.PGSQL.5432"


@dataclass(frozen=True, slots=True)
class Servers:
    """How the processes of one `thor up` are reached, as kept in `servers.json`."""

    redis_url: str
    db_host: str
    db_port: int
    db_name: str
    db_user: str
    db_password: str
    web_url: str
    pid: int

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote. Raises ValueError for anything else."""
        document = json.loads(text)
        try:
            return cls(**{field.name: field.type(document[field.name]) for field in fields(cls)})  # type: ignore[operator]
        except (KeyError, TypeError) as error:
            raise ValueError(f"servers.json lacks or garbles {error}") from error

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=2) + "\n"

    def environment(self) -> dict[str, str]:
        """The variables by which every process of Thor finds these servers."""
        return {
            "REDIS_URL": self.redis_url,
            "DB_HOST": self.db_host,
            "DB_PORT": str(self.db_port),
            "DB_NAME": self.db_name,
            "DB_USER": self.db_user,
            "DB_PASSWORD": self.db_password,
        }


def default_state_path(environment: Mapping[str, str] | None = None) -> Path:
    """`THOR_STATE`, or else the platform's folder for a user's state."""
    environment = os.environ if environment is None else environment
    if named := environment.get("THOR_STATE"):
        return Path(named).expanduser().absolute()
    if sys.platform == "win32":
        return Path(environment.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "thor"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "thor"
    return Path(environment.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "thor"


def private_folder(path: Path) -> Path:
    """Make a folder that only this user may enter, or accept one. A folder of somebody else is refused."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or os.getuid() not in {found.st_uid, 0}:
        raise ThorError(f"{path} belongs to somebody else: remove it or choose another --state folder.")
    if found.st_mode & 0o077:
        path.chmod(0o700)
    return path


@dataclass(frozen=True, slots=True)
class StateFolder:
    """Names of what lies in the folder, and the few operations on it that must be atomic or private."""

    path: Path

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def servers_file(self) -> Path:
        return self.path / "servers.json"

    @property
    def lock_file(self) -> Path:
        return self.path / "lock"

    @property
    def secret_key_file(self) -> Path:
        return self.path / "secret_key"

    def create(self) -> None:
        """Make the folder and its logs. Raises ThorError where that is not allowed."""
        try:
            private_folder(self.path)
            self.logs.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise ThorError(f"The state folder {self.path} cannot be made: {error.strerror}.") from error
        self._ensure_secret_key()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder for this process. The kernel lets go of it however the process ends."""
        import fcntl  # noqa: PLC0415 - not there on Windows, where no `thor up` runs

        descriptor = os.open(self.lock_file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise AlreadyRuns(self._pid_in_lock()) from None
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
            yield
            os.ftruncate(descriptor, 0)
        finally:
            os.close(descriptor)

    def holder(self) -> int | None:
        """The pid of the `thor up` that holds the folder now, or None."""
        import fcntl  # noqa: PLC0415 - not there on Windows, where no `thor up` runs

        try:
            descriptor = os.open(self.lock_file, os.O_RDONLY)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return self._pid_in_lock()
        finally:
            os.close(descriptor)
        return None

    def _pid_in_lock(self) -> int | None:
        text = self.lock_file.read_text(encoding="ascii").strip()
        return int(text) if text.isdigit() else None

    def write_servers(self, servers: Servers) -> None:
        """Publish where the servers are, in one step: a reader sees the old or the new document."""
        fresh = self.servers_file.with_suffix(".new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(servers.to_json())
        fresh.replace(self.servers_file)

    def read_servers(self) -> Servers | None:
        """What `servers.json` says, or None without one. Raises ThorError for a damaged one."""
        try:
            return Servers.from_json(self.servers_file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise ThorError(f"{self.servers_file} is damaged ({error}): remove it and start again.") from error

    def remove_servers(self) -> None:
        self.servers_file.unlink(missing_ok=True)

    def apply(self, environment: MutableMapping[str, str]) -> None:
        """Name this folder's servers in an environment. What the environment already names comes first."""
        environment["THOR_STATE"] = str(self.path)
        if self.secret_key_file.exists():
            environment.setdefault("THOR_SECRET_KEY_FILE", str(self.secret_key_file))
        servers = self.read_servers()
        if servers is None:
            return
        own_database = "DB_HOST" in environment
        for name, value in servers.environment().items():
            if not (own_database and name.startswith("DB_")):
                environment.setdefault(name, value)

    def socket_folder(self, environment: Mapping[str, str] | None = None) -> Path:
        """A private folder short enough for Unix sockets, the same one for the same state folder every time."""
        environment = os.environ if environment is None else environment
        tag = hashlib.sha256(os.fsencode(self.path.resolve())).hexdigest()[:12]
        candidates = [Path(tempfile.gettempdir()) / f"thor-{os.getuid()}-{tag}", Path(f"/tmp/thor-{os.getuid()}-{tag}")]  # noqa: S108 - private_folder refuses a planted one
        runtime = environment.get("XDG_RUNTIME_DIR")
        if runtime and os.access(runtime, os.W_OK):
            candidates.insert(0, Path(runtime) / f"thor-{tag}")
        limit = SOCKET_PATH_LIMIT if sys.platform.startswith("linux") else 103
        for folder in candidates:
            if len(os.fsencode(folder / LONGEST_SOCKET_NAME)) <= limit:
                return private_folder(folder)
        raise ThorError("There is no folder with a name short enough for sockets: set TMPDIR to a short one.")

    def _ensure_secret_key(self) -> None:
        try:
            descriptor = os.open(self.secret_key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(50) + "\n")
