"""Readers of the Parquet lake: DuckDB behind a lock, Polars lazily, both only the partitions that are asked for."""

import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from polars.io.plugins import register_io_source

from thor_fast import QUALITY_CHECKS, bars_in_order
from thor_web.thordata.errors import StorageError
from thor_web.thordata.services.lake_files import (
    FILE_NAME,
    FLAGS_NAME,
    TICK_SCHEMA,
    lake_dates,
    partition_path,
    partitions_of,
)
from thor_web.thordata.services.lake_place import bucket_files, is_bucket, readable
from thor_web.thordata.services.quality import SPOILING
from thor_web.thordata.settings import StorageSettings

__all__ = ["asked", "bars", "one_question", "open_lake", "query", "scan"]

BAR_COLUMNS: Final = ["ts", "last", "last_size"]
MEMORY_LIMIT: Final = "2GB"
MOST_OPEN: Final = 500
EVERY_PRICE: Final = pl.Schema({name: pl.Decimal(19, 9) for name in ("last", "bid", "ask")})
"""One type for the prices of every file: a few need more digits than others."""


def scan(
    settings: StorageSettings, *, symbols: Sequence[str] | None = None, dates: Iterable[date] | None = None
) -> pl.LazyFrame:
    """The ticks of some symbols and trade dates, or of all, as a lazy frame: nothing is read before it is collected.

    Columns are those of the ticks table, with the trade date as `date` in front. Up to 500 partitions are opened at
    once: Polars opens a path twice, and a partition that is replaced in between would be two halves of two files.
    Raises StorageError `empty_lake` where no partition is among them.
    """
    lake = settings.lake_folder()
    paths = [
        (day, path)
        for day in (sorted(dates) if dates is not None else lake_dates(lake))
        for path in _paths(lake, day, symbols)
    ]
    opened = len(paths) <= MOST_OPEN
    frames = [
        _lazy(path, opened=opened).select(pl.lit(day).alias("date"), pl.all()).cast(EVERY_PRICE) for day, path in paths
    ]
    if not frames:
        raise StorageError("empty_lake", f"the lake {lake} holds none of these partitions; `thor export` writes them")
    return pl.concat(frames)


def _lazy(path: Path, *, opened: bool) -> pl.LazyFrame:
    if is_bucket(path):
        return _whole(path)
    if not opened:
        return pl.scan_parquet(path, glob=False)
    with path.open("rb") as file:  # Polars keeps a handle of its own
        return pl.scan_parquet(file)


def _whole(path: Path) -> pl.LazyFrame:
    """An object of a bucket, got when it is collected and in one piece: it may be replaced at any time."""

    def read(
        columns: list[str] | None, predicate: pl.Expr | None, rows: int | None, _batch: int | None
    ) -> Iterator[pl.DataFrame]:
        frame = pl.scan_parquet(readable(path)).cast(EVERY_PRICE)
        if predicate is not None:
            frame = frame.filter(predicate)
        if columns is not None:
            frame = frame.select(columns)
        yield (frame if rows is None else frame.head(rows)).collect()

    return register_io_source(read, schema=pl.Schema({**pl.Schema(TICK_SCHEMA), **EVERY_PRICE}), validate_schema=True)


def _paths(lake: Path, day: date, symbols: Sequence[str] | None) -> list[Path]:
    if symbols is None:
        return list(partitions_of(lake, day).values())
    paths = (partition_path(lake, day, symbol) for symbol in symbols)
    return [path for path in paths if path.exists()]


def bars(
    settings: StorageSettings,
    interval_us: int,
    *,
    symbols: Sequence[str] | None = None,
    dates: Iterable[date] | None = None,
    threads: int | None = None,
) -> pa.Table:
    """Bars of every partition by interval in UTC: symbol, date, start, open, high, low, close, volume, events, vwap.

    A bar ends with its trade date. Partitions are read and reduced one a thread. Raises StorageError `empty_lake` and
    `bad_lake_file`.
    """
    lake = settings.lake_folder()
    chosen = [
        (day, unquote(path.parent.name.removeprefix("symbol=")), path)
        for day in (sorted(dates) if dates is not None else lake_dates(lake))
        for path in _paths(lake, day, symbols)
    ]
    if not chosen:
        raise StorageError("empty_lake", f"the lake {lake} holds none of these partitions; `thor export` writes them")

    def reduce(part: tuple[date, str, Path]) -> pa.Table:
        day, symbol, path = part
        try:
            file = pq.ParquetFile(readable(path))
            table = file.read(columns=BAR_COLUMNS, use_threads=len(chosen) == 1).combine_chunks()
            found = pa.table(bars_in_order(table, symbol, interval_us))
        except (pa.ArrowException, OSError, ValueError) as error:
            raise StorageError("bad_lake_file", f"{path}: {' '.join(str(error).split())}") from error
        found = found.add_column(0, "date", pa.repeat(pa.scalar(day, pa.date32()), len(found)))
        return found.add_column(0, "symbol", pa.repeat(pa.scalar(symbol), len(found)))

    if len(chosen) == 1:
        return reduce(chosen[0])
    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        return pa.concat_tables(list(pool.map(reduce, chosen)))


