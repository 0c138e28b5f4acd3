"""What is made of ticks: bars, averages, and which dates are kept where."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any, Final

import psycopg
import pyarrow as pa

from thor_fast import bars_in_order
from thor_web.thordata.services import export_records as records
from thor_web.thordata.services.history import TickQuery, read_pieces
from thor_web.thordata.services.lake_files import lake_dates, read_manifest
from thor_web.thordata.services.trade_dates import dates_of_hours, span_of, spans_of
from thor_web.thordata.settings import StorageSettings

__all__ = ["bars", "coverage", "vwap"]

BAR_COLUMNS: Final = ["ts", "last", "last_size"]
WHOLE_US: Final = 1 << 62
"""An interval that holds every instant since 1970."""

COVERAGE_FIELDS: "Final[list[pa.Field[Any]]]" = [
    pa.field("date", pa.date32()),
    pa.field("symbol", pa.string()),
    pa.field("place", pa.string()),
    pa.field("rows", pa.int64()),
    pa.field("bytes", pa.int64()),
    pa.field("first_ts", pa.timestamp("us", tz="UTC")),
    pa.field("last_ts", pa.timestamp("us", tz="UTC")),
    pa.field("digest", pa.string()),
    pa.field("starts_at", pa.timestamp("us", tz="UTC")),
    pa.field("ends_at", pa.timestamp("us", tz="UTC")),
]
COVERAGE: Final = pa.schema(COVERAGE_FIELDS)


def bars(settings: StorageSettings, query: TickQuery, interval_us: int) -> pa.Table:
    """Bars by interval in UTC, in order: start, open, high, low, close, volume, events, vwap."""
    return pa.table(bars_in_order(_ticks(settings, query), query.symbol, interval_us))


def vwap(settings: StorageSettings, query: TickQuery) -> dict[str, Any]:
    """The average over the whole span."""
    rows = pa.table(bars_in_order(_ticks(settings, query), query.symbol, WHOLE_US)).to_pylist()
    volume, events = sum(row["volume"] for row in rows), sum(row["events"] for row in rows)
    price = rows[0]["vwap"] if len(rows) == 1 else None
    span = {"start": query.start, "end": query.end}
    return {"symbol": query.symbol, **span, "vwap": price, "volume": volume, "events": events}


def _ticks(settings: StorageSettings, query: TickQuery) -> pa.Table:
    with psycopg.connect(settings.reading(), application_name="thor history", autocommit=True) as connection:
        parts = [table.select(BAR_COLUMNS) for table in read_pieces(settings, connection, query)]
    return pa.concat_tables(parts).combine_chunks() if parts else _NO_TICKS


def coverage(settings: StorageSettings, symbol: str | None, first: date | None, last: date | None) -> pa.Table:
    """Partitions of the lake, and without a symbol the dates of Postgres that the lake has not as they are there."""
    with psycopg.connect(settings.reading(), application_name="thor history", autocommit=True) as connection:
        hours = records.hourly_versions(connection)
        exported = records.span_versions(connection)
    rows = [row for row in _in_lake(settings) if symbol in {None, row["symbol"]}]
    rows += _in_postgres(hours, exported)
    wanted = [row for row in rows if (first or date.min) <= row["date"] <= (last or date.max)]
    return pa.Table.from_pylist(sorted(wanted, key=lambda row: (row["date"], row["symbol"] or "")), COVERAGE)


def _in_lake(settings: StorageSettings) -> Iterator[dict[str, Any]]:
    lake = settings.lake_folder()
    for day in lake_dates(lake):
        for part in read_manifest(lake, day).values():
            starts_at, ends_at = span_of(part.symbol, day) or (None, None)
            yield {
                "date": day,
                "symbol": part.symbol,
                "place": "lake",
                "rows": part.rows,
                "bytes": part.bytes,
                "first_ts": part.first_ts,
                "last_ts": part.last_ts,
                "digest": part.digest,
                "starts_at": starts_at,
                "ends_at": ends_at,
            }


def _in_postgres(
    hours: list[tuple[datetime, int]], exported: dict[tuple[date, datetime, datetime], int]
) -> Iterator[dict[str, Any]]:
    for day in dates_of_hours(hour for hour, _ in hours):
        for span in spans_of(day):
            version = records.version_in(hours, span)
            key = (day, span.start.astimezone(UTC), span.end.astimezone(UTC))
            if version and exported.get(key) != version:
                starts_at, ends_at = span.start, span.end
                yield {"date": day, "symbol": None, "place": "postgres", "starts_at": starts_at, "ends_at": ends_at}
                break


_NO_TICKS: Final = pa.table(
    {
        "ts": pa.array([], pa.timestamp("us", tz="UTC")),
        "last": pa.array([], pa.decimal128(19, 9)),
        "last_size": pa.array([], pa.int32()),
    }
)
