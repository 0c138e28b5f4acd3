"""Whether Postgres and the lake hold the same rows: by count and digest, in both directions, partition by partition.

What is compared is read anew from both sides, never what a list says of it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import psycopg

from thor_fast import Ticks
from thor_web.thordata.errors import StorageError
from thor_web.thordata.services import export_records as records
from thor_web.thordata.services.copy_out import copy_ticks
from thor_web.thordata.services.lake_files import lake_dates, partitions_of, read_manifest, read_ticks
from thor_web.thordata.services.trade_dates import dates_around, dates_of_hours, span_of, spans_of
from thor_web.thordata.settings import StorageSettings

__all__ = ["Difference", "day_in_lake", "verify_date", "verify_lake"]


@dataclass(frozen=True, slots=True)
class Difference:
    """A partition that is not the same on both sides. Rows are None on a side that cannot be read."""

    trade_date: date
    symbol: str
    in_postgres: int | None
    in_lake: int | None
    problem: str


def verify_lake(
    settings: StorageSettings, dates: Sequence[date] | None = None
) -> Iterator[tuple[date, int, list[Difference]]]:
    """Each date, how many rows are the same, what differs. Without dates: all in the lake, and all that have ended."""
    with psycopg.connect(settings.conninfo(), application_name="thor verify", autocommit=True) as connection:
        for day in dates if dates is not None else _dates(settings, connection):
            yield day, *verify_date(settings, connection, day)


def verify_date(
    settings: StorageSettings, connection: psycopg.Connection, trade_date: date
) -> tuple[int, list[Difference]]:
    """Rows that are the same on both sides, and the partitions that are not."""
    lake = settings.lake_folder()
    spans = spans_of(trade_date)
    retired = {day for span in spans for day in records.retired_days(connection, span.start, span.end)}
    stored = dict(Ticks.split([copy_ticks(connection, span.condition(span.start, span.end)) for span in spans]))
    paths = partitions_of(lake, trade_date)
    listed = read_manifest(lake, trade_date)
    same, differences = 0, []
    for symbol in sorted({*stored, *paths, *listed}):
        rows = stored.get(symbol)
        count = 0 if rows is None else len(rows)

        def differs(in_lake: int | None, problem: str) -> None:
            differences.append(Difference(trade_date, symbol, count, in_lake, problem))  # noqa: B023 - called at once

        if symbol not in paths:
            differs(0, "the lake has no such partition")
            continue
        try:
            ticks = read_ticks(paths[symbol])
            kept = read_ticks(paths[symbol], days=retired) if retired else None
        except StorageError as error:
            differs(None, f"{error.code}: {error}")
            continue
        # Of dropped days the lake has the only copy; what it was when it was written is in the list.
        known = listed.get(symbol)
        if known is not None and (known.rows, known.digest) != (len(ticks), ticks.digest()):
            differs(len(ticks), "the file is not what was written")
            continue
        expected = dict(Ticks.split([part for part in (kept, rows) if part is not None]))
        whole = expected.get(symbol)
        if whole is None or (len(whole), whole.digest()) != (len(ticks), ticks.digest()):
            differs(len(ticks), "the rows are not the same")
        else:
            same += len(ticks)
    return same, differences


def day_in_lake(settings: StorageSettings, day: date) -> dict[str, Ticks]:
    """The rows of a UTC day by symbol, from every trade date that has a part of it."""
    lake = settings.lake_folder()
    start = datetime.combine(day, time(), UTC)
    found: dict[str, list[Ticks]] = {}
    for trade_date in dates_around(start, start + timedelta(days=1)):
        for symbol, path in partitions_of(lake, trade_date).items():
            span = span_of(symbol, trade_date)
            if span is not None and span[0] < start + timedelta(days=1) and start < span[1]:
                found.setdefault(symbol, []).append(read_ticks(path, days=[day]))
    return {symbol: rows for parts in found.values() for symbol, rows in Ticks.split(parts)}


def _dates(settings: StorageSettings, connection: psycopg.Connection) -> list[date]:
    now = datetime.now(UTC)
    stored = dates_of_hours(hour for hour, _ in records.hourly_versions(connection))
    ended = {day for day in stored if all(span.end <= now for span in spans_of(day))}
    return sorted(ended.union(lake_dates(settings.lake_folder())))
