"""The lake: how small it is, what readers see while it is written, and how quickly bars are made of it."""

import io
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import duckdb
import polars as pl
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.inputs import recorded_lines
from benchmarks.measure import Measured
from benchmarks.peers.arctic import ArcticReader
from benchmarks.stores import FIRST_DAY, SYMBOLS, in_turns, made_ticks, stores
from thor_fast import CopyReader, Ticks, parse_batch, register_source
from thor_web.thordata.lake import bars, scan
from thor_web.thordata.services.lake_files import partition_path, write_partition
from thor_web.thordata.services.tick_store import TickStore
from thor_web.thordata.settings import StorageSettings

__all__ = ["bars_of_all", "bars_of_one", "replacing", "size"]

MINUTE_US: Final = 60_000_000
DAYS: Final = 5
ROWS_A_PARTITION: Final = 10_000_000 // (DAYS * len(SYMBOLS))
READS: Final = 1_000


@contextmanager
def lake() -> Iterator[StorageSettings]:
    folder = Path(tempfile.mkdtemp(prefix="thor-b-"))
    try:
        yield StorageSettings(thor_state=folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def size() -> list[Measured]:
    """Bytes a row of the recorded hour and of a made-up day, beside PyArrow's default zstd of floats and the table."""
    import asyncio

    hour = _recorded()
    rows = []
    with stores() as running:
        for name, ticks in (("hour", hour), ("day", made_ticks("ES", FIRST_DAY, 200_000))):
            day = FIRST_DAY
            partition = write_partition(running.settings.lake_folder(), day, "ES", ticks)
            back = Ticks.from_arrow(pq.ParquetFile(partition_path(running.settings.lake_folder(), day, "ES")).read())
            assert back.digest() == ticks.digest()

            async def store(ticks: Ticks = ticks) -> None:
                session = await TickStore.connect(running.settings.conninfo())
                await session.store("quotes:stream:TOS", ticks.to_events(), (1, 0))
                await session.close()

            with psycopg.connect(running.conninfo, autocommit=True) as connection:
                before = _table_bytes(connection)
                asyncio.run(store())
                table = _table_bytes(connection) - before
            own, count = partition.bytes / len(ticks), len(ticks)
            rows.append(
                Measured(f"lake-size-{name}-pyarrow", own, _default(ticks) / count, "PyArrow's default, floats", "B")
            )
            rows.append(Measured(f"lake-size-{name}-table", own, table / count, "table and index", "B"))
    return rows


def _recorded() -> Ticks:
    lines = b"\n".join(recorded_lines())
    batch = parse_batch(lines)[0]
    if not len(batch):
        register_source("REPLAY")
        batch = parse_batch(lines)[0]
    reader = CopyReader()
    reader.feed_rows(batch.to_copy_binary())
    return reader.finish().by_symbol()[0][1]


def _default(ticks: Ticks) -> int:
    """Bytes of the same rows as anyone writes them: floats and texts, zstd."""
    table = pa.table(ticks)
    for at, field in enumerate(table.schema):
        kind = pa.float64() if pa.types.is_decimal(field.type) else field.type
        kind = pa.string() if pa.types.is_dictionary(kind) else kind
        table = table.set_column(at, field.name, table.column(at).cast(kind))
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return len(sink.getvalue())


def _table_bytes(connection: psycopg.Connection) -> int:
    row = connection.execute(
        "SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = 'ticks'::regclass"
    ).fetchone()
    return int(row[0] or 0) if row else 0


def replacing() -> list[Measured]:
    """A partition is replaced over and over while DuckDB and Polars count its rows: reads that failed or were wrong."""
    versions = [made_ticks("ES", FIRST_DAY, rows) for rows in (100_000, 120_000)]
    right = {len(ticks) for ticks in versions}
    reads, bad = [0], [0]
    done = threading.Event()
    with lake() as settings:
        path = partition_path(settings.lake_folder(), FIRST_DAY, "ES")
        write_partition(settings.lake_folder(), FIRST_DAY, "ES", versions[0])

        def read(count: Callable[[], int]) -> None:
            while not done.is_set():
                try:
                    good = count() in right
                except BaseException:  # noqa: BLE001 - Polars panics where a file is cut under it
                    good = False
                reads[0] += 1
                bad[0] += not good

        def with_duckdb() -> int:
            with duckdb.connect() as connection:
                found = connection.execute(f"SELECT count(ask) FROM read_parquet('{path}')").fetchone()
            return int(found[0]) if found else -1

        def with_polars() -> int:
            return int(scan(settings).select(pl.col("ask").count()).collect().item())

        readers = [threading.Thread(target=read, args=(count,)) for count in (with_duckdb, with_polars)]
        for reader in readers:
            reader.start()
        written = 0
        while reads[0] < READS:
            written += 1
            write_partition(settings.lake_folder(), FIRST_DAY, "ES", versions[written % 2])
        done.set()
        for reader in readers:
            reader.join()
    return [Measured("lake-replacing", 1.0 + bad[0], 1.0, f"{reads[0]} reads, {written} writes", "1 + bad reads")]


@contextmanager
def made_lake(symbols: tuple[str, ...], days: int) -> Iterator[StorageSettings]:
    with lake() as settings:
        for number in range(days):
            day = FIRST_DAY + timedelta(days=number)
            for symbol in symbols:
                write_partition(settings.lake_folder(), day, symbol, made_ticks(symbol, day, ROWS_A_PARTITION))
        yield settings


def bars_of_all() -> list[Measured]:
    """A minute's open, high, low, close and average over ten million rows in 55 partitions."""
    with made_lake(SYMBOLS, DAYS) as settings:
        glob = f"{settings.lake_folder()}/date=*/symbol=*/ticks.parquet"
        works = [lambda: bars(settings, MINUTE_US), lambda: _duckdb_bars(glob), lambda: _polars_bars(glob)]
        _require_same(*works)
        thor, by_duckdb, by_polars = (seconds * 1_000 for seconds in in_turns(works))
    better = min(by_duckdb, by_polars)
    name = "DuckDB" if by_duckdb == better else "Polars"
    return [Measured("lake-bars-10m", thor, better, f"{name}, the better of two", "ms")]


def bars_of_one() -> list[Measured]:
    """The same of one symbol and day, and ArcticDB, which only reads the two columns."""
    with made_lake(("ES",), 1) as settings:
        path = str(partition_path(settings.lake_folder(), FIRST_DAY, "ES"))
        works: list[Callable[[], Any]] = [
            lambda: bars(settings, MINUTE_US, symbols=["ES"], dates=[FIRST_DAY]),
            lambda: _duckdb_bars(path),
            lambda: _polars_bars(path),
        ]
        _require_same(*works)
        folder = settings.lake_folder().parent
        frame = pa.table(made_ticks("ES", FIRST_DAY, ROWS_A_PARTITION)).select(["ts", "last", "last_size"])
        frame = frame.set_column(1, "last", frame["last"].cast(pa.float64()))
        with pa.ipc.new_file(str(folder / "frame.arrow"), frame.schema) as file:
            file.write_table(frame)
        with ArcticReader(folder / "frame.arrow", folder / "arctic", ROWS_A_PARTITION) as arctic:
            medians = [seconds * 1_000 for seconds in in_turns([*works, arctic.read], rounds=15)]
    thor, by_duckdb, by_polars, by_arctic = medians
    better = min(by_duckdb, by_polars)
    name = "DuckDB" if by_duckdb == better else "Polars"
    return [
        Measured("lake-bars-day", thor, better, f"{name}, the better of two", "ms"),
        Measured("lake-bars-day-arctic", thor, by_arctic, "ArcticDB, reading only", "ms"),
    ]


def _duckdb_bars(glob: str) -> pa.Table:
    """Written by hand: floats are enough for it, and (ts, seq) decides what is first."""
    with duckdb.connect() as connection:
        connection.execute("SET threads = 2")
        found: pa.Table = connection.execute(  # type: ignore[assignment]  # it is a table
            "SELECT symbol, date, time_bucket(INTERVAL 1 minute, ts) AS start, arg_min(last, (ts, seq)) AS open, "
            "max(last) AS high, min(last) AS low, arg_max(last, (ts, seq)) AS close, sum(last_size) AS volume, "
            "sum(last::DOUBLE * last_size) / sum(last_size) AS vwap "
            f"FROM read_parquet('{glob}', hive_partitioning = true) GROUP BY ALL"
        ).to_arrow_table()
    return found


def _polars_bars(glob: str) -> pa.Table:
    """Written by hand: a partition is in order, so first and last are what they say."""
    last = pl.col("last").cast(pl.Float64)
    frame = (
        pl.scan_parquet(glob, hive_partitioning=True)
        .group_by("symbol", "date", pl.col("ts").dt.truncate("1m").alias("start"), maintain_order=False)
        .agg(
            last.first().alias("open"),
            last.max().alias("high"),
            last.min().alias("low"),
            last.last().alias("close"),
            pl.col("last_size").sum().alias("volume"),
            ((last * pl.col("last_size")).sum() / pl.col("last_size").sum()).alias("vwap"),
        )
    )
    table: pa.Table = frame.collect(engine="streaming").to_arrow()
    return table


def _require_same(*works: Callable[[], pa.Table]) -> None:
    """Every answer has the same bars; averages agree to a millionth."""
    columns = ["symbol", "start", "open", "high", "low", "close", "volume", "vwap"]
    floats = [pl.col(name).cast(pl.Float64) for name in columns[2:]]
    frames = [
        pl.DataFrame(work()).select(pl.col("symbol").cast(pl.String), pl.col("start").cast(pl.Int64), *floats)
        for work in works
    ]
    first, *others = (frame.sort("symbol", "start").with_columns(pl.col("vwap").round(6)) for frame in frames)
    for other in others:
        assert first.equals(other), "the bars are not the same"
