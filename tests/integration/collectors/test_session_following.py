"""A live collector is at work while its market's quotes are wanted, and rests while they are not."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

from pydantic import SecretStr

from collectors.bus import Bus
from collectors.instruments import load_instruments
from collectors.session_following import SessionFollower
from collectors.session_gate import SessionGate
from collectors.settings import CollectorSettings
from collectors.sources.base import CollectSpec
from tests.integration.collectors.test_runner import collecting, has_events
from tests.integration.live import eventually

LOOK_S = 0.02


class Ticker:
    """A source that gives a batch now and then, and counts how often it was begun and ended."""

    name = "TOS"
    mode = "live"
    problem = None

    def __init__(self) -> None:
        self.begun = self.ended = 0

    async def batches(self) -> AsyncIterator[Sequence[bytes]]:
        self.begun += 1
        try:
            while True:
                yield [b"a quote"]
                await asyncio.sleep(LOOK_S)
        finally:
            self.ended += 1


async def say(bus: Bus, *, wanted: bool) -> None:
    """What the clock would write for every market."""
    year = 2020 if wanted else 2090
    start, end = datetime(year, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)
    spans = json.dumps([[start.isoformat(), end.isoformat()]])
    await bus.write_sessions({row.market: {"wanted": spans} for row in load_instruments()})


async def test_a_source_is_stopped_and_started_with_its_market(bus: Bus) -> None:
    source, count = Ticker(), 0
    follower = SessionFollower(source, SessionGate(bus, load_instruments()), look_s=LOOK_S)  # type: ignore[arg-type]

    async def take() -> None:
        nonlocal count
        async for _ in follower.batches():
            count += 1

    async def state() -> tuple[bool, int, int]:
        return follower.resting, source.begun, source.ended

    await say(bus, wanted=True)
    task = asyncio.create_task(take())
    await eventually(state, lambda found: found == (False, 1, 0) and count > 1, "at work")
    await say(bus, wanted=False)
    await eventually(state, lambda found: found == (True, 1, 1), "at rest")
    await say(bus, wanted=True)
    await eventually(state, lambda found: found == (False, 2, 1), "at work again")
    task.cancel()
    await asyncio.wait({task})
    assert (source.begun, source.ended) == (2, 2)


async def test_a_collector_that_follows_rests_and_says_so(bus: Bus, redis_url: str) -> None:
    await say(bus, wanted=False)
    settings = CollectorSettings(redis_url=SecretStr(redis_url), follow_sessions=True)

    async def resting() -> bool:
        return (await bus.health()).get("collector:MOCK", {}).get("state") == "resting"

    async with collecting(CollectSpec("mock", seed=1), settings):
        await eventually(resting, bool, "it rests")
        assert await bus.stream_state("quotes:stream:MOCK") is None
        await say(bus, wanted=True)
        await has_events(bus, "MOCK", 1)


async def test_a_collector_that_does_not_follow_is_at_work_whatever_the_time(bus: Bus, redis_url: str) -> None:
    await say(bus, wanted=False)
    async with collecting(CollectSpec("mock", seed=1), CollectorSettings(redis_url=SecretStr(redis_url))):
        await has_events(bus, "MOCK", 1)
