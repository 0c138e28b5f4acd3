"""A process that dies after so many commands: of what it sent, Redis takes the first ones and the rest never was."""

import asyncio

from collectors.bus import Bus
from collectors.bus_errors import BusUnavailable
from collectors.wire import Wire
from thor_fast import Replies, ReplyReader

__all__ = ["die_after"]


class _Life:
    """How many commands are left."""

    def __init__(self, commands: int) -> None:
        self.left = commands


class _DyingWire:
    """A wire whose process has so many commands left to live."""

    def __init__(self, wire: Wire, life: _Life) -> None:
        self._wire = wire
        self._life = life

    @property
    def is_open(self) -> bool:
        return self._wire.is_open

    def start(self, commands: bytes, count: int) -> "asyncio.Future[Replies]":
        return asyncio.ensure_future(self.call(commands, count, limit_s=5.0))

    async def call(self, commands: bytes, count: int, *, limit_s: float) -> Replies:
        sent = min(count, self._life.left)
        self._life.left -= sent
        if sent == count:
            return await self._wire.call(commands, count, limit_s=limit_s)
        if sent:
            await self._wire.call(first(commands, sent), sent, limit_s=limit_s)
        raise BusUnavailable("dead")

    def close(self) -> None:
        self._wire.close()


def first(commands: bytes, count: int) -> bytes:
    """The bytes of the first commands of a pipeline: a command is written like a reply."""
    low, high = 0, len(commands)
    while low < high:
        middle = (low + high) // 2
        if ReplyReader().feed(commands[:middle]) < count:
            low = middle + 1
        else:
            high = middle
    return commands[:low]


def die_after(bus: Bus, commands: int) -> None:
    """Let the hot connections of a bus carry so many commands and no more."""
    life = _Life(commands)
    routes = bus._routes
    connect = routes.wire

    async def dying(key: str, use: str = "write") -> Wire:
        wire = await connect(key, use)
        return wire if use == "lease" else _DyingWire(wire, life)  # type: ignore[return-value]

    routes.wire = dying  # type: ignore[method-assign]
