"""The one door to Redis: streams, groups, latest hashes, leases and health. Nothing else imports redis.

Every method is one round trip and knows no rule of the market. Redis being away shows as `BusUnavailable`,
which a caller may retry; nothing here retries by itself, so that each process decides its own back-off.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final, Protocol, Self, TypeAlias

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError, ReadOnlyError, RedisError, ResponseError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from collectors import keys

__all__ = [
    "Bus",
    "BusError",
    "BusUnavailable",
    "Entry",
    "GroupLag",
    "Lease",
    "RejectedInput",
    "StreamState",
    "parse_id",
]

RawEntries: TypeAlias = Sequence[tuple[bytes, dict[bytes, bytes] | None]]

CONNECT_TIMEOUT_S: Final = 3.0
ANSWER_TIMEOUT_S: Final = 5.0
"""A server that is silent for longer is away, however open its connections are. Blocking reads must be shorter."""
GROUP_CREATED_FROM: Final = "0"
"""Groups start at the oldest kept entry: an event published before its reader was born is not lost."""


STORED_READ_EVERY_S: Final = 1.0
"""How old a publisher's knowledge of the stored positions may be. They only grow, so an old one trims less."""


class BusError(Exception):
    """Redis refused a command."""


class BusUnavailable(BusError):  # noqa: N818 - it names a state, not a mistake
    """Redis cannot be reached now; trying again later may succeed."""


