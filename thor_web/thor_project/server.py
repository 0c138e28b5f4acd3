"""The web process: uvicorn around the ASGI application."""

import uvicorn

from thor_web.thor_project.configuration import ServerSettings

__all__ = ["run_web"]

GRACE_S = 2
"""How long open event streams may hold a stopping server; their clients resume at its successor."""


def run_web(settings: ServerSettings, *, port: int) -> None:
    """Serve until SIGINT or SIGTERM. Raises OSError when the port is taken."""
    uvicorn.run(
        "thor_web.thor_project.asgi:application",
        factory=True,
        host=settings.thor_bind,
        port=port,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
        timeout_keep_alive=75,
    )
