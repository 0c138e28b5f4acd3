"""Files of other programs as ticks: the layouts, exact numbers, zones, and what is refused."""

import asyncio
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import databento_dbn as dbn
import polars as pl
import psycopg
import pytest

from tests.integration.live import event
from thor_fast import parse_batch
from thor_web.thor_project.configuration import ServerSettings
from thor_web.thordata.errors import StorageError
from thor_web.thordata.export import run_export
from thor_web.thordata.importing import ImportOptions, ImportReport, import_file
from thor_web.thordata.services.lake_files import partition_path
from thor_web.thordata.services.tick_store import TickStore


def rows(settings: ServerSettings, columns: str = "symbol, ts, last, last_size, seq") -> list[tuple[Any, ...]]:
    with psycopg.connect(settings.conninfo()) as connection:
        return connection.execute(f"SELECT {columns} FROM ticks ORDER BY ts, seq".encode()).fetchall()  # noqa: S608


async def imported(settings: ServerSettings, path: Path, text: str | None = None, **options: Any) -> ImportReport:
    if text is not None:
        await asyncio.to_thread(path.write_text, text)
    return await import_file(settings, path, ImportOptions(**options))


async def test_trades_as_csv_keep_every_digit(server_settings: ServerSettings, tmp_path: Path) -> None:
    text = (
        "Date_Time,Ticker,Price,Volume\n"
        "2025-06-10 12:00:00.000001+00:00,es,4800.250000001,3\n"
        "2025-06-10T07:00:00.000001-05:00,ES,-37.63,\n"
        "2025-06-10T12:00:01Z,ES,0,0\n"
    )
    report = await imported(server_settings, tmp_path / "trades.csv", text)
    assert (report.rows, report.stored, report.rejected, dict(report.symbols)) == (3, 3, {}, {"ES": 3})
    at = datetime(2025, 6, 10, 12, 0, 0, 1, tzinfo=UTC)
    assert rows(server_settings) == [
        ("ES", at, Decimal("4800.250000001"), 3, 0),
        ("ES", at, Decimal("-37.63"), None, 1),
        ("ES", at.replace(second=1, microsecond=0), Decimal(0), 0, 2),
    ]
    # Once more is as if never.
    await imported(server_settings, tmp_path / "trades.csv")
    assert len(rows(server_settings)) == 3


@pytest.mark.parametrize("digits", ["1749556800", "1749556800000", "1749556800000000", "1749556800000000000"])
async def test_epoch_times_go_by_their_digits(server_settings: ServerSettings, tmp_path: Path, digits: str) -> None:
    await imported(server_settings, tmp_path / "quotes.csv", f"ts,bid,ask\n{digits},1.5,1.75\n", symbol="ZB")
    found = rows(server_settings, "symbol, ts, bid, ask, source")
    assert found == [("ZB", datetime(2025, 6, 10, 12, tzinfo=UTC), Decimal("1.5"), Decimal("1.75"), "IMPORT")]


async def test_instants_without_a_zone_need_one(server_settings: ServerSettings, tmp_path: Path) -> None:
    text = "ts,symbol,last\n2025-06-10 07:00:00,ES,1\n"
    with pytest.raises(StorageError, match="its instants have no zone") as refused:
        await imported(server_settings, tmp_path / "t.csv", text)
    assert refused.value.code == "bad_import"
    await imported(server_settings, tmp_path / "t.csv", zone="America/Chicago")
    assert rows(server_settings, "ts") == [(datetime(2025, 6, 10, 12, tzinfo=UTC),)]


async def test_an_hour_that_is_there_twice_stops_the_import(server_settings: ServerSettings, tmp_path: Path) -> None:
    text = "ts,symbol,last\n2025-11-02 01:30:00,ES,1\n"
    with pytest.raises(StorageError, match="ambiguous") as refused:
        await imported(server_settings, tmp_path / "t.csv", text, zone="America/Chicago")
    assert refused.value.code == "bad_import"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "ts,symbol,last\n2025-06-10T12:00:00Z,ES,1\n2025-06-10T12:00:00,ES,2\n", "some have none"),
        ("a.csv", "ts,symbol,last\n1749556800,ES,1\n1749556800000,ES,2\n", "numbers of"),
        ("a.csv", "when,symbol,last\n1,ES,1\n", "no column holds the instant"),
        ("a.csv", "ts,last\n1749556800,1\n", "no column holds the symbol"),
        ("a.csv", "ts,symbol,open\n1749556800,ES,1\n", "no column holds a price"),
        ("a.csv", "ts,symbol,last\n1749556800,ES,1,2,3\n", "found more fields"),
        ("a.parquet", "not parquet", "."),
        ("a.dbn", "not dbn", "it is no DBN"),
        ("a.xlsx", "", "its name must end"),
    ],
)
async def test_a_file_that_is_not_understood_stores_nothing(
    server_settings: ServerSettings, tmp_path: Path, name: str, text: str, message: str
) -> None:
    with pytest.raises(StorageError, match=message) as refused:
        await imported(server_settings, tmp_path / name, text)
    assert refused.value.code == "bad_import"
    assert rows(server_settings) == []


