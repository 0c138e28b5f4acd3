"""Export of trade dates from the ticks table to the Parquet lake: read in parallel, straight to columns, each
partition replaced in one step.

All sessions of an export see one snapshot, and the version of the rows is read in it, so a tick that is committed
meanwhile is either in the files or makes the date due again. What has not changed is not written.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql

from thor_fast import Ticks
from thor_web.thordata.errors import StorageError
from thor_web.thordata.services import export_records as records
from thor_web.thordata.services.copy_out import copy_ticks
from thor_web.thordata.services.lake_files import (
    Partition,
    partition_path,
    read_manifest,
    read_ticks,
    write_manifest,
    write_partition,
)
from thor_web.thordata.services.trade_dates import Span, dates_of_hours, spans_of
from thor_web.thordata.settings import StorageSettings

__all__ = ["ExportedDate", "Progress", "due_dates", "export_date", "run_export"]

EXPORT_LOCK_SPACE: Final = 0x7408
"""First key of the locks by which no date is exported twice at once; the second is the date as a number."""
MOST_JOBS: Final = 4

Progress = Callable[[int, int, str], None]
"""Called with partitions done, partitions in all, and the symbol at work."""


@dataclass(frozen=True, slots=True)
class ExportedDate:
    """What an export of one date left in the lake."""

    trade_date: date
    run: int
    partitions: tuple[Partition, ...]
    written: int
    empty: tuple[str, ...]

    @property
    def rows(self) -> int:
        """Rows of all its partitions."""
        return sum(part.rows for part in self.partitions)


def run_export(
    settings: StorageSettings,
    *,
    trade_date: date,
    symbols: Sequence[str] | None = None,
    progress: Progress | None = None,
    jobs: int | None = None,
    rewrite: bool = False,
) -> dict[str, Any]:
    """Export one date and say as JSON values what is in the lake; symbols without ticks are named under `empty`."""
    done = export_date(settings, trade_date, symbols=symbols, progress=progress, jobs=jobs, rewrite=rewrite)
    lake = settings.lake_folder()
    return {
        "date": trade_date.isoformat(),
        "lake": str(lake),
        "run": done.run,
        "rows": done.rows,
        "written": done.written,
        "unchanged": len(done.partitions) - done.written,
        "partitions": [
            asdict(part) | {"path": str(partition_path(lake, trade_date, part.symbol))} for part in done.partitions
        ],
        "empty": list(done.empty),
    }


def export_date(
    settings: StorageSettings,
    trade_date: date,
    *,
    symbols: Sequence[str] | None = None,
    progress: Progress | None = None,
    jobs: int | None = None,
    rewrite: bool = False,
) -> ExportedDate:
    """Write the partitions of a trade date whose rows have changed, or with `rewrite` every one.

    Raises ValueError for a day without a session, StorageError, and psycopg.OperationalError when Postgres is away.
    """
    spans = spans_of(trade_date, symbols)
    workers = jobs or min(MOST_JOBS, os.cpu_count() or 1)
    with psycopg.connect(settings.conninfo(), application_name="thor export", autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s, %s)", (EXPORT_LOCK_SPACE, trade_date.toordinal()))
        run = records.start_run(connection, trade_date, symbols)
        try:
            reading = _read(settings, connection, trade_date, spans, workers)
            lake = settings.lake_folder()
            known = {} if rewrite else read_manifest(lake, trade_date)
            partitions, written = _write(lake, trade_date, reading.parts, known, workers=workers, progress=progress)
        except BaseException as error:
            code = error.code if isinstance(error, StorageError) else type(error).__name__
            if not connection.closed:
                records.finish_run(connection, run, problem=f"{code}: {error}")
            raise
        with connection.transaction():
            records.finish_run(connection, run, partitions, written=written)
            if symbols is None:
                for span, version in zip(spans, reading.versions, strict=True):
                    records.record_span(connection, trade_date, span, version)
    found = {part.symbol for part in partitions}
    empty = tuple(symbol for symbol in symbols or () if symbol not in found)
    return ExportedDate(trade_date, run, tuple(partitions), written, empty)


def due_dates(settings: StorageSettings, now: datetime) -> list[date]:
    """Trade dates that have ended and whose rows are not, or no longer, in the lake as they are in Postgres."""
    with psycopg.connect(settings.conninfo(), application_name="thor export", autocommit=True) as connection:
        hours = records.hourly_versions(connection)
        exported = records.span_versions(connection)
    due = []
    for day in dates_of_hours(at for at, _ in hours):
        spans = spans_of(day)
        versions = {(day, span.start, span.end): records.version_in(hours, span) for span in spans}
        ended = all(span.end <= now for span in spans)
        if ended and any(version and exported.get(key) != version for key, version in versions.items()):
            due.append(day)
    return due


@dataclass(frozen=True, slots=True)
class _Reading:
    parts: list[Ticks]
    versions: list[int]


def _read(
    settings: StorageSettings, connection: psycopg.Connection, trade_date: date, spans: Sequence[Span], workers: int
) -> _Reading:
    """All rows of the spans out of one snapshot, read by several sessions, and the versions they are of."""
    with ExitStack() as stack:
        stack.enter_context(connection.transaction())
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        row = connection.execute("SELECT pg_export_snapshot()").fetchone()
        snapshot = str(row[0]) if row else ""
        versions = [records.version_of(connection, span.start, span.end) for span in spans]
        retired = {day for span in spans for day in records.retired_days(connection, span.start, span.end)}
        pool = stack.enter_context(ThreadPoolExecutor(workers))
        pieces = [(span, *piece) for span in spans for piece in span.slices(workers)]

        def read(piece: tuple[Span, datetime, datetime]) -> Ticks:
            span, start, end = piece
            with _in_snapshot(settings, snapshot) as session:
                return copy_ticks(session, span.condition(start, end))

        fresh = list(pool.map(read, pieces))
    kept = _kept_in_lake(settings.lake_folder(), trade_date, retired)
    # What the lake alone still has comes first: of rows with one key the last stands.
    return _Reading([*kept, *fresh], versions)


@contextmanager
def _in_snapshot(settings: StorageSettings, snapshot: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(settings.conninfo(), application_name="thor export") as session:
        session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        session.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(sql.Literal(snapshot)))
        yield session


def _kept_in_lake(lake: Path, trade_date: date, retired: set[date]) -> list[Ticks]:
    """Rows of a date that were in dropped partitions of Postgres: only the lake has them."""
    if not retired:
        return []
    return [
        read_ticks(partition_path(lake, trade_date, symbol), days=retired) for symbol in read_manifest(lake, trade_date)
    ]


def _write(
    lake: Path,
    trade_date: date,
    read: Sequence[Ticks],
    known: dict[str, Partition],
    *,
    workers: int,
    progress: Progress | None,
) -> tuple[list[Partition], int]:
    """Replace the partitions that are not as they are known to be, and the list of all; how many were written."""
    parts = Ticks.split(read, workers)
    done = 0

    def write(part: tuple[str, Ticks]) -> tuple[Partition, bool]:
        nonlocal done
        symbol, rows = part
        path = partition_path(lake, trade_date, symbol)
        before = known.get(symbol)
        same = before is not None and path.exists() and path.stat().st_size == before.bytes
        if same and before is not None and (before.rows, before.digest) == (len(rows), rows.digest()):
            result = before, False
        else:
            result = write_partition(lake, trade_date, symbol, rows), True
        done += 1
        if progress:
            progress(done, len(parts), symbol)
        return result

    with ThreadPoolExecutor(workers) as pool:
        results = list(pool.map(write, parts))
    partitions = [partition for partition, _ in results]
    if partitions:
        whole = read_manifest(lake, trade_date) | {partition.symbol: partition for partition in partitions}
        write_manifest(lake, trade_date, [whole[symbol] for symbol in sorted(whole)])
    return partitions, sum(new for _, new in results)
