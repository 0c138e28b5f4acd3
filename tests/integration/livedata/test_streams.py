"""Hub and streams on a real server: every event once and in order, resume, conflation, slow clients."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from collectors import keys
from collectors.bus import Bus, Packed
from tests.integration.live import event, eventually, running
from tests.integration.livedata.streaming import StreamServer, append, has_read, ids, position_of, stream_server
from tests.integration.own_redis import OwnRedis
from thor_fast import QuoteEvent, pack
from thor_web.livedata.interface import Hub, StreamRequest, TooManyStreams
from thor_web.livedata.services import fanout


@pytest.fixture
async def server_bus(own_redis: OwnRedis) -> AsyncIterator[Bus]:
    """The server's own connections to a Redis of the test's own."""
    made = Bus.from_url(own_redis.url)
    yield made
    await made.close()


@pytest.fixture
async def server(bus: Bus) -> AsyncIterator[StreamServer]:
    async with stream_server(bus) as made:
        yield made


async def test_each_event_once_and_in_order(bus: Bus, server: StreamServer) -> None:
    client = await server.connect()
    written = await append(bus, *[event(seq) for seq in range(1, 51)])
    seen = await client.read(50)
    assert ids(seen) == written
    assert json.loads(seen[-1]["data"]) == json.loads(event(50)) | {"active_source": "TOS"}
    assert client.text.startswith("retry: 1000\n\n")


async def test_only_the_symbols_that_were_asked_for(bus: Bus, server: StreamServer) -> None:
    some = await server.connect(StreamRequest(symbols=frozenset({"NQ", "ZB"})))
    every = await server.connect()
    written = await append(bus, event(1), event(1, symbol="NQ"), event(2), event(2, symbol="NQ"))
    assert ids(await some.read(2)) == [written[1], written[3]]
    assert ids(await every.read(4)) == written


async def test_records_instead_of_events(bus: Bus, server: StreamServer) -> None:
    def enrich(quote: QuoteEvent, entry_id: str) -> bytes:
        return b'{"seq":%d,"id":"%b"}' % (quote.seq or 0, entry_id.encode())

    each = await server.connect(StreamRequest(enrich=enrich))
    together = await server.connect(StreamRequest(enrich=enrich, conflate_hz=50))
    (entry_id,) = await append(bus, event(7))
    record = {"seq": 7, "id": entry_id}
    assert json.loads((await each.read(1))[0]["data"]) == record
    assert json.loads((await together.read(1))[0]["data"]) == [record]


async def test_gzip_is_one_stream_whose_parts_are_shared(bus: Bus, server: StreamServer) -> None:
    early = await server.connect(StreamRequest(gzip=True))
    written = await append(bus, *[event(seq) for seq in range(1, 6)])
    assert ids(await early.read(5)) == written
    late = await server.connect(StreamRequest(gzip=True), after=written[2])
    written += await append(bus, *[event(seq) for seq in range(6, 300)])
    assert ids(await early.read(299)) == written
    assert ids(await late.read(296)) == written[3:]


@pytest.mark.parametrize("resumed_after", [0, 10, 450, 499])
async def test_resume_is_exact_from_redis_and_from_the_ring(bus: Bus, server: StreamServer, resumed_after: int) -> None:
    written = await append(bus, *[event(seq) for seq in range(1, 501)])
    await has_read(server.hub, written[-1])
    client = await server.connect(after=written[resumed_after])
    more = await append(bus, event(501))
    expected = [*written[resumed_after + 1 :], *more]
    assert ids(await client.read(len(expected))) == expected
    missed = 0 if resumed_after >= 450 else 499 - resumed_after
    assert missed <= server.fanout.counts.from_redis <= missed + len(more)


async def test_a_new_web_process_resumes_what_an_old_one_served(bus: Bus) -> None:
    written = await append(bus, *[event(seq) for seq in range(1, 301)])
    async with stream_server(bus) as late:
        client = await late.connect(after=written[4])
        assert ids(await client.read(295)) == written[5:]
        assert late.hub.newest["ES"].id == written[-1]


async def test_a_process_that_has_read_less_than_another_waits_for_itself(bus: Bus) -> None:
    """The id is just ahead of this process's ring, and it is no reason for a reset."""
    async with stream_server(bus) as quick, stream_server(bus) as slow:
        client = await quick.connect()
        async with running(asyncio.sleep(60)):
            written = await append(bus, *[event(seq) for seq in range(1, 11)])
            assert ids(await client.read(10)) == written
            await has_read(slow.hub, written[-1])
            slow.hub.read_position = position_of(written[4])  # as if its last answer were still on its way
            moved = await slow.connect(after=written[-1])
            more = await append(bus, event(11))
            assert [(message["event"], message["id"]) for message in await moved.read(1)] == [("quote", more[0])]
    assert slow.fanout.counts.reset == 0


