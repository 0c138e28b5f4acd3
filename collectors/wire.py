"""One plain connection to a Redis server for the commands that are hot: bytes packed in Rust out, whole replies in.

It knows no command but those of its beginning (AUTH, SELECT). Several calls may be under way at once; Redis answers in
order. A call that is given up closes the connection, since nobody would know whose the next reply is.
"""

import asyncio
import ssl
from collections import deque
from dataclasses import dataclass, field
from typing import Final, Self, cast

from collectors.bus_errors import BusUnavailable, refusal
from thor_fast import Replies, ReplyReader, pack

__all__ = ["Server", "Wire"]

CONNECT_TIMEOUT_S: Final = 3.0


@dataclass(frozen=True, slots=True)
class Server:
    """Where a server is and how it lets one in. `path` is that of a Unix socket and comes before host and port."""

    host: str = "localhost"
    port: int = 6379
    path: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    database: int = 0
    tls: ssl.SSLContext | None = None


class Wire(asyncio.Protocol):
    """A connection. Made with `connect`; once closed it stays closed."""

    def __init__(self) -> None:
        self._reader = ReplyReader()
        self._waiting: deque[tuple[int, asyncio.Future[Replies]]] = deque()
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()

    @classmethod
    async def connect(cls, server: Server) -> Self:
        """Connect and sign in. Raises BusUnavailable, or BusError where the server refuses us."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                if server.path is not None:
                    _, wire = await loop.create_unix_connection(cls, server.path)
                else:
                    _, wire = await loop.create_connection(cls, server.host, server.port, ssl=server.tls)
                try:
                    await wire._sign_in(server)
                except BaseException:
                    wire.close()
                    raise
        except OSError as error:
            raise BusUnavailable(str(error) or type(error).__name__) from error
        return wire

    async def _sign_in(self, server: Server) -> None:
        commands: list[bytes] = []
        if server.password is not None:
            user = () if server.username is None else (server.username,)
            commands.append(pack("AUTH", *user, server.password))
        if server.database:
            commands.append(pack("SELECT", server.database))
        if commands:
            replies = await self.start(b"".join(commands), len(commands))
            if errors := replies.errors():
                raise refusal(errors)

    @property
    def is_open(self) -> bool:
        """Whether it can take commands."""
        return self._transport is not None and not self._transport.is_closing()

    def start(self, commands: bytes, count: int) -> "asyncio.Future[Replies]":
        """Send `count` commands now; their replies come in the future. Whoever gives that up must close the wire.

        Raises BusUnavailable, at once or by the future.
        """
        transport = self._transport
        if transport is None or transport.is_closing():
            raise BusUnavailable("the connection is closed")
        answer: asyncio.Future[Replies] = self._loop.create_future()
        self._waiting.append((count, answer))
        transport.write(commands)
        return answer

    async def call(self, commands: bytes, count: int, *, limit_s: float) -> Replies:
        """Send `count` commands and wait for their replies, for `limit_s` seconds at most. Raises BusUnavailable."""
        answer = self.start(commands, count)
        try:
            async with asyncio.timeout(limit_s):
                return await answer
        except TimeoutError as error:
            raise BusUnavailable(f"no answer for {limit_s:g} s") from error
        finally:
            if not answer.done() or answer.cancelled():
                self.close()

    def close(self) -> None:
        """Drop the connection; whoever waits is told."""
        if self._transport is not None:
            self._transport.abort()
        self._fail("the connection was closed")

    # --- called by the event loop ---------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        try:
            whole = self._reader.feed(data)
        except ValueError as error:
            self._fail(str(error))
            self.close()
            return
        while self._waiting and whole >= self._waiting[0][0]:
            count, answer = self._waiting.popleft()
            whole -= count
            replies = self._reader.take(count)
            if not answer.done():
                answer.set_result(replies)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._fail(str(exc) if exc is not None else "the server closed the connection")

    def _fail(self, reason: str) -> None:
        while self._waiting:
            _, answer = self._waiting.popleft()
            if not answer.done():
                answer.set_exception(BusUnavailable(reason))
