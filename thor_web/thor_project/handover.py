"""uvicorn's HTTP protocol, with a way for the application to take an answered request's connection over.

The ASGI scope carries `extensions["thor.handover"]`: a function without arguments that gives the transport and makes
the server forget the connection. Whoever calls it writes the whole answer and becomes the transport's protocol.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from thor_web.livedata.interface import HANDOVER

__all__ = ["HandoverProtocol"]


class HandoverProtocol(HttpToolsProtocol):
    """Serves HTTP as ever until a request's connection is handed over."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        scope: Any = self.scope
        take: Callable[[], asyncio.Transport] = self._hand_over
        scope["extensions"] = {HANDOVER: take}

    def _hand_over(self) -> asyncio.Transport:
        # To the server this connection is now one whose client has gone: it answers nothing and waits for nothing.
        self.connections.discard(self)
        self._unset_keepalive_if_required()
        self.pipeline.clear()
        self.flow.resume_reading()  # an end that is not read is not noticed
        self.cycle.disconnected = True
        self.cycle.message_event.set()
        return self.transport