async def test_from_the_very_beginning(bus: Bus, server: StreamServer) -> None:
    written = await append(bus, *[event(seq) for seq in range(1, 301)])
    await has_read(server.hub, written[-1])
    client = await server.connect(after="0-0")
    assert ids(await client.read(300)) == written


async def test_from_the_very_beginning_before_anything_was_merged(bus: Bus, server: StreamServer) -> None:
    client = await server.connect(after="0-0")
    written = await append(bus, *[event(seq) for seq in range(1, 4)])
    assert ids(await client.read(3)) == written


async def test_a_position_that_is_no_longer_kept_is_a_reset(bus: Bus, server: StreamServer) -> None:
    written = await append(bus, *[event(seq) for seq in range(1, 6)])
    await has_read(server.hub, written[-1])
    long_ago = await server.connect(after="5-0")
    assert [message["event"] for message in await long_ago.read(1)] == ["reset"]
    unborn = await server.connect(after=f"{position_of(written[-1])[0] + 1_000}-0")
    assert [message["event"] for message in await unborn.read(1)] == ["reset"]
    more = await append(bus, event(6))
    assert ids(await long_ago.read(2)) == more
    assert ids(await unborn.read(2)) == more


async def test_conflation_keeps_the_newest_of_each_symbol(bus: Bus, server: StreamServer) -> None:
    client = await server.connect(StreamRequest(conflate_hz=50))
    written = await append(bus, event(1), event(2), event(1, symbol="NQ"), event(3), event(2, symbol="NQ"))
    seen = await client.until(written[-1])
    assert {message["event"] for message in seen} == {"quotes"}
    newest = {quote["symbol"]: quote["seq"] for message in seen for quote in json.loads(message["data"])}
    assert newest == {"ES": 3, "NQ": 2}


async def test_a_conflated_client_resumes_with_what_changed_meanwhile(bus: Bus, server: StreamServer) -> None:
    written = await append(bus, event(1), event(1, symbol="NQ"), *[event(seq) for seq in range(2, 300)])
    await has_read(server.hub, written[-1])
    client = await server.connect(StreamRequest(conflate_hz=50), after=written[1])
    (message,) = await client.read(1)
    assert [(quote["symbol"], quote["seq"]) for quote in json.loads(message["data"])] == [("ES", 299)]


async def test_a_conflated_stream_is_not_sent_more_often_than_asked(bus: Bus, server: StreamServer) -> None:
    client = await server.connect(StreamRequest(conflate_hz=4))
    loop = asyncio.get_running_loop()
    started = loop.time()
    seq = 0
    while len(client.seen) < 3:
        seq += 1
        written = await append(bus, event(seq))
        await has_read(server.hub, written[-1])
        if seq % 20 == 0:
            await client.read(len(client.seen) + 1)
    assert loop.time() - started > 0.45
    assert json.loads(client.seen[0]["data"])[0]["seq"] == 1


async def test_a_client_that_is_too_slow_is_told_and_conflated(bus: Bus) -> None:
    async with stream_server(bus, capacity=1_000) as server:
        slow = await server.connect(receive_buffer=4_096)
        quick = await server.connect()
        written: list[str] = []
        while server.fanout.counts.conflated == 0:
            # A connection takes some megabytes that nobody reads before it refuses more.
            written += await append(bus, *[event(len(written) + n) for n in range(1, 1_001)])
            await quick.until(written[-1])
            if len(written) == 30_000:
                assert await slow.more()
            elif len(written) > 30_000:
                await slow.more()
        (last,) = await append(bus, event(1, symbol="NQ"))
        await quick.until(last)
        seen = await slow.until(last)
        assert ids(quick.seen) == [*written, last]
        kinds = [message["event"] for message in seen]
        told = kinds.index("conflated")
        assert set(kinds[:told]) == {"quote"}
        assert set(kinds[told + 1 :]) == {"quotes"}
        assert ids(seen) == written[: len(ids(seen))]  # what it got before was whole
        newest = {quote["symbol"]: quote["seq"] for m in seen[told + 1 :] for quote in json.loads(m["data"])}
        assert newest == {"ES": len(written), "NQ": 1}


