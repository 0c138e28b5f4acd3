"""What Postgres remembers of exports: the runs, the version of each span in the lake, which days were dropped."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Final

import psycopg

from thor_web.thordata.services.lake_files import Partition
from thor_web.thordata.services.trade_dates import Span

__all__ = [
    "finish_run",
    "hourly_versions",
    "record_span",
    "retired_days",
    "span_versions",
    "start_run",
    "version_in",
    "version_of",
]

MODULUS: Final = 1 << 128


def start_run(connection: psycopg.Connection, trade_date: date, symbols: Sequence[str] | None) -> int:
    """Note that an export has begun."""
    cursor = connection.execute(
        "INSERT INTO export_runs (trade_date, symbols, state, started_at, rows, bytes, written, unchanged, checksum, "
        "problem, partitions) VALUES (%s, %s, 'running', now(), 0, 0, 0, 0, '', '', '[]') RETURNING id",
        (trade_date, json.dumps(symbols)),
    )
    row = cursor.fetchone()
    return int(row[0]) if row else 0


def finish_run(
    connection: psycopg.Connection,
    run: int,
    partitions: Sequence[Partition] = (),
    *,
    written: int = 0,
    problem: str = "",
) -> None:
    """Note how it ended: with counts and the checksum of all its rows, or with what went wrong."""
    checksum = sum(int(part.digest, 16) for part in partitions) % MODULUS
    connection.execute(
        "UPDATE export_runs SET state = %s, finished_at = now(), rows = %s, bytes = %s, written = %s, unchanged = %s, "
        "checksum = %s, problem = %s, partitions = %s WHERE id = %s",
        (
            *("failed" if problem else "done", sum(part.rows for part in partitions)),
            *(sum(part.bytes for part in partitions), written, len(partitions) - written),
            *(f"{checksum:032x}" if partitions else "", problem),
            json.dumps([asdict(part) for part in partitions], default=_text),
            run,
        ),
    )


def version_of(connection: psycopg.Connection, start: datetime, end: datetime) -> int:
    """The version of a span's rows: it rises whenever some of them are stored. Whole hours, since it counts by them."""
    cursor = connection.execute(
        "SELECT coalesce(sum(version), 0)::bigint FROM tick_changes "
        "WHERE hour >= date_trunc('hour', %s::timestamptz, 'UTC') AND hour < %s",
        (start, end),
    )
    row = cursor.fetchone()
    return int(row[0]) if row else 0


def record_span(connection: psycopg.Connection, trade_date: date, span: Span, version: int) -> None:
    """Note that the lake holds all rows of a span as of a version."""
    connection.execute(
        "INSERT INTO lake_spans (trade_date, starts_at, ends_at, version, exported_at) VALUES (%s, %s, %s, %s, now()) "
        "ON CONFLICT (trade_date, starts_at, ends_at) DO UPDATE SET version = excluded.version, exported_at = now()",
        (trade_date, span.start, span.end, version),
    )


def span_versions(connection: psycopg.Connection) -> dict[tuple[date, datetime, datetime], int]:
    """Up to which version each span is in the lake."""
    rows = connection.execute("SELECT trade_date, starts_at, ends_at, version FROM lake_spans").fetchall()
    return {(day, start.astimezone(UTC), end.astimezone(UTC)): int(version) for day, start, end, version in rows}


def hourly_versions(connection: psycopg.Connection) -> list[tuple[datetime, int]]:
    """Every hour with rows and its version, in order."""
    rows = connection.execute(
        "SELECT hour, sum(version)::bigint FROM tick_changes GROUP BY hour ORDER BY hour"
    ).fetchall()
    return [(hour.astimezone(UTC), int(version)) for hour, version in rows]


def retired_days(connection: psycopg.Connection, start: datetime, end: datetime) -> list[date]:
    """UTC days of a span whose partition was dropped: the lake alone has what was in it."""
    last = (end - timedelta(microseconds=1)).astimezone(UTC).date()
    rows = connection.execute(
        "SELECT day FROM retired_days WHERE day BETWEEN %s AND %s ORDER BY day", (start.astimezone(UTC).date(), last)
    ).fetchall()
    return [row[0] for row in rows]


def _text(value: object) -> str:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, date) else str(value)


def version_in(hours: Sequence[tuple[datetime, int]], span: Span) -> int:
    """`version_of` a span out of `hourly_versions`."""
    return sum(version for hour, version in hours if span.start - timedelta(hours=1) < hour < span.end)
