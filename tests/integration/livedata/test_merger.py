"""The merger on a real server: what stands, in which order, once, whatever dies in between."""

import asyncio
import json
from contextlib import AsyncExitStack, suppress

import pytest
from pydantic import SecretStr

from collectors import keys
from collectors.bus import Bus, Packed
from collectors.publisher import Publisher
from collectors.settings import CollectorSettings
from collectors.spool import Spool
from tests.integration.live import event, eventually, running
from tests.integration.livedata.dying import die_after
from tests.integration.own_redis import OwnRedis
from thor_fast import StreamMerge, pack, parse_batch
from thor_web.livedata.merger import LEASE_TRIED_S, LEASE_TTL_MS, LeaseLostError, Merger

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


@pytest.mark.parametrize("commands", [0, 1, 2, 3, 80, 201, 202, 203, 204, 205])
async def test_a_merger_that_dies_at_any_command_writes_nothing_twice(
    bus: Bus, settings: CollectorSettings, commands: int
) -> None:
    """Before it reads, within the unified stream, between that and the latest hashes, before it acknowledges."""
    events = [event(seq, symbol=symbol) for seq in range(1, 101) for symbol in ("ES", "NQ")]
    await publish(bus, *events)
    dying = Bus.from_url(settings.redis_url.get_secret_value())
    die_after(dying, commands)
    merger = Merger(dying, settings)
    await merger.wait_for_lease()
    with suppress(ExceptionGroup):
        async with asyncio.timeout(2):
            await merger.serve()
    await merger.close()
    await dying.close()
    assert await merged(bus, settings) == events
    latest = await bus.read_latest()
    newest = {entry.data: entry.id for entry in await bus.newest_entries(keys.UNIFIED_STREAM, count=2)}
    assert {fields[b"stream_id"].decode() for fields in latest.values()} == set(newest.values())


async def test_what_a_dead_merger_knew_of_silent_sources_is_not_forgotten(
    bus: Bus, settings: CollectorSettings
) -> None:
    """TOS repeats itself and so stays live; a successor must know that, though the latest hash is older."""
    start_ms = await bus.server_time_us() // 1_000 - 60_000
    for at_ms, source, body in (
        (0, "TOS", event(1)),
        (4_000, "TOS", event(1)),
        (6_000, "SCHWAB", event(1, source="SCHWAB")),
        (8_000, "TOS", event(1)),
    ):
        await add(bus, start_ms + at_ms, source, body)
    assert await merged(bus, settings, "TOS", "SCHWAB") == [event(1)]
    await add(bus, start_ms + 12_000, "SCHWAB", event(2, source="SCHWAB"))
    assert await merged(bus, settings, "TOS", "SCHWAB") == [event(1)]
    await add(bus, start_ms + 14_000, "SCHWAB", event(3, source="SCHWAB"))
    assert await merged(bus, settings, "TOS", "SCHWAB") == [event(1), event(3, source="SCHWAB")]


async def add(bus: Bus, ms: int, source: str, body: bytes) -> None:
    """An entry that the server took at a time of the past."""
    await bus.register_source(source)
    command = pack("XADD", keys.source_stream(source), f"{ms}-0", "data", body)
    await bus._routes.ask(Packed(keys.source_stream(source), command))


