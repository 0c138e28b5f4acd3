"""A recorded hour goes in, out to Parquet, and back the same in DuckDB, Polars, PyArrow, over HTTP and as a replay."""

import gzip
import io
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from collectors import keys
from collectors.bus import Bus
from collectors.runner import collect
from tests.integration.live import eventually, running
from tests.integration.own_redis import OwnRedis
from thor_fast import parse_batch
from thor_web.livedata.merger import Merger
from thor_web.thor_project.configuration import ServerSettings
from thor_web.thordata.export import due_dates, run_export
from thor_web.thordata.ingestor import Ingestor
from thor_web.thordata.lake import query, scan
from thor_web.thordata.replay import HistorySource
from thor_web.thordata.services.lake_files import partition_path
from thor_web.thordata.verification import verify_lake

GOLDEN = Path(__file__).parents[2] / "golden" / "es_open.jsonl"
REAL_HOUR = Path(__file__).parents[4] / "shared" / "data" / "es_20231225_cme.jsonl.gz"
RECORDINGS = [pytest.param(path, id=path.name) for path in (GOLDEN, REAL_HOUR) if path.exists()]

Row = tuple[Any, ...]
"""ts, last, bid, ask, lastSize, bidSize, askSize, source, condition, seq, venue, meta."""


def recorded(path: Path) -> list[bytes]:
    data = path.read_bytes()
    return (gzip.decompress(data) if path.suffix == ".gz" else data).splitlines()


def standing(lines: list[bytes]) -> list[dict[str, Any]]:
    """One event a key, the last of them, by ts and seq: computed here, by other means than Thor's."""
    events: dict[tuple[Any, ...], dict[str, Any]] = {}
    for line in lines:
        event = json.loads(line, parse_float=Decimal)
        events[event["symbol"], event["source"], event["ts"], event["seq"]] = event
    return sorted(events.values(), key=lambda event: (event["ts"], -1 if event["seq"] is None else event["seq"]))


def row_of_event(event: dict[str, Any]) -> Row:
    price = [None if event[name] is None else Decimal(event[name]) for name in ("last", "bid", "ask")]
    sizes = [event[name] for name in ("lastSize", "bidSize", "askSize")]
    texts = [event["source"], event["condition"], event["seq"], event["venue"], event["meta"]]
    return (datetime.fromisoformat(event["ts"]), *price, *sizes, *texts)


def row_of_tick(tick: dict[str, Any]) -> Row:
    extra = json.loads(tick["extra"]) if tick["extra"] else {}
    numbers = [tick[name] for name in ("last", "bid", "ask", "last_size", "bid_size", "ask_size")]
    return (tick["ts"], *numbers, tick["source"], tick["cond"], tick["seq"], extra.get("venue"), extra.get("meta"))


async def drained(bus: Bus, group: str, source: str) -> None:
    async def idle() -> bool:
        state = await bus.stream_state(keys.source_stream(source))
        found = {one.name: one for one in state.groups}.get(group) if state else None
        return found is not None and found.lag == 0 and found.pending == 0

    await eventually(idle, bool, f"{group} has read everything")


async def unified(bus: Bus, settings: ServerSettings, source: str) -> list[dict[str, Any]]:
    """What a merger makes of the source's stream."""
    async with running(Merger(bus, settings).run()):
        await drained(bus, keys.MERGE_GROUP, source)
    entries = await bus.newest_entries(keys.UNIFIED_STREAM, count=100_000)
    return [json.loads(entry.data or b"") for entry in entries]


@pytest.fixture
async def other_bus(own_redis: OwnRedis) -> AsyncIterator[Bus]:
    bus = Bus.from_url(own_redis.url)
    yield bus
    await bus.close()


@pytest.mark.parametrize("recording", RECORDINGS)
async def test_the_same_events_come_back_everywhere(
    bus: Bus, other_bus: Bus, own_redis: OwnRedis, server_settings: ServerSettings, *, recording: Path, client: Any
) -> None:
    lines = recorded(recording)
    events = standing(lines)
    expected = [row_of_event(event) for event in events]
    source = events[0]["source"]
    await bus.register_source(source)
    await bus.publish(source, lines, retention_s=86_400)
    async with running(Ingestor(bus, server_settings).run()):
        await drained(bus, keys.INGEST_GROUP, source)
    dates = due_dates(server_settings, datetime.now(UTC))
    assert sum(run_export(server_settings, trade_date=day)["rows"] for day in dates) == len(expected)
    assert [differing for _, _, differing in verify_lake(server_settings)] == [[] for _ in dates]

    columns, found = query(server_settings, "SELECT * FROM ticks ORDER BY ts, seq NULLS FIRST")
    assert [row_of_tick(dict(zip(columns, row, strict=True))) for row in found] == expected
    frame = scan(server_settings, symbols=["ES"]).sort("ts", "seq").collect()
    assert [row_of_tick(row) for row in frame.iter_rows(named=True)] == expected
    files = [
        pq.read_table(partition_path(server_settings.lake_folder(), day, "ES"), partitioning=None) for day in dates
    ]
    assert [row_of_tick(row) for row in pa.concat_tables(files).to_pylist()] == expected
    await same_over_http(client, expected)
    await same_as_replay(other_bus, own_redis, server_settings, events)


async def same_over_http(client: httpx.AsyncClient, expected: list[Row]) -> None:
    span = {"symbol": "ES", "start": expected[0][0].isoformat(), "end": "2026-01-01T00:00:00Z", "limit": "1000000"}
    span["end"] = expected[-1][0].replace(year=expected[-1][0].year + 1).isoformat()
    arrow = await client.get("/ticks", params=span | {"format": "arrow"})
    assert [row_of_tick(row) for row in pa.ipc.open_stream(arrow.content).read_all().to_pylist()] == expected
    text = await client.get("/ticks", params=span | {"format": "csv"})
    kinds: dict[str, Any] = {name: pl.Decimal(19, 9) for name in ("last", "bid", "ask")}
    kinds |= {"ts": pl.String, "cond": pl.String, "extra": pl.String, "last_size": pl.Int32}
    csv = pl.read_csv(io.StringIO(text.text), schema_overrides=kinds)
    rows = [row_of_tick(row | {"ts": datetime.fromisoformat(row["ts"])}) for row in csv.iter_rows(named=True)]
    assert rows == expected


async def same_as_replay(bus: Bus, own_redis: OwnRedis, settings: ServerSettings, events: list[dict[str, Any]]) -> None:
    """Told again from the lake, the live path makes of them what it makes of the events themselves."""
    source = events[0]["source"]
    told = settings.model_copy(update={"redis_url": type(settings.redis_url)(own_redis.url)})
    first, last = (datetime.fromisoformat(event["ts"]) for event in (events[0], events[-1]))
    history = HistorySource(settings, first, last.replace(year=last.year + 1), speed=None)
    canonical = parse_batch([json.dumps(event, default=float).encode() for event in events])[0].to_json()
    assert [json.loads(line) for line in history.lines()] == [json.loads(line) for line in canonical]
    await collect(history, told, kind="replay")
    replayed = await unified(bus, told, source)
    for name in (keys.UNIFIED_STREAM, keys.source_stream(source)):
        await bus._redis.delete(name)  # a bus has no way to forget a stream, and none but a test needs one
    for symbol in await bus.read_latest():
        await bus._redis.delete(keys.latest(symbol))
    await bus.publish(source, canonical, retention_s=86_400)
    assert replayed == await unified(bus, told, source)
    assert len(replayed) > 0.9 * len(events)
