"""A preferred source that somebody edits reaches the merger at work, through Redis alone; nothing is lost by it."""

import json

import orjson
import pytest

from collectors import keys
from collectors.bus import Bus
from collectors.settings import CollectorSettings
from tests.integration.live import event, eventually, running
from thor_web.livedata.merger import Merger
from thor_web.livedata.services.preferences import preferred_sources

KEPT_S = 86_400
SHIPPED = {"ES": "TOS", "NQ": "TOS"}


def document(**preferred: str) -> bytes:
    """A published configuration as far as the merger reads it."""
    return orjson.dumps(
        {"instruments": [{"symbol": symbol, "preferred_source": source} for symbol, source in preferred.items()]}
    )


async def test_an_edited_preference_decides_the_next_event(bus: Bus, settings: CollectorSettings) -> None:
    async def published(seq: int, source: str) -> None:
        await bus.register_source(source)
        await bus.publish(source, [event(seq, source=source)], retention_s=KEPT_S)

    async def stands() -> list[tuple[str, int]]:
        entries = await bus.newest_entries(keys.UNIFIED_STREAM, count=100)
        return [(read["source"], read["seq"]) for read in (json.loads(entry.data or b"") for entry in entries)]

    async def merged(source: str) -> bool:
        state = await bus.stream_state(keys.source_stream(source))
        groups = {group.name: group for group in state.groups} if state else {}
        merge = groups.get(keys.MERGE_GROUP)
        return merge is not None and merge.lag == 0 and merge.pending == 0

    merger = Merger(bus, settings)
    async with running(merger.run()):
        for seq in (1, 2):
            await published(seq, "TOS")
            await eventually(lambda: merged("TOS"), bool, "TOS is merged")
            await published(seq, "SCHWAB")
            await eventually(lambda: merged("SCHWAB"), bool, "SCHWAB is merged")
        assert await stands() == [("TOS", 1), ("TOS", 2)]

        await bus.append(keys.CONFIGURATION_STREAM, document(ES="SCHWAB"), kept=16)
        await eventually(lambda: _preferred(merger), lambda source: source == "SCHWAB", "the merger knows it")
        await published(3, "SCHWAB")
        await eventually(stands, lambda found: found[2:] == [("SCHWAB", 3)], "the preferred source has the symbol")
        await published(3, "TOS")
        await eventually(lambda: merged("TOS"), bool, "TOS is merged, and kept out")
        # What was known of each source is still known: neither is told again.
        await published(2, "TOS")
        await published(3, "SCHWAB")
        await published(4, "SCHWAB")
        await eventually(stands, lambda found: found[2:] == [("SCHWAB", 3), ("SCHWAB", 4)], "only the new one stands")
    await merger.close()


async def _preferred(merger: Merger) -> str:
    return merger.preferred["ES"]


async def test_a_configuration_that_cannot_be_read_changes_nothing(bus: Bus, settings: CollectorSettings) -> None:
    await bus.append(keys.CONFIGURATION_STREAM, b"{broken", kept=16)
    await bus.append(keys.CONFIGURATION_STREAM, document(ES="SCHWAB"), kept=16)
    await bus.append(keys.CONFIGURATION_STREAM, b"[]", kept=16)
    merger = Merger(bus, settings)
    async with running(merger.run()):
        await bus.append(keys.CONFIGURATION_STREAM, document(ES="SCHWAB"), kept=16)
        await eventually(lambda: _preferred(merger), lambda source: source == "SCHWAB", "the readable one holds")
    await merger.close()


def test_no_source_is_no_preference_and_a_bad_name_is_none() -> None:
    assert preferred_sources(document(ES="", YM="SCHWAB", NQ="no source"), SHIPPED) == {"YM": "SCHWAB"}
    assert preferred_sources(document(), SHIPPED) == SHIPPED
    for text in (b"", b"[]", b"{}", b'{"instruments":[1]}'):
        with pytest.raises(ValueError, match=r"(?i)configuration|unexpected|input"):
            preferred_sources(text, SHIPPED)
