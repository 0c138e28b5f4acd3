"""Writing to the ticks table: batches that are stored together with their stream position, each row once.

One store is one Postgres session. It owns the streams it has locked: the lock lives and dies with the session
that writes, so a second ingestor can never store later entries of a stream before the first one's.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final, Self

import psycopg
from psycopg import AsyncConnection, sql

from thor_fast import QuoteBatch, distinct_intervals
from thor_web.thordata.services.copy_in import copy_in
from thor_web.thordata.services.partitions import LOCK_SPACE, Partitions, day_of

__all__ = ["Position", "StoreCounts", "TickStore"]

Position = tuple[int, int]
"""A stream id as numbers: milliseconds since 1970 and a counter within them."""

DAY_US: Final = 86_400_000_000
HOUR_US: Final = 3_600_000_000
MOST_STAGED: Final = 16
"""After so many batches that went the long way because of repeated keys the short way is tried again."""

STAGE: Final = """
CREATE TEMPORARY TABLE IF NOT EXISTS ticks_stage
    (LIKE ticks INCLUDING DEFAULTS EXCLUDING CONSTRAINTS EXCLUDING INDEXES) ON COMMIT DELETE ROWS
"""
COPY: Final = sql.SQL(
    "COPY {} (symbol, ts, last, bid, ask, last_size, bid_size, ask_size, source, cond, seq, extra) "
    "FROM STDIN (FORMAT binary)"
)
TO_STAGE: Final = COPY.format(sql.Identifier("ticks_stage"))
UPSERT: Final = sql.SQL("""
INSERT INTO {} AS kept SELECT * FROM ticks_stage {}
ON CONFLICT (symbol, source, ts, seq) DO UPDATE SET
    last = excluded.last, bid = excluded.bid, ask = excluded.ask, last_size = excluded.last_size,
    bid_size = excluded.bid_size, ask_size = excluded.ask_size, cond = excluded.cond, extra = excluded.extra
WHERE (kept.last, kept.bid, kept.ask, kept.last_size, kept.bid_size, kept.ask_size, kept.cond, kept.extra)
    IS DISTINCT FROM (excluded.last, excluded.bid, excluded.ask, excluded.last_size, excluded.bid_size,
                      excluded.ask_size, excluded.cond, excluded.extra)
""")
ALL: Final = sql.SQL("")
UNKNOWN: Final = sql.SQL("""
AS staged WHERE NOT EXISTS (
    SELECT 1 FROM {} AS known WHERE known.symbol = staged.symbol AND known.source = staged.source
        AND known.ts = staged.ts AND known.seq IS NOT DISTINCT FROM staged.seq
        AND (known.last, known.bid, known.ask, known.last_size, known.bid_size, known.ask_size, known.cond, known.extra)
            IS NOT DISTINCT FROM (staged.last, staged.bid, staged.ask, staged.last_size, staged.bid_size,
                                  staged.ask_size, staged.cond, staged.extra)
    OFFSET 0)
