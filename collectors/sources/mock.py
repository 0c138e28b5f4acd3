"""The mock source: the invented market of mock_market.py told as it happens. Always marked MOCK."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Final

from collectors.instruments import Instruments
from collectors.sources.base import CollectSpec, Mode, UnknownSourceError
from collectors.sources.mock_market import MOCK_SOURCE, MockMarket

__all__ = ["DEFAULT_RATE", "MockSource", "create"]

DEFAULT_RATE: Final = 40.0
POLL_S: Final = 0.02
LONGEST_STEP_US: Final = 5_000_000


class MockSource:
    """Steps a market along the clock."""

    name: str = MOCK_SOURCE
    mode: Mode = "mock"
    problem: str | None = None

    def __init__(
        self,
        instruments: Instruments,
        *,
        seed: int,
        rate: float,
        clock_us: Callable[[], int] = lambda: time.time_ns() // 1_000,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock_us = clock_us
        self._sleep = sleep
        self._told_us = clock_us()
        self._market = MockMarket(seed, self._told_us, instruments, rate=rate)

    async def batches(self) -> AsyncIterator[Sequence[bytes]]:
        """The events of each step, for ever."""
        while True:
            now_us = self._clock_us()
            if now_us - self._told_us > LONGEST_STEP_US:
                # The machine slept: old prices told now would look new.
                self._market.skip_to(now_us)
            self._told_us = now_us
            events = self._market.step(now_us)
            if events:
                yield [event.to_json() for event in events]
            await self._sleep(POLL_S)


def create(spec: CollectSpec, instruments: Instruments) -> MockSource:
    """A market with the asked-for seed and rate; another one at each start where no seed is given."""
    rate = DEFAULT_RATE if spec.rate is None else spec.rate
    if not 0 < rate <= 1_000_000:
        raise UnknownSourceError(f"The rate must be above 0 and at most 1,000,000 events a second, was {rate:g}.")
    seed = secrets.randbits(32) if spec.seed is None else spec.seed
    return MockSource(instruments, seed=seed, rate=rate)
