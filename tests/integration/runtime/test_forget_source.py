"""`thor forget-source` on a real Redis: what it refuses, and that the rest stays."""

import asyncio

import pytest

from collectors import keys
from collectors.bus import Bus
from tests.integration.live import event
from thor_web.cli.main import main
from thor_web.cli.sources import require_forgettable
from thor_web.runtime.errors import ThorError

KEPT_S = 86_400


async def publish(bus: Bus, source: str) -> None:
    await bus.register_source(source)
    await bus.publish(source, [event(1, source=source), event(2, source=source)], retention_s=KEPT_S)


async def test_a_source_nobody_reads_may_go(bus: Bus) -> None:
    await publish(bus, "TOS")
    assert await require_forgettable(bus, "TOS", force=False) == 2
    with pytest.raises(ThorError, match="No source MOCK"):
        await require_forgettable(bus, "MOCK", force=True)


async def test_one_that_is_at_work_or_not_read_is_kept(bus: Bus) -> None:
    await publish(bus, "TOS")
    await bus.ensure_group(keys.source_stream("TOS"), keys.INGEST_GROUP)
    with pytest.raises(ThorError, match="2 entries behind"):
        await require_forgettable(bus, "TOS", force=False)
    assert await require_forgettable(bus, "TOS", force=True) == 2
    await bus.heartbeat("collector:TOS", {"state": "running"}, ttl_s=60)
    with pytest.raises(ThorError, match="at work"):
        await require_forgettable(bus, "TOS", force=True)


async def test_the_command_takes_out_one_and_leaves_the_others(
    bus: Bus, redis_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    await publish(bus, "TOS")
    await publish(bus, "MOCK")
    monkeypatch.setenv("REDIS_URL", redis_url)
    assert await asyncio.to_thread(main, ["forget-source", "TOS"]) == 0
    assert capsys.readouterr().out == "TOS is forgotten, with 2 entries; what was merged or stored of it stays.\n"
    assert await bus.sources() == ["MOCK"]
    assert await asyncio.to_thread(main, ["forget-source", "TOS"]) == 1
    assert capsys.readouterr().err == "thor: No source TOS has published here.\n"
