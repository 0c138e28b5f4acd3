"""Events, and what runs beside a test of the live path or the store."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

LIMIT_S = 30.0

T = TypeVar("T")


def event(number: int, *, symbol: str = "ES", source: str = "TOS", bid: float = 4800.0, **fields: Any) -> bytes:
    """A canonical event as JSON, numbered by `seq` and the microseconds of `ts`."""
    body = {
        "v": 1,
        "symbol": symbol,
        "ts": f"2025-06-11T12:00:00.{number:06d}Z",
        "source": source,
        "last": None,
        "bid": bid,
        "ask": 4801.0,
        "lastSize": None,
        "bidSize": 1,
        "askSize": 2,
        "seq": number,
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


async def eventually(ask: Callable[[], Awaitable[T]], holds: Callable[[T], bool] = bool, what: str = "") -> T:
    """Ask until it holds, and the answer that did. `what` says what was waited for."""
    answer = await ask()
    try:
        async with asyncio.timeout(LIMIT_S):
            while not holds(answer):
                await asyncio.sleep(0.01)
                answer = await ask()
    except TimeoutError:
        raise AssertionError(f"not within {LIMIT_S:g} s: {what or holds}, last was {answer!r:.500}") from None
    return answer
