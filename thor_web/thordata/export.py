"""Export of one trade date from the ticks table to the Parquet lake.

A partition is one file, `date=YYYY-MM-DD/symbol=<SYMBOL>/ticks.parquet`, written beside its place and moved
there in one step: a reader sees the old file or the new one. Prices are exact decimals.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq

from collectors.instruments import load_instruments
from thor_web.thordata.settings import StorageSettings
from thor_web.timezones.interface import trade_date_span

__all__ = ["TICK_SCHEMA", "ExportedPartition", "partition_path", "run_export"]

ROWS_A_GROUP: Final = 100_000
DEFAULT_MARKET: Final = "GLOBEX"
"""Market whose trade date is used for a symbol that the registry does not know."""

PRICE: Final = pa.decimal128(19, 9)
"""Holds every price of the canonical event: 64-bit integers of 1e-9."""
TICK_FIELDS: "Final[list[pa.Field[Any]]]" = [
    pa.field("symbol", pa.string(), nullable=False),
    pa.field("ts", pa.timestamp("us", tz="UTC"), nullable=False),
    pa.field("last", PRICE),
    pa.field("bid", PRICE),
    pa.field("ask", PRICE),
    pa.field("last_size", pa.int32()),
    pa.field("bid_size", pa.int32()),
    pa.field("ask_size", pa.int32()),
    pa.field("source", pa.string(), nullable=False),
    pa.field("cond", pa.string()),
    pa.field("seq", pa.int64()),
    pa.field("extra", pa.string()),
]
TICK_SCHEMA: Final = pa.schema(TICK_FIELDS)
SELECT: Final = """
SELECT symbol, ts, last, bid, ask, last_size, bid_size, ask_size, source, cond, seq, extra::text
FROM ticks WHERE symbol = %s AND ts >= %s AND ts < %s ORDER BY ts, seq NULLS FIRST, source
"""

Progress = Callable[[int, int, str], None]
"""Called with partitions done, partitions in all, and the symbol at work."""


@dataclass(frozen=True, slots=True)
class ExportedPartition:
    """One written file."""

    symbol: str
    rows: int
    bytes: int
    path: str


def partition_path(lake: Path, trade_date: date, symbol: str) -> Path:
    """Where the partition of a symbol lies; a symbol is percent-encoded where a path needs it."""
    return lake / f"date={trade_date.isoformat()}" / f"symbol={quote(symbol, safe='')}" / "ticks.parquet"


def run_export(
    settings: StorageSettings,
    *,
    trade_date: date,
    symbols: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Write the partitions of a trade date and say what was written.

    Symbols without ticks on that date are named under `empty`. Raises ValueError for a weekend day and
    psycopg.OperationalError when Postgres is away.
    """
    lake = settings.lake_folder()
    markets = {instrument.symbol: instrument.market for instrument in load_instruments()}
    written: list[ExportedPartition] = []
    empty: list[str] = []
    with psycopg.connect(settings.conninfo(), application_name="thor export") as connection:
        wanted = list(symbols) if symbols else _symbols_of(connection, trade_date)
        for done, symbol in enumerate(wanted):
            if progress:
                progress(done, len(wanted), symbol)
            span = trade_date_span(markets.get(symbol, DEFAULT_MARKET), trade_date)
            with connection.transaction(), connection.cursor(name="thor_export") as cursor:
                cursor.execute(SELECT, (symbol, *span))
                path = partition_path(lake, trade_date, symbol)
                rows = _write(path, cursor)
            if rows:
                written.append(ExportedPartition(symbol, rows, path.stat().st_size, str(path)))
            else:
                empty.append(symbol)
        if progress:
            progress(len(wanted), len(wanted), "")
    return {
        "date": trade_date.isoformat(),
        "lake": str(lake),
        "rows": sum(partition.rows for partition in written),
        "partitions": [asdict(partition) for partition in written],
        "empty": empty,
    }


def _symbols_of(connection: psycopg.Connection, trade_date: date) -> list[str]:
    """Symbols that may have ticks on a trade date, whatever their market."""
    widest = [trade_date_span(market, trade_date) for market in ("GLOBEX", "CFE", "ICE_US")]
    rows = connection.execute(
        "SELECT DISTINCT symbol FROM ticks WHERE ts >= %s AND ts < %s ORDER BY symbol",
        (min(start for start, _ in widest), max(end for _, end in widest)),
    )
    return [str(row[0]) for row in rows]


def _write(path: Path, cursor: psycopg.ServerCursor) -> int:
    """Write the rows of a cursor to a file; 0 rows write nothing and leave what is there."""
    groups = _groups(cursor)
    first = next(groups, None)
    if first is None:
        return 0
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    rows = 0
    try:
        with pq.ParquetWriter(unfinished, TICK_SCHEMA, compression="zstd") as writer:
            for group in (first, *groups):
                writer.write_table(group)
                rows += group.num_rows
        with unfinished.open("rb") as written:
            os.fsync(written.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return rows


def _groups(cursor: psycopg.ServerCursor) -> Iterator[pa.Table]:
    while rows := cursor.fetchmany(ROWS_A_GROUP):
        columns = list(zip(*rows, strict=True))
        yield pa.Table.from_arrays(
            [pa.array(column, field.type) for column, field in zip(columns, TICK_SCHEMA, strict=True)],
            schema=TICK_SCHEMA,
        )
