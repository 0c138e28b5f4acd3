"""One connection of the event stream: its transport, where it stands, and what the transport says of it.

It is the protocol of a transport that was taken over from the HTTP server. It decides nothing; the fan-out does.
"""

import asyncio
import socket
from contextlib import suppress
from typing import Final, Protocol

from thor_web.livedata.services.messages import StreamRequest
from thor_web.livedata.services.ring import Position

__all__ = ["HANDOVER", "Client", "Keeper", "Transport"]

Transport = asyncio.Transport

HANDOVER: Final = "thor.handover"
"""Name of the ASGI extension by which a server gives a connection away: a function that returns the transport."""
UNSENT_BYTES: Final = 65_536
"""A kernel that holds this much unsent has enough: what comes later is newer if it is made later."""
UNHEARD_MS: Final = 60_000
"""A peer that acknowledges nothing for this long is gone, whatever its connection says."""


class Keeper(Protocol):
    """Who keeps a client and is told of what happens to it."""

    def fell_behind(self, client: "Client") -> None: ...
    def caught_breath(self, client: "Client") -> None: ...
    def left(self, client: "Client") -> None: ...


class Client(asyncio.Protocol):
    """Where one client stands.

    `number` counts in the ring for every event, `position` in the stream when conflated and while it catches up. One
    that resumes was `behind_ms` behind the market when that was judged last, until it has caught up; it is judged again
    at the time `judged_at` of the loop.
    """

    __slots__ = (
        "_keeper",
        "behind_ms",
        "blocked_since",
        "gone",
        "heard",
        "judged_at",
        "name",
        "number",
        "position",
        "room",
        "task",
        "transport",
        "wanted",
    )

    def __init__(self, transport: Transport, wanted: StreamRequest, name: str, keeper: Keeper) -> None:
        self.transport = transport
        self.wanted = wanted
        self.name = name
        self.number = 0
        self.position: Position = (0, 0)
        self.room: asyncio.Event | None = None
        self.task: asyncio.Task[None] | None = None
        self.blocked_since: float | None = None
        self.heard = 0.0
        self.behind_ms: int | None = None
        self.judged_at = 0.0
        self.gone = False
        self._keeper = keeper

    def start(self, head: bytes) -> None:
        """Take the transport over and send the head of the answer."""
        # The transport hands what it can to the kernel at once and says so the moment something is left: a slow
        # client is known by the first byte it does not take, and no more than one message waits in this process.
        self.transport.set_write_buffer_limits(high=0)
        tune(self.transport.get_extra_info("socket"))
        self.transport.set_protocol(self)
        self.transport.write(self.wanted.opening(head))

    def send(self, message: bytes) -> None:
        """Send what is already encoded. Only while it is not blocked."""
        self.transport.write(message)

    def is_blocked(self) -> bool:
        """What was sent has not all been taken."""
        return self.blocked_since is not None

    async def drained(self) -> None:
        """Wait until everything that was sent has been taken."""
        while self.is_blocked():
            self.room = asyncio.Event()
            await self.room.wait()

    def pause_writing(self) -> None:
        self.blocked_since = asyncio.get_running_loop().time()
        self._keeper.fell_behind(self)

    def resume_writing(self) -> None:
        self.blocked_since = None
        if not self.gone:
            self._keeper.caught_breath(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone = True
        self._keeper.left(self)


def tune(connection: socket.socket | None) -> None:
    """Bound what the kernel keeps for a client that does not read, where the platform can."""
    if connection is None or connection.family not in {socket.AF_INET, socket.AF_INET6}:
        return
    with suppress(OSError, AttributeError):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
    with suppress(OSError, AttributeError):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNHEARD_MS)
