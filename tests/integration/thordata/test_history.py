"""History over HTTP, from a server in this process: the same answer from Postgres, from the lake and from both."""

import io
from datetime import date
from decimal import Decimal
from typing import Any

import httpx
import polars as pl
import psycopg
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from tests.integration.live import event
from thor_fast import parse_batch
from thor_web.thor_project.configuration import ServerSettings
from thor_web.thordata.export import run_export
from thor_web.thordata.retention import retire
from thor_web.thordata.services.history import TickQuery, pieces
from thor_web.thordata.services.tick_store import TickStore

MONDAY = date(2025, 6, 9)
SPAN = {"symbol": "ES", "start": "2025-06-08T00:00:00Z", "end": "2025-06-13T00:00:00Z"}
ARROW, PARQUET = "application/vnd.apache.arrow.stream", "application/vnd.apache.parquet"


async def store(settings: ServerSettings, *events: bytes, stream: str = "quotes:stream:TOS") -> None:
    session = await TickStore.connect(settings.conninfo())
    await session.store(stream, parse_batch(list(events))[0], (1, 0))
    await session.close()


def week(symbol: str = "ES") -> list[bytes]:
    """Two events at each hour from Sunday's open to Thursday, and some at one instant without a number."""
    numbered = [
        event(
            seq,
            symbol=symbol,
            ts=f"2025-06-{9 + seq // 48:02}T{seq // 2 % 24:02}:30:00Z",
            last=4800 + seq / 4,
            lastSize=seq % 5,
            meta={"n": seq},
        )
        for seq in range(4 * 48)
    ]
    at = "2025-06-10T12:30:00Z"
    return [
        *numbered,
        event(0, symbol=symbol, ts=at, seq=None, source="MOCK"),
        event(0, symbol=symbol, ts=at, seq=None),
    ]


