"""Whole collectors against a real server: each source, the heartbeat, the end."""

import asyncio
import contextlib
import gzip
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from openpyxl import Workbook

from collectors.bus import Bus
from collectors.errors import CollectorError
from collectors.runner import CollectSpec, run_collector
from collectors.settings import CollectorSettings
from collectors.sources.base import SourceError, UnknownSourceError
from tests.integration.collectors.conftest import published
from tests.integration.live import eventually
from tests.integration.own_redis import DEADLINE_S, OwnRedis
from thor_fast import parse_batch

REPOSITORY = Path(__file__).parents[3]
GOLDEN = REPOSITORY / "tests" / "golden" / "es_open.jsonl"
REAL_HOUR = REPOSITORY.parent / "shared" / "data" / "es_20231225_cme.jsonl.gz"
RECORDINGS = [pytest.param(path, id=path.name) for path in (GOLDEN, REAL_HOUR) if path.exists()]


def event(number: int) -> bytes:
    return (
        f'{{"v":1,"symbol":"ES","ts":{1_764_169_200_000 + number},"source":"TOS","last":null,"bid":4800.25,'
        f'"ask":null,"lastSize":null,"bidSize":1,"askSize":null,"seq":{number}}}'
    ).encode()


@asynccontextmanager
async def collecting(spec: CollectSpec, settings: CollectorSettings) -> AsyncIterator[None]:
    task = asyncio.create_task(run_collector(spec, settings))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def has_events(bus: Bus, source: str, count: int) -> None:
    async def there() -> bool:
        return len(await published(bus, source)) >= count

    await eventually(there)


def lines_of(path: Path) -> list[bytes]:
    content = path.read_bytes()
    return (gzip.decompress(content) if path.suffix == ".gz" else content).splitlines()


@pytest.mark.parametrize("recording", RECORDINGS)
async def test_a_recording_is_published_whole_and_unchanged(
    own_bus: Bus, own_settings: CollectorSettings, recording: Path
) -> None:
    await run_collector(CollectSpec("replay", file=recording, speed=None), own_settings)
    lines = lines_of(recording)
    assert await published(own_bus, "TOS") == parse_batch(lines)[0].to_json()
    health = (await own_bus.health())["collector:REPLAY"]
    assert (health["events"], health["rejects"], health["state"]) == (str(len(lines)), "0", "finished")


async def test_a_recording_under_another_name_has_its_own_stream(
    own_bus: Bus, own_settings: CollectorSettings, tmp_path: Path
) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"\n".join([event(1), b"junk", event(2)]))
    await run_collector(CollectSpec("replay", file=path, speed=None, rename="PAPER"), own_settings)
    stood = await published(own_bus, "PAPER")
    assert [json.loads(line)["source"] for line in stood] == ["PAPER", "PAPER"]
    assert await own_bus.sources() == ["PAPER"]
    health = (await own_bus.health())["collector:PAPER"]
    assert (health["rejects"], health["rejects_by_code"]) == ("1", '{"bad_json": 1}')
    (reject,) = await own_bus.rejects(count=10)
    assert (reject["source"], reject["code"], reject["data"]) == ("PAPER", "bad_json", "junk")


async def test_a_replay_outlives_an_absent_redis(
    own_redis: OwnRedis, own_bus: Bus, own_settings: CollectorSettings, tmp_path: Path
) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"\n".join(event(number) for number in range(3_000)))
    own_redis.stop()
    collector = asyncio.create_task(run_collector(CollectSpec("replay", file=path, speed=None), own_settings))
    await asyncio.sleep(0)
    await own_redis.start()
    await collector
    assert len(await published(own_bus, "TOS")) == 3_000


