"""The partitions of the ticks table: one a UTC day, made ahead of time. Nothing here drops one; retention does.

Where the table has no partitions of ours (a Timescale hypertable, or a plain table made by hand) there is nothing to
make: rows go to `ticks` itself.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final, Self

from psycopg import AsyncConnection, sql

from thor_web.thordata.errors import StorageError

__all__ = ["LOCK_SPACE", "PARTITION_LOCK", "Partitions", "day_of", "midnight", "partition_name"]

LOCK_SPACE: Final = 0x7407
"""First key of our advisory locks, so that they meet nobody else's."""
PARTITION_LOCK: Final = 1
DAYS_AHEAD: Final = 3
TICKS: Final = sql.Identifier("ticks")
ATTACHED: Final = """
SELECT 1 FROM pg_inherits
WHERE inhparent = 'ticks'::regclass AND inhrelid = to_regclass(%s) AND NOT inhdetachpending
"""


class Partitions:
    """What one session knows of the partitions."""

    def __init__(self, connection: AsyncConnection, *, partitioned: bool) -> None:
        self._connection = connection
        self._partitioned = partitioned
        self._days: set[date] = set()

    @classmethod
    async def of(cls, connection: AsyncConnection) -> Self:
        """Look whether the table has partitions. Raises psycopg.errors.UndefinedTable where there is no table yet."""
        cursor = await connection.execute("SELECT relkind = 'p' FROM pg_class WHERE oid = 'ticks'::regclass")
        row = await cursor.fetchone()
        return cls(connection, partitioned=bool(row and row[0]))

    def forget(self) -> None:
        """Take nothing for granted: somebody dropped a partition."""
        self._days.clear()

    async def create_ahead(self, today: date) -> None:
        """Make those of yesterday to three days from today."""
        await self.of_days([today + timedelta(days=ahead) for ahead in range(-1, DAYS_AHEAD + 1)])

    async def of_days(self, days: Sequence[date]) -> sql.Identifier:
        """Make what is missing, and name the table that takes rows of all these days."""
        if not self._partitioned:
            return TICKS
        for day in days:
            if day not in self._days:
                await self._create(day)
                self._days.add(day)
        return sql.Identifier(partition_name(days[0])) if len(days) == 1 else TICKS

    async def _create(self, day: date) -> None:
        end = sql.Literal(midnight(day + timedelta(days=1))) if day < date.max else sql.SQL("MAXVALUE")
        template = sql.SQL("CREATE TABLE IF NOT EXISTS {} PARTITION OF ticks FOR VALUES FROM ({}) TO ({})")
        statement = template.format(sql.Identifier(partition_name(day)), sql.Literal(midnight(day)), end)
        async with self._connection.transaction():
            # Two sessions that create the same partition at once would make one of them fail.
            await self._connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", (LOCK_SPACE, PARTITION_LOCK))
            await self._connection.execute(statement)
            cursor = await self._connection.execute(ATTACHED, (partition_name(day),))
            if await cursor.fetchone() is None:
                # Rows copied into it would be nowhere: no question to `ticks` would find them.
                raise StorageError(
                    "half_partition",
                    f"the table {partition_name(day)} exists but is no partition of ticks: attach it "
                    f"(ALTER TABLE ticks ATTACH PARTITION …) or rename it",
                )


def partition_name(day: date) -> str:
    """The table of a UTC day."""
    return f"ticks_{day.isoformat().replace('-', '')}"


def midnight(day: date) -> str:
    """The first instant of a UTC day as Postgres reads it."""
    return f"{day.isoformat()} 00:00:00+00"


def day_of(ts_us: int) -> date:
    """The UTC day of an instant in microseconds, exact for every year from 1 to 9999."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=ts_us)).date()