class RejectedInput(Protocol):
    """What `thor_fast.Reject` shows of a refused input."""

    @property
    def code(self) -> str: ...
    @property
    def field(self) -> str | None: ...
    @property
    def message(self) -> str: ...
    @property
    def data(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Entry:
    """One stream entry. `data` is None where the entry has no such field (it was not written by Thor)."""

    stream: str
    id: str
    data: bytes | None

    @property
    def position(self) -> tuple[int, int]:
        """The id as numbers: milliseconds since 1970 by the server's clock, and a counter within them."""
        return parse_id(self.id)


@dataclass(frozen=True, slots=True)
class GroupLag:
    """A consumer group of a stream: entries not yet delivered, and delivered but not acknowledged."""

    name: str
    lag: int | None
    pending: int
    last_delivered_id: str


@dataclass(frozen=True, slots=True)
class StreamState:
    """Length, newest id and consumer groups of a stream."""

    name: str
    length: int
    last_id: str
    groups: tuple[GroupLag, ...]


def parse_id(entry_id: str) -> tuple[int, int]:
    """Split `ms-n`. Raises ValueError for anything else."""
    ms, dash, n = entry_id.partition("-")
    if not (dash and ms.isascii() and ms.isdigit() and n.isascii() and n.isdigit()):
        raise ValueError(f"a stream id is milliseconds-counter, was {entry_id!r}")
    numbers = int(ms), int(n)
    if max(numbers) >= 2**64:
        raise ValueError(f"a stream id has two numbers below 2^64, was {entry_id!r}")
    return numbers


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    try:
        # Not the client's own socket timeout: it sends through asyncio.wait_for, which swallows a cancellation now
        # and then before Python 3.12, and a process would not stop.
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            yield
    except (RedisConnectionError, RedisTimeoutError, BusyLoadingError, ReadOnlyError, OSError) as error:
        raise BusUnavailable(str(error) or type(error).__name__) from error
    except RedisError as error:
        raise BusError(str(error)) from error


class Lease:
    """A duty that one process at a time may hold: an expiring key that only its holder renews or drops."""

    _RENEW: Final = (
        "if redis.call('GET',KEYS[1])==ARGV[1] then return redis.call('PEXPIRE',KEYS[1],ARGV[2]) end return 0"
    )
    _RELEASE: Final = "if redis.call('GET',KEYS[1])==ARGV[1] then return redis.call('DEL',KEYS[1]) end return 0"

    def __init__(self, redis: Redis, name: str, ttl_ms: int) -> None:
        self._redis: Any = redis
        self._key = keys.lease(name)
        self._ttl_ms = ttl_ms
        self._token = secrets.token_hex(16)

    async def acquire(self) -> bool:
        """Take the duty if nobody holds it, or renew it if it is ours. True while we hold it."""
        async with _translated():
            if await self._redis.set(self._key, self._token, nx=True, px=self._ttl_ms):
                return True
            return bool(await self._redis.eval(self._RENEW, 1, self._key, self._token, self._ttl_ms))

    async def release(self) -> None:
        """Give the duty up, if it is ours."""
        async with _translated():
            await self._redis.eval(self._RELEASE, 1, self._key, self._token)


class Bus:
    """A connection pool to one Redis or Valkey."""

    def __init__(self, redis: Redis) -> None:
        # redis-py types most answers as unions over its two clients; the methods below give them shape.
        self._redis: Any = redis
        self._clock_offset_ms: int | None = None
        self._stored: dict[str, int] = {}
        self._stored_read_at = -STORED_READ_EVERY_S

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Connect lazily to redis://, rediss:// or unix://. Raises BusError for any other URL."""
        try:
            return cls(
                Redis.from_url(
                    url,
                    socket_timeout=None,
                    socket_connect_timeout=CONNECT_TIMEOUT_S,
                    retry=Retry(NoBackoff(), 0),
                    protocol=2,
                )
            )
        except ValueError as error:
            raise BusError(f"REDIS_URL: {error}") from error

    async def close(self) -> None:
        """Drop every connection."""
        with suppress(RedisError, OSError):
            await self._redis.aclose()

    async def ping(self) -> None:
        """Raise BusUnavailable unless the server answers."""
        async with _translated():
            await self._redis.ping()

    async def server_time_us(self) -> int:
        """The server's clock in microseconds UTC: the clock that stamps stream ids."""
        async with _translated():
            seconds, microseconds = await self._redis.time()
            return int(seconds) * 1_000_000 + int(microseconds)

    # --- collectors -----------------------------------------------------------------------------------------

    async def register_source(self, source: str) -> None:
        """Make a source known to the merger and the ingestor."""
        async with _translated():
            await self._redis.sadd(keys.SOURCES_SET, source)

    async def sources(self) -> list[str]:
        """Names of the sources that have published here, in alphabetical order."""
        async with _translated():
            return sorted(name.decode() for name in await self._redis.smembers(keys.SOURCES_SET))

    async def publish(self, source: str, payloads: Sequence[bytes], *, retention_s: int) -> None:
        """Append canonical events to the stream of their source; trim what is older than `retention_s`."""
        stream = keys.source_stream(source)
        oldest = await self._oldest_unstored(stream, await self._oldest_kept(retention_s))
        async with _translated():
            pipeline = self._redis.pipeline(transaction=False)
            for payload in payloads:
                pipeline.xadd(stream, {"data": payload}, minid=oldest, approximate=True)
            await pipeline.execute()

    async def reject(self, source: str, rejects: Iterable[RejectedInput], *, kept: int) -> None:
        """Keep refused inputs with their errors in the bounded stream of rejects."""
        async with _translated():
            pipeline = self._redis.pipeline(transaction=False)
            for refused in rejects:
                pipeline.xadd(
                    keys.REJECTS_STREAM,
                    {
                        "source": source,
                        "code": refused.code,
                        "field": refused.field or "",
                        "message": refused.message,
                        "data": refused.data,
                    },
                    maxlen=kept,
                    approximate=True,
                )
            await pipeline.execute()

    async def heartbeat(self, component: str, fields: Mapping[str, str | int | float], *, ttl_s: int) -> None:
        """Say that a component lives, with its counters; silence for `ttl_s` removes it."""
        async with _translated():
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.hset(keys.health(component), mapping=dict(fields))
            pipeline.expire(keys.health(component), ttl_s)
            await pipeline.execute()

    async def health(self) -> dict[str, dict[str, str]]:
        """What every living component last said of itself, by component."""
        async with _translated():
            found: dict[str, dict[str, str]] = {}
            prefix = keys.health("")
            async for key in self._redis.scan_iter(match=f"{prefix}*", count=500):
                fields = await self._redis.hgetall(key)
                found[key.decode().removeprefix(prefix)] = {
                    name.decode(): value.decode() for name, value in fields.items()
                }
            return dict(sorted(found.items()))

    async def is_wanted(self, component: str) -> bool:
        """Whether the schedule wants a component to work now; it does where no schedule says anything."""
        async with _translated():
            state = await self._redis.hget(keys.desired(component), "state")
        return bool(state != b"stop")

    async def want(self, component: str, *, wanted: bool) -> None:
        """Say for a schedule whether a component is to work; it goes by that until somebody says otherwise."""
        async with _translated():
            await self._redis.hset(keys.desired(component), "state", "run" if wanted else "stop")

    # --- merger and ingestor --------------------------------------------------------------------------------

    def lease(self, name: str, *, ttl_ms: int) -> Lease:
        """A duty of which there must be one holder."""
        return Lease(self._redis, name, ttl_ms)

    async def ensure_group(self, stream: str, group: str) -> None:
        """Create the group, and the stream with it, where they are missing."""
        async with _translated():
            try:
                await self._redis.xgroup_create(stream, group, id=GROUP_CREATED_FROM, mkstream=True)
            except ResponseError as error:
                if "BUSYGROUP" not in str(error):
                    raise

    async def read_group(
        self, group: str, consumer: str, streams: Sequence[str], *, count: int, block_ms: int
    ) -> list[Entry]:
        """New entries of the group, at most `count` a stream; waits up to `block_ms` for the first."""
        async with _translated():
            answer = await self._redis.xreadgroup(
                group, consumer, dict.fromkeys(streams, ">"), count=count, block=block_ms
            )
        return _entries(answer)

    async def claim_pending(
        self, group: str, consumer: str, stream: str, *, start: str, count: int
    ) -> tuple[str, list[Entry]]:
        """Take over entries that any consumer of the group has not acknowledged, oldest first.

        Returns where to go on (`0-0` at the end) and the entries. The caller must know that no other consumer
        is still at work on them, by holding the stream's lease.
        """
        async with _translated():
            cursor, entries, *_ = await self._redis.xautoclaim(
                stream, group, consumer, min_idle_time=0, start_id=start, count=count
            )
        return cursor.decode(), _stream_entries(stream, entries)

    async def ack(self, group: str, ids: Mapping[str, Sequence[str]]) -> None:
        """Acknowledge entries, by stream."""
        async with _translated():
            pipeline = self._redis.pipeline(transaction=False)
            for stream, stream_ids in ids.items():
                if stream_ids:
                    pipeline.xack(stream, group, *stream_ids)
            await pipeline.execute()

    async def keep_from(self, stream: str, position: tuple[int, int]) -> None:
        """Let publishers trim nothing of a stream that lies behind this position, however old it is."""
        async with _translated():
            await self._redis.hset(keys.STORED_POSITIONS, stream, f"{position[0]}-{position[1]}")

    async def append_unified(self, payloads: Sequence[bytes], *, retention_s: int) -> list[str]:
        """Append merged events to the unified stream; their ids, in order."""
        oldest = await self._oldest_kept(retention_s)
        async with _translated():
            pipeline = self._redis.pipeline(transaction=False)
            for payload in payloads:
                pipeline.xadd(keys.UNIFIED_STREAM, {"data": payload}, minid=oldest, approximate=True)
            return [entry_id.decode() for entry_id in await pipeline.execute()]

    async def write_latest(self, latest: Mapping[str, Sequence[bytes | str]]) -> None:
        """Set the latest hash of each symbol from its flat list of field, value, field, value."""
        async with _translated():
            pipeline = self._redis.pipeline(transaction=False)
            for symbol, fields in latest.items():
                pipeline.hset(keys.latest(symbol), items=list(fields))
            await pipeline.execute()

    async def read_latest(self) -> dict[str, dict[bytes, bytes]]:
        """Every latest hash, by symbol."""
        prefix = keys.latest("")
        async with _translated():
            names = [key async for key in self._redis.scan_iter(match=f"{prefix}*", count=1000)]
            pipeline = self._redis.pipeline(transaction=False)
            for name in names:
                pipeline.hgetall(name)
            hashes = await pipeline.execute()
        return {
            name.decode().removeprefix(prefix): fields for name, fields in zip(names, hashes, strict=True) if fields
        }

    # --- readers of the unified stream ----------------------------------------------------------------------

    async def tail(self, stream: str, after: str, *, count: int, block_ms: int) -> list[Entry]:
        """Entries after an id, at most `count`; waits up to `block_ms` for the first."""
        async with _translated():
            return _entries(await self._redis.xread({stream: after}, count=count, block=block_ms))

    async def entries_after(self, stream: str, after: str, *, count: int) -> list[Entry]:
        """Kept entries after an id, oldest first, at most `count`, without waiting."""
        async with _translated():
            return _stream_entries(stream, await self._redis.xrange(stream, min=f"({after}", count=count))

    async def newest_entries(self, stream: str, *, count: int) -> list[Entry]:
        """The last `count` entries, oldest first."""
        async with _translated():
            return _stream_entries(stream, (await self._redis.xrevrange(stream, count=count))[::-1])

    async def is_kept(self, stream: str, position: tuple[int, int]) -> bool:
        """True when every entry after a position is still in the stream: none was trimmed or lost."""
        async with _translated():
            try:
                info = await self._redis.xinfo_stream(stream)
            except ResponseError:
                # A stream that never was has lost nothing, but whoever stood in it stood in another one.
                return position == (0, 0)
        if position == (0, 0):
            return int(info["entries-added"]) == int(info["length"])
        first = info["first-entry"]
        return first is not None and parse_id(_text(first[0])) <= position

    async def last_id(self, stream: str) -> str:
        """Id of the newest entry ever added, `0-0` where there is none."""
        async with _translated():
            try:
                info = await self._redis.xinfo_stream(stream)
            except ResponseError:
                return "0-0"
        last: bytes | str = info["last-generated-id"]
        return last.decode() if isinstance(last, bytes) else last

    async def stream_state(self, stream: str) -> StreamState | None:
        """Length and groups of a stream, None where there is no such stream."""
        async with _translated():
            try:
                info = await self._redis.xinfo_stream(stream)
                groups = await self._redis.xinfo_groups(stream)
            except ResponseError:
                return None
        return StreamState(
            name=stream,
            length=int(info["length"]),
            last_id=_text(info["last-generated-id"]),
            groups=tuple(
                GroupLag(
                    name=_text(group["name"]),
                    lag=None if group["lag"] is None else int(group["lag"]),
                    pending=int(group["pending"]),
                    last_delivered_id=_text(group["last-delivered-id"]),
                )
                for group in groups
            ),
        )

    async def rejects(self, *, count: int) -> list[dict[str, str]]:
        """The newest refused inputs, newest first, each with its error."""
        async with _translated():
            entries = await self._redis.xrevrange(keys.REJECTS_STREAM, count=count)
        return [
            {"id": entry_id.decode()}
            | {name.decode(): value.decode(errors="replace") for name, value in fields.items()}
            for entry_id, fields in entries
        ]

    async def _oldest_kept(self, retention_s: int) -> str:
        """The id before which entries are too old, by the server's clock: a collector's host may run fast."""
        now_ms = time.time_ns() // 1_000_000
        if self._clock_offset_ms is None:
            self._clock_offset_ms = await self.server_time_us() // 1_000 - now_ms
        return str(max(0, now_ms + self._clock_offset_ms - retention_s * 1_000))

    async def _oldest_unstored(self, stream: str, oldest: str) -> str:
        """`oldest`, or the stored position of the stream where that is older: what is not stored is not trimmed."""
        now = time.monotonic()
        if now - self._stored_read_at >= STORED_READ_EVERY_S:
            async with _translated():
                stored = await self._redis.hgetall(keys.STORED_POSITIONS)
            self._stored = {_text(name): parse_id(_text(position))[0] for name, position in stored.items()}
            self._stored_read_at = now
        return str(min(int(oldest), self._stored.get(stream, int(oldest))))


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _stream_entries(stream: str, raw: RawEntries) -> list[Entry]:
    # A pending entry that was trimmed meanwhile comes back without fields.
    return [Entry(stream, entry_id.decode(), (fields or {}).get(b"data")) for entry_id, fields in raw]


def _entries(
    answer: Sequence[tuple[bytes, Sequence[tuple[bytes, dict[bytes, bytes]]]]] | None,
) -> list[Entry]:
    return [entry for name, raw in answer or () for entry in _stream_entries(name.decode(), raw)]
