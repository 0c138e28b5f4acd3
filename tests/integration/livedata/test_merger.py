"""The merger on a real server: what stands, in which order, once, whatever dies in between."""

import pytest

from collectors import keys
from collectors.bus import Bus, Entry
from collectors.settings import CollectorSettings
from tests.integration.live import event, eventually, running
from thor_fast import parse_batch
from thor_web.livedata.merger import Merger

KEPT_S = 86_400


async def unified(bus: Bus) -> list[bytes]:
    return [entry.data or b"" for entry in await bus.newest_entries(keys.UNIFIED_STREAM, count=10_000)]


async def publish(bus: Bus, *events: bytes, source: str = "TOS") -> None:
    await bus.register_source(source)
    await bus.publish(source, events, retention_s=KEPT_S)


async def idle(bus: Bus, source: str = "TOS") -> bool:
    """Everything of a source has been read and acknowledged."""
    state = await bus.stream_state(keys.source_stream(source))
    groups = {group.name: group for group in state.groups} if state else {}
    merge = groups.get(keys.MERGE_GROUP)
    return merge is not None and merge.lag == 0 and merge.pending == 0


async def merged(bus: Bus, settings: CollectorSettings, *sources: str) -> list[bytes]:
    """Run a merger until it has nothing left to do; the unified stream then."""
    merger = Merger(bus, settings)
    async with running(merger.run()):
        for source in sources or ("TOS",):

            async def is_idle(name: str = source) -> bool:
                return await idle(bus, name)

            await eventually(is_idle, bool, f"{source} is merged")
    await merger.close()
    return await unified(bus)


async def test_events_travel_in_order_and_the_last_one_stands(bus: Bus, settings: CollectorSettings) -> None:
    events = [event(seq) for seq in range(1, 2_501)]
    await publish(bus, *events)
    assert await merged(bus, settings) == events
    latest = (await bus.read_latest())["ES"]
    last = (await bus.newest_entries(keys.UNIFIED_STREAM, count=1))[0]
    assert latest[b"seq"] == b"2500"
    assert latest[b"active_source"] == b"TOS"
    assert latest[b"stream_id"].decode() == last.id
    assert latest[b"last"] == b""


async def test_a_packet_may_return_to_an_earlier_state(bus: Bus, settings: CollectorSettings) -> None:
    a, b = event(7, bid=1.0), event(7, bid=2.0)
    await publish(bus, a, a, b, a)
    assert await merged(bus, settings) == [a, b, a]


async def test_what_is_told_twice_stands_once(bus: Bus, settings: CollectorSettings) -> None:
    events = [event(seq) for seq in range(1, 50)]
    await publish(bus, *events, *events)
    assert await merged(bus, settings) == events
    assert await merged(bus, settings) == events


async def test_the_preferred_source_stands_while_it_is_live(bus: Bus, settings: CollectorSettings) -> None:
    await publish(bus, event(1), source="TOS")
    published_ms = await bus.server_time_us() // 1_000
    while await bus.server_time_us() // 1_000 == published_ms:
        pass  # within one millisecond there is no order between two streams
    await publish(bus, event(1, source="SCHWAB"), source="SCHWAB")
    assert await merged(bus, settings, "TOS", "SCHWAB") == [event(1)]


async def test_bad_input_is_kept_with_its_error_and_stops_nothing(bus: Bus, settings: CollectorSettings) -> None:
    await publish(bus, event(1), b"{not json", event(2, source="NOBODY"), event(3))
    assert await merged(bus, settings) == [event(1), event(3)]
    rejects = await bus.rejects(count=10)
    assert [reject["code"] for reject in rejects] == ["unknown_source", "bad_json"]
    assert rejects[1]["data"] == "{not json"


async def test_a_dead_mergers_unacknowledged_batch_is_not_written_twice(bus: Bus, settings: CollectorSettings) -> None:
    """Killed between the unified stream and the latest hashes, and having written only a part."""
    events = [event(seq, symbol=symbol) for seq in range(1, 101) for symbol in ("ES", "NQ")]
    await publish(bus, *events)
    await bus.ensure_group(keys.source_stream("TOS"), keys.MERGE_GROUP)
    taken = await bus.read_group(keys.MERGE_GROUP, "dead", [keys.source_stream("TOS")], count=1_000, block_ms=1)
    assert len(taken) == len(events)
    await bus.append_unified(events[:77], retention_s=KEPT_S)
    assert await merged(bus, settings) == events


@pytest.mark.parametrize("written_symbols", [["ES"], ["ES", "NQ"]])
async def test_a_dead_merger_that_wrote_latest_hashes_but_did_not_acknowledge(
    bus: Bus, settings: CollectorSettings, written_symbols: list[str]
) -> None:
    events = [event(seq, symbol=symbol) for seq in (1, 2, 2, 3) for symbol in ("ES", "NQ")]
    events = [body.replace(b'"bidSize":1', b'"bidSize":%d' % i) for i, body in enumerate(events)]
    await publish(bus, *events)
    await bus.ensure_group(keys.source_stream("TOS"), keys.MERGE_GROUP)
    taken = await bus.read_group(keys.MERGE_GROUP, "dead", [keys.source_stream("TOS")], count=1_000, block_ms=1)
    ids = await bus.append_unified(events, retention_s=KEPT_S)
    for symbol, offset in (("ES", -2), ("NQ", -1)):
        if symbol in written_symbols:
            await write_latest(bus, events[offset], ids[offset], taken[offset])
    assert await merged(bus, settings) == events


async def write_latest(bus: Bus, body: bytes, stream_id: str, entry: Entry) -> None:
    quote = parse_batch([body])[0][0]
    received = entry.position[0] * 1_000 + min(entry.position[1], 999)
    fields: list[bytes | str] = [*quote.to_latest_fields(), "stream_id", stream_id, "received_us", str(received)]
    await bus.write_latest({quote.symbol: fields})


async def test_a_second_merger_stands_by_and_takes_over(bus: Bus, settings: CollectorSettings) -> None:
    first, second = Merger(bus, settings), Merger(bus, settings)
    async with running(second.run()):
        async with running(first.run()):
            await publish(bus, event(1))
            await eventually(lambda: unified(bus), lambda seen: seen == [event(1)], "the first event is merged")
            standby = await eventually(bus.health, lambda all_of: "merger:standby" in all_of or len(all_of) > 1, "")
            assert "merger" in standby
        await first.close()
        await publish(bus, event(2))
        await eventually(lambda: unified(bus), lambda seen: seen == [event(1), event(2)], "the second one took over")
    await second.close()