async def test_a_slow_client_that_stays_on_the_ring_gets_everything(bus: Bus) -> None:
    async with stream_server(bus, capacity=100_000) as server:
        slow = await server.connect(receive_buffer=4_096)
        written: list[str] = []

        async def blocked() -> bool:
            return any(client.is_blocked() for client in server.fanout.clients)

        while not await blocked():
            written += await append(bus, *[event(len(written) + n) for n in range(1, 1_001)])
            await has_read(server.hub, written[-1])
        written += await append(bus, *[event(len(written) + n) for n in range(1, 3_001)])
        assert ids(await slow.until(written[-1])) == written
        assert server.fanout.counts.conflated == 0


async def test_a_client_that_leaves_is_forgotten_at_once(bus: Bus, server: StreamServer) -> None:
    clients = [
        await server.connect(wanted)
        for wanted in (
            StreamRequest(),
            StreamRequest(symbols=frozenset({"ES"})),
            StreamRequest(conflate_hz=4),
            StreamRequest(conflate_hz=4, symbols=frozenset({"ES"})),
        )
    ]
    assert len(server.fanout) == 4
    for client in clients:
        await client.close()

    async def left() -> int:
        return len(server.fanout)

    await eventually(left, lambda count: count == 0, "all have left")
    assert server.fanout.groups() == []


async def test_a_client_that_left_before_it_was_served_is_not_kept(bus: Bus, server: StreamServer) -> None:
    loop = asyncio.get_running_loop()
    here, there = socket.socketpair()
    transport, _ = await loop.connect_accepted_socket(asyncio.Protocol, here)
    transport.abort()
    there.close()
    assert isinstance(transport, asyncio.Transport)
    server.fanout.open(transport, StreamRequest(), caller="test", head=b"", greeting=b"")
    assert len(server.fanout) == 0


async def test_there_is_room_for_so_many_and_no_more(bus: Bus) -> None:
    async with stream_server(bus, most_clients=3, most_a_caller=2) as server:
        await server.connect()
        server.fanout.require_room("test")
        await server.connect()
        with pytest.raises(TooManyStreams, match="caller"):
            server.fanout.require_room("test")
        server.fanout.require_room("another")
        await server.connect()
        with pytest.raises(TooManyStreams, match="server"):
            server.fanout.require_room("another")
        assert server.fanout.counts.refused == 2


async def test_a_process_that_stops_sends_its_clients_away_with_all_it_had(bus: Bus) -> None:
    async with stream_server(bus) as server:
        client = await server.connect()
        written = await append(bus, *[event(seq) for seq in range(1, 51)])
        await has_read(server.hub, written[-1])
        await server.fanout.drain()
        while await client.more():
            pass
        assert ids(client.seen) == written
        told = [int(line.split()[1]) for line in client.text.splitlines() if line.startswith("retry: ")]
        assert told[0] == 1_000
        assert 50 <= told[1] <= 51
        with pytest.raises(TooManyStreams, match="server"):
            server.fanout.require_room("test")


async def test_a_poisoned_entry_is_skipped_and_counted(bus: Bus, server: StreamServer) -> None:
    client = await server.connect()
    written = await append(bus, b"poison", event(1))
    assert ids(await client.read(1)) == [written[1]]
    assert server.hub.skipped == 1
    assert await bus.last_id(keys.UNIFIED_STREAM) == written[1]


async def test_who_resumes_and_is_overtaken_by_the_ring_misses_nothing(bus: Bus) -> None:
    async with stream_server(bus, capacity=1_000) as server:
        written = await append(bus, *[event(seq) for seq in range(1, 1_901)])
        await has_read(server.hub, written[-1])
        # It takes nothing while the ring moves on past everything that it was to be sent from there.
        client = await server.connect(after=written[0], receive_buffer=4_096)
        await eventually(blocked(server), bool, "the client has not taken all")
        written += await append(bus, *[event(seq) for seq in range(1_901, 5_001)])
        await has_read(server.hub, written[-1])
        assert ids(await client.until(written[-1])) == written[1:]
        assert server.fanout.counts.from_redis > 0
        assert server.fanout.counts.conflated == 0


