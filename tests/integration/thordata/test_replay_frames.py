"""Stored days as frames over HTTP: what the live path would have shown, and nothing before its time."""

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest

from collectors.instruments import load_instruments, register
from tests.integration.live import event
from thor_fast import parse_batch
from thor_web.futuretrading.interface import Configuration, Enricher
from thor_web.thor_project.configuration import ServerSettings
from thor_web.thordata.export import run_export
from thor_web.thordata.retention import retire
from thor_web.thordata.services import playback
from thor_web.thordata.services.tick_store import TickStore

DAY = "2025-06-11"
START, END = f"{DAY}T14:00:00.000Z", f"{DAY}T14:05:00.000Z"
SYMBOLS = ("ES", "YM", "ZB")


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    register(load_instruments())
    playback._memory.cache_clear()
    yield
    playback._memory.cache_clear()


def told(second: float, number: int, symbol: str = "ES", **fields: Any) -> bytes:
    at = datetime.fromisoformat(f"{DAY}T14:00:00+00:00") + timedelta(seconds=second)
    meta = {"netChange": number % 40 - 20, "close": 4790.0, "volume": number}
    text = at.isoformat(timespec="microseconds").replace("+00:00", "Z")
    defaults: dict[str, Any] = {"ts": text, "last": 4800 + number / 4, "meta": meta}
    return event(number, symbol=symbol, **(defaults | fields))


