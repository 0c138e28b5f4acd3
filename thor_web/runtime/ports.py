"""Whether a port may be listened on. Asked before anything is started, so that the answer is one sentence."""

import socket

from thor_web.runtime.errors import ThorError

__all__ = ["require_free_port"]


def require_free_port(port: int, *, address: str = "127.0.0.1") -> None:
    """Raise ThorError unless a server may listen there now."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
            probe.listen(1)
        except PermissionError:
            raise ThorError(f"Port {port} is reserved: choose one above 1023 with --port.") from None
        except OSError as error:
            raise ThorError(f"Port {port} is taken: choose another one with --port.") from error
