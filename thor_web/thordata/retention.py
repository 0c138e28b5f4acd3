"""Dropping old partitions of the ticks table, each only after its rows were found in the lake.

A day is compared with what the lake's files hold of it now, by count and digest of every symbol. Then, with the table
locked and nothing stored in between, it is detached and dropped, and noted as retired: from then on an export keeps the
lake's own rows of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import psycopg
from psycopg import sql

from thor_fast import Ticks
from thor_web.thordata.errors import StorageError
from thor_web.thordata.services.copy_out import copy_ticks, within
from thor_web.thordata.services.export_records import version_of
from thor_web.thordata.services.partitions import LOCK_SPACE, PARTITION_LOCK, partition_name
from thor_web.thordata.settings import StorageSettings
from thor_web.thordata.verification import day_in_lake

__all__ = ["Partition", "partitions", "retire", "retire_old"]

LOCK_LIMIT: Final = "5s"
"""The ingestor waits for us while we hold the table: rather not dropped today than long."""
PARTITIONS: Final = """
SELECT child.relname, pg_table_size(child.oid), pg_indexes_size(child.oid), greatest(child.reltuples, 0)::bigint
FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
WHERE inhparent = 'ticks'::regclass AND child.relname ~ '^ticks_[0-9]{8}$' ORDER BY child.relname
"""


@dataclass(frozen=True, slots=True)
class Partition:
    """A partition of ticks. Sizes in bytes; `rows` is the planner's estimate."""

    day: date
    table_bytes: int
    index_bytes: int
    rows: int


def partitions(connection: psycopg.Connection) -> list[Partition]:
    """Every attached partition, oldest first."""
    rows = connection.execute(PARTITIONS).fetchall()
    return [Partition(datetime.strptime(name, "ticks_%Y%m%d").date(), *sizes) for name, *sizes in rows]  # noqa: DTZ007


def retire_old(settings: StorageSettings, today: date) -> Iterator[tuple[date, int | StorageError]]:
    """Drop every partition older than the setting allows; each day with its rows, or why it stays. 0 days: none."""
    if settings.ticks_kept_days == 0:
        return
    oldest = today - timedelta(days=settings.ticks_kept_days)
    with psycopg.connect(settings.conninfo(), application_name="thor retention", autocommit=True) as connection:
        for partition in partitions(connection):
            if partition.day < oldest:
                try:
                    yield partition.day, retire(settings, connection, partition.day)
                except StorageError as error:
                    yield partition.day, error


def retire(settings: StorageSettings, connection: psycopg.Connection, day: date) -> int:
    """Drop a day's partition and return how many rows it had. Raises StorageError `not_exported`: it stays then."""
    start = datetime.combine(day, time(), UTC)
    end = start + timedelta(days=1)
    version = version_of(connection, start, end)
    stored = copy_ticks(connection, within(start, end))
    _require_same(day, stored, day_in_lake(settings, day))
    table = sql.Identifier(partition_name(day))
    with connection.transaction():
        connection.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(sql.Literal(LOCK_LIMIT)))
        connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", (LOCK_SPACE, PARTITION_LOCK))
        connection.execute(sql.SQL("LOCK TABLE ticks, {} IN ACCESS EXCLUSIVE MODE").format(table))
        if version_of(connection, start, end) != version:
            raise StorageError(
                "not_exported", f"ticks of {day} were stored while they were compared; it is not dropped"
            )
        connection.execute(
            "INSERT INTO retired_days (day, rows, digest, dropped_at) VALUES (%s, %s, %s, now()) ON CONFLICT (day) "
            "DO UPDATE SET rows = retired_days.rows + excluded.rows, digest = excluded.digest, dropped_at = now()",
            (day, len(stored), stored.digest()),
        )
        connection.execute(sql.SQL("ALTER TABLE ticks DETACH PARTITION {}").format(table))
        connection.execute(sql.SQL("DROP TABLE {}").format(table))
    return len(stored)


def _require_same(day: date, stored: Ticks, lake: dict[str, Ticks]) -> None:
    """Every row of Postgres must be in the lake as it is. A day that was dropped before may have more in the lake."""
    for symbol, rows in stored.by_symbol():
        kept = lake.get(symbol)
        # What the lake has and these rows would leave it as it is.
        merged = None if kept is None else dict(Ticks.split([kept, rows]))[symbol]
        if kept is None or merged is None or (len(merged), merged.digest()) != (len(kept), kept.digest()):
            raise StorageError(
                "not_exported",
                f"{len(rows)} rows of {symbol} on {day} are not in the lake as they are in Postgres: export its dates",
            )