async def test_bad_rows_are_told_and_the_others_stored(server_settings: ServerSettings, tmp_path: Path) -> None:
    text = (
        "ts,symbol,last,size\n"
        "2025-06-10T12:00:00Z,ES,1.25,1\n"
        "2025-06-10T12:00:01Z,E S,1.25,1\n"
        "2025-06-10T12:00:02Z,ES,abc,1\n"
        "2025-06-10T12:00:03Z,ES,1.25,2.5\n"
        "2025-13-10T12:00:04Z,ES,1.25,1\n"
    )
    report = await imported(server_settings, tmp_path / "t.csv", text)
    assert (report.rows, report.stored) == (5, 1)
    assert dict(report.rejected) == {"bad_symbol": 1, "bad_type": 2, "bad_timestamp": 1}
    assert [(reject["row"], reject["field"]) for reject in report.first_rejects] == [
        (2, "symbol"),
        (3, "last"),
        (4, "lastSize"),
        (5, "ts"),
    ]
    json.dumps(report.to_json())


async def test_our_own_parquet_comes_back_as_it_was(server_settings: ServerSettings, tmp_path: Path) -> None:
    events = [
        event(seq, ts=f"2025-06-10T12:00:{seq:02}Z", last=4800 + seq / 4, venue="CME", meta={"a": [1, "x, y"]})
        for seq in range(20)
    ]
    store = await TickStore.connect(server_settings.conninfo())
    await store.store("quotes:stream:TOS", parse_batch(events)[0], (1, 0))
    await store.close()
    run_export(server_settings, trade_date=date(2025, 6, 10))
    every = "symbol, ts, last, bid, ask, last_size, bid_size, ask_size, source, cond, seq, extra"
    before = rows(server_settings, every)
    with psycopg.connect(server_settings.conninfo(), autocommit=True) as connection:
        connection.execute("TRUNCATE ticks")
    await imported(server_settings, partition_path(server_settings.lake_folder(), date(2025, 6, 10), "ES"))
    assert rows(server_settings, every) == before


async def test_floats_of_other_peoples_parquet(server_settings: ServerSettings, tmp_path: Path) -> None:
    at = datetime(2025, 6, 10, 12, tzinfo=UTC)
    frame = pl.DataFrame(
        {
            "timestamp": [at, at + timedelta(hours=1)],
            "symbol": ["ES", "ES"],
            "bid": [4800.1, float("nan")],
            "ask": [None, 2.5],
        }
    )
    frame.write_parquet(tmp_path / "quotes.parquet")
    await imported(server_settings, tmp_path / "quotes.parquet")
    assert rows(server_settings, "ts, bid, ask") == [
        (at, Decimal("4800.1"), None),
        (at + timedelta(hours=1), None, Decimal("2.5")),
    ]


def top_of_book(seq: int, action: str) -> dbn.MBP1Msg:
    """A record as Databento writes it; prices are integers of 1e-9."""
    levels: Any = dbn.BidAskPair(
        bid_px=4_800_000_000_000, ask_px=4_800_250_000_000, bid_sz=5, ask_sz=6, bid_ct=1, ask_ct=1
    )
    return dbn.MBP1Msg(
        publisher_id=1,
        instrument_id=7,
        ts_event=1_749_556_800_000_001_000 + seq * 1_000_000_000,
        price=4_800_250_000_000,
        size=3,
        action=dbn.Action(action),
        side=dbn.Side("B"),
        depth=0,
        ts_recv=1_749_556_800_000_002_000,
        flags=0,
        ts_in_delta=0,
        sequence=seq,
        levels=levels,
    )


async def test_databento_is_read_by_its_own_library(server_settings: ServerSettings, tmp_path: Path) -> None:
    interval = SimpleNamespace(start_date=date(2025, 6, 10), end_date=date(2025, 6, 11), symbol="7")
    mapping: Any = SimpleNamespace(raw_symbol="ESM5", intervals=[interval])
    metadata = dbn.Metadata(
        dataset="GLBX.MDP3",
        start=1_749_556_800_000_000_000,
        stype_in=dbn.SType.from_str("raw_symbol"),
        stype_out=dbn.SType.from_str("instrument_id"),
        schema=dbn.Schema.from_str("mbp-1"),
        symbols=["ESM5"],
        mappings=[mapping],
    )
    path = tmp_path / "day.dbn"
    path.write_bytes(bytes(metadata) + bytes(top_of_book(1, "A")) + bytes(top_of_book(2, "T")))
    report = await imported(server_settings, path, renamed={"ESM5": "ES"})
    assert (report.rows, report.stored, dict(report.rejected)) == (2, 2, {})
    at = datetime(2025, 6, 10, 12, 0, 1, 1, tzinfo=UTC)
    assert rows(server_settings, "symbol, ts, last, last_size, bid, ask, bid_size, seq") == [
        ("ES", at, None, None, Decimal(4800), Decimal("4800.25"), 5, 1),
        ("ES", at + timedelta(seconds=1), Decimal("4800.25"), 3, Decimal(4800), Decimal("4800.25"), 5, 2),
    ]