async def test_who_resumes_and_takes_less_than_the_market_brings_is_told_and_conflated(
    bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would stay behind for ever, read from Redis each time, until what it lacks is trimmed."""
    monkeypatch.setattr(fanout, "CATCHING_UP_S", 0.0)
    async with stream_server(bus, capacity=100) as server:
        written = await append(bus, *[event(seq) for seq in range(1, 5_001)])
        await has_read(server.hub, written[-1])
        client = await server.connect(after=written[0], receive_buffer=4_096)
        while server.fanout.counts.conflated == 0:
            written += await append(bus, *[event(len(written) + n) for n in range(1, 1_001)])
            await has_read(server.hub, written[-1])
            assert await client.more()
        (last,) = await append(bus, event(1, symbol="NQ"))
        seen = await client.until(last)
        kinds = [message["event"] for message in seen]
        told = kinds.index("conflated")
        assert ids(seen[:told]) == written[1 : told + 1]
        assert set(kinds[told + 1 :]) == {"quotes"}
        assert server.fanout.counts.reset == 0


async def test_who_resumes_and_comes_nearer_to_the_market_gets_everything_however_long_it_takes(
    bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fanout, "CATCHING_UP_S", 0.0)
    born_ms = await bus.server_time_us() // 1_000 - 60_000
    written = [f"{born_ms + n}-0" for n in range(1, 5_001)]
    commands = [pack("XADD", keys.UNIFIED_STREAM, entry_id, "data", event(n)) for n, entry_id in enumerate(written, 1)]
    await bus._routes.ask(Packed(keys.UNIFIED_STREAM, b"".join(commands), len(commands)))
    async with stream_server(bus, capacity=100) as server:
        late = await server.connect(after=written[0])
        assert ids(await late.until(written[-1])) == written[1:]
        assert server.fanout.counts.from_redis > 4_000
        assert server.fanout.counts.conflated == 0


def blocked(server: StreamServer) -> Callable[[], Awaitable[bool]]:
    """Whether every client of a server has more to take."""

    async def look() -> bool:
        return all(client.is_blocked() for client in server.fanout.clients)

    return look


async def test_a_crowd_of_poisoned_entries_hides_nothing_from_who_resumes(bus: Bus) -> None:
    written = await append(bus, event(1), *[b"poison"] * 1_100, *[event(seq) for seq in range(2, 302)])
    async with stream_server(bus) as server:
        client = await server.connect(after=written[0])
        assert ids(await client.until(written[-1])) == written[1_101:]


async def test_a_redis_that_freezes_and_dies_is_said_and_its_return_as_well(
    own_redis: OwnRedis, own_bus: Bus, server_bus: Bus
) -> None:
    async with stream_server(server_bus) as server:
        client = await server.connect()
        conflated = await server.connect(StreamRequest(conflate_hz=50))
        first = await append(own_bus, event(1))
        assert ids(await client.read(1)) == first
        own_redis.freeze()
        assert (await client.read(2))[-1] == {"event": "degraded", "data": '{"degraded":true}'}
        own_redis.thaw()
        assert (await client.read(3))[-1] == {"event": "degraded", "data": '{"degraded":false}'}
        own_redis.kill()
        assert (await client.read(4))[-1]["data"] == '{"degraded":true}'
        assert server.hub.newest["ES"].id == first[0]
        late = await server.connect(after=first[0])
        assert (await late.read(1))[0]["data"] == '{"degraded":true}'
        await own_redis.start()
        second = await append(own_bus, event(2))
        assert ids(await client.read(6)) == [*first, *second]
        assert ids(await late.read(3)) == second
        told = [message["data"] for message in await conflated.until(second[0]) if message["event"] == "degraded"]
        assert told == ['{"degraded":true}', '{"degraded":false}', '{"degraded":true}', '{"degraded":false}']


async def test_a_position_from_before_this_process_waits_for_redis(
    own_redis: OwnRedis, own_bus: Bus, server_bus: Bus
) -> None:
    written = await append(own_bus, *[event(seq) for seq in range(1, 301)])
    async with stream_server(server_bus) as server:
        own_redis.kill()
        client = await server.connect(after=written[3])
        await own_redis.start()
        assert ids(await client.until(written[-1])) == written[4:]


async def test_the_mirror_is_in_stream_order(bus: Bus) -> None:
    await append(bus, event(1, symbol="NQ"), event(1), event(1, symbol="ZB"), event(2, symbol="NQ"))
    hub = Hub(bus, capacity=100)
    async with running(hub.run()):
        assert await hub.wait_ready(timeout_s=30)
        assert [frame.symbol for frame in hub.newest_after((0, 0))] == ["ES", "ZB", "NQ"]
