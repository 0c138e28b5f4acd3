"""Publisher and merger on a real cluster of three nodes: keys on different nodes, and a slot that moves."""

from collections.abc import AsyncIterator, Iterator

import pytest
from pydantic import SecretStr

from collectors import keys
from collectors.bus import Bus
from collectors.publisher import Publisher
from collectors.settings import CollectorSettings
from collectors.spool import Spool
from tests.integration.live import event, eventually, running
from tests.integration.own_cluster import OwnCluster
from thor_fast import register_source
from thor_web.livedata.merger import Merger

SYMBOLS = ("ES", "NQ", "ZB", "CL", "VX")


@pytest.fixture(scope="module")
def cluster() -> Iterator[OwnCluster]:
    started = OwnCluster()
    try:
        started.start()
        yield started
    finally:
        started.stop()


@pytest.fixture
async def cluster_bus(cluster: OwnCluster) -> AsyncIterator[Bus]:
    for node in cluster.nodes:
        node.client.flushall()
    bus = Bus.from_url(cluster.url)
    yield bus
    await bus.close()


@pytest.fixture
def cluster_settings(cluster: OwnCluster) -> CollectorSettings:
    return CollectorSettings(redis_url=SecretStr(cluster.url), publish_batch=50)


async def unified(bus: Bus) -> list[bytes]:
    return [entry.data or b"" for entry in await bus.newest_entries(keys.UNIFIED_STREAM, count=10_000)]


async def merged(bus: Bus, count: int) -> list[bytes]:
    """The unified stream once it holds so many."""
    return await eventually(lambda: unified(bus), lambda seen: len(seen) >= count, f"{count} are merged")


def published(bus: Bus, settings: CollectorSettings) -> Publisher:
    return Publisher(bus, settings, Spool(memory_events=10_000, disk_bytes=0, folder=None), name="TOS", mode="live")


async def test_two_sources_are_merged_over_three_nodes(
    cluster: OwnCluster, cluster_bus: Bus, cluster_settings: CollectorSettings
) -> None:
    register_source("OTHER")
    events = [event(seq, symbol=symbol) for seq in range(1, 101) for symbol in SYMBOLS]
    others = [event(seq, symbol=f"X{symbol}", source="OTHER") for seq in range(1, 101) for symbol in SYMBOLS]
    publisher, merger = published(cluster_bus, cluster_settings), Merger(cluster_bus, cluster_settings)
    async with running(publisher.run()), running(merger.run()):
        for start in range(0, len(events), 25):
            await publisher.offer([*events[start : start + 25], *others[start : start + 25]])
        seen = await merged(cluster_bus, 1_000)
    await merger.close()
    assert sorted(seen) == sorted(events + others)
    assert [body for body in seen if b'"TOS"' in body] == events
    latest = await cluster_bus.read_latest()
    assert {fields[b"seq"] for fields in latest.values()} == {b"100"}
    assert len(latest) == 2 * len(SYMBOLS)
    nodes = {cluster.node_of(keys.latest(symbol)).port for symbol in latest}
    assert len(nodes) == 3
    assert "merger" in await cluster_bus.health()


async def test_a_slot_that_moves_loses_and_doubles_nothing(
    cluster: OwnCluster, cluster_bus: Bus, cluster_settings: CollectorSettings
) -> None:
    publisher, merger = published(cluster_bus, cluster_settings), Merger(cluster_bus, cluster_settings)
    async with running(publisher.run()), running(merger.run()):
        told = 0
        for key in (keys.source_stream("TOS"), keys.UNIFIED_STREAM, keys.latest("ES"), keys.source_stream("TOS")):
            await publisher.offer([event(seq) for seq in range(told, told + 300)])
            told += 300
            await merged(cluster_bus, told)
            before = cluster.node_of(key)
            cluster.move(key)
            assert cluster.node_of(key) is not before
        await publisher.offer([event(seq) for seq in range(told, told + 300)])
        seen = await merged(cluster_bus, told + 300)
    await merger.close()
    assert seen == [event(seq) for seq in range(told + 300)]


async def test_groups_are_read_for_the_ingestor_too(cluster_bus: Bus) -> None:
    for source in ("TOS", "SCHWAB"):
        await cluster_bus.publish(source, [event(1, source=source)], retention_s=60)
        await cluster_bus.ensure_group(keys.source_stream(source), keys.INGEST_GROUP)
    streams = [keys.source_stream(source) for source in ("TOS", "SCHWAB")]
    entries = await cluster_bus.read_group(keys.INGEST_GROUP, "one", streams, count=10, block_ms=10)
    assert [entry.data for entry in entries] == [event(1), event(1, source="SCHWAB")]