""")
"""Of staged rows those that are not there as they are. ON CONFLICT locks each row that it leaves alone, and logs that:
for replays it is cheaper to look first, for mostly new rows it is not. OFFSET 0 keeps the look one by the unique index,
where a join would read the whole partition."""
MOVE_ON: Final = sql.SQL("""
WITH changed AS (
    INSERT INTO tick_changes (hour, stream)
    SELECT to_timestamp(us / 1e6), {stream} FROM unnest({hours}::bigint[]) AS us
    ON CONFLICT (hour, stream) DO UPDATE SET version = tick_changes.version + 1
)
INSERT INTO ingest_positions (stream, id_ms, id_counter) VALUES ({stream}, {ms}, {counter})
ON CONFLICT (stream) DO UPDATE SET id_ms = excluded.id_ms, id_counter = excluded.id_counter, updated_at = now()
""")


@dataclass(slots=True)
class StoreCounts:
    """How the batches went so far: copied straight into the table, or staged because a key was there already."""

    copied: int = 0
    staged: int = 0
    conflicts: int = 0


class TickStore:
    """A session that stores batches of ticks, exactly once in effect."""

    def __init__(self, connection: AsyncConnection, partitions: Partitions) -> None:
        self.counts = StoreCounts()
        self._connection = connection
        self._partitions = partitions
        self._staged_left = 0
        self._conflicts_in_a_row = 0
        self._mostly_known = False

    @classmethod
    async def connect(cls, conninfo: str) -> Self:
        """Open a session. Raises psycopg.OperationalError while Postgres is away."""
        connection = await AsyncConnection.connect(
            conninfo, autocommit=True, application_name="thor ingest", prepare_threshold=None
        )
        try:
            await connection.execute("SET client_min_messages = warning")
            await connection.execute(STAGE)
            return cls(connection, await Partitions.of(connection))
        except BaseException:
            await connection.close()
            raise

    async def close(self) -> None:
        """End the session and with it every lock it holds."""
        await self._connection.close()

    async def own(self, stream: str) -> bool:
        """Become the one writer of a stream's entries; False while another session is."""
        cursor = await self._connection.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", (LOCK_SPACE, stream))
        row = await cursor.fetchone()
        return bool(row and row[0])

    async def disown(self, stream: str) -> None:
        """Leave a stream to whichever session asks for it next."""
        await self._connection.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", (LOCK_SPACE, stream))

    async def sessions(self) -> int:
        """How many sessions like this one store into the database now, this one among them."""
        cursor = await self._connection.execute(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE application_name = 'thor ingest' AND datname = current_database()"
        )
        row = await cursor.fetchone()
        return max(1, int(row[0])) if row else 1

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

    async def prepare_ahead(self, today: date) -> None:
        """Create the partitions of the days around today, so that no batch has to wait for one at midnight."""
        await self._partitions.create_ahead(today)

    async def store(self, stream: str, batch: QuoteBatch, position: Position) -> None:
        """Store a batch and the position it reaches in one transaction.

        Where several events share the key (symbol, source, ts, seq) the last one of the batch stands, and it
        replaces a stored one. Raises psycopg.DataError or psycopg.IntegrityError for a batch that Postgres refuses,
        leaving nothing of it.
        """
        rows = batch.last_per_key()
        try:
            await self._store(stream, rows, position)
        except psycopg.errors.UndefinedTable:
            # Retention dropped a partition that we knew of: ask again which there are.
            self._partitions.forget()
            await self._store(stream, rows, position)

    async def _store(self, stream: str, rows: QuoteBatch, position: Position) -> None:
        target = await self._partitions.of_days([day_of(ts_us) for ts_us in distinct_intervals(rows, DAY_US)])
        move_on = _move_on(stream, rows, position)
        if not len(rows):
            await self._connection.execute(move_on)
            return
        data = rows.to_copy_binary()
        if self._staged_left == 0:
            try:
                # The short way: straight into the table, which refuses the whole batch where a key is there already.
                await copy_in(self._connection, COPY.format(target), data, [move_on])
            except psycopg.errors.UniqueViolation:
                # A source repeated itself, or a replay: rare, and mostly not alone. Each conflict in a row doubles how
                # long the short way is not even tried.
                self._staged_left = min(2**self._conflicts_in_a_row, MOST_STAGED)
                self._conflicts_in_a_row += 1
                self.counts.conflicts += 1
            else:
                self._conflicts_in_a_row = 0
                self.counts.copied += 1
                return
        self._staged_left -= 1
        # The long way: beside the table first, then into it, the later event standing.
        upsert = UPSERT.format(target, UNKNOWN.format(target) if self._mostly_known else ALL)
        staged, changed, _ = await copy_in(self._connection, TO_STAGE, data, [upsert, move_on])
        self._mostly_known = changed * 2 < staged
        self.counts.staged += 1


def _move_on(stream: str, rows: QuoteBatch, position: Position) -> sql.Composed:
    """Store the position, and that the hours of these rows have changed."""
    hours = sql.Literal(distinct_intervals(rows, HOUR_US))
    ms, counter = position
    return MOVE_ON.format(stream=sql.Literal(stream), hours=hours, ms=sql.Literal(ms), counter=sql.Literal(counter))
