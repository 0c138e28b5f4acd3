"""Events, a bus on a real server, and what runs beside a test."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

import pytest
from pydantic import SecretStr

from collectors.bus import Bus
from collectors.settings import CollectorSettings

LIMIT_S = 20.0

T = TypeVar("T")


def event(seq: int, *, symbol: str = "ES", source: str = "TOS", bid: float = 4800.0, **fields: Any) -> bytes:
    """A canonical event as JSON, its `ts` a microsecond for each sequence number."""
    body = {
        "v": 1,
        "symbol": symbol,
        "ts": f"2025-06-11T12:00:00.{seq:06d}Z",
        "source": source,
        "last": None,
        "bid": bid,
        "ask": 4801.0,
        "lastSize": None,
        "bidSize": 1,
        "askSize": 2,
        "seq": seq,
        "condition": None,
        "venue": None,
        "meta": None,
    } | fields
    return json.dumps(body, separators=(",", ":")).encode()


@asynccontextmanager
async def running(work: Coroutine[Any, Any, None]) -> AsyncIterator[asyncio.Task[None]]:
    """Run beside the test, cancelled at its end; a failure of it fails the test."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def eventually(ask: Callable[[], Awaitable[T]], holds: Callable[[T], bool], what: str) -> T:
    """Ask until it holds."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            answer = await ask()
            if holds(answer):
                return answer
            await asyncio.sleep(0.01)
    raise AssertionError(what)


@pytest.fixture
def settings(redis_url: str) -> CollectorSettings:
    return CollectorSettings(redis_url=SecretStr(redis_url))


@pytest.fixture
async def bus(redis_url: str) -> AsyncIterator[Bus]:
    connected = Bus.from_url(redis_url)
    yield connected
    await connected.close()
