"""A local Schwab over TLS and a source that streams from it, at a pace that suits a test."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from collectors.instruments import Instruments, load_instruments, register
from collectors.settings import SchwabSettings
from collectors.sources.schwab.access import SchwabAccess
from collectors.sources.schwab.reconnect import Pace
from collectors.sources.schwab.source import SchwabSource
from collectors.sources.schwab.subscriptions import Subscriptions
from collectors.sources.schwab.tokens import FileTokenStore, Tokens
from tests.certificates import Authority, make_authority
from tests.schwab_server import APP_KEY, APP_SECRET, LocalSchwab, local_schwab
from thor_fast import QuoteEvent, parse_batch

QUICK = Pace(
    first_s=0.05,
    longest_s=0.4,
    occupied_s=0.3,
    occupied_longest_s=1.0,
    settled_s=5.0,
    answer_s=3.0,
    silence_s=1.0,
    login_look_s=0.05,
    lease_s=0.2,
)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
async def schwab(authority: Authority) -> AsyncIterator[LocalSchwab]:
    async with local_schwab(authority) as server:
        yield server


@pytest.fixture(scope="session")
def instruments() -> Instruments:
    loaded = load_instruments()
    register(loaded)
    return loaded


@pytest.fixture
def settings(schwab: LocalSchwab, authority: Authority, tmp_path: Path) -> SchwabSettings:
    return SchwabSettings(
        thor_state=tmp_path,
        schwab_app_key=APP_KEY,
        schwab_app_secret=APP_SECRET,
        schwab_api_url=schwab.api_url,
        schwab_ca_file=authority.ca_file,
    )


@pytest.fixture
def logged_in(schwab: LocalSchwab, tmp_path: Path) -> FileTokenStore:
    """A store with a login of now."""
    store = FileTokenStore(tmp_path / "schwab-tokens.json")
    store.save(Tokens.from_login(schwab.issue(), time.time()))
    return store


@dataclass
class Listener:
    """What a source has told so far."""

    source: SchwabSource
    events: list[QuoteEvent] = field(default_factory=list)
    rejects: int = 0
    batches: int = 0

    def newest(self, symbol: str) -> QuoteEvent | None:
        return next((event for event in reversed(self.events) if event.symbol == symbol), None)

    async def until(self, holds: Callable[[], Any], deadline_s: float = 15.0) -> None:
        async with asyncio.timeout(deadline_s):
            while not holds():  # noqa: ASYNC110 - whatever a test asks for
                await asyncio.sleep(0.01)


@pytest.fixture
def make_source(settings: SchwabSettings, instruments: Instruments) -> Callable[..., SchwabSource]:
    def make(extra: tuple[str, ...] = (), **options: Any) -> SchwabSource:
        access = SchwabAccess.from_settings(settings)
        context: ssl.SSLContext = access.context
        named: dict[str, Any] = {"pace": QUICK, "repeat_s": 60.0} | options
        return SchwabSource(Subscriptions(instruments, extra), access.rest, access.keeper, context=context, **named)

    return make


@asynccontextmanager
async def listening(source: SchwabSource) -> AsyncIterator[Listener]:
    """Run a source and keep what it tells."""
    listener = Listener(source)

    async def listen() -> None:
        async for candidates in source.batches():
            events, rejects = parse_batch(candidates)
            listener.batches += 1
            listener.events.extend(events)
            listener.rejects += len(rejects)

    task = asyncio.ensure_future(listen())
    try:
        yield listener
    finally:
        task.cancel()
        ended = await asyncio.gather(task, return_exceptions=True)
        if ended and isinstance(ended[0], Exception) and not isinstance(ended[0], asyncio.CancelledError):
            raise ended[0]
