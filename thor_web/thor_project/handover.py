"""uvicorn's HTTP protocol, with a way for the application to take an answered request's connection over.

The ASGI scope carries `extensions["thor.handover"]`: a function without arguments that gives the transport and makes
the server forget the connection. Whoever calls it writes the whole answer and becomes the transport's protocol.

Here too: a connection that does not bring the whole head of a request in time, or brings one without end, is closed.
uvicorn waits for ever and keeps what comes.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from thor_web.livedata.interface import HANDOVER

__all__ = ["HandoverProtocol"]


HEAD_LIMIT_S: Final = 10.0
"""From the first byte of a request, or from the connection's beginning, to the end of the request's head."""
LARGEST_HEAD: Final = 65_536


class HandoverProtocol(HttpToolsProtocol):
    """Serves HTTP as ever until a request's connection is handed over."""

    _head_timer: asyncio.TimerHandle | None = None
    _head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_is_there()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._head_timer is not None:
            self._head_bytes += len(data)
            if self._head_bytes > LARGEST_HEAD and b"\r\n\r\n" not in data:
                self._give_up()
                return
        super().data_received(data)

    def on_headers_complete(self) -> None:
        self._head_is_there()
        super().on_headers_complete()

    def _expect_head(self) -> None:
        self._head_bytes = 0
        self._head_timer = self.loop.call_later(HEAD_LIMIT_S, self._give_up)

    def _head_is_there(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _give_up(self) -> None:
        """Close a connection whose request does not come."""
        self._head_is_there()
        self.transport.close()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._head_timer is None:
            self._expect_head()
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