async def rows(client: httpx.AsyncClient, **more: Any) -> list[dict[str, Any]]:
    """Every row of the span as Arrow, page by page."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        answer = await client.get("/ticks", params=SPAN | more | {"cursor": cursor}, headers={"Accept": ARROW})
        assert answer.status_code == 200, answer.text
        found += pa.ipc.open_stream(answer.content).read_all().to_pylist()
        cursor = answer.headers.get("Thor-Next", "")
        if not cursor:
            return found


async def test_an_arrow_stream_is_compressed_for_who_can_read_that(
    client: httpx.AsyncClient, server_settings: ServerSettings
) -> None:
    await store(server_settings, *week())

    async def answer(accept: str) -> httpx.Response:
        return await client.get("/ticks", params=SPAN, headers={"Accept": accept})

    plain = await answer(ARROW)
    table = pa.ipc.open_stream(plain.content).read_all()
    assert (len(table), plain.headers["Content-Type"]) == (4 * 48 + 2, ARROW)
    for accept, codec in [
        (f"{ARROW}; codecs=lz4", "lz4"),
        (f'{ARROW};codecs="brotli, ZSTD, lz4"', "zstd"),
        (f'text/html, {ARROW};codecs="lz4";q=0.9', "lz4"),
    ]:
        packed = await answer(accept)
        assert packed.headers["Content-Type"] == f"{ARROW}; codecs={codec}"
        assert len(packed.content) < len(plain.content)
        assert pa.ipc.open_stream(packed.content).read_all().equals(table)
    assert (await answer(f"{ARROW}; codecs=brotli")).content == plain.content


async def test_the_border_between_postgres_and_lake_is_invisible(
    client: httpx.AsyncClient, server_settings: ServerSettings
) -> None:
    await store(server_settings, *week(), *week("YM"))
    hot = await rows(client)
    assert len(hot) == 4 * 48 + 2
    assert [row["seq"] for row in hot[70:76]] == [70, 71, None, None, 72, 73]
    pages = [await rows(client, limit=limit) for limit in (1, 7, 50, 74, 75)]
    assert all(page == hot for page in pages)
    # Two dates of four in the lake, one of those dropped from Postgres as far as a UTC day holds it.
    for day in (9, 10):
        run_export(server_settings, trade_date=date(2025, 6, day))
    assert [await rows(client, limit=limit) for limit in (7, 75, 1_000)] == [hot] * 3
    with psycopg.connect(server_settings.conninfo(), autocommit=True) as connection:
        retire(server_settings, connection, MONDAY)
    assert [await rows(client, limit=limit) for limit in (7, 75, 1_000)] == [hot] * 3
    # A late tick of a dropped day, and one of a day in the lake: both are seen before they are exported.
    await store(
        server_settings, event(900, ts="2025-06-09T03:00:00Z"), event(901, ts="2025-06-10T03:00:00Z"), week()[0]
    )
    late = await rows(client, limit=9)
    assert len(late) == len(hot) + 2
    assert {row["seq"] for row in late} == {row["seq"] for row in hot} | {900, 901}
    assert [row for row in late if row["seq"] not in {900, 901}] == hot
    for day in (9, 10, 11, 12, 13):
        run_export(server_settings, trade_date=date(2025, 6, day))
    assert await rows(client) == late
    with psycopg.connect(server_settings.conninfo(), autocommit=True) as connection:
        found = pieces(server_settings, connection, TickQuery("ES", late[0]["ts"], late[-1]["ts"]))
    assert {(piece.in_lake, piece.in_postgres) for piece in found} == {(True, False)}


async def test_every_form_says_the_same(client: httpx.AsyncClient, server_settings: ServerSettings) -> None:
    await store(server_settings, *week())
    expected = await rows(client)
    parquet = await client.get("/ticks", params=SPAN, headers={"Accept": f"text/html;q=0.5, {PARQUET}"})
    assert parquet.headers["Content-Type"] == PARQUET
    assert pq.read_table(io.BytesIO(parquet.content)).to_pylist() == expected
    text = (await client.get("/ticks", params=SPAN | {"format": "csv"})).text
    assert text.splitlines()[:2] == [
        "symbol,ts,last,bid,ask,last_size,bid_size,ask_size,source,cond,seq,extra",
        'ES,2025-06-09T00:30:00.000000Z,4800,4800,4801,0,1,2,TOS,,0,"{""meta"": {""n"": 0}}"',
    ]
    as_csv = pl.read_csv(io.StringIO(text), schema_overrides={"last": pl.Decimal(19, 9)})
    assert as_csv["last"].to_list() == [row["last"] for row in expected]
    assert as_csv["seq"].to_list() == [row["seq"] for row in expected]
    document = (await client.get("/ticks", params=SPAN)).json()
    assert document["next"] is None
    assert len(document["items"]) == len(expected)
    assert document["items"][5] == {
        "v": 1,
        "symbol": "ES",
        "ts": "2025-06-09T02:30:00.000000Z",
        "source": "TOS",
        "last": 4801.25,
        "bid": 4800.0,
        "ask": 4801.0,
        "lastSize": 0,
        "bidSize": 1,
        "askSize": 2,
        "seq": 5,
        "condition": None,
        "venue": None,
        "meta": {"n": 5},
    }
    refused = await client.get("/ticks", params=SPAN, headers={"Accept": "image/png"})
    assert (refused.status_code, refused.json()["code"]) == (406, "not_acceptable")


async def test_a_page_says_where_the_next_begins(client: httpx.AsyncClient, server_settings: ServerSettings) -> None:
    await store(server_settings, *week())
    first = (await client.get("/ticks", params=SPAN | {"limit": 3})).json()
    second = (await client.get("/ticks", params=SPAN | {"limit": 3, "cursor": first["next"]})).json()
    assert [item["seq"] for item in first["items"] + second["items"]] == [0, 1, 2, 3, 4, 5]
    table = await client.get("/ticks", params=SPAN | {"limit": 3, "format": "csv"})
    link = table.headers["Link"].partition(">")[0].removeprefix("<").removeprefix("/api/thordata")
    assert (await client.get(link)).text.splitlines()[1].startswith("ES,2025-06-09T01:30:00.000000Z,4800.75")


async def test_quotes_as_they_were(client: httpx.AsyncClient, server_settings: ServerSettings) -> None:
    await store(server_settings, *week(), event(7, symbol="YM", ts="2025-05-20T10:00:00Z"))
    run_export(server_settings, trade_date=MONDAY)

    async def seqs(at: str, **more: str) -> dict[str, int | None]:
        items = (await client.get("/asof", params={"symbols": "ES,YM,NQ", "at": at} | more)).json()["items"]
        return {item["symbol"]: item["seq"] for item in items}

    assert await seqs("2025-06-09T02:30:00Z") == {"ES": 5, "YM": 7}
    assert await seqs("2025-06-09T02:29:59.999999Z") == {"ES": 3, "YM": 7}
    assert await seqs("2025-06-11T08:00:00Z", source="MOCK") == {"ES": None}
    assert await seqs("2025-08-20T08:00:00Z") == {}


async def test_bars_and_averages(client: httpx.AsyncClient, server_settings: ServerSettings) -> None:
    await store(server_settings, *week())
    one_day = SPAN | {"start": "2025-06-10T00:00:00Z", "end": "2025-06-11T00:00:00Z"}
    hot = (await client.get("/bars", params=one_day | {"interval": "12h"})).json()["items"]
    run_export(server_settings, trade_date=date(2025, 6, 10))
    cold = (await client.get("/bars", params=one_day | {"interval": "12h"})).json()["items"]
    assert hot == cold
    morning, _evening = cold
    # seq 48 to 71: last is 4800 + seq / 4, the size seq % 5.
    volume = sum(seq % 5 for seq in range(48, 72))
    assert morning == {
        "start": "2025-06-10T00:00:00Z",
        "open": 4812,
        "high": 4817.75,
        "low": 4812,
        "close": 4817.75,
        "volume": volume,
        "events": 24,
        "vwap": morning["vwap"],
    }
    exact = sum((Decimal(4800 + seq / 4) * (seq % 5) for seq in range(48, 72)), Decimal()) / volume
    assert morning["vwap"] == float(round(exact, 9))
    whole = (await client.get("/vwap", params=one_day)).json()
    assert (whole["volume"], whole["events"]) == (sum(seq % 5 for seq in range(48, 96)), 48)
    nothing = (await client.get("/vwap", params=SPAN | {"symbol": "NQ"})).json()
    assert (nothing["vwap"], nothing["volume"], nothing["events"]) == (None, 0, 0)


async def test_coverage_and_exports(client: httpx.AsyncClient, server_settings: ServerSettings) -> None:
    await store(server_settings, *week(), *week("YM"))
    run_export(server_settings, trade_date=MONDAY)
    items = (await client.get("/coverage", params={"symbol": "ES"})).json()["items"]
    assert [(item["date"], item["symbol"], item["place"], item["rows"]) for item in items] == [
        ("2025-06-09", "ES", "lake", 42),
        ("2025-06-10", None, "postgres", None),
        ("2025-06-11", None, "postgres", None),
        ("2025-06-12", None, "postgres", None),
        ("2025-06-13", None, "postgres", None),
    ]
    assert (await client.get("/coverage", params={"to": "2025-06-08"})).json()["items"] == []
    run_export(server_settings, trade_date=MONDAY)
    first = (await client.get("/exports", params={"limit": 1})).json()
    (newest,) = first["items"]
    assert (newest["state"], newest["rows"], newest["written"], newest["unchanged"]) == ("done", 84, 0, 2)
    (oldest,) = (await client.get("/exports", params={"limit": 1, "cursor": first["next"]})).json()["items"]
    assert (oldest["written"], oldest["checksum"]) == (2, newest["checksum"])


@pytest.mark.parametrize(
    ("path", "parameters", "code"),
    [
        ("/ticks", {"start": "2025-06-09T00:00:00"}, "bad_parameter"),
        ("/ticks", {"start": "2025-06-14T00:00:00Z"}, "bad_span"),
        ("/ticks", {"start": "2020-06-14T00:00:00Z"}, "bad_span"),
        ("/ticks", {"symbol": "es"}, "bad_parameter"),
        ("/ticks", {"cursor": "rubbish"}, "bad_cursor"),
        ("/ticks", {"cursor": "WzFd"}, "bad_cursor"),
        ("/ticks", {"limit": "0"}, "bad_parameter"),
        ("/ticks", {"limit": "1000001"}, "bad_parameter"),
        ("/bars", {"interval": "5x"}, "bad_interval"),
        ("/bars", {"interval": "0m"}, "bad_interval"),
        ("/bars", {"interval": "1ms"}, "too_many_bars"),
        ("/asof", {"symbols": "ES,es", "at": "2025-06-09T00:00:00Z"}, "bad_symbol"),
    ],
)
async def test_wrong_questions_are_told_what_is_wrong(
    client: httpx.AsyncClient, path: str, parameters: dict[str, str], code: str
) -> None:
    answer = await client.get(path, params=SPAN | parameters)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


async def test_a_damaged_file_is_named(client: httpx.AsyncClient, server_settings: ServerSettings) -> None:
    await store(server_settings, *week())
    run_export(server_settings, trade_date=MONDAY)
    (path,) = server_settings.lake_folder().rglob("ticks.parquet")
    path.write_bytes(path.read_bytes()[:-20])
    answer = await client.get("/ticks", params=SPAN)
    assert (answer.status_code, answer.json()["code"]) == (500, "bad_lake_file")
    assert str(path) in answer.json()["detail"]


async def test_without_postgres_it_says_so(
    client: httpx.AsyncClient, server_settings: ServerSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.conf import settings

    away = server_settings.model_copy(update={"db_host": "/nowhere"})
    monkeypatch.setattr(settings, "CONFIGURATION", away)
    answer = await client.get("/ticks", params=SPAN)
    assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (503, "postgres_away", "2")