async def test_a_backlog_is_merged_in_the_order_of_receipt(
    bus: Bus, settings: CollectorSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A merger that was away finds one stream much longer than the other: neither may run ahead."""
    monkeypatch.setattr("thor_web.livedata.merger.READ_COUNT", 10)
    start_ms = await bus.server_time_us() // 1_000 - 600_000
    for number in range(100):
        await add(bus, start_ms + number * 1_000, "TOS", event(number))
        if number % 20 == 0:
            await add(bus, start_ms + number * 1_000 + 500, "SCHWAB", event(number, source="SCHWAB", bid=1.0))
    assert await merged(bus, settings, "TOS", "SCHWAB") == [event(number) for number in range(100)]


async def test_a_source_may_come_late_and_may_go(bus: Bus, settings: CollectorSettings) -> None:
    merger = Merger(bus, settings)
    async with running(merger.run()):
        await publish(bus, event(1))
        await eventually(lambda: unified(bus), lambda seen: seen == [event(1)], "the first event is merged")
        await publish(bus, event(1, symbol="NQ", source="LATE"), source="LATE")
        await eventually(lambda: unified(bus), lambda seen: len(seen) == 2, "the late source is merged")
        await bus.forget_source("LATE")
        assert await bus.sources() == ["TOS"]
        assert await bus.stream_state(keys.source_stream("LATE")) is None
        await publish(bus, event(2))
        await eventually(lambda: unified(bus), lambda seen: len(seen) == 3, "the others go on")
        await publish(bus, event(2, symbol="NQ", source="LATE"), source="LATE")
        await eventually(lambda: unified(bus), lambda seen: len(seen) == 4, "it may come back")
    await merger.close()


async def test_a_source_that_is_no_stream_stops_no_other(bus: Bus, settings: CollectorSettings) -> None:
    await bus.register_source("BAD")
    await bus._routes.ask(Packed("x", pack("SET", keys.source_stream("BAD"), "text")))
    await publish(bus, event(1))
    assert await merged(bus, settings) == [event(1)]


async def test_each_event_keeps_the_time_when_its_collector_received_it(bus: Bus, settings: CollectorSettings) -> None:
    await bus.register_source("TOS")
    batch = parse_batch([event(1), event(2)])[0]
    sending = await bus.start_publish("TOS", [(batch, 1_760_000_000_123_456)], retention_s=KEPT_S)
    await bus.published(await sending)
    await merged(bus, settings)
    entries = await bus.newest_entries(keys.UNIFIED_STREAM, count=10)
    assert [entry.at_us for entry in entries] == [1_760_000_000_123_456] * 2


async def test_who_waits_for_a_step_is_given_all_of_it(bus: Bus, settings: CollectorSettings) -> None:
    stream = keys.source_stream("TOS")
    await publish(bus, *[event(seq) for seq in range(1, 6)])
    await bus.ensure_group(stream, keys.MERGE_GROUP)
    read = await bus.group_reader(keys.MERGE_GROUP, "merger").read([stream], count=100, block_ms=None)
    step = StreamMerge().take(read, 100)
    assert step is not None
    waiting = asyncio.create_task(bus.read_after(keys.UNIFIED_STREAM, "0-0", count=100, block_ms=4_000))
    await eventually(lambda: bus._redis.info("clients"), lambda told: told["blocked_clients"] == 1, "the reader waits")
    replies = await bus.append_step(step, retention_s=KEPT_S)
    assert replies is not None
    assert (await waiting).ids() == [(entry_id or b"").decode() for entry_id in replies.texts()]
    assert len(replies) == 5


async def test_lag_and_latency_are_told(bus: Bus, settings: CollectorSettings) -> None:
    merger = Merger(bus, settings)
    async with running(merger.run()):
        await bus.register_source("TOS")
        batch = parse_batch([event(1)])[0]
        sending = await bus.start_publish("TOS", [(batch, await bus.server_time_us())], retention_s=KEPT_S)
        await bus.published(await sending)
        health = await eventually(bus.health, lambda all_of: all_of.get("merger", {}).get("latency_count") == "1", "")
    await merger.close()
    told = health["merger"]
    assert (told["state"], told["lag"], told["lag_TOS"], told["events_out"]) == ("merging", "0", "0", "1")
    assert told["reason_first"] == "1"
    assert list(json.loads(told["latency_buckets"]).values())[-1] == 1


async def test_a_merger_that_dies_without_a_word_is_replaced_within_two_seconds(
    bus: Bus, settings: CollectorSettings
) -> None:
    first, second = Merger(bus, settings), Merger(bus, settings)
    async with AsyncExitStack() as both:
        # Dropped without its close: the lease is left to expire.
        async with running(first.run()):
            await publish(bus, event(1))
            await eventually(lambda: unified(bus), lambda seen: seen == [event(1)], "the first event is merged")
            await both.enter_async_context(running(second.run()))
            await eventually(bus.health, lambda all_of: "merger:standby" in all_of, "the second one stands by")
        await publish(bus, event(2))
        await eventually(lambda: unified(bus), lambda seen: seen == [event(1), event(2)], "the second one took over")
    await second.close()
    assert LEASE_TTL_MS / 1_000 + LEASE_TRIED_S < 2


async def test_a_merger_that_slept_past_its_lease_writes_nothing(bus: Bus, settings: CollectorSettings) -> None:
    merger = Merger(bus, settings)
    await merger.wait_for_lease()
    await publish(bus, event(1))
    merger._lease._held_until_s = 0.0
    with pytest.raises(ExceptionGroup) as caught:
        await merger.serve()
    assert caught.group_contains(LeaseLostError)
    assert await unified(bus) == []
    await merger._lease.acquire()
    await merger.close()


async def test_redis_that_dies_under_the_merger_loses_and_doubles_nothing(own_redis: OwnRedis, own_bus: Bus) -> None:
    """Killed as by a power cut while publisher and merger work, and started again on what it had written down."""
    settings = CollectorSettings(redis_url=SecretStr(own_redis.url), publish_batch=100)
    spool = Spool(memory_events=50_000, disk_bytes=0, folder=None)
    publisher = Publisher(own_bus, settings, spool, name="TOS", mode="live")
    merger = Merger(own_bus, settings)
    told = [event(seq, symbol=symbol) for seq in range(1, 1_001) for symbol in ("ES", "NQ", "ZB")]
    async with running(publisher.run()), running(merger.run()) as merging:
        for start in range(0, len(told), 1_000):
            await publisher.offer(told[start : start + 1_000])
            await eventually(lambda: unified(own_bus), bool, "it flows")
            own_redis.kill()
            await own_redis.start()
        await eventually(lambda: unified(own_bus), lambda seen: len(seen) >= len(told), "all of it is merged")
        assert not merging.done()
    await merger.close()
    assert await unified(own_bus) == told


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
