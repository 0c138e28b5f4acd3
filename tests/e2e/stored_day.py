"""A part of a past day of the invented market, put into a running Thor's store as if it had been collected then."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from collectors.instruments import load_instruments
from collectors.sources.mock_market import MockMarket
from tests.e2e.conftest import RunningThor
from thor_fast import QuoteBatch
from thor_web.runtime.state import StateFolder
from thor_web.thordata.services.tick_store import TickStore
from thor_web.thordata.settings import StorageSettings
from thor_web.timezones.interface import session_state, trade_date_session

__all__ = ["MARKET", "day_before", "storage_of", "store_part"]

MARKET: Final = "GLOBEX_EQUITY"
SEED: Final = 7
STEP: Final = timedelta(seconds=5)
BATCH: Final = 5_000


def day_before() -> date:
    """The newest trade date that is over."""
    now = datetime.now(UTC)
    day = session_state(MARKET, now).trade_date
    while True:
        day -= timedelta(days=1)
        session = trade_date_session(MARKET, day)
        if session.opens_at < session.closes_at <= now:
            return day


def storage_of(running: RunningThor) -> StorageSettings:
    """The settings of a running Thor's store, for this process."""
    servers = StateFolder(running.state).read_servers()
    assert servers is not None
    named = {name.lower(): value for name, value in servers.environment().items()}
    fields = {name: value for name, value in named.items() if name in StorageSettings.model_fields}
    return StorageSettings(thor_state=running.state, **fields)  # type: ignore[arg-type]  # texts, as from the environment


def store_part(running: RunningThor, day: date, *, start: time, minutes: int, rate: float = 40.0) -> None:
    """Store so many minutes of the market from a time (UTC) on, at `rate` events a second."""
    first = datetime.combine(day, start, UTC)
    # In a thread of its own: playwright has a loop running in this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(_store(storage_of(running), _batches(first, minutes, rate)))).result()


def _batches(first: datetime, minutes: int, rate: float) -> Iterator[QuoteBatch]:
    market = MockMarket(SEED, _us(first), load_instruments(), rate=rate)
    waiting = []
    for step in range(1, round(timedelta(minutes=minutes) / STEP) + 1):
        waiting += market.step(_us(first + step * STEP))
        if len(waiting) >= BATCH:
            yield QuoteBatch.from_events(waiting)
            waiting = []
    if waiting:
        yield QuoteBatch.from_events(waiting)


async def _store(settings: StorageSettings, batches: Iterator[QuoteBatch]) -> None:
    store = await TickStore.connect(settings.conninfo())
    try:
        for number, batch in enumerate(batches, 1):
            await store.store("test:stored-day", batch, (number, 0))
    finally:
        await store.close()


def _us(at: datetime) -> int:
    return round(at.timestamp() * 1_000_000)
