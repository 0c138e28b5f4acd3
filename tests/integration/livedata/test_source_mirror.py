"""What one source says of each symbol, whether or not it stands."""

import json

from collectors import keys
from collectors.bus import Bus, Packed
from collectors.settings import CollectorSettings
from tests.integration.live import event, eventually, running
from thor_fast import pack
from thor_web.livedata.merger import Merger
from thor_web.livedata.services.source_mirror import SourceMirror, SourceMirrors

KEPT_S = 86_400


async def publish(bus: Bus, source: str, *events: bytes) -> None:
    await bus.register_source(source)
    await bus.publish(source, events, retention_s=KEPT_S)


async def told(mirror: SourceMirror) -> dict[str, tuple[str, int]]:
    """Source and seq of the newest quote by symbol."""
    quotes = await mirror.newest()
    read = {symbol: json.loads(quote) for symbol, (_, quote) in quotes.items()}
    return {symbol: (quote["source"], quote["seq"]) for symbol, quote in read.items()}


async def test_a_source_that_does_not_stand_is_told_all_the_same(bus: Bus) -> None:
    await publish(bus, "TOS", event(1), event(2), event(1, symbol="NQ"))
    await publish(bus, "SCHWAB", event(7, source="SCHWAB"))
    mirrors = SourceMirrors(bus)
    assert await told(mirrors.of("TOS")) == {"ES": ("TOS", 2), "NQ": ("TOS", 1)}
    assert await told(mirrors.of("SCHWAB")) == {"ES": ("SCHWAB", 7)}
    assert mirrors.of("TOS") is mirrors.of("TOS")


async def test_what_comes_later_is_taken_in_and_bad_input_left_out(bus: Bus) -> None:
    mirror = SourceMirror(bus, "TOS")
    assert await told(mirror) == {}
    await publish(bus, "TOS", event(1), b"{not json")
    assert await told(mirror) == {"ES": ("TOS", 1)}
    await publish(bus, "TOS", *(event(seq) for seq in range(2, 6_000)))
    assert await told(mirror) == {"ES": ("TOS", 5_999)}


async def test_far_behind_or_on_another_stream_it_begins_anew(bus: Bus) -> None:
    mirror = SourceMirror(bus, "TOS")
    await publish(bus, "TOS", event(1))
    assert await told(mirror) == {"ES": ("TOS", 1)}
    for start in range(2, 22_002, 1_000):
        await publish(bus, "TOS", *(event(seq) for seq in range(start, start + 1_000)))
    assert await told(mirror) == {"ES": ("TOS", 22_001)}


async def test_a_symbol_that_left_the_stream_is_told_by_what_the_merge_heard(
    bus: Bus, settings: CollectorSettings
) -> None:
    await publish(bus, "TOS", event(1))
    merger = Merger(bus, settings)
    async with running(merger.run()):
        await eventually(bus.read_latest, bool, "the event is merged")
    await merger.close()
    stream = keys.source_stream("TOS")
    await bus._routes.ask(Packed(stream, pack("DEL", stream)))
    assert await told(SourceMirror(bus, "TOS")) == {"ES": ("TOS", 1)}
