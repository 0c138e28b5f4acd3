"""Which connection the commands for a key go to: the one server, or that node of a cluster which holds the key.

Connections are made when they are needed and made anew when they broke. Where a node says that it does not hold the
key any more, the map is read again and whoever asked is told to try again: only they know what of it was done.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from collectors.bus_errors import BusUnavailable, refusal
from collectors.wire import Server, Wire
from thor_fast import Replies

__all__ = ["ANSWER_TIMEOUT_S", "Locator", "OneServer", "Packed", "Routes"]

ANSWER_TIMEOUT_S: Final = 5.0
"""A server that is silent for longer is away, however open its connections are. Blocking reads must be shorter."""
WRITING: Final = "write"


@dataclass(frozen=True, slots=True)
class Packed:
    """Commands for one key, ready to be sent, and how many they are."""

    key: str
    commands: bytes
    count: int = 1


class Locator(Protocol):
    """Knows where keys are."""

    @property
    def is_cluster(self) -> bool:
        """Whether keys are on several nodes."""

    async def server_of(self, key: str) -> Server:
        """The server that holds a key. Raises BusError."""

    async def look_again(self) -> None:
        """A key was found to have moved. Raises BusError."""


class Routes:
    """The open connections of a process, by server and by what they are used for."""

    def __init__(self, locator: Locator) -> None:
        self.locator = locator
        self._wires: dict[tuple[Server, str], Wire] = {}
        self._connecting = asyncio.Lock()

    async def wire(self, key: str, use: str = WRITING) -> Wire:
        """An open connection to the server of a key, the same for the same use. Raises BusError."""
        server = await self.locator.server_of(key)
        wire = self._wires.get((server, use))
        if wire is not None and wire.is_open:
            return wire
        async with self._connecting:
            wire = self._wires.get((server, use))
            if wire is None or not wire.is_open:
                wire = self._wires[server, use] = await Wire.connect(server)
        return wire

    async def ask(self, packed: Packed, *, use: str = WRITING, wait_s: float = 0.0) -> Replies:
        """Send commands for one key; their replies. `wait_s` is how long they block. Raises BusError."""
        wire = await self.wire(packed.key, use)
        replies = await wire.call(packed.commands, packed.count, limit_s=ANSWER_TIMEOUT_S + wait_s)
        await self.check(replies)
        return replies

    async def send(self, commands: Sequence[Packed]) -> None:
        """Send commands for many keys, one pipeline a server, and wait until all are done. Raises BusError."""
        if not commands:
            return
        wires: dict[Wire, list[Packed]] = {}
        for packed in commands:
            wires.setdefault(await self.wire(packed.key), []).append(packed)
        calls = [
            wire.call(
                b"".join(packed.commands for packed in part),
                sum(packed.count for packed in part),
                limit_s=ANSWER_TIMEOUT_S,
            )
            for wire, part in wires.items()
        ]
        failed: BaseException | None = None
        for replies in await asyncio.gather(*calls, return_exceptions=True):
            if isinstance(replies, BaseException):
                failed = failed or replies
            else:
                await self.check(replies)
        if failed is not None:
            raise failed

    async def check(self, replies: Replies) -> None:
        """Raise the BusError of the replies that are refusals."""
        if errors := replies.errors():
            if any(text.startswith(("MOVED", "ASK")) for _, text in errors):
                await self.locator.look_again()
            raise refusal(errors)

    def close(self) -> None:
        """Drop every connection."""
        for wire in self._wires.values():
            wire.close()
        self._wires.clear()


class OneServer:
    """The locator where there is one server."""

    is_cluster: Final = False

    def __init__(self, server: Server) -> None:
        self._server = server

    async def server_of(self, key: str) -> Server:
        """Always the same."""
        return self._server

    async def look_again(self) -> None:
        """A lone server that answers MOVED is a node of a cluster."""
        raise BusUnavailable("this Redis is a cluster: its address must begin with redis+cluster://")
