"""From Postgres to Parquet and back through DuckDB, Polars and PyArrow: the same rows, exact."""

from datetime import date
from decimal import Decimal

import polars as pl
import pyarrow.parquet as pq
import pytest

from tests.integration.live import event
from thor_fast import parse_batch
from thor_web.thor_project.configuration import ServerSettings
from thor_web.thordata.export import partition_path, run_export
from thor_web.thordata.lake import LakeError, query
from thor_web.thordata.services.tick_store import TickStore


async def store(settings: ServerSettings, *events: bytes) -> None:
    session = await TickStore.connect(settings.conninfo())
    await session.store("quotes:stream:TOS", parse_batch(list(events))[0], (1, 0))
    await session.close()


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
    assert [path.name for path in server_settings.lake_folder().rglob("*") if path.is_file()] == ["ticks.parquet"]


def test_a_date_without_ticks_writes_nothing(server_settings: ServerSettings) -> None:
    report = run_export(server_settings, trade_date=date(2025, 6, 10), symbols=["ES"])
    assert (report["rows"], report["empty"]) == (0, ["ES"])
    with pytest.raises(LakeError, match="no Parquet files"):
        query(server_settings, "SELECT 1")


@pytest.mark.parametrize(
    "sql",
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
async def test_the_lake_answers_questions_and_does_nothing_else(server_settings: ServerSettings, sql: str) -> None:
    await store(server_settings, event(1, ts="2025-06-10T12:00:00Z"))
    run_export(server_settings, trade_date=date(2025, 6, 10))
    lake = server_settings.lake_folder()
    with pytest.raises(LakeError):
        query(server_settings, sql.format(lake=lake))
    assert [path.name for path in lake.rglob("*") if path.is_file()] == ["ticks.parquet"]
