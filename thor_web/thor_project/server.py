"""The web process: uvicorn around the ASGI application."""

import resource
import socket
from typing import Final

import uvicorn

from thor_web.thor_project.configuration import ServerSettings
from thor_web.thor_project.handover import HandoverProtocol

__all__ = ["run_web"]

GRACE_S: Final = 2
"""How long requests that are being answered may hold a stopping server."""
BACKLOG: Final = 4_096


def run_web(settings: ServerSettings, *, port: int, listening: socket.socket | None = None) -> None:
    """Serve until SIGINT or SIGTERM, on a port or on a socket that listens already.

    Raises OSError when the port is taken, SystemExit when the application cannot start.
    """
    allow_open_files()
    config = uvicorn.Config(
        "thor_web.thor_project.asgi:application",
        factory=True,
        host=settings.thor_bind,
        port=port,
        http=HandoverProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=GRACE_S,
        timeout_keep_alive=75,
    )
    server = uvicorn.Server(config)
    server.run(sockets=None if listening is None else [listening])
    if not server.started:
        raise SystemExit(1)


def allow_open_files() -> None:
    """Use as many open files as the system lets this process have: each stream is one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
