"""Ticks of a symbol over any span, wherever they are: recent ones in Postgres, older ones in the lake, in one order.

Where a trade date is in the lake as it is in Postgres, the lake answers; else Postgres does; and where a part of the
date was dropped from Postgres and late ticks came after, both together do. A reader cannot tell which.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from psycopg import sql

from thor_fast import Ticks
from thor_web.thordata.errors import StorageError
from thor_web.thordata.services import export_records as records
from thor_web.thordata.services.copy_out import copy_ticks, within
from thor_web.thordata.services.lake_files import TICK_SCHEMA, partition_path
from thor_web.thordata.services.lake_place import readable
from thor_web.thordata.services.quality import clean_rows
from thor_web.thordata.services.trade_dates import dates_around, market_of, span_of
from thor_web.thordata.settings import StorageSettings

__all__ = ["HISTORY_SCHEMA", "Key", "Piece", "TickQuery", "as_of", "pieces", "read_page", "read_pieces"]

CODED_TEXTS: Final = ["symbol", "source", "cond"]
"""Texts of few values, which cost a number a row as dictionaries, to read, to send and to take in."""
ANSWERED: Final = dict.fromkeys(("last", "bid", "ask"), pa.decimal128(19, 9)) | dict.fromkeys(
    CODED_TEXTS, pa.dictionary(pa.int32(), pa.string())
)
"""Columns of an answer have one type, wherever they come from."""
HISTORY_SCHEMA: Final = pa.schema([field.with_type(ANSWERED.get(field.name, field.type)) for field in TICK_SCHEMA])
ORDER: Final = sql.SQL("""ORDER BY ts, seq NULLS FIRST, source COLLATE "C" """)
LOOK_BACK: Final = (timedelta(hours=1), timedelta(days=1), timedelta(days=5), timedelta(days=40))
"""How far an as-of question looks back, step by step."""

Key = tuple[datetime, int | None, str]
"""A row's place: ts, seq, source."""


