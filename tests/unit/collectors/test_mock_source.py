"""The mock source tells its market along the clock it is given."""

import asyncio

import pytest

from collectors.instruments import Instruments
from collectors.sources import mock
from collectors.sources.base import CollectSpec, UnknownSourceError
from collectors.sources.mock import MockSource
from thor_fast import parse_batch

START_US = 1_795_449_600_000_000


class Clock:
    def __init__(self, jump_us: int = 0) -> None:
        self.now_us = START_US
        self._jump_us = jump_us

    def __call__(self) -> int:
        return self.now_us

    async def sleep(self, seconds: float) -> None:
        self.now_us += round(seconds * 1e6) + self._jump_us
        self._jump_us = 0
        await asyncio.sleep(0)


async def collect(source: MockSource, count: int) -> list[bytes]:
    found: list[bytes] = []
    async for batch in source.batches():
        found.extend(batch)
        if len(found) >= count:
            break
    return found[:count]


async def test_a_seed_makes_the_market_the_same_again(instruments: Instruments) -> None:
    first, second = Clock(), Clock()
    one = MockSource(instruments, seed=1, rate=40, clock_us=first, sleep=first.sleep)
    two = MockSource(instruments, seed=1, rate=40, clock_us=second, sleep=second.sleep)
    assert await collect(one, 100) == await collect(two, 100)


async def test_after_the_machine_slept_only_new_prices_are_told(instruments: Instruments) -> None:
    clock = Clock(jump_us=3_600_000_000)
    source = MockSource(instruments, seed=1, rate=40, clock_us=clock, sleep=clock.sleep)
    batch, _ = parse_batch(await collect(source, 50))
    # What was told before the sleep is at the start; the hour itself is skipped.
    assert all(ts_us - START_US < 1_000_000 or ts_us - START_US >= 3_600_000_000 for ts_us in batch.ts_us())


def test_the_source_is_always_marked_mock(instruments: Instruments) -> None:
    source = mock.create(CollectSpec("mock", seed=1), instruments)
    assert (source.name, source.mode, source.problem) == ("MOCK", "mock", None)


@pytest.mark.parametrize("rate", [0.0, -5.0, 2e6, float("nan")])
def test_a_senseless_rate_is_wrong_usage(instruments: Instruments, rate: float) -> None:
    with pytest.raises(UnknownSourceError, match="rate must be above 0"):
        mock.create(CollectSpec("mock", rate=rate), instruments)
