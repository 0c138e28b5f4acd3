"""PREFERRED_SOURCES in a merger: another source stands than the row of the symbol says, and falls silent like any."""

import time

from collectors import keys
from collectors.bus import Bus
from collectors.settings import CollectorSettings
from tests.integration.live import event, eventually, running
from thor_web.livedata.merger import Merger

KEPT_S = 86_400


async def test_the_configuration_s_source_stands_until_it_has_been_silent_for_the_limit(
    bus: Bus, settings: CollectorSettings
) -> None:
    chosen = settings.model_copy(update={"preferred_sources": "ES=SCHWAB", "stale_after_ms": 500})
    for source in ("SCHWAB", "TOS"):
        await bus.register_source(source)
    merger = Merger(bus, chosen)
    told: list[str] = []

    async def stands() -> str:
        """What stands after the next event of thinkorswim."""
        told.append(str(len(told)))
        await bus.publish("TOS", [event(len(told), symbol="ES", source="TOS")], retention_s=KEPT_S)
        return (await bus.read_latest()).get("ES", {}).get(b"source", b"").decode()

    async with running(merger.run()):
        await eventually(stands, lambda source: source == "TOS", "thinkorswim is alone")
        spoke = time.monotonic()
        await bus.publish("SCHWAB", [event(1, symbol="ES", source="SCHWAB")], retention_s=KEPT_S)
        await eventually(stands, lambda source: source == "SCHWAB", "Schwab takes the symbol")
        await eventually(stands, lambda source: source == "TOS", "Schwab has been silent")
        assert time.monotonic() - spoke >= 0.5
    await merger.close()
    assert len(await bus.newest_entries(keys.source_stream("TOS"), count=10_000)) == len(told)
