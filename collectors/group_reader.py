"""A consumer group's new entries of many streams, read without an object an entry.

On one server a reading, and the writes and acknowledgements before it, are one pipeline. In a cluster each stream is
read by itself, and acknowledgements wait until what was written is there.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from collectors.routes import ANSWER_TIMEOUT_S, Packed, Routes
from thor_fast import StreamEntries, pack

__all__ = ["GroupReader"]

SHORT_WAIT_S: Final = 0.02
"""How long a cluster is given to answer a reading that is not to wait."""


class GroupReader:
    """Reads as one consumer of one group; one reading at a time."""

    def __init__(self, routes: Routes, group: str, consumer: str) -> None:
        self._routes = routes
        self._group = group
        self._consumer = consumer
        self._use = f"read:{group}"
        self._under_way: dict[str, asyncio.Task[StreamEntries]] = {}

    async def read(
        self,
        streams: Sequence[str],
        *,
        count: int,
        block_ms: int | None,
        writes: Sequence[Packed] = (),
        acks: Sequence[Packed] = (),
    ) -> list[StreamEntries]:
        """Write, acknowledge, then read at most `count` new entries a stream, waiting `block_ms` for the first.

        Without `block_ms` it does not wait, and without streams it does not read. Raises BusError.
        """
        if self._routes.locator.is_cluster:
            await self._routes.send(writes)
            await self._routes.send(acks)
            return await self._read_each(streams, count, block_ms)
        first = (*writes, *acks)
        if not streams:
            await self._routes.send(first)
            return []
        wire = await self._routes.wire(streams[0], self._use)
        commands = [packed.commands for packed in first]
        before = sum(packed.count for packed in first)
        replies = await wire.call(
            b"".join([*commands, self._command(streams, count, block_ms)]),
            before + 1,
            limit_s=ANSWER_TIMEOUT_S + (block_ms or 0) / 1_000,
        )
        await self._routes.check(replies)
        return [replies.streams(before)]

    def close(self) -> None:
        """Give up what is under way."""
        for task in self._under_way.values():
            if not task.cancel() and not task.cancelled():
                task.exception()  # looked at, or the loop would complain that nobody did
        self._under_way.clear()

    def _command(self, streams: Sequence[str], count: int, block_ms: int | None) -> bytes:
        block = () if block_ms is None else ("BLOCK", block_ms)
        after = [">"] * len(streams)
        group = ("GROUP", self._group, self._consumer)
        return pack("XREADGROUP", *group, "COUNT", count, *block, "STREAMS", *streams, *after)

    async def _read_each(self, streams: Sequence[str], count: int, block_ms: int | None) -> list[StreamEntries]:
        for stream in streams:
            if stream not in self._under_way:
                self._under_way[stream] = asyncio.create_task(self._read_one(stream, count, block_ms))
        wanted = [self._under_way[stream] for stream in streams]
        if not wanted:
            return []
        wait_s = SHORT_WAIT_S if block_ms is None else block_ms / 1_000
        await asyncio.wait(wanted, timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)
        done = [stream for stream in streams if self._under_way[stream].done()]
        return [await self._under_way.pop(stream) for stream in done]

    async def _read_one(self, stream: str, count: int, block_ms: int | None) -> StreamEntries:
        command = self._command([stream], count, block_ms)
        use = f"{self._use}:{stream}"
        replies = await self._routes.ask(Packed(stream, command), use=use, wait_s=(block_ms or 0) / 1_000)
        return replies.streams()
