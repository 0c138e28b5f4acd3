"""The lake in a bucket of an object store that speaks S3: what a folder can, by one setting."""

import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import polars as pl
import psycopg
import pytest
from moto.server import ThreadedMotoServer
from s3fs import S3FileSystem

from tests.integration.thordata.test_lake import MONDAY, TUESDAY, at, differences, store, two_days
from thor_web.thor_project.configuration import ServerSettings
from thor_web.thordata import lake
from thor_web.thordata.compaction import compact
from thor_web.thordata.errors import StorageError
from thor_web.thordata.export import due_dates, run_export
from thor_web.thordata.quality import check_lake
from thor_web.thordata.retention import retire
from thor_web.thordata.services.lake_files import lake_dates, partition_path, read_ticks, write_partition
from thor_web.thordata.verification import verify_lake

MINUTE_US = 60_000_000
NOW = datetime(2025, 7, 1, tzinfo=UTC)


@pytest.fixture
def store_of_objects(monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadedMotoServer]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL_S3": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "thor",
        "AWS_SECRET_ACCESS_KEY": "thor",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_MAX_ATTEMPTS": "1",
    }.items():
        monkeypatch.setenv(name, value)
    httpx.post(f"http://{host}:{port}/moto-api/reset").raise_for_status()  # its buckets outlive a server
    S3FileSystem().mkdir("thor")
    yield server
    server.stop()
    S3FileSystem.clear_instance_cache()


@pytest.fixture
def in_bucket(server_settings: ServerSettings, store_of_objects: ThreadedMotoServer) -> ServerSettings:
    return server_settings.model_copy(update={"lake_dir": "s3://thor/lake"})


async def test_a_bucket_holds_what_postgres_holds(in_bucket: ServerSettings) -> None:
    await two_days(in_bucket)
    folder = in_bucket.lake_folder()
    assert str(partition_path(folder, MONDAY, "BRK/B")) == "s3://thor/lake/date=2025-06-09/symbol=BRK%2FB/ticks.parquet"
    assert lake_dates(folder) == [MONDAY, TUESDAY]
    assert [(day, rows, found) for day, rows, found in verify_lake(in_bucket)] == [(MONDAY, 4, []), (TUESDAY, 6, [])]
    assert run_export(in_bucket, trade_date=MONDAY)["unchanged"] == 2
    await store(in_bucket, at(MONDAY, 13, 99))
    assert [run_export(in_bucket, trade_date=day)["written"] for day in due_dates(in_bucket, NOW)] == [1]
    assert S3FileSystem().ls("thor/lake/date=2025-06-09/symbol=ES") == [
        "thor/lake/date=2025-06-09/symbol=ES/ticks.parquet"
    ]


async def test_a_bucket_is_asked_like_a_folder(in_bucket: ServerSettings) -> None:
    await two_days(in_bucket)
    frame = lake.scan(in_bucket, symbols=["ES"])
    assert frame.select("symbol", "date", "seq").filter(pl.col("seq") > 5).collect().rows() == [
        *(("ES", MONDAY, 12),),
        *(("ES", TUESDAY, 23), ("ES", TUESDAY, 12)),
    ]
    counted = "SELECT symbol, date, count(*) FROM ticks GROUP BY ALL ORDER BY ALL"
    assert lake.query(in_bucket, counted)[1] == [
        *(("ES", MONDAY, 2), ("ES", TUESDAY, 3)),
        *(("YM", MONDAY, 2), ("YM", TUESDAY, 3)),
    ]
    await store(in_bucket, at(TUESDAY, 13, 50, symbol="YM", last=42_000))
    run_export(in_bucket, trade_date=TUESDAY)
    assert lake.bars(in_bucket, MINUTE_US, symbols=["YM"])["close"].to_pylist() == [42_000]
    assert [report.rows for report in check_lake(in_bucket)] == [2, 2, 3, 4]
    assert lake.query(in_bucket, "SELECT count(*) FROM ticks_clean")[1] == [(11,)]
    with pytest.raises(StorageError, match="file system operations are disabled"):
        lake.query(in_bucket, "SELECT * FROM read_text('/etc/hostname')")


async def test_a_dropped_day_lives_on_in_the_bucket(in_bucket: ServerSettings) -> None:
    await two_days(in_bucket)
    with psycopg.connect(in_bucket.conninfo(), autocommit=True) as connection:
        assert retire(in_bucket, connection, MONDAY) == 6
    await store(in_bucket, at(MONDAY, 13, 99))
    assert run_export(in_bucket, trade_date=MONDAY)["rows"] == 5
    assert len(list(compact(in_bucket, all_files=True))) == 4
    assert differences(in_bucket) == []


async def test_a_reader_never_sees_half_an_object(in_bucket: ServerSettings) -> None:
    await two_days(in_bucket)
    path = partition_path(in_bucket.lake_folder(), TUESDAY, "ES")
    rows = read_ticks(path)
    others = rows.split([rows, read_ticks(partition_path(in_bucket.lake_folder(), MONDAY, "ES"))])[0][1]
    counts: list[int] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            counts.append(len(read_ticks(path)))

    reader = threading.Thread(target=read)
    reader.start()
    for turn in range(20):
        write_partition(in_bucket.lake_folder(), TUESDAY, "ES", (rows, others)[turn % 2])
    done.set()
    reader.join()
    assert set(counts) <= {3, 5}
    assert counts


async def test_a_store_that_is_away_is_said(
    in_bucket: ServerSettings, store_of_objects: ThreadedMotoServer, client: Any
) -> None:
    await two_days(in_bucket)
    await store(in_bucket, at(MONDAY, 13, 99))
    store_of_objects.stop()
    with pytest.raises(StorageError) as raised:
        run_export(in_bucket, trade_date=MONDAY)
    assert raised.value.code == "no_object_store"
    newest = (await client.get("/exports", params={"limit": 1})).json()["items"][0]
    assert (newest["state"], newest["problem"].partition(":")[0]) == ("failed", "no_object_store")
    assert due_dates(in_bucket, NOW) == [MONDAY]


async def test_a_bucket_without_what_speaks_s3_is_said(
    server_settings: ServerSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(StorageError, match=r"pip install 'thor\[s3\]'") as raised:
        server_settings.model_copy(update={"lake_dir": "s3://thor/lake"}).lake_folder()
    assert raised.value.code == "no_object_store"
