"""The one door to Redis: streams, groups, latest hashes, leases and health. Only it and bus_servers.py import redis.

What is hot goes over plain connections as bytes that are packed and read in Rust (wire.py, routes.py,
group_reader.py); everything else goes through redis-py. Every method is one round trip and knows no rule of the
market. Redis being away shows as `BusUnavailable`, which a caller may retry; nothing here retries by itself, so that
each process decides its own back-off. No command spans two keys, so that all of it runs on a cluster.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import zip_longest
from typing import Any, Final, Self

from redis.asyncio import Redis, RedisCluster
from redis.exceptions import RedisError, ResponseError

from collectors import keys
from collectors.bus_entries import (
    Entry,
    GroupLag,
    RejectedInput,
    StreamState,
    entries_of,
    entries_of_streams,
    parse_id,
    text_of,
)
from collectors.bus_errors import BusError, BusUnavailable
from collectors.bus_servers import connections, translated
from collectors.group_reader import GroupReader
from collectors.lease import Lease
from collectors.retention import Retention
from collectors.routes import Packed, Routes
from collectors.wanted_spans import WantedSpans
from thor_fast import MergeStep, QuoteBatch, Replies, StreamEntries, pack, pack_xadd

__all__ = [
    "Bus",
    "BusError",
    "BusUnavailable",
    "Entry",
    "GroupLag",
    "GroupReader",
    "Lease",
    "Packed",
    "RejectedInput",
    "StreamState",
    "parse_id",
]

GROUP_CREATED_FROM: Final = "0"
"""Groups start at the oldest kept entry: an event published before its reader was born is not lost."""


MULTI: Final = pack("MULTI")
EXEC: Final = pack("EXEC")
LARGEST_TRANSACTION: Final = 100
"""Fewer entries than this are appended in one step, and whoever waits for the first is given all of them: Redis wakes
it after the command, and would give it the first alone. With more, the rest is soon read anyway, and no server is held
up."""


class Bus:
    """The connections of a process to one Redis or Valkey, or to a cluster of them."""

    def __init__(self, redis: "Redis | RedisCluster", routes: Routes) -> None:
        # redis-py types most answers as unions over its two clients; the methods below give them shape.
        self._redis: Any = redis
        self._routes = routes
        self._retention = Retention(self.server_time_us, self._stored_ms)
        self._told: dict[str, tuple[str, dict[str, str | int | float]]] = {}

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Connect lazily to redis://, rediss:// or unix://, or with `+cluster` behind the first two to a cluster.

        Raises BusError for any other URL.
        """
        return cls(*connections(url))

    async def close(self) -> None:
        """Drop every connection."""
        self._retention.close()
        self.disconnect()
        with suppress(RedisError, OSError):
            await self._redis.aclose()
        await asyncio.sleep(0)  # the loop closes a dropped connection in its next round

    def disconnect(self) -> None:
        """Drop the plain connections, with whatever is under way on them; the next command connects anew."""
        self._routes.close()

    async def ping(self) -> None:
        """Raise BusUnavailable unless the server answers."""
        async with translated():
            await self._redis.ping()

    async def server_time_us(self) -> int:
        """The server's clock in microseconds UTC: the clock that stamps stream ids."""
        async with translated():
            seconds, microseconds = await self._redis.time()
            return int(seconds) * 1_000_000 + int(microseconds)

    # --- collectors -----------------------------------------------------------------------------------------

    async def register_source(self, source: str) -> None:
        """Make a source known to the merger and the ingestor."""
        async with translated():
            await self._redis.sadd(keys.SOURCES_SET, source)

    async def forget_source(self, source: str) -> None:
        """Take a source out, with its stream; what was merged or stored of it stays."""
        async with translated():
            await self._redis.srem(keys.SOURCES_SET, source)
            await self._redis.unlink(keys.source_stream(source))

    async def sources(self) -> list[str]:
        """Names of the sources that have published here, in alphabetical order."""
        async with translated():
            return sorted(name.decode() for name in await self._redis.smembers(keys.SOURCES_SET))

    async def start_publish(
        self, source: str, chunks: Sequence[tuple[QuoteBatch, int]], *, retention_s: int
    ) -> "asyncio.Future[Replies]":
        """Begin to append events to the stream of their source, each batch with the time when it was received.

        Several may be under way; they arrive in order, or not at all. The replies are for `published`. Whoever gives
        up waiting for them calls `disconnect`. Raises BusError, or the future does. Times in microseconds UTC.
        """
        stream = keys.source_stream(source)
        oldest = await self._retention.oldest_unstored_ms(stream, retention_s)
        last = len(chunks) - 1
        commands = [
            batch.to_xadd(stream, minid_ms=oldest if place == last else None, at_us=at_us)
            for place, (batch, at_us) in enumerate(chunks)
        ]
        wire = await self._routes.wire(stream)
        return wire.start(*in_one_step(b"".join(commands), sum(len(batch) for batch, _ in chunks)))

    async def published(self, replies: Replies) -> None:
        """Raise the BusError of an append that was refused."""
        await self._routes.check(replies)
        if (executed := replies.executed()) is not None:
            await self._routes.check(executed)

    async def publish(self, source: str, payloads: Sequence[bytes], *, retention_s: int) -> None:
        """Append payloads to the stream of their source; trim what is older than `retention_s` and stored."""
        stream = keys.source_stream(source)
        await self._append(stream, payloads, await self._retention.oldest_unstored_ms(stream, retention_s))

    async def reject(
        self, source: str, rejects: Iterable[RejectedInput], *, kept: int, refs: Iterable[str] = ()
    ) -> None:
        """Keep refused inputs with their errors in the bounded stream of rejects, each under its name in `refs`."""
        async with translated():
            pipeline = self._redis.pipeline(transaction=False)
            for refused, ref in zip_longest(rejects, refs):
                pipeline.xadd(
                    keys.REJECTS_STREAM,
                    {
                        "source": source,
                        "code": refused.code,
                        "field": refused.field or "",
                        "message": refused.message,
                        "data": refused.data,
                    }
                    | ({} if ref is None else {"ref": ref}),
                    maxlen=kept,
                    approximate=True,
                )
            await pipeline.execute()

    async def reject_refs(self, *, count: int) -> set[str]:
        """The names of the newest `count` refused inputs that have one."""
        async with translated():
            entries = await self._redis.xrevrange(keys.REJECTS_STREAM, count=count)
        return {fields[b"ref"].decode() for _, fields in entries if b"ref" in fields}

    async def heartbeat(self, component: str, fields: Mapping[str, str | int | float], *, ttl_s: int) -> None:
        """Say that a component lives, with its counters; silence for `ttl_s` removes it."""
        self._told[component.partition(":")[0]] = component, dict(fields)
        async with translated():
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.hset(keys.health(component), mapping=dict(fields))
            pipeline.expire(keys.health(component), ttl_s)
            await pipeline.execute()

    def told(self) -> dict[str, dict[str, str | int | float]]:
        """What this process last said by `heartbeat`, by component, one of each kind. For any thread."""
        return dict(tuple(self._told.values()))

    async def health(self) -> dict[str, dict[str, str]]:
        """What every living component last said of itself, by component."""
        async with translated():
            found: dict[str, dict[str, str]] = {}
            prefix = keys.health("")
            async for key in self._redis.scan_iter(match=f"{prefix}*", count=500):
                fields = await self._redis.hgetall(key)
                found[key.decode().removeprefix(prefix)] = {
                    name.decode(): value.decode() for name, value in fields.items()
                }
            return dict(sorted(found.items()))

    # --- the world clock ------------------------------------------------------------------------------------

    async def write_sessions(self, hashes: Mapping[str, Mapping[str, str]]) -> None:
        """Set the session hash of each market."""
        async with translated():
            pipeline = self._redis.pipeline(transaction=False)
            for market, fields in hashes.items():
                pipeline.hset(keys.session(market), mapping=dict(fields))
            await pipeline.execute()

    async def read_sessions(self, markets: Sequence[str]) -> dict[str, dict[str, str]]:
        """The session hashes that exist, by market."""
        async with translated():
            pipeline = self._redis.pipeline(transaction=False)
            for market in markets:
                pipeline.hgetall(keys.session(market))
            hashes = await pipeline.execute()
        return {
            market: {name.decode(): value.decode() for name, value in fields.items()}
            for market, fields in zip(markets, hashes, strict=True)
            if fields
        }

    async def is_wanted(self, component: str, at_s: float) -> bool:
        """Whether the schedule wants a component to work at an instant, seconds of UTC.

        Its spans decide, also when whoever wrote them is dead; without any its state does. Where no schedule says
        anything it is wanted.
        """
        async with translated():
            state, spans = await self._redis.hmget(keys.desired(component), ["state", "wanted"])
        if not spans:
            return bool(state != b"stop")
        try:
            return WantedSpans.from_text(spans.decode()).wants(at_s)
        except (ValueError, TypeError):
            return True

    async def want(self, component: str, *, wanted: bool, spans: str = "") -> None:
        """Say for a schedule whether a component is to work, and its `WantedSpans` where it has any, as text."""
        async with translated():
            fields = {"state": "run" if wanted else "stop", "wanted": spans}
            await self._redis.hset(keys.desired(component), mapping=fields)

    # --- merger and ingestor --------------------------------------------------------------------------------

    def lease(self, name: str, *, ttl_ms: int) -> Lease:
        """A duty of which there must be one holder."""
        return Lease(self._routes, name, ttl_ms)

    async def ensure_group(self, stream: str, group: str) -> None:
        """Create the group, and the stream with it, where they are missing."""
        async with translated():
            try:
                await self._redis.xgroup_create(stream, group, id=GROUP_CREATED_FROM, mkstream=True)
            except ResponseError as error:
                if "BUSYGROUP" not in str(error):
                    raise

    async def read_group(
        self, group: str, consumer: str, streams: Sequence[str], *, count: int, block_ms: int
    ) -> list[Entry]:
        """New entries of the group, at most `count` a stream; waits up to `block_ms` for the first."""
        # In a cluster no command spans two keys.
        parts = [[stream] for stream in streams] if self._routes.locator.is_cluster else [streams]
        async with translated():
            answers = await asyncio.gather(
                *(
                    self._redis.xreadgroup(group, consumer, dict.fromkeys(part, ">"), count=count, block=block_ms)
                    for part in parts
                )
            )
        return [entry for answer in answers for entry in entries_of_streams(answer)]

    async def claim_pending(
        self, group: str, consumer: str, stream: str, *, start: str, count: int
    ) -> tuple[str, list[Entry]]:
        """Take over entries that any consumer of the group has not acknowledged, oldest first.

        Returns where to go on (`0-0` at the end) and the entries. The caller must know that no other consumer
        is still at work on them, by holding the stream's lease.
        """
        async with translated():
            cursor, entries, *_ = await self._redis.xautoclaim(
                stream, group, consumer, min_idle_time=0, start_id=start, count=count
            )
        return cursor.decode(), entries_of(stream, entries)

    async def ack(self, group: str, ids: Mapping[str, Sequence[str]]) -> None:
        """Acknowledge entries, by stream."""
        async with translated():
            pipeline = self._redis.pipeline(transaction=False)
            for stream, stream_ids in ids.items():
                if stream_ids:
                    pipeline.xack(stream, group, *stream_ids)
            await pipeline.execute()

    async def keep_from(self, stream: str, position: tuple[int, int]) -> None:
        """Let publishers trim nothing of a stream that lies behind this position, however old it is."""
        async with translated():
            await self._redis.hset(keys.STORED_POSITIONS, stream, f"{position[0]}-{position[1]}")

    def group_reader(self, group: str, consumer: str) -> GroupReader:
        """A reader of new entries that makes no object of each."""
        return GroupReader(self._routes, group, consumer)

    async def pending(self, group: str, consumer: str, stream: str, *, count: int) -> list[StreamEntries]:
        """Take over all entries that any consumer of the group has not acknowledged, oldest first.

        The caller must know that no other consumer is still at work on them, by holding the stream's lease.
        """
        found: list[StreamEntries] = []
        cursor = "0-0"
        while True:
            command = pack("XAUTOCLAIM", stream, group, consumer, 0, cursor, "COUNT", count)
            cursor, entries = (await self._routes.ask(Packed(stream, command))).claimed(stream)
            if len(entries):
                found.append(entries)
            if cursor == "0-0":
                return found

    async def entries_since(self, stream: str, ms: int, *, count: int) -> AsyncIterator[StreamEntries]:
        """Entries from a time on, milliseconds UTC by the server's clock, `count` at a time, oldest first."""
        start = str(ms)
        while True:
            replies = await self._routes.ask(Packed(stream, pack("XRANGE", stream, start, "+", "COUNT", count)))
            entries = replies.range(stream)
            if len(entries):
                yield entries
            if len(entries) < count:
                return
            start = f"({entries.last_id()}"

    async def append_step(self, step: MergeStep, *, retention_s: int) -> Replies | None:
        """Append what a step of the merge lets stand to the unified stream; the replies are for `MergeStep.latest`."""
        if not step.appended:
            return None
        commands = step.xadd(keys.UNIFIED_STREAM, minid_ms=await self._retention.oldest_kept_ms(retention_s))
        packed = Packed(keys.UNIFIED_STREAM, *in_one_step(commands, step.appended))
        replies = await self._routes.ask(packed)
        if packed.count == step.appended:
            return replies
        executed = replies.executed()
        if executed is None:
            raise BusUnavailable("the server did not execute a transaction")
        await self._routes.check(executed)
        return executed

    async def append_unified(self, payloads: Sequence[bytes], *, retention_s: int) -> list[str]:
        """Append payloads to the unified stream; their ids, in order."""
        replies = await self._append(keys.UNIFIED_STREAM, payloads, await self._retention.oldest_kept_ms(retention_s))
        return [(entry_id or b"").decode() for entry_id in replies.texts()]

    async def write_latest(self, latest: Mapping[str, Sequence[bytes | str]]) -> None:
        """Set the latest hash of each symbol from its flat list of field, value, field, value."""
        async with translated():
            pipeline = self._redis.pipeline(transaction=False)
            for symbol, fields in latest.items():
                pipeline.hset(keys.latest(symbol), items=list(fields))
            await pipeline.execute()

    async def read_latest(self) -> dict[str, dict[bytes, bytes]]:
        """Every latest hash, by symbol."""
        prefix = keys.latest("")
        async with translated():
            names = [key async for key in self._redis.scan_iter(match=f"{prefix}*", count=1000)]
            pipeline = self._redis.pipeline(transaction=False)
            for name in names:
                pipeline.hgetall(name)
            hashes = await pipeline.execute()
        return {
            name.decode().removeprefix(prefix): fields for name, fields in zip(names, hashes, strict=True) if fields
        }

    async def append(self, stream: str, payload: bytes, *, kept: int) -> str:
        """Append one entry to a stream that keeps about so many; its id."""
        async with translated():
            entry_id: bytes = await self._redis.xadd(stream, {"data": payload}, maxlen=kept, approximate=True)
        return entry_id.decode()

    async def put(self, key: str, value: bytes) -> None:
        """Set a value."""
        async with translated():
            await self._redis.set(key, value)

    async def get(self, key: str) -> bytes | None:
        """A value, None where there is none."""
        async with translated():
            value: bytes | None = await self._redis.get(key)
        return value

    # --- readers of the unified stream ----------------------------------------------------------------------

    async def tail(self, stream: str, after: str, *, count: int, block_ms: int) -> list[Entry]:
        """Entries after an id, at most `count`; waits up to `block_ms` for the first."""
        async with translated():
            return entries_of_streams(await self._redis.xread({stream: after}, count=count, block=block_ms))

    async def read_after(self, stream: str, after: str, *, count: int, block_ms: int) -> StreamEntries:
        """What `tail` reads, without an object an entry."""
        command = pack("XREAD", "COUNT", count, "BLOCK", block_ms, "STREAMS", stream, after)
        replies = await self._routes.ask(Packed(stream, command), use=f"tail:{stream}", wait_s=block_ms / 1_000)
        return replies.streams()

    async def range_after(self, stream: str, after: str, *, count: int) -> StreamEntries:
        """What `entries_after` reads, without an object an entry."""
        command = pack("XRANGE", stream, f"({after}", "+", "COUNT", count)
        return (await self._routes.ask(Packed(stream, command))).range(stream)

    async def entries_after(self, stream: str, after: str, *, count: int) -> list[Entry]:
        """Kept entries after an id, oldest first, at most `count`, without waiting."""
        async with translated():
            return entries_of(stream, await self._redis.xrange(stream, min=f"({after}", count=count))

    async def newest_entries(self, stream: str, *, count: int) -> list[Entry]:
        """The last `count` entries, oldest first."""
        async with translated():
            return entries_of(stream, (await self._redis.xrevrange(stream, count=count))[::-1])

    async def is_kept(self, stream: str, position: tuple[int, int]) -> bool:
        """True when every entry after a position is still in the stream: none was trimmed or lost."""
        async with translated():
            try:
                info = await self._redis.xinfo_stream(stream)
            except ResponseError:
                # A stream that never was has lost nothing, but whoever stood in it stood in another one.
                return position == (0, 0)
        if position == (0, 0):
            return int(info["entries-added"]) == int(info["length"])
        first = info["first-entry"]
        return first is not None and parse_id(text_of(first[0])) <= position

    async def last_id(self, stream: str) -> str:
        """Id of the newest entry ever added, `0-0` where there is none."""
        async with translated():
            try:
                info = await self._redis.xinfo_stream(stream)
            except ResponseError:
                return "0-0"
        return text_of(info["last-generated-id"])

    async def stream_state(self, stream: str) -> StreamState | None:
        """Length and groups of a stream, None where there is no such stream."""
        async with translated():
            try:
                info = await self._redis.xinfo_stream(stream)
                groups = await self._redis.xinfo_groups(stream)
            except ResponseError:
                return None
        return StreamState(
            name=stream,
            length=int(info["length"]),
            added=int(info["entries-added"]),
            last_id=text_of(info["last-generated-id"]),
            groups=tuple(
                GroupLag(
                    name=text_of(group["name"]),
                    lag=None if group["lag"] is None else int(group["lag"]),
                    pending=int(group["pending"]),
                    last_delivered_id=text_of(group["last-delivered-id"]),
                )
                for group in groups
            ),
        )

    async def rejects(self, *, count: int) -> list[dict[str, str]]:
        """The newest refused inputs, newest first, each with its error."""
        async with translated():
            entries = await self._redis.xrevrange(keys.REJECTS_STREAM, count=count)
        return [
            {"id": entry_id.decode()}
            | {name.decode(): value.decode(errors="replace") for name, value in fields.items()}
            for entry_id, fields in entries
        ]

    async def _append(self, stream: str, payloads: Sequence[bytes], oldest_ms: int) -> Replies:
        commands = pack_xadd(stream, payloads, minid_ms=oldest_ms)
        return await self._routes.ask(Packed(stream, commands, len(payloads)))

    async def _stored_ms(self) -> dict[str, int]:
        """Up to which time each stream is stored, milliseconds UTC by the server's clock."""
        async with translated():
            stored = await self._redis.hgetall(keys.STORED_POSITIONS)
        return {text_of(name): parse_id(text_of(position))[0] for name, position in stored.items()}


def in_one_step(commands: bytes, count: int) -> tuple[bytes, int]:
    """Appends to one stream as a transaction where that is worth it, and how many replies there will be."""
    if not 1 < count < LARGEST_TRANSACTION:
        return commands, count
    return b"".join((MULTI, commands, EXEC)), count + 2
