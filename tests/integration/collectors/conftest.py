"""What the collectors' tests share: settings with small bounds, and what arrived."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from collectors import keys
from collectors.bus import Bus
from collectors.settings import CollectorSettings
from tests.integration.own_redis import OwnRedis


@pytest.fixture
def own_settings(own_redis: OwnRedis, tmp_path: Path) -> CollectorSettings:
    return CollectorSettings(
        redis_url=SecretStr(own_redis.url),
        thor_state=tmp_path / "state",
        publish_batch=100,
        spool_memory_events=1_000,
        spool_disk_mib=8,
    )


async def published(bus: Bus, source: str) -> list[bytes]:
    """Everything in the stream of a source."""
    entries = await bus.entries_after(keys.source_stream(source), "0-0", count=1_000_000)
    return [entry.data for entry in entries if entry.data is not None]