def open_lake(settings: StorageSettings, *, memory: str = MEMORY_LIMIT) -> duckdb.DuckDBPyConnection:
    """A DuckDB session that has the lake as the view `ticks` and nothing else: no other file, no network.

    Raises StorageError `empty_lake`.
    """
    lake = settings.lake_folder()
    lake = lake if is_bucket(lake) else lake.resolve()
    if not any(lake.glob("date=*/symbol=*/ticks.parquet")):
        raise StorageError("empty_lake", f"the lake {lake} holds no Parquet files yet; `thor export` writes them")
    connection = duckdb.connect(":memory:")
    try:
        _lock(connection, lake, memory)
    except duckdb.Error as error:
        connection.close()
        raise StorageError("bad_lake_file", str(error)) from error
    return connection


def query(settings: StorageSettings, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Column names and rows of one SELECT over the view `ticks`. Raises StorageError."""
    with open_lake(settings) as connection, asked(connection, settings.lake_sql_time_s):
        # Through Arrow: DuckDB's own rows want pytz for instants.
        table = connection.sql(one_question(connection, sql)).to_arrow_table()
    columns = [column.to_pylist() for column in table.columns]
    return table.column_names, list(zip(*columns, strict=True))


@contextmanager
def asked(connection: duckdb.DuckDBPyConnection, limit_s: int) -> Iterator[None]:
    """Interrupt what the connection works on when the time is over, and say as a StorageError what goes wrong."""
    timer = threading.Timer(limit_s, connection.interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    except duckdb.InterruptException as error:
        raise StorageError("too_slow", f"the lake had no answer in {limit_s} s") from error
    except duckdb.Error as error:
        damaged = isinstance(error, duckdb.InvalidInputException | duckdb.IOException) and "arquet" in str(error)
        raise StorageError("bad_lake_file" if damaged else "bad_query", str(error)) from error
    finally:
        timer.cancel()


def _clean_view(connection: duckdb.DuckDBPyConnection, lake: Path) -> None:
    """The view `ticks_clean`: the partitions that were checked, without the rows that a check spoils."""
    checked = sorted(lake.glob(f"date=*/symbol=*/{FLAGS_NAME}"))
    files = [path for flags in checked if (path := flags.with_name(FILE_NAME)).exists()]
    if not files:
        connection.execute("CREATE VIEW ticks_clean AS SELECT * FROM ticks WHERE false")
        return
    spoiling = sum(1 << list(QUALITY_CHECKS).index(name) for name in SPOILING)
    options = "hive_partitioning = true, hive_types = {'date': DATE, 'symbol': VARCHAR}, union_by_name = true"
    for name, paths in (("checked_ticks", files), ("doubts", checked)):
        connection.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet({_texts(paths)}, {options})")  # noqa: S608
    connection.execute(
        "CREATE VIEW ticks_clean AS SELECT * FROM checked_ticks AS tick "  # noqa: S608
        "WHERE NOT EXISTS (SELECT 1 FROM doubts AS doubt "
        "WHERE doubt.date = tick.date AND doubt.symbol = tick.symbol AND doubt.ts = tick.ts "
        "AND doubt.source = tick.source AND doubt.seq IS NOT DISTINCT FROM tick.seq "
        f"AND (doubt.flags & {spoiling}) <> 0)"
    )


def _texts(paths: Sequence[Path]) -> str:
    """A list of texts in SQL."""
    return "[" + ", ".join("'" + str(path).replace("'", "''") + "'" for path in paths) + "]"


def one_question(connection: duckdb.DuckDBPyConnection, sql: str) -> str:
    """The text, if it is one statement that only reads. Raises StorageError: the folder allows reading and writing."""
    statements = connection.extract_statements(sql)
    if len(statements) != 1 or statements[0].type is not duckdb.StatementType.SELECT:
        raise StorageError("bad_query", "only one SELECT can be asked of the lake")
    return sql


def _lock(connection: duckdb.DuckDBPyConnection, lake: Path, memory: str) -> None:
    """Give the session the view and then nothing else: no other file, no network, no change of settings."""
    folder = str(lake).replace("'", "''")
    if is_bucket(lake):
        # DuckDB's own reader of S3 is an extension to be downloaded; fsspec's file notices an object that was replaced.
        connection.register_filesystem(bucket_files(lake))
    connection.execute(f"SET memory_limit = '{memory}'")
    connection.execute(
        f"CREATE VIEW ticks AS SELECT * FROM read_parquet('{folder}/date=*/symbol=*/ticks.parquet', "  # noqa: S608
        "hive_partitioning = true, hive_types = {'date': DATE, 'symbol': VARCHAR}, union_by_name = true)"
    )
    _clean_view(connection, lake)
    connection.execute(f"SET allowed_directories = ['{folder}']")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
