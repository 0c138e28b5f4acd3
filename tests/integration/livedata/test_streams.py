"""Hub and streams on a real server: every event once and in order, resume, conflation, slow clients."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from collectors import keys
from collectors.bus import Bus
from tests.integration.live import event, eventually, running
from tests.integration.own_redis import OwnRedis
from thor_web.livedata.interface import Hub, StreamRequest, stream

KEPT_S = 86_400


def greeting() -> bytes:
    return b""


def messages(chunk: bytes) -> list[dict[str, str]]:
    """The messages of a chunk, each as its fields; comments and retry left out."""
    found = []
    for block in chunk.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "data" in fields:
            found.append(fields)
    return found


class Client:
    """One stream, read as far as a test wants."""

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks
        self.seen: list[dict[str, str]] = []

    async def read(self, count: int) -> list[dict[str, str]]:
        """Read on until `count` messages were seen in all."""
        while len(self.seen) < count:
            self.seen += messages(await anext(self._chunks))
        return self.seen


@pytest.fixture
async def hub(bus: Bus) -> AsyncIterator[Hub]:
    made = Hub(bus, capacity=100)
    async with running(made.run()):
        yield made


async def ready(hub: Hub) -> None:
    async def state() -> bool:
        return hub.ready

    await eventually(state, bool, "the hub is ready")


async def append(bus: Bus, *events: bytes) -> list[str]:
    return await bus.append_unified(events, retention_s=KEPT_S)


def ids(seen: list[dict[str, str]]) -> list[str]:
    return [message["id"] for message in seen]


async def test_each_event_once_and_in_order(bus: Bus, hub: Hub) -> None:
    await ready(hub)
    client = Client(stream(hub, StreamRequest(), greeting))
    first = anext(client._chunks)
    assert (await first).startswith(b"retry: ")
    written = await append(bus, *[event(seq) for seq in range(1, 51)])
    seen = await client.read(50)
    assert ids(seen) == written
    assert json.loads(seen[-1]["data"]) == json.loads(event(50)) | {"active_source": "TOS"}
    assert {message["event"] for message in seen} == {"quote"}


async def test_only_the_symbols_that_were_asked_for(bus: Bus, hub: Hub) -> None:
    await ready(hub)
    client = Client(stream(hub, StreamRequest(symbols={"NQ"}), greeting))
    await anext(client._chunks)
    written = await append(bus, event(1), event(1, symbol="NQ"), event(2), event(2, symbol="NQ"))
    assert ids(await client.read(2)) == [written[1], written[3]]


@pytest.mark.parametrize("resumed_after", [0, 10, 450, 499])
async def test_resume_is_exact_from_redis_and_from_the_ring(bus: Bus, hub: Hub, resumed_after: int) -> None:
    await ready(hub)
    written = await append(bus, *[event(seq) for seq in range(1, 501)])

    async def position() -> tuple[int, int]:
        return hub.ring.last_position

    last = written[-1]
    await eventually(position, lambda p: f"{p[0]}-{p[1]}" == last, "the hub has read everything")
    ms, n = written[resumed_after].split("-")
    client = Client(stream(hub, StreamRequest(after=(int(ms), int(n))), greeting))
    more = await append(bus, event(501))
    expected = [*written[resumed_after + 1 :], *more]
    assert ids(await client.read(len(expected))) == expected


async def test_a_new_web_process_resumes_what_an_old_one_served(bus: Bus) -> None:
    written = await append(bus, *[event(seq) for seq in range(1, 301)])
    late = Hub(bus, capacity=100)
    async with running(late.run()):
        await ready(late)
        ms, n = written[4].split("-")
        client = Client(stream(late, StreamRequest(after=(int(ms), int(n))), greeting))
        assert ids(await client.read(295)) == written[5:]
        assert late.newest["ES"].id == written[-1]


async def test_from_the_very_beginning(bus: Bus, hub: Hub) -> None:
    await ready(hub)
    written = await append(bus, *[event(seq) for seq in range(1, 301)])
    await eventually(bus_position(hub), lambda last: last == written[-1], "the hub has read everything")
    client = Client(stream(hub, StreamRequest(after=(0, 0)), greeting))
    assert ids(await client.read(300)) == written


async def test_from_the_very_beginning_before_anything_was_merged(bus: Bus, hub: Hub) -> None:
    await ready(hub)
    client = Client(stream(hub, StreamRequest(after=(0, 0)), greeting))
    assert (await anext(client._chunks)).startswith(b"retry: ")
    waiting = asyncio.ensure_future(client.read(3))
    written = await append(bus, *[event(seq) for seq in range(1, 4)])
    assert ids(await waiting) == written


def bus_position(hub: Hub) -> Any:
    async def last() -> str:
        return "-".join(map(str, hub.ring.last_position))

    return last


async def test_a_position_that_is_no_longer_kept_is_a_reset(bus: Bus, hub: Hub) -> None:
    await ready(hub)
    written = await append(bus, *[event(seq) for seq in range(1, 6)])
    await eventually(bus_position(hub), lambda last: last == written[-1], "the hub has read everything")
    long_ago = Client(stream(hub, StreamRequest(after=(5, 0)), greeting))
    assert [message["event"] for message in await long_ago.read(1)] == ["reset"]
    unborn = Client(stream(hub, StreamRequest(after=(int(written[-1].split("-")[0]) + 1_000, 0)), greeting))
    assert [message["event"] for message in await unborn.read(1)] == ["reset"]
    more = await append(bus, event(6))
    assert ids((await long_ago.read(2))[1:]) == more


async def test_conflation_keeps_the_newest_of_each_symbol(bus: Bus, hub: Hub) -> None:
    await ready(hub)
    client = Client(stream(hub, StreamRequest(conflate_hz=50), greeting))
    await anext(client._chunks)
    written = await append(bus, event(1), event(2), event(1, symbol="NQ"), event(3), event(2, symbol="NQ"))
    seen = await client.read(1)
    while seen[-1]["id"] != written[-1]:
        seen = await client.read(len(seen) + 1)
    assert {message["event"] for message in seen} == {"quotes"}
    newest = {quote["symbol"]: quote["seq"] for message in seen for quote in json.loads(message["data"])}
    assert newest == {"ES": 3, "NQ": 2}


async def test_a_client_that_is_too_slow_is_told_and_conflated(bus: Bus, hub: Hub) -> None:
    await ready(hub)
    slow = Client(stream(hub, StreamRequest(), greeting))
    await anext(slow._chunks)
    for start in range(1, 1_000, 100):
        await append(bus, *[event(seq) for seq in range(start, start + 100)])
    (newest,) = await append(bus, event(1, symbol="NQ"))
    await eventually(bus_position(hub), lambda last: last == newest, "the hub has read everything")
    seen = await slow.read(2)
    assert [message["event"] for message in seen[:2]] == ["conflated", "quotes"]
    assert {quote["symbol"]: quote["seq"] for quote in json.loads(seen[1]["data"])} == {"ES": 1_000, "NQ": 1}
    assert hub.clients == 1


async def test_a_poisoned_entry_is_skipped_and_counted(bus: Bus, hub: Hub) -> None:
    await ready(hub)
    client = Client(stream(hub, StreamRequest(), greeting))
    await anext(client._chunks)
    written = await append(bus, b"poison", event(1))
    assert ids(await client.read(1)) == [written[1]]
    assert hub.skipped == 1
    assert await bus.last_id(keys.UNIFIED_STREAM) == written[1]


async def test_a_redis_that_freezes_and_dies_is_said_and_its_return_as_well(own_redis: OwnRedis, own_bus: Bus) -> None:
    hub = Hub(Bus.from_url(own_redis.url), capacity=100)
    async with running(hub.run()):
        await ready(hub)
        client = Client(stream(hub, StreamRequest(), greeting))
        await anext(client._chunks)
        first = await append(own_bus, event(1))
        assert ids(await client.read(1)) == first
        own_redis.freeze()
        assert (await client.read(2))[-1] == {"event": "degraded", "data": '{"degraded":true}'}
        own_redis.thaw()
        assert (await client.read(3))[-1] == {"event": "degraded", "data": '{"degraded":false}'}
        own_redis.kill()
        assert (await client.read(4))[-1]["data"] == '{"degraded":true}'
        assert hub.newest["ES"].id == first[0]
        await own_redis.start()
        second = await append(own_bus, event(2))
        seen = await client.read(6)
        assert [message.get("id") for message in seen if message["event"] == "quote"] == [*first, *second]