@dataclass(frozen=True, slots=True)
class TickQuery:
    """Which ticks: a symbol, a half-open span, perhaps one source, behind a key, the doubtful ones left out or not."""

    symbol: str
    start: datetime
    end: datetime
    source: str | None = None
    after: Key | None = None
    clean: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a span, within one trade date or between several hot ones, and where its rows are."""

    start: datetime
    end: datetime
    trade_date: date
    in_lake: bool
    in_postgres: bool


def pieces(settings: StorageSettings, connection: psycopg.Connection, query: TickQuery) -> list[Piece]:
    """Where the rows of a span are, in order of time."""
    exported = records.span_versions(connection)
    lake = settings.lake_folder()
    found = []
    for day in dates_around(query.start, query.end, [market_of(query.symbol)]):
        span = span_of(query.symbol, day)
        if span is None:
            continue
        start, end = max(span[0], query.start), min(span[1], query.end)
        known = exported.get((day, span[0].astimezone(UTC), span[1].astimezone(UTC)))
        current = known is not None and known == records.version_of(connection, *span)
        retired = not current and bool(records.retired_days(connection, *span))
        has_file = partition_path(lake, day, query.symbol).exists()
        if current and not has_file:
            continue  # an export found nothing of it
        found.append(Piece(start, end, day, in_lake=has_file and (current or retired), in_postgres=not current))
    return found


def read_pieces(
    settings: StorageSettings, connection: psycopg.Connection, query: TickQuery, *, limit: int | None = None
) -> Iterator[pa.Table]:
    """The rows of a query in order, a table a piece, until there are `limit` of them."""
    left = limit
    for piece in pieces(settings, connection, query):
        if query.after is not None and piece.end <= query.after[0]:
            continue
        table = _rows(settings, connection, query, piece, left)
        if left is not None:
            table = table.slice(0, left)
            left -= len(table)
        if len(table):
            yield table
        if left == 0:
            return


def read_page(settings: StorageSettings, query: TickQuery, limit: int) -> tuple[pa.Table, Key | None]:
    """At most `limit` rows in order, and the key to go on behind where there are more.

    Raises StorageError `bad_lake_file`, and psycopg.OperationalError when Postgres is away.
    """
    with _connected(settings) as connection:
        parts = list(read_pieces(settings, connection, query, limit=limit + 1))
    table = pa.concat_tables(parts) if parts else HISTORY_SCHEMA.empty_table()
    if len(table) <= limit:
        return table, None
    last = table.slice(limit - 1, 1).to_pylist()[0]
    return table.slice(0, limit), (last["ts"], last["seq"], last["source"])


def as_of(settings: StorageSettings, symbol: str, at: datetime, source: str | None) -> pa.Table:
    """The last row at or before an instant: none or one."""
    end = at + timedelta(microseconds=1)
    with _connected(settings) as connection:
        for back in LOOK_BACK:
            query = TickQuery(symbol, end - back, end, source)
            for piece in reversed(pieces(settings, connection, query)):
                table = _rows(settings, connection, query, piece, None)
                if len(table):
                    return table.slice(len(table) - 1)
    return HISTORY_SCHEMA.empty_table()


def _connected(settings: StorageSettings) -> psycopg.Connection:
    return psycopg.connect(settings.reading(), application_name="thor history", autocommit=True)


def _rows(
    settings: StorageSettings, connection: psycopg.Connection, query: TickQuery, piece: Piece, limit: int | None
) -> pa.Table:
    """The rows of one piece that the query asks for, in order."""
    # A cleaned row is one that no check spoils, and a check looks at the whole date.
    whole = span_of(query.symbol, piece.trade_date) if query.clean else None
    start, end = whole or (piece.start, piece.end)
    if piece.in_lake:
        table = _from_lake(settings, query.symbol, piece.trade_date, start, end)
        if piece.in_postgres:
            late = _from_postgres(connection, query.symbol, start, end)
            table = _merged(table, late)
    elif query.clean:
        table = _from_postgres(connection, query.symbol, start, end)
    else:
        table = _from_postgres(
            connection, query.symbol, start, end, source=query.source, after=query.after, limit=limit
        )
    if query.clean:
        table = clean_rows(table, query.symbol, piece.trade_date)
        table = table.filter(_between(table["ts"], piece.start, piece.end))
    if query.source is not None:
        table = table.filter(pc.equal(table["source"].cast(pa.string()), pa.scalar(query.source)))
    return _behind(table, query.after)


def _from_lake(settings: StorageSettings, symbol: str, day: date, start: datetime, end: datetime) -> pa.Table:
    path = partition_path(settings.lake_folder(), day, symbol)
    try:
        file = pq.ParquetFile(readable(path), read_dictionary=CODED_TEXTS)
        groups = [number for number in range(file.num_row_groups) if _overlaps(file, number, start, end)]
        # In one thread: a file's columns are read sooner than Arrow's threads have shared them out.
        table = file.read_row_groups(groups, use_threads=False)
        if len(table) and not (start <= table["ts"][0].as_py() and table["ts"][-1].as_py() < end):
            table = table.filter(_between(table["ts"], start, end))
        table = table.cast(HISTORY_SCHEMA)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise StorageError("bad_lake_file", f"{path}: {' '.join(str(error).split())}") from error
    return table


def _overlaps(file: pq.ParquetFile, group: int, start: datetime, end: datetime) -> bool:
    """Whether a group of rows may have one in the span: by its statistics, which every file of ours has."""
    statistics = file.metadata.row_group(group).column(TICK_SCHEMA.names.index("ts")).statistics
    if statistics is None or not statistics.has_min_max:
        return True
    first, last = statistics.min, statistics.max
    return first is None or last is None or bool(first < end and start <= last)


def _from_postgres(
    connection: psycopg.Connection,
    symbol: str,
    start: datetime,
    end: datetime,
    *,
    source: str | None = None,
    after: Key | None = None,
    limit: int | None = None,
) -> pa.Table:
    where: list[sql.Composable] = [sql.SQL("symbol = {}").format(sql.Literal(symbol))]
    where.append(within(max(start, after[0]) if after else start, end))
    if source is not None:
        where.append(sql.SQL("source = {}").format(sql.Literal(source)))
    if after is not None:
        ts, seq, by = after
        where.append(
            sql.SQL("""(ts, coalesce(seq, -1), source COLLATE "C") > ({}, {}, {})""").format(
                sql.Literal(ts), sql.Literal(-1 if seq is None else seq), sql.Literal(by)
            )
        )
    tail = ORDER if limit is None else sql.SQL("{} LIMIT {}").format(ORDER, sql.Literal(limit))
    ticks = copy_ticks(connection, sql.SQL(" AND ").join(where), tail=tail)
    return pa.table(ticks).cast(HISTORY_SCHEMA)


def _merged(kept: pa.Table, late: pa.Table) -> pa.Table:
    """Both in order, a late row standing for one with its key."""
    parts = Ticks.split([Ticks.from_arrow(kept), Ticks.from_arrow(late)])
    return pa.table(parts[0][1]).cast(HISTORY_SCHEMA) if parts else kept


def _between(ts: Any, start: datetime, end: datetime) -> Any:
    kind = HISTORY_SCHEMA.field("ts").type
    return pc.and_(pc.greater_equal(ts, pa.scalar(start, kind)), pc.less(ts, pa.scalar(end, kind)))


def _behind(table: pa.Table, after: Key | None) -> pa.Table:
    """The rows behind a key, of rows in order."""
    if after is None:
        return table
    kind = HISTORY_SCHEMA.field("ts").type
    table = table.filter(pc.greater_equal(table["ts"], pa.scalar(after[0], kind)))
    passed = 0
    for row in table.select(["ts", "seq", "source"]).to_batches(max_chunksize=256):
        for ts, seq, source in zip(*(column.to_pylist() for column in row.columns), strict=True):
            place = (ts, -1 if seq is None else seq, source.encode())
            if place > (after[0], -1 if after[1] is None else after[1], after[2].encode()):
                return table.slice(passed)
            passed += 1
    return table.slice(passed)
