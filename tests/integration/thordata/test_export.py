"""From Postgres to Parquet and back through DuckDB, Polars and PyArrow: the same rows, exact."""

from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import psycopg
import pyarrow.parquet as pq
import pytest
from psycopg import sql

from tests.integration.live import event
from thor_fast import parse_batch
from thor_web.thor_project.configuration import ServerSettings
from thor_web.thordata.errors import StorageError
from thor_web.thordata.export import due_dates, run_export
from thor_web.thordata.lake import query, scan
from thor_web.thordata.services import copy_out
from thor_web.thordata.services.copy_out import copy_ticks
from thor_web.thordata.services.lake_files import partition_path
from thor_web.thordata.services.tick_store import TickStore


async def store(settings: ServerSettings, *events: bytes) -> None:
    session = await TickStore.connect(settings.conninfo())
    await session.store("quotes:stream:TOS", parse_batch(list(events))[0], (1, 0))
    await session.close()


def files(settings: ServerSettings) -> list[str]:
    """Every file of the lake by name."""
    return sorted(path.name for path in settings.lake_folder().rglob("*") if path.is_file())


async def test_a_trade_date_holds_its_evening_before(server_settings: ServerSettings) -> None:
    await store(
        server_settings,
        event(1, ts="2025-06-09T20:59:59.999999Z"),  # Monday's last instant
        event(2, ts="2025-06-09T21:00:00Z", bid=118.3125, last=-0.000000001),
        event(3, ts="2025-06-10T20:59:59.999999Z"),
        event(4, ts="2025-06-10T21:00:00Z"),  # Wednesday's first
        event(5, ts="2025-06-10T12:00:00Z", symbol="$DXY/X"),
    )
    report = run_export(server_settings, trade_date=date(2025, 6, 10))
    assert [(part["symbol"], part["rows"]) for part in report["partitions"]] == [("$DXY/X", 1), ("ES", 2)]

    lake = server_settings.lake_folder()
    path = partition_path(lake, date(2025, 6, 10), "ES")
    assert path == lake / "date=2025-06-10" / "symbol=ES" / "ticks.parquet"
    file = pq.ParquetFile(path)
    assert file.metadata.row_group(0).column(0).compression == "ZSTD"
    table = file.read().to_pydict()
    assert (table["seq"], table["bid"], table["last"]) == (
        [2, 3],
        [Decimal("118.312500000"), Decimal("4800.000000000")],
        [Decimal("-0.000000001"), None],
    )
    assert pl.read_parquet(path)["seq"].to_list() == [2, 3]
    columns, rows = query(server_settings, "SELECT symbol, date, count(*) AS n FROM ticks GROUP BY ALL ORDER BY symbol")
    assert (columns, rows) == (
        ["symbol", "date", "n"],
        [("$DXY/X", date(2025, 6, 10), 1), ("ES", date(2025, 6, 10), 2)],
    )


async def test_an_export_again_replaces_the_partition(server_settings: ServerSettings) -> None:
    await store(server_settings, event(1, ts="2025-06-10T12:00:00Z"))
    run_export(server_settings, trade_date=date(2025, 6, 10))
    await store(server_settings, event(2, ts="2025-06-10T12:00:01Z"))
    run_export(server_settings, trade_date=date(2025, 6, 10), symbols=["ES"])
    assert query(server_settings, "SELECT count(*) FROM ticks")[1] == [(2,)]
    assert files(server_settings) == ["_manifest.json", "ticks.parquet"]


def test_a_date_without_ticks_writes_nothing(server_settings: ServerSettings) -> None:
    report = run_export(server_settings, trade_date=date(2025, 6, 10), symbols=["ES"])
    assert (report["rows"], report["empty"]) == (0, ["ES"])
    with pytest.raises(StorageError, match="no Parquet files yet"):
        query(server_settings, "SELECT 1")


