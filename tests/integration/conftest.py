"""Buses: on a database of the session's server, and on a server of a test's own that may be killed."""

import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from collectors.bus import Bus
from collectors.settings import CollectorSettings
from tests.integration.own_redis import OwnRedis


@pytest.fixture
def settings(redis_url: str) -> CollectorSettings:
    return CollectorSettings(redis_url=SecretStr(redis_url))


@pytest.fixture
async def bus(redis_url: str) -> AsyncIterator[Bus]:
    connected = Bus.from_url(redis_url)
    yield connected
    await connected.close()


@pytest.fixture
async def own_redis() -> AsyncIterator[OwnRedis]:
    # Socket paths are short by nature: a test's own folder would be too long a name for one.
    folder = Path(tempfile.mkdtemp(prefix="thor-"))
    server = OwnRedis(folder)
    await server.start()
    yield server
    server.kill()
    shutil.rmtree(folder)


@pytest.fixture
async def own_bus(own_redis: OwnRedis) -> AsyncIterator[Bus]:
    bus = Bus.from_url(own_redis.url)
    yield bus
    await bus.close()