async def test_a_damaged_recording_gives_what_it_has_then_one_sentence(
    own_bus: Bus, own_settings: CollectorSettings, tmp_path: Path
) -> None:
    path = tmp_path / "events.gz"
    packed = gzip.compress(b"\n".join(event(number) for number in range(5_000)))
    path.write_bytes(packed[: len(packed) // 2])
    with pytest.raises(SourceError, match="damaged or cut short"):
        await run_collector(CollectSpec("replay", file=path, speed=None), own_settings)
    assert (await published(own_bus, "TOS"))[0] == parse_batch([event(0)])[0].to_json()[0]


async def test_the_mock_market_moves_and_says_how_it_goes(own_bus: Bus, own_settings: CollectorSettings) -> None:
    async with collecting(CollectSpec("mock", seed=1, rate=500.0), own_settings):
        await has_events(own_bus, "MOCK", 100)

        async def beating() -> bool:
            fields = (await own_bus.health()).get("collector:MOCK", {})
            return int(fields.get("events", 0)) > 0 and float(fields.get("rate", 0)) > 0

        await eventually(beating)
        health = (await own_bus.health())["collector:MOCK"]
    assert (health["mode"], health["kind"], health["source"]) == ("mock", "mock", "MOCK")
    assert (health["rejects"], health["dropped"], health["problem"]) == ("0", "0", "")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", health["last_event_ts"])
    events, rejects = parse_batch(await published(own_bus, "MOCK"))
    assert not rejects
    assert set(events.sources()) == {"MOCK"}


async def test_a_cancelled_collector_sends_what_it_has_and_says_it_stopped(
    own_bus: Bus, own_settings: CollectorSettings
) -> None:
    async with collecting(CollectSpec("mock", seed=1, rate=2_000.0), own_settings):
        await has_events(own_bus, "MOCK", 10)
    health = (await own_bus.health())["collector:MOCK"]
    assert (health["state"], health["spooled"]) == ("stopped", "0")
    assert int(health["events"]) == len(await published(own_bus, "MOCK"))


async def test_a_json_file_is_followed(own_bus: Bus, own_settings: CollectorSettings, tmp_path: Path) -> None:
    path = tmp_path / "quotes.json"
    path.write_text('{"ES": {"last": 6708.5}}')
    async with collecting(CollectSpec("json", file=path), own_settings):
        await has_events(own_bus, "JSON", 1)
        path.write_text('{"ES": {"last": 6708.5}, "NQ": {"last": 24745.25}}')
        await has_events(own_bus, "JSON", 2)
    assert parse_batch(await published(own_bus, "JSON"))[0].symbols() == ["ES", "NQ"]


async def test_a_closed_workbook_is_published_as_stale(
    own_bus: Bus, own_settings: CollectorSettings, tmp_path: Path
) -> None:
    workbook = Workbook()
    worksheet = workbook.worksheets[0]
    for row in (["Symbol", "Last", "Bid", "Ask"], ["/ES:XCME", 6708.5, 6708.25, 6708.75], ["CGC", 1, 2, 3]):
        worksheet.append(row)
    path = tmp_path / "quotes.xlsx"
    workbook.save(path)
    workbook.close()
    os.utime(path, (1_764_169_200, 1_764_169_200))
    async with collecting(CollectSpec("excel_file", file=path), own_settings):
        await has_events(own_bus, "TOS", 1)
    (stood,) = await published(own_bus, "TOS")
    told = json.loads(stood)
    assert (told["symbol"], told["ts"], told["meta"]["stale"]) == ("ES", "2025-11-26T15:00:00.000000Z", True)


async def test_what_cannot_start_is_one_sentence(own_settings: CollectorSettings, tmp_path: Path) -> None:
    with pytest.raises(UnknownSourceError, match=r"There is no source 'tos'; there are mock, replay"):
        await run_collector(CollectSpec("tos"), own_settings)
    with pytest.raises(CollectorError, match="There is no file"):
        await run_collector(CollectSpec("replay", file=tmp_path / "none"), own_settings)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_the_command_ends_cleanly_when_it_is_asked_to(
    own_redis: OwnRedis, own_bus: Bus, tmp_path: Path, number: signal.Signals
) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "thor_web.cli.main", "collect", "mock", "--rate", "500"),
        cwd=REPOSITORY,
        env=os.environ | {"REDIS_URL": own_redis.url, "THOR_STATE": str(tmp_path / "state")},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        await has_events(own_bus, "MOCK", 50)
        process.send_signal(number)
        async with asyncio.timeout(DEADLINE_S):
            _, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0
    assert b"Traceback" not in errors
    assert (await own_bus.health())["collector:MOCK"]["state"] == "stopped"
