"""The publisher on a real server that stops, dies and comes back: nothing lost, nothing out of order."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from collectors.bus import Bus, BusUnavailable
from collectors.publisher import WAITING_BATCHES, Publisher
from collectors.settings import CollectorSettings
from collectors.sources.base import Mode
from collectors.spool import Spool
from tests.integration.collectors.conftest import published
from tests.integration.live import eventually
from tests.integration.own_redis import OwnRedis
from thor_fast import parse_batch


def event(number: int, source: str = "TOS") -> bytes:
    return (
        f'{{"v":1,"symbol":"ES","ts":{1_764_169_200_000 + number},"source":"{source}","last":null,"bid":4800.25,'
        f'"ask":null,"lastSize":null,"bidSize":1,"askSize":null,"seq":{number}}}'
    ).encode()


def events(first: int, last: int) -> list[bytes]:
    return [event(number) for number in range(first, last)]


def canonical(candidates: list[bytes]) -> list[bytes]:
    return parse_batch(candidates)[0].to_json()


MakePublisher = Callable[..., Publisher]


@pytest.fixture
def make_publisher(own_bus: Bus, own_settings: CollectorSettings, tmp_path: Path) -> MakePublisher:
    def make(mode: Mode, *, disk_mib: int = 8) -> Publisher:
        spool = Spool(
            memory_events=own_settings.spool_memory_events,
            disk_bytes=disk_mib * 1024 * 1024,
            folder=tmp_path / "spool" / "TOS",
        )
        spool.open()
        return Publisher(own_bus, own_settings, spool, name="TOS", mode=mode)

    return make


@asynccontextmanager
async def running(publisher: Publisher) -> AsyncIterator[asyncio.Task[None]]:
    """Runs beside the test; what is left at its end is spooled, as when a collector stops."""
    task = asyncio.create_task(publisher.run())
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await publisher.flush(0)


async def sent(publisher: Publisher) -> None:
    async def empty() -> bool:
        return publisher.spooled == 0

    await eventually(empty)


async def test_events_arrive_in_order_in_their_canonical_form(own_bus: Bus, make_publisher: MakePublisher) -> None:
    publisher = make_publisher("live")
    async with running(publisher):
        await publisher.offer(events(0, 1))
        await publisher.offer(events(1, 750))
        await sent(publisher)
    assert await published(own_bus, "TOS") == canonical(events(0, 750))
    assert (publisher.tally.published, publisher.tally.newest_ts_us) == (750, 1_764_169_200_749_000)
    assert await own_bus.sources() == ["TOS"]


async def test_each_event_goes_to_the_stream_of_its_own_source(own_bus: Bus, make_publisher: MakePublisher) -> None:
    publisher = make_publisher("replay")
    mixed = [event(number, source) for number, source in enumerate(["TOS", "MOCK", "TOS", "SCHWAB", "MOCK"])]
    async with running(publisher):
        await publisher.offer(mixed)
        await sent(publisher)
    assert await own_bus.sources() == ["MOCK", "SCHWAB", "TOS"]
    assert await published(own_bus, "TOS") == canonical([mixed[0], mixed[2]])
    assert await published(own_bus, "MOCK") == canonical([mixed[1], mixed[4]])


async def test_bad_input_is_kept_counted_and_stops_nothing(own_bus: Bus, make_publisher: MakePublisher) -> None:
    publisher = make_publisher("live")
    async with running(publisher) as sending:
        await publisher.offer([b"junk", event(0), b'{"symbol":"ES"}', event(1, "NOBODY"), event(2), b"more junk"])
        await publisher.offer([b"junk again"])
        await publisher.finish()
        await sending
    assert await published(own_bus, "TOS") == canonical([event(0), event(2)])
    assert publisher.tally.rejects == {"bad_json": 3, "missing_field": 1, "unknown_source": 1}
    kept = await own_bus.rejects(count=10)
    assert [(reject["source"], reject["data"]) for reject in kept[::-1]] == [
        ("TOS", "junk"),
        ("TOS", '{"symbol":"ES"}'),
        ("TOS", event(1, "NOBODY").decode()),
        ("TOS", "more junk"),
        ("TOS", "junk again"),
    ]


async def test_a_reject_whose_answer_was_lost_stands_once(
    own_bus: Bus, make_publisher: MakePublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher = make_publisher("live")
    keep = own_bus.reject
    answers = [1, 2]

    async def lose_two_answers(*arguments: Any, **named: Any) -> None:
        await keep(*arguments, **named)
        if answers:
            answers.pop()
            raise BusUnavailable("the answer was lost")

    monkeypatch.setattr(own_bus, "reject", lose_two_answers)
    async with running(publisher) as sending:
        await publisher.offer([b"junk", b"more junk", b"junk"])
        await publisher.finish()
        await sending
    assert [reject["data"] for reject in (await own_bus.rejects(count=10))[::-1]] == ["junk", "more junk", "junk"]


async def test_nothing_is_lost_or_disordered_while_redis_is_away(
    own_redis: OwnRedis, own_bus: Bus, make_publisher: MakePublisher
) -> None:
    publisher = make_publisher("live")
    async with running(publisher):
        await publisher.offer(events(0, 300))
        await sent(publisher)
        own_redis.stop()
        # Ten times what fits in memory: the rest waits on disk.
        for start in range(300, 10_300, 500):
            await publisher.offer(events(start, start + 500))
        assert publisher.spooled == 10_000

        async def noticed() -> bool:
            return publisher.tally.waiting_for_redis is not None

        await eventually(noticed)
        await own_redis.start()
        await publisher.offer(events(10_300, 10_400))
        await sent(publisher)
    assert publisher.tally.waiting_for_redis is None
    assert publisher.dropped == 0
    assert await published(own_bus, "TOS") == canonical(events(0, 10_400))
    assert await own_bus.sources() == ["TOS"]


async def test_redis_killed_while_events_flow_loses_doubles_and_disorders_none(
    own_redis: OwnRedis, own_bus: Bus, make_publisher: MakePublisher
) -> None:
    publisher = make_publisher("live")
    async with running(publisher):
        offered = 0
        for _ in range(3):
            for _ in range(20):
                await publisher.offer(events(offered, offered + 50))
                offered += 50
                await asyncio.sleep(0)
            own_redis.kill()
            await publisher.offer(events(offered, offered + 50))
            offered += 50
            await own_redis.start()
        await sent(publisher)
    assert await published(own_bus, "TOS") == canonical(events(0, offered))


async def test_a_source_that_can_wait_is_not_read_on_while_redis_is_away(
    own_redis: OwnRedis, own_bus: Bus, own_settings: CollectorSettings, make_publisher: MakePublisher
) -> None:
    publisher = make_publisher("replay")
    told = 0

    async def tell() -> None:
        nonlocal told
        for start in range(0, 5_000, 50):
            await publisher.offer(events(start, start + 50))
            told += 50

    own_redis.stop()
    async with running(publisher):
        telling = asyncio.create_task(tell())

        async def full() -> bool:
            return publisher.spooled >= WAITING_BATCHES * own_settings.publish_batch

        await eventually(full)
        assert told < WAITING_BATCHES * own_settings.publish_batch + 50
        await own_redis.start()
        await telling
        await sent(publisher)
    assert publisher.dropped == 0
    assert await published(own_bus, "TOS") == canonical(events(0, 5_000))


async def test_at_the_bound_the_oldest_live_events_go_and_are_counted(
    own_redis: OwnRedis, own_bus: Bus, make_publisher: MakePublisher
) -> None:
    own_redis.stop()
    publisher = make_publisher("live", disk_mib=0)
    async with running(publisher):
        for start in range(0, 5_000, 100):
            await publisher.offer(events(start, start + 100))
        dropped = publisher.dropped
        assert 3_800 <= dropped <= 4_000
        assert publisher.spooled == 5_000 - dropped
        await own_redis.start()
        await sent(publisher)
    stood = await published(own_bus, "TOS")
    assert stood[-1_000:] == canonical(events(4_000, 5_000))
    assert len(stood) == 5_000 - dropped


async def test_what_a_stopped_collector_could_not_send_is_sent_first_by_the_next(
    own_redis: OwnRedis, own_bus: Bus, make_publisher: MakePublisher
) -> None:
    own_redis.stop()
    stopped = make_publisher("live")
    async with running(stopped):
        await stopped.offer(events(0, 2_500))
    await own_redis.start()
    following = make_publisher("live")
    async with running(following):
        await following.offer(events(2_500, 2_600))
        await sent(following)
    assert await published(own_bus, "TOS") == canonical(events(0, 2_600))


async def test_finishing_returns_when_everything_is_sent(own_bus: Bus, make_publisher: MakePublisher) -> None:
    publisher = make_publisher("replay")
    sending = asyncio.create_task(publisher.run())
    await publisher.offer(events(0, 150))
    await publisher.finish()
    await sending
    assert await publisher.flush(1) == 0
    assert len(await published(own_bus, "TOS")) == 150


async def test_a_server_that_refuses_is_asked_again_until_it_takes(
    own_redis: OwnRedis, own_bus: Bus, make_publisher: MakePublisher
) -> None:
    await own_bus._redis.set("quotes:stream:TOS", "of another type")
    publisher = make_publisher("live")
    async with running(publisher):
        await publisher.offer(events(0, 10))

        async def refused() -> bool:
            return "WRONGTYPE" in (publisher.tally.waiting_for_redis or "")

        await eventually(refused)
        await own_bus._redis.delete("quotes:stream:TOS")
        await sent(publisher)
    assert await published(own_bus, "TOS") == canonical(events(0, 10))


async def test_a_server_that_freezes_is_given_up_and_gets_everything_when_it_thaws(
    own_redis: OwnRedis, own_bus: Bus, make_publisher: MakePublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collectors.publisher.ATTEMPT_S", 0.2)
    publisher = make_publisher("live")
    async with running(publisher):
        await publisher.offer(events(0, 10))
        await sent(publisher)
        own_redis.freeze()
        await publisher.offer(events(10, 500))

        async def given_up() -> bool:
            return publisher.tally.waiting_for_redis is not None

        await eventually(given_up)
        own_redis.thaw()
        await publisher.offer(events(500, 600))
        await sent(publisher)
    # What the frozen server had already been told it may do twice: at least once, and in order.
    assert list(dict.fromkeys(await published(own_bus, "TOS"))) == canonical(events(0, 600))
