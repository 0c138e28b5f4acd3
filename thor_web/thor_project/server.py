"""The web process: uvicorn around the ASGI application."""

import socket
import sys
from collections.abc import Callable
from typing import Final

import uvicorn

from thor_web.thor_project.configuration import ServerSettings
from thor_web.thor_project.handover import HandoverProtocol

__all__ = ["run_web"]

GRACE_S: Final = 2
"""How long requests that are being answered may hold a stopping server."""
BACKLOG: Final = 4_096


class _Server(uvicorn.Server):
    """Says when it serves."""

    def __init__(self, config: uvicorn.Config, serves: Callable[[], None]) -> None:
        super().__init__(config)
        self._serves = serves

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._serves()


def run_web(
    settings: ServerSettings,
    *,
    port: int,
    listening: socket.socket | None = None,
    serves: Callable[[], None] = lambda: None,
) -> None:
    """Serve until SIGINT or SIGTERM, on a port or on a socket that listens already. `serves` is called once it does.

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
        proxy_headers=False,  # the gate reads them, from proxies that are ours
        server_header=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=GRACE_S,
        timeout_keep_alive=75,
    )
    server = _Server(config, serves)
    server.run(sockets=None if listening is None else [listening])
    if not server.started:
        raise SystemExit(1)


def allow_open_files() -> None:
    """Use as many open files as the system lets this process have: each stream is one."""
    if sys.platform == "win32":
        return  # knows no such limit
    import resource  # noqa: PLC0415 - only Unix has it

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