@pytest.mark.parametrize(
    "question",
    [
        "COPY (SELECT 1) TO '{lake}/x.csv'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT 1; SELECT 2",
        "SET enable_external_access = true",
        "ATTACH '{lake}/x.db'",
        "INSTALL httpfs",
        "CREATE TABLE t AS SELECT 1",
        "not sql",
        "",
    ],
)
async def test_the_lake_answers_questions_and_does_nothing_else(server_settings: ServerSettings, question: str) -> None:
    await store(server_settings, event(1, ts="2025-06-10T12:00:00Z"))
    run_export(server_settings, trade_date=date(2025, 6, 10))
    with pytest.raises(StorageError, match=r".") as refused:
        query(server_settings, question.format(lake=server_settings.lake_folder()))
    assert refused.value.code == "bad_query"
    assert files(server_settings) == ["_manifest.json", "ticks.parquet"]


async def test_what_has_not_changed_is_not_written(server_settings: ServerSettings) -> None:
    monday = date(2025, 6, 9)
    await store(server_settings, event(1, ts="2025-06-09T12:00:00Z"), event(2, ts="2025-06-09T12:00:00Z", symbol="YM"))
    first = run_export(server_settings, trade_date=monday)
    inodes = {path: path.stat().st_ino for path in server_settings.lake_folder().rglob("*.parquet")}
    await store(server_settings, event(3, ts="2025-06-09T13:00:00Z", symbol="YM"))
    again = run_export(server_settings, trade_date=monday)
    assert [(report["rows"], report["written"], report["unchanged"]) for report in (first, again)] == [
        (2, 2, 0),
        (3, 1, 1),
    ]
    changed = {path.parent.name for path, inode in inodes.items() if path.stat().st_ino != inode}
    assert changed == {"symbol=YM"}
    assert run_export(server_settings, trade_date=monday)["written"] == 0
    partition_path(server_settings.lake_folder(), monday, "ES").unlink()
    assert run_export(server_settings, trade_date=monday)["written"] == 1


async def test_every_run_is_recorded_with_counts_and_checksum(server_settings: ServerSettings) -> None:
    await store(server_settings, event(1, ts="2025-06-09T12:00:00Z"), event(2, ts="2025-06-09T12:00:00Z", symbol="YM"))
    report = run_export(server_settings, trade_date=date(2025, 6, 9))
    digests = [int(part["digest"], 16) for part in report["partitions"]]
    with psycopg.connect(server_settings.conninfo()) as connection:
        row = connection.execute(
            "SELECT state, rows, written, unchanged, checksum, problem, jsonb_array_length(partitions) FROM export_runs"
        ).fetchone()
    assert row == ("done", 2, 2, 0, f"{sum(digests) % 2**128:032x}", "", 2)


async def test_a_date_is_due_until_it_is_exported_and_again_when_a_tick_comes_late(
    server_settings: ServerSettings,
) -> None:
    now = datetime(2025, 6, 11, 12, tzinfo=UTC)
    monday, tuesday = date(2025, 6, 9), date(2025, 6, 10)
    await store(
        server_settings,
        event(1, ts="2025-06-09T12:00:00Z"),
        event(2, ts="2025-06-10T12:00:00Z"),
        event(3, ts="2025-06-11T11:00:00Z"),  # of a date that has not ended
    )
    assert due_dates(server_settings, now) == [monday, tuesday]
    for day in (monday, tuesday):
        run_export(server_settings, trade_date=day)
    assert due_dates(server_settings, now) == []
    await store(server_settings, event(4, ts="2025-06-09T20:30:00Z"))
    assert due_dates(server_settings, now) == [monday]
    # Part of a date is not the date.
    run_export(server_settings, trade_date=monday, symbols=["YM"])
    assert due_dates(server_settings, now) == [monday]
    run_export(server_settings, trade_date=monday)
    assert due_dates(server_settings, now) == []


