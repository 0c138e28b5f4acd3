"""Writing to the ticks table: partitions, and batches that are stored together with their stream position.

One store is one Postgres session. It owns the streams it has locked: the lock lives and dies with the session
that writes, so a second ingestor can never store later entries of a stream before the first one's.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Final, Self

from psycopg import AsyncConnection, sql

from thor_fast import QuoteBatch

__all__ = ["Position", "TickStore"]

Position = tuple[int, int]
"""A stream id as numbers: milliseconds since 1970 and a counter within them."""

LOCK_SPACE: Final = 0x7407
"""First key of our advisory locks, so that they meet nobody else's."""
PARTITION_LOCK: Final = 1
DAY_US: Final = 86_400_000_000

STAGE: Final = """
CREATE TEMPORARY TABLE IF NOT EXISTS ticks_stage
    (LIKE ticks INCLUDING DEFAULTS EXCLUDING CONSTRAINTS EXCLUDING INDEXES) ON COMMIT DELETE ROWS
"""
COPY: Final = """
COPY ticks_stage (symbol, ts, last, bid, ask, last_size, bid_size, ask_size, source, cond, seq, extra)
FROM STDIN (FORMAT binary)
"""
UPSERT: Final = """
INSERT INTO ticks AS kept SELECT * FROM ticks_stage
ON CONFLICT (symbol, source, ts, seq) DO UPDATE SET
    last = excluded.last, bid = excluded.bid, ask = excluded.ask, last_size = excluded.last_size,
    bid_size = excluded.bid_size, ask_size = excluded.ask_size, cond = excluded.cond, extra = excluded.extra
WHERE (kept.last, kept.bid, kept.ask, kept.last_size, kept.bid_size, kept.ask_size, kept.cond, kept.extra)
    IS DISTINCT FROM (excluded.last, excluded.bid, excluded.ask, excluded.last_size, excluded.bid_size,
                      excluded.ask_size, excluded.cond, excluded.extra)
"""


class TickStore:
    """A session that stores batches of ticks, exactly once in effect."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._days: set[date] = set()

    @classmethod
    async def connect(cls, conninfo: str) -> Self:
        """Open a session. Raises psycopg.OperationalError while Postgres is away."""
        connection = await AsyncConnection.connect(
            conninfo, autocommit=True, application_name="thor ingest", prepare_threshold=None
        )
        await connection.execute("SET client_min_messages = warning")
        await connection.execute(STAGE)
        return cls(connection)

    async def close(self) -> None:
        """End the session and with it every lock it holds."""
        await self._connection.close()

    async def own(self, stream: str) -> bool:
        """Become the one writer of a stream's entries; False while another session is."""
        cursor = await self._connection.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", (LOCK_SPACE, stream))
        row = await cursor.fetchone()
        return bool(row and row[0])

    async def reset_position(self, stream: str) -> None:
        """Forget the position of a stream: it was born anew, its entries have not been seen."""
        await self._connection.execute(
            "INSERT INTO ingest_positions (stream) VALUES (%s) "
            "ON CONFLICT (stream) DO UPDATE SET id_ms = 0, id_counter = 0, updated_at = now()",
            (stream,),
        )

    async def position(self, stream: str) -> Position:
        """Newest entry of the stream whose row is stored, (0, 0) for none."""
        cursor = await self._connection.execute(
            "SELECT id_ms, id_counter FROM ingest_positions WHERE stream = %s", (stream,)
        )
        row = await cursor.fetchone()
        return (int(row[0]), int(row[1])) if row else (0, 0)

    async def store(self, stream: str, batch: QuoteBatch, position: Position) -> None:
        """Store a batch and the position it reaches in one transaction.

        Where several events share the key (symbol, source, ts, seq) the last one of the batch stands, and it
        replaces a stored one. Raises psycopg.DataError or psycopg.IntegrityError for a batch that Postgres refuses,
        leaving nothing of it.
        """
        if len(batch):
            await self._ensure_partitions(batch.ts_us())
        rows = batch.last_per_key()
        async with self._connection.transaction(), self._connection.cursor() as cursor:
            if len(rows):
                async with cursor.copy(COPY) as copy:
                    await copy.write(rows.to_copy_binary())
                await cursor.execute(UPSERT)
            await cursor.execute(
                "INSERT INTO ingest_positions (stream, id_ms, id_counter) VALUES (%s, %s, %s) "
                "ON CONFLICT (stream) DO UPDATE SET "
                "id_ms = excluded.id_ms, id_counter = excluded.id_counter, updated_at = now()",
                (stream, *position),
            )

    async def _ensure_partitions(self, instants_us: Iterable[int]) -> None:
        days = {day_of(ts_us) for ts_us in {ts_us // DAY_US * DAY_US for ts_us in instants_us}}
        for day in sorted(days - self._days):
            await self._create_partition(day)
            self._days.add(day)

    async def _create_partition(self, day: date) -> None:
        end = sql.Literal(midnight(day + timedelta(days=1))) if day < date.max else sql.SQL("MAXVALUE")
        template = sql.SQL("CREATE TABLE IF NOT EXISTS {} PARTITION OF ticks FOR VALUES FROM ({}) TO ({})")
        statement = template.format(
            sql.Identifier(f"ticks_{day.isoformat().replace('-', '')}"), sql.Literal(midnight(day)), end
        )
        async with self._connection.transaction():
            # Two sessions that create the same partition at once would make one of them fail.
            await self._connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", (LOCK_SPACE, PARTITION_LOCK))
            await self._connection.execute(statement)


def midnight(day: date) -> str:
    """The first instant of a UTC day as Postgres reads it."""
    return f"{day.isoformat()} 00:00:00+00"


def day_of(ts_us: int) -> date:
    """The UTC day of an instant in microseconds, exact for every year from 1 to 9999."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=ts_us)).date()
