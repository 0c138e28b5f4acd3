"""What `thor bench live` starts: a web process on a Redis of its own, and the peers as their documents recommend."""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psutil

from benchmarks.inputs import ROOT
from benchmarks.measure import Absent
from collectors import keys
from thor_web.runtime import launch, servers, wire
from thor_web.runtime.composition import thor_command

__all__ = [
    "Server",
    "answers",
    "database",
    "django_eventstream",
    "nchan",
    "redis_server",
    "started",
    "thor_web",
    "thor_web_on",
    "unused_port",
]

START_LIMIT_S: Final = 30.0
NCHAN_MODULE: Final = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: where its streams are, how events get into it, and whose processor time counts."""

    address: str
    stream_path: str
    publish_to: tuple[str, ...]
    pids: Callable[[], list[int]]

    def cpu_s(self) -> float:
        """Processor time of its processes so far, by the kernel."""
        times = [psutil.Process(pid).cpu_times() for pid in self.pids()]
        return sum(spent.user + spent.system for spent in times)

    def resident(self) -> int:
        """Bytes of memory its processes hold."""
        return sum(psutil.Process(pid).memory_info().rss for pid in self.pids())


def unused_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def started(argv: list[str], ready: Callable[[], bool], **more: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A process that answers, ended at the end."""
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, **more)
    try:
        deadline = time.monotonic() + START_LIMIT_S
        while not ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise Absent(f"{Path(argv[0]).name} does not start")
            time.sleep(0.05)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def answers(port: int, path: str) -> Callable[[], bool]:
    """Whether a path answers 200."""
    return lambda: wire.http_ok(port, path)


@contextmanager
def redis_server(folder: Path) -> Iterator[dict[str, str]]:
    """A Redis on a socket in that folder, and how a process of Thor finds it."""
    spec = servers.redis_spec(
        servers.find_redis(), data=folder / "redis", sockets=folder, log=folder / "redis.log", durable=False
    )
    with (folder / "redis.log").open("wb") as log:
        argv = list(spec.argv)
        with started(argv, spec.ready or (lambda: True), env=dict(spec.environment), stdout=log, stderr=log):
            yield {"REDIS_URL": servers.redis_url(folder)}


@contextmanager
def database(folder: Path) -> Iterator[dict[str, str]]:
    """A Postgres in that folder with every migration applied, and how a process of Thor finds it."""
    program = servers.find_postgres()
    data, log_path = folder / "postgres", folder / "postgres.log"
    servers.prepare_postgres(program, data=data, log=log_path)
    spec = servers.postgres_spec(program, data=data, sockets=folder, log=log_path, durable=False)
    argv = launch.command(
        spec.argv,
        death_signal=spec.death_signal,
        unprivileged=spec.unprivileged,
        owned=[str(path) for path in spec.owned],
    )
    found = {"DB_HOST": str(folder), "DB_PORT": str(servers.POSTGRES_PORT), "DB_USER": servers.DATABASE_USER}
    found |= {"DB_NAME": "thor", "DB_PASSWORD": ""}
    with (
        log_path.open("ab") as log,
        started(argv, spec.ready or (lambda: True), env=dict(spec.environment), stdout=log, stderr=log),
    ):
        wire.ensure_database(servers.postgres_socket(folder), user=servers.DATABASE_USER, name="thor")
        command = thor_command("manage", "migrate", "--no-input", "--verbosity", "0")
        subprocess.run(command, env=os.environ | found, check=True)
        yield found


@contextmanager
def thor_web_on(folder: Path, environment: dict[str, str]) -> Iterator[Server]:
    """One `thor web` on servers that run."""
    port = unused_port()
    limits = {"THOR_STATE": str(folder), "STREAM_CLIENTS": "20000", "STREAM_CLIENTS_EACH": "20000"}
    argv = list(thor_command("web", "--port", str(port)))
    with (
        (folder / "web.log").open("wb") as log,
        started(argv, answers(port, "/healthz"), env=environment | limits, stdout=log, stderr=log) as process,
    ):
        yield Server(
            address=f"127.0.0.1:{port}",
            stream_path="/api/quotes/stream",
            publish_to=("--to", f"redis:{servers.redis_socket(folder)}", "--stream", keys.UNIFIED_STREAM),
            pids=lambda: [process.pid],
        )


@contextmanager
def thor_web() -> Iterator[Server]:
    """One `thor web` with a Redis of its own."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="thor-")))
        redis = stack.enter_context(redis_server(folder))
        yield stack.enter_context(thor_web_on(folder, os.environ | redis))


NGINX: Final = """
load_module {module};
daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 10000; }}
http {{
  access_log off;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  nchan_shared_memory_size 256M;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    keepalive_requests 10000000;
    location = /healthz {{ return 200; }}
    location = /publish {{
      nchan_publisher http; nchan_channel_id quotes; nchan_message_buffer_length 5000; nchan_message_timeout 60s;
    }}
    location = /stream {{
      nchan_subscriber eventsource; nchan_channel_id quotes; nchan_subscriber_first_message newest;
    }}
  }}
}}
"""


@contextmanager
def nchan() -> Iterator[Server]:
    """nginx with one worker and the nchan module, fed by HTTP."""
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    if not NCHAN_MODULE.is_file() or not Path(program).is_file():
        raise Absent("nginx with libnginx-mod-nchan is not installed")
    port = unused_port()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="thor-nchan-")))
        folder.chmod(0o777)  # the worker is another user than root
        (folder / "conf").write_text(NGINX.format(module=NCHAN_MODULE, folder=folder, port=port))
        argv = [program, "-p", str(folder), "-c", str(folder / "conf"), "-e", str(folder / "error.log")]
        process = stack.enter_context(started(argv, answers(port, "/healthz")))

        def pids() -> list[int]:
            return [process.pid, *(child.pid for child in psutil.Process(process.pid).children())]

        yield Server(f"127.0.0.1:{port}", "/stream", ("--to", f"127.0.0.1:{port}/publish"), pids)


@contextmanager
def django_eventstream() -> Iterator[Server]:
    """django-eventstream under uvicorn with uvloop, no storage, fed by HTTP."""
    if importlib.util.find_spec("django_eventstream") is None:
        raise Absent("django-eventstream is not installed")
    port = unused_port()
    argv = [sys.executable, "-m", "uvicorn", "benchmarks.peers.eventstream:application", "--port", str(port)]
    argv += ["--no-access-log", "--log-level", "warning", "--backlog", "4096"]
    with started(argv, answers(port, "/healthz"), cwd=ROOT) as process:
        yield Server(f"127.0.0.1:{port}", "/stream", ("--to", f"127.0.0.1:{port}/publish"), lambda: [process.pid])