async def test_sessions_and_slices_change_nothing(server_settings: ServerSettings) -> None:
    """Symbols of two markets, and one that no registry knows, read by any number of sessions."""
    symbols = ("ES", "DX", "UNKNOWN")
    await store(
        server_settings,
        *[
            event(hour, ts=f"2025-06-{10 + hour // 24:02}T{hour % 24:02}:30:00Z", symbol=symbol)
            for hour in range(48)
            for symbol in symbols
        ],
    )
    reports = [run_export(server_settings, trade_date=date(2025, 6, 11), jobs=jobs) for jobs in (1, 3)]
    found = [{part["symbol"]: (part["rows"], part["digest"]) for part in report["partitions"]} for report in reports]
    assert found[0] == found[1]
    assert {symbol: rows for symbol, (rows, _) in found[0].items()} == {"DX": 24, "ES": 24, "UNKNOWN": 24}
    last = {part["symbol"]: part["last_ts"].hour for part in reports[0]["partitions"]}
    assert last == {"DX": 20, "ES": 20, "UNKNOWN": 20}


async def test_prices_of_any_size_stand_beside_one_another(server_settings: ServerSettings) -> None:
    await store(
        server_settings,
        event(1, ts="2025-06-10T12:00:00Z", bid=4800.25),
        event(2, ts="2025-06-10T12:00:00Z", symbol="BIG", bid=9_223_372_036.0),
    )
    run_export(server_settings, trade_date=date(2025, 6, 10))
    wanted = [Decimal("9223372036.000000000"), Decimal("4800.250000000")]
    assert [row[0] for row in query(server_settings, "SELECT bid FROM ticks ORDER BY symbol")[1]] == wanted
    assert scan(server_settings).sort("symbol").collect()["bid"].to_list() == wanted


async def test_a_lazy_scan_reads_only_what_it_is_asked_for(server_settings: ServerSettings) -> None:
    await store(server_settings, event(1, ts="2025-06-10T12:00:00Z"), event(2, ts="2025-06-10T12:00:00Z", symbol="YM"))
    run_export(server_settings, trade_date=date(2025, 6, 10))
    partition_path(server_settings.lake_folder(), date(2025, 6, 10), "YM").write_bytes(b"damaged")
    frame = scan(server_settings, symbols=["ES", "NONE"], dates=[date(2025, 6, 10), date(2025, 6, 11)]).collect()
    assert (frame["symbol"].to_list(), frame["date"].to_list()) == (["ES"], [date(2025, 6, 10)])
    with pytest.raises(StorageError, match="holds none of these"):
        scan(server_settings, symbols=["NONE"])
    with pytest.raises(StorageError) as damaged:
        query(server_settings, "SELECT * FROM ticks")
    assert damaged.value.code == "bad_lake_file"


async def test_over_an_encrypted_connection_the_rows_are_the_same(
    server_settings: ServerSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row by row, as libpq hands them on where only it can read them."""
    await store(server_settings, *[event(seq) for seq in range(100)])
    with psycopg.connect(server_settings.conninfo()) as connection:
        pieces = copy_ticks(connection, sql.SQL("true"))
        monkeypatch.setattr(copy_out, "_by_pieces", copy_out._by_rows)
        rows = copy_ticks(connection, sql.SQL("true"))
        assert (len(rows), rows.digest()) == (100, pieces.digest())
        # And the session is as good as new.
        assert connection.execute("SELECT count(*) FROM ticks").fetchone() == (100,)


async def test_rows_that_are_no_ticks_are_refused(server_settings: ServerSettings) -> None:
    with psycopg.connect(server_settings.conninfo(), autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE ticks_20250610 PARTITION OF ticks FOR VALUES FROM ('2025-06-10Z') TO ('2025-06-11Z')"
        )
        connection.execute("INSERT INTO ticks (symbol, ts, last, source) VALUES ('ES', '2025-06-10Z', 'NaN', 'TOS')")
    with pytest.raises(StorageError, match="not a finite number") as refused:
        run_export(server_settings, trade_date=date(2025, 6, 10))
    assert refused.value.code == "bad_copy_data"
    with psycopg.connect(server_settings.conninfo()) as connection:
        row = connection.execute("SELECT state, problem FROM export_runs").fetchone()
    assert row is not None
    assert row[0] == "failed"
    assert row[1].startswith("bad_copy_data: the rows could not be read: row 0")
