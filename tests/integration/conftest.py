"""A bus on the test's own real server."""

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from collectors.bus import Bus
from collectors.settings import CollectorSettings


@pytest.fixture
def settings(redis_url: str) -> CollectorSettings:
    return CollectorSettings(redis_url=SecretStr(redis_url))


@pytest.fixture
async def bus(redis_url: str) -> AsyncIterator[Bus]:
    connected = Bus.from_url(redis_url)
    yield connected
    await connected.close()
