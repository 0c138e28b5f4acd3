"""A fan-out behind real connections, without HTTP: what a test of streams connects to."""

import asyncio
import socket
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from collectors.bus import Bus
from tests.integration.live import LIMIT_S, eventually, running
from thor_web.livedata.interface import Fanout, Hub, Position, StreamRequest

KEPT_S = 86_400
HEAD = b"HEAD\r\n\r\n"


def messages(text: str) -> list[dict[str, str]]:
    """The messages of a piece of stream, each as its fields; comments and retry left out."""
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "data" in fields:
            found.append(fields)
    return found


def position_of(entry_id: str) -> Position:
    ms, n = entry_id.split("-")
    return int(ms), int(n)


class Client:
    """One stream, read as far as a test wants."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, gzip: bool) -> None:
        self._reader = reader
        self._writer = writer
        self._inflater = zlib.decompressobj(31) if gzip else None
        self._rest = ""
        self.seen: list[dict[str, str]] = []
        self.text = ""

    async def read(self, count: int) -> list[dict[str, str]]:
        """Read on until `count` messages were seen in all."""
        async with asyncio.timeout(LIMIT_S):
            while len(self.seen) < count:
                assert await self.more(), f"the stream ended after {len(self.seen)} of {count} messages"
        return self.seen

    async def more(self) -> bool:
        """Read once. False at the end."""
        data = await self._reader.read(65_536)
        plain = self._inflater.decompress(data) if self._inflater else data
        self.text += plain.decode()
        whole, _, self._rest = (self._rest + plain.decode()).rpartition("\n\n")
        self.seen += messages(whole)
        return bool(data)

    async def until(self, entry_id: str) -> list[dict[str, str]]:
        """Read on until a message with that id was seen."""
        async with asyncio.timeout(LIMIT_S):
            while not any(message.get("id") == entry_id for message in self.seen):
                assert await self.more(), f"the stream ended before {entry_id}"
        return self.seen

    async def close(self) -> None:
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()


class StreamServer:
    """Hands each connection to the fan-out as the HTTP server does."""

    def __init__(self, hub: Hub, fanout: Fanout) -> None:
        self.hub = hub
        self.fanout = fanout
        self._wanted: asyncio.Queue[tuple[StreamRequest, Position | None]] = asyncio.Queue()
        self._port = 0
        self._clients: list[Client] = []

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["StreamServer"]:
        server = await asyncio.get_running_loop().create_server(lambda: Door(self), "127.0.0.1", 0)
        self._port = server.sockets[0].getsockname()[1]
        async with running(self.fanout.run()):
            yield self
        server.close()
        await self.fanout.drain()
        for client in self._clients:
            await client.close()

    def accepted(self, transport: asyncio.Transport) -> None:
        wanted, after = self._wanted.get_nowait()
        self.fanout.open(transport, wanted, caller="test", head=HEAD, greeting=b"", after=after)

    async def connect(
        self, wanted: StreamRequest | None = None, *, after: str | None = None, receive_buffer: int | None = None
    ) -> Client:
        """A client that has read the head of its answer."""
        wanted = wanted or StreamRequest()
        self._wanted.put_nowait((wanted, None if after is None else position_of(after)))
        connection = socket.socket()
        if receive_buffer is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", self._port))
        reader, writer = await asyncio.open_connection(sock=connection, limit=4_096)
        assert await reader.readexactly(len(HEAD)) == HEAD
        client = Client(reader, writer, gzip=wanted.gzip)
        self._clients.append(client)
        return client


class Door(asyncio.Protocol):
    """What a connection meets first."""

    def __init__(self, server: StreamServer) -> None:
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._server.accepted(transport)


@asynccontextmanager
async def stream_server(
    bus: Bus, *, capacity: int = 100, most_clients: int = 100, most_a_caller: int = 100
) -> AsyncIterator[StreamServer]:
    """A hub that has read everything there is, and its fan-out, behind a port."""
    hub = Hub(bus, capacity=capacity)
    fanout = Fanout(hub, most_clients=most_clients, most_a_caller=most_a_caller)
    async with running(hub.run()), StreamServer(hub, fanout).serving() as server:
        assert await hub.wait_ready(timeout_s=LIMIT_S)
        yield server


async def append(bus: Bus, *events: bytes) -> list[str]:
    """Write to the unified stream, as the merger does; the ids."""
    return await bus.append_unified(events, retention_s=KEPT_S)


async def has_read(hub: Hub, entry_id: str) -> None:
    """Wait until the hub has read an entry."""

    async def read() -> Position:
        return hub.read_position

    await eventually(read, lambda position: position >= position_of(entry_id), f"the hub has read {entry_id}")


def ids(seen: list[dict[str, str]]) -> list[str]:
    """Ids of the quotes among messages."""
    return [message["id"] for message in seen if message["event"] == "quote"]
