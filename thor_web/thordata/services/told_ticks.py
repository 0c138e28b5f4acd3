"""Every symbol's ticks of a span in the order in which they happened, read in blocks of a fitting length and kept.

A block begins and ends at whole multiples of its length, so that neighbouring questions share it.
"""

import threading
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Final

import polars as pl
import psycopg
import pyarrow as pa

from thor_fast import QuoteBatch, Ticks, register_source
from thor_web.thordata.services import export_records as records
from thor_web.thordata.services.copy_out import copy_ticks
from thor_web.thordata.services.history import HISTORY_SCHEMA, TickQuery, read_pieces
from thor_web.thordata.services.lake_files import partitions_of, read_manifest
from thor_web.thordata.services.partitions import partition_name
from thor_web.thordata.services.trade_dates import Span, dates_around, span_of, spans_of
from thor_web.thordata.settings import StorageSettings

__all__ = ["Blocks", "block_seconds", "read_ticks_of_all"]

LENGTHS_S: Final = (3_600, 900, 300, 60, 10)
ROWS_A_BLOCK: Final = 100_000
BYTES_A_ROW: Final = 120
"""Of a partition in Postgres, without its index; a guess is enough to choose a length by."""
MOST_BYTES: Final = 128 << 20
NOTHING: Final = QuoteBatch.from_events(())
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
SETTLED: Final = timedelta(minutes=1)
"""Ticks come into the store a little after they happened; what is younger may not be whole and is not kept."""


class Blocks:
    """Blocks that were read, the least used given up first. Safe to share between threads."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._kept: OrderedDict[tuple[datetime, int, int], QuoteBatch] = OrderedDict()
        self._lock = threading.Lock()

    def between(
        self, settings: StorageSettings, connection: psycopg.Connection, start: datetime, end: datetime, length_s: int
    ) -> Iterator[tuple[datetime, QuoteBatch]]:
        """The events of a span, a block at a time, each with the instant that it reaches to."""
        length = timedelta(seconds=length_s)
        at = datetime.fromtimestamp(start.timestamp() // length_s * length_s, UTC)
        while at < end:
            batch = self._block(settings, connection, at, length)
            times = batch.ts_us()
            first = _place(times, start) if at < start else 0
            behind = _place(times, end) if end < at + length else len(times)
            yield min(at + length, end), batch[first:behind]
            at += length

    def _block(
        self, settings: StorageSettings, connection: psycopg.Connection, at: datetime, length: timedelta
    ) -> QuoteBatch:
        version = records.version_of(connection, at, at + length)
        if version == 0:
            return NOTHING
        key = (at, round(length.total_seconds()), version)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        batch = read_ticks_of_all(settings, connection, at, at + length)
        if at + length < datetime.now(UTC) - SETTLED:
            with self._lock:
                self._kept[key] = batch
                while len(self._kept) > 1 and sum(kept.nbytes for kept in self._kept.values()) > self._most_bytes:
                    self._kept.popitem(last=False)
        return batch


def read_ticks_of_all(
    settings: StorageSettings, connection: psycopg.Connection, start: datetime, end: datetime
) -> QuoteBatch:
    """Every event of a half-open span by ts, seq (none first), symbol and source. Raises StorageError."""
    tables = [
        table
        for day in dates_around(start, end)
        for span in spans_of(day)
        for table in _of_span(settings, connection, day, span, (max(start, span.start), min(end, span.end)))
    ]
    whole = pa.concat_tables(tables) if tables else HISTORY_SCHEMA.empty_table()
    frame = pl.DataFrame(whole).cast({"symbol": pl.String, "source": pl.String})
    frame = frame.sort("ts", "seq", "symbol", "source", nulls_last=False)
    for source in frame["source"].unique():
        register_source(source)
    return Ticks.from_arrow(frame).to_events()


def block_seconds(settings: StorageSettings, connection: psycopg.Connection, trade_date: date) -> int:
    """The length of block that holds some 100,000 rows of a date, as far as that can be told without counting them."""
    lake = sum(part.rows for part in read_manifest(settings.lake_folder(), trade_date).values())
    names = [partition_name(trade_date - timedelta(days=back)) for back in (0, 1)]
    row = connection.execute(
        "SELECT coalesce(max(pg_table_size(to_regclass(name))), 0) FROM unnest(%s::text[]) AS name", (names,)
    ).fetchone()
    rows = max(lake, int(row[0]) // BYTES_A_ROW if row else 0)
    fitting = 86_400 * ROWS_A_BLOCK / max(rows, 1)
    return next((length for length in LENGTHS_S if length <= fitting), LENGTHS_S[-1])


def _of_span(
    settings: StorageSettings, connection: psycopg.Connection, day: date, span: Span, part: tuple[datetime, datetime]
) -> Iterator[pa.Table]:
    """The rows of a part of a span: at once where Postgres has all of them, else symbol by symbol."""
    start, end = part
    if start >= end:
        return
    whole = (span.start.astimezone(UTC), span.end.astimezone(UTC))
    known = records.span_versions(connection).get((day, *whole))
    current = known is not None and known == records.version_of(connection, *whole)
    if not current and not records.retired_days(connection, *whole):
        yield pa.table(copy_ticks(connection, span.condition(start, end))).cast(HISTORY_SCHEMA)
        return
    symbols = {symbol for symbol in partitions_of(settings.lake_folder(), day) if span_of(symbol, day) == whole}
    if not current:
        late = connection.execute("SELECT DISTINCT symbol FROM ticks WHERE ts >= %s AND ts < %s", (start, end))
        symbols |= {row[0] for row in late if span_of(row[0], day) == whole}
    for symbol in sorted(symbols):
        yield from read_pieces(settings, connection, TickQuery(symbol, start, end))


def _place(times: list[int], at: datetime) -> int:
    """How many of the rising times lie before an instant."""
    return bisect_left(times, (at - EPOCH) // timedelta(microseconds=1))