def five_minutes() -> list[bytes]:
    """Four events a second, of three symbols in turn; some share a millisecond."""
    return [told(number // 2 / 2 + (number % 2) * 0.0004, number, SYMBOLS[number % 3]) for number in range(1_200)]


async def store(settings: ServerSettings, *events: bytes) -> None:
    session = await TickStore.connect(settings.conninfo())
    batch, rejects = parse_batch(list(events))
    assert rejects == []
    await session.store("quotes:stream:TOS", batch, (1, 0))
    await session.close()


@pytest.fixture
async def stored(client: httpx.AsyncClient, server_settings: ServerSettings) -> httpx.AsyncClient:
    await store(server_settings, *five_minutes())
    return client


async def frames(client: httpx.AsyncClient, start: str = START, end: str = END, **more: Any) -> dict[str, Any]:
    asked: dict[str, Any] = {"start": start, "end": end, "limit": 20_000}
    answer = await client.get(f"/replay/{DAY}/frames", params=asked | more, timeout=60)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    assert document["preparing"] is None
    return document


def records(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [record for frame in document["frames"] for record in frame["quotes"]]


async def test_the_days_and_what_is_in_one(stored: httpx.AsyncClient) -> None:
    assert (await stored.get("/replay")).json() == {"dates": [DAY]}
    day = (await stored.get(f"/replay/{DAY}")).json()
    assert (day["first_at"], day["last_at"]) == ("2025-06-11T14:00:00Z", "2025-06-11T14:04:59.500Z")
    assert (day["starts_at"], day["ends_at"]) == ("2025-06-10T22:00:00Z", "2025-06-11T21:00:00Z")
    globex = [(row["at"], row["phase"]) for row in day["sessions"] if row["market"] == "GLOBEX_EQUITY"]
    assert globex == [("2025-06-10T22:00:00Z", "open")]
    assert all(row["next_transition_at"] for row in day["sessions"])


async def test_every_record_is_the_one_that_the_live_path_makes(stored: httpx.AsyncClient) -> None:
    live = Enricher(Configuration.shipped(load_instruments()), stale_after_ms=5_000).core
    batch, _ = parse_batch(five_minutes())
    numbers = [0 if at % 2 == 0 else 1 for at in range(len(batch))]
    ids = [f"{ts_us // 1_000}-{number}" for ts_us, number in zip(batch.ts_us(), numbers, strict=True)]
    expected = list(live.records(batch, ids))

    document = await frames(stored, step_ms=1, every=",".join(SYMBOLS))
    made = records(document)
    assert len(made) == 1_200
    configured = [record | {"config_version": 0} for record in made]
    assert configured == [json.loads(record) | {"config_version": 0} for record in expected]


async def test_a_frame_holds_nothing_of_its_own_instant_or_after(stored: httpx.AsyncClient) -> None:
    document = await frames(stored, step_ms=1_000)
    assert document["until"] == END
    assert len(document["frames"]) >= 300
    before = datetime.fromisoformat(START)
    for frame in document["frames"]:
        at = datetime.fromisoformat(frame["at"])
        assert before < at
        assert all(before <= datetime.fromisoformat(record["ts"]) < at for record in frame["quotes"])
        assert len({record["symbol"] for record in frame["quotes"]}) == len(frame["quotes"])
        before = at


async def test_what_comes_later_changes_nothing(stored: httpx.AsyncClient, server_settings: ServerSettings) -> None:
    middle = f"{DAY}T14:02:00.000Z"
    early = await frames(stored, START, middle, snapshot=True)
    with psycopg.connect(server_settings.conninfo(), autocommit=True) as connection:
        connection.execute("DELETE FROM ticks WHERE ts >= %s", (middle,))
    playback._memory.cache_clear()
    assert await frames(stored, START, middle, snapshot=True) == early


async def test_the_way_to_a_span_does_not_matter(stored: httpx.AsyncClient) -> None:
    late = f"{DAY}T14:03:20.000Z"
    fresh = await frames(stored, late, END, snapshot=True)
    playback._memory.cache_clear()
    for minute in range(3):
        await frames(stored, f"{DAY}T14:0{minute}:00.000Z", f"{DAY}T14:0{minute + 1}:00.000Z")
    assert await frames(stored, late, END, snapshot=True) == fresh
    # Back, and there again.
    await frames(stored, f"{DAY}T14:00:30.000Z", f"{DAY}T14:00:40.000Z", snapshot=True)
    assert await frames(stored, late, END, snapshot=True) == fresh


async def test_a_late_tick_is_told_the_next_time(stored: httpx.AsyncClient, server_settings: ServerSettings) -> None:
    await frames(stored)
    await store(server_settings, told(10.25, 9_001))
    assert [row["seq"] for row in records(await frames(stored, every="ES")) if row["seq"] == 9_001] == [9_001]


async def test_a_limit_ends_early_and_is_gone_on_from(stored: httpx.AsyncClient) -> None:
    whole = records(await frames(stored))
    found, at = [], START
    while at < END:
        page = await frames(stored, at, limit=100)
        assert len(records(page)) <= 103
        found += records(page)
        at = page["until"]
    assert found == whole


async def test_the_lake_tells_the_same(stored: httpx.AsyncClient, server_settings: ServerSettings) -> None:
    hot = await frames(stored, snapshot=True)
    run_export(server_settings, trade_date=date.fromisoformat(DAY))
    playback._memory.cache_clear()
    assert await frames(stored, snapshot=True) == hot
    day = (await stored.get(f"/replay/{DAY}")).json()
    with psycopg.connect(server_settings.conninfo(), autocommit=True) as connection:
        retire(server_settings, connection, date.fromisoformat(DAY))
    playback._memory.cache_clear()
    assert await frames(stored, snapshot=True) == hot
    assert (await stored.get(f"/replay/{DAY}")).json() == day


async def test_the_preferred_source_stands_until_it_is_silent(
    client: httpx.AsyncClient, server_settings: ServerSettings
) -> None:
    await store(
        server_settings,
        told(1, 1),
        told(2, 2, source="SCHWAB", last=1.0),
        told(3, 3),
        told(9, 4, source="SCHWAB", last=2.0),
    )
    found = records(await frames(client, step_ms=1))
    assert [(record["source"], record["seq"]) for record in found] == [("TOS", 1), ("TOS", 3), ("SCHWAB", 4)]


async def test_total_is_told_when_it_changes_also_by_silence(
    client: httpx.AsyncClient, server_settings: ServerSettings
) -> None:
    await store(server_settings, told(1, 1))
    totals = [frame["total"] for frame in (await frames(client))["frames"] if frame["total"] is not None]
    assert [(total["n_used"], total["n_live"]) for total in totals] == [(1, 1), (1, 0)]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/replay/2025-06-10", "bad_query"),
        (f"/replay/{DAY}/frames?start={DAY}T14:00:00&end={DAY}T14:05:00Z", "bad_parameter"),
        (f"/replay/{DAY}/frames?start={DAY}T14:00:00Z&end={DAY}T14:00:00Z", "bad_query"),
        (f"/replay/{DAY}/frames?start=2025-06-12T14:00:00Z&end=2025-06-12T14:05:00Z", "bad_query"),
        (f"/replay/{DAY}/frames?start={DAY}T14:00:00Z&end={DAY}T14:05:00Z&step_ms=0", "bad_parameter"),
        ("/replay/today", "bad_parameter"),
    ],
)
async def test_what_cannot_be_answered_is_said(stored: httpx.AsyncClient, path: str, code: str) -> None:
    answer = await stored.get(path)
    assert answer.status_code == 400
    assert answer.json()["code"] == code
