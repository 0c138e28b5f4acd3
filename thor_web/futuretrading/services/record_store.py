"""Writing what the market did: one Postgres session that stores each drained recording with its stream position.

Everything of one recording, the state behind it and the position it reaches are one transaction, so that whatever is
read twice is written once. Bars come in parts and are put together by what opened and closed them; a part that comes
late changes what it would have changed in time.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Self

from psycopg import AsyncConnection
from thor_fast.recording import Grade, Recording, SessionFigures, Transition

from thor_web.futuretrading.services.configuration import Configuration
from thor_web.futuretrading.services.configuration_store import SNAPSHOT_SQL, VERSION_SQL, configuration_of
from thor_web.futuretrading.services.phases import phase_of
from thor_web.futuretrading.services.trade_dates import date_of

__all__ = ["Extremes", "RecordStore"]

LOCK: Final = (0x7407, 2)
"""Our advisory lock: one recorder a database."""
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
YEAR: Final = timedelta(weeks=52)

Extremes = Mapping[str, tuple[Decimal, int, Decimal, int]]
"""Greatest price and its day, least price and its day (days since 1970-01-01), by symbol."""

STAGE: Final = """
CREATE TEMPORARY TABLE IF NOT EXISTS bars_stage
    (LIKE futuretrading_bar INCLUDING DEFAULTS) ON COMMIT DELETE ROWS
"""
COPY_BARS: Final = """
COPY bars_stage (symbol, mock, "interval", start, open, high, low, close, volume, events, opened_us, opened_seq,
                 closed_us, closed_seq) FROM STDIN
"""
JOIN_BARS: Final = """
INSERT INTO futuretrading_bar AS kept SELECT * FROM bars_stage
ON CONFLICT (symbol, "interval", mock, start) DO UPDATE SET
    open = CASE WHEN (excluded.opened_us, excluded.opened_seq) < (kept.opened_us, kept.opened_seq)
                THEN excluded.open ELSE kept.open END,
    close = CASE WHEN (excluded.closed_us, excluded.closed_seq) >= (kept.closed_us, kept.closed_seq)
                 THEN excluded.close ELSE kept.close END,
    opened_seq = CASE WHEN (excluded.opened_us, excluded.opened_seq) < (kept.opened_us, kept.opened_seq)
                      THEN excluded.opened_seq ELSE kept.opened_seq END,
    closed_seq = CASE WHEN (excluded.closed_us, excluded.closed_seq) >= (kept.closed_us, kept.closed_seq)
                      THEN excluded.closed_seq ELSE kept.closed_seq END,
    opened_us = least(excluded.opened_us, kept.opened_us), closed_us = greatest(excluded.closed_us, kept.closed_us),
    high = greatest(excluded.high, kept.high), low = least(excluded.low, kept.low),
    volume = kept.volume + excluded.volume, events = kept.events + excluded.events
"""
ADD_SIGNAL: Final = """
INSERT INTO futuretrading_tradingsignal (symbol, at, signal, previous, change, last, bid, ask, stat_value,
    contract_weight, signal_weight, source, contract, trade_date, phase, config_version, stream_ms, stream_number)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""
ADD_GRADE: Final = """
INSERT INTO futuretrading_signalgrade (signal_id, measure, traded, entered_at, entry, graded_at, exit, move, outcome)
SELECT id, %s, %s, %s, %s, %s, %s, %s, %s FROM futuretrading_tradingsignal
WHERE symbol = %s AND stream_ms = %s AND stream_number = %s ON CONFLICT DO NOTHING
"""
KEEP_SESSION: Final = """
INSERT INTO futuretrading_marketdata (symbol, mock, trade_date, contract, since, open, high, low, close, volume, vwap,
                                      high_52w, low_52w)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (symbol, trade_date, mock) DO UPDATE SET
    contract = excluded.contract, since = excluded.since, open = excluded.open, high = excluded.high,
    low = excluded.low, close = excluded.close, volume = excluded.volume, vwap = excluded.vwap,
    high_52w = excluded.high_52w, low_52w = excluded.low_52w
"""
ADD_ROLL: Final = """
INSERT INTO futuretrading_contractroll (symbol, from_contract, to_contract, at)
VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING
"""
KEEP_STATE: Final = """
INSERT INTO futuretrading_recorderstate (id, stream_ms, stream_number, state, updated_at) VALUES (1, %s, %s, %s, now())
ON CONFLICT (id) DO UPDATE SET stream_ms = excluded.stream_ms, stream_number = excluded.stream_number,
    state = excluded.state, updated_at = excluded.updated_at
"""
HISTORY: Final = """
SELECT symbol, (array_agg(high ORDER BY high DESC, trade_date DESC))[1],
       (array_agg(trade_date ORDER BY high DESC, trade_date DESC))[1],
       (array_agg(low ORDER BY low, trade_date DESC))[1], (array_agg(trade_date ORDER BY low, trade_date DESC))[1]
FROM futuretrading_marketdata
WHERE NOT mock AND high IS NOT NULL AND low IS NOT NULL AND trade_date < %s AND trade_date >= %s GROUP BY symbol
"""
HITS: Final = """
SELECT signals.source = 'MOCK', measure, count(*) FILTER (WHERE outcome = 'WORKED'), count(*)
FROM futuretrading_signalgrade AS grades JOIN futuretrading_tradingsignal AS signals ON signals.id = grades.signal_id
WHERE outcome <> 'NEUTRAL' AND signals.id > (SELECT max(id) FROM futuretrading_tradingsignal) - %s
GROUP BY 1, 2
"""


class RecordStore:
    """The one session that may write recordings to its database."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    @classmethod
    async def connect(cls, conninfo: str) -> Self:
        """Open a session. Raises psycopg.OperationalError while Postgres is away."""
        connection = await AsyncConnection.connect(
            conninfo, autocommit=True, application_name="thor signals", prepare_threshold=None
        )
        await connection.execute("SET client_min_messages = warning")
        await connection.execute(STAGE)
        return cls(connection)

    async def close(self) -> None:
        """End the session and with it the lock it holds."""
        await self._connection.close()

    async def own(self) -> bool:
        """Become the one recorder; False while another session is."""
        row = await self._one("SELECT pg_try_advisory_lock(%s, %s)", LOCK)
        return bool(row and row[0])

    async def version(self) -> int:
        """The version of the configuration."""
        row = await self._one(VERSION_SQL)
        return int(row[0]) if row else 0

    async def configuration(self) -> Configuration | None:
        """The configuration, None before the first seeding."""
        row = await self._one(SNAPSHOT_SQL)
        return configuration_of(row[0]) if row else None

    async def state(self) -> tuple[str, bytes]:
        """The id of the newest entry that is stored, and the state after it; `0-0` and nothing before the first."""
        row = await self._one("SELECT stream_ms, stream_number, state FROM futuretrading_recorderstate")
        return (f"{row[0]}-{row[1]}", bytes(row[2])) if row else ("0-0", b"")

    async def extremes(self, before_day: int) -> Extremes:
        """Greatest and least price of each symbol over the 52 weeks of our own trade dates before one."""
        before = date_of(before_day)
        cursor = await self._connection.execute(HISTORY, (before, before - YEAR))
        return {
            symbol: (high, (high_day - EPOCH.date()).days, low, (low_day - EPOCH.date()).days)
            for symbol, high, high_day, low, low_day in await cursor.fetchall()
        }

    async def hits(self, newest: int) -> Mapping[tuple[bool, str], tuple[int, int]]:
        """By made-up market or not and measure: how many grades of the newest signals worked, and were decided."""
        cursor = await self._connection.execute(HITS, (newest,))
        return {(mock, measure): (worked, decided) for mock, measure, worked, decided in await cursor.fetchall()}

    async def store(self, recording: Recording, position: tuple[int, int], state: bytes, extremes: Extremes) -> None:
        """Store a recording and the position it reaches in one transaction."""
        async with self._connection.transaction(), self._connection.cursor() as cursor:
            if recording["bars"]:
                async with cursor.copy(COPY_BARS) as copy:
                    for symbol, mock, interval, bar in recording["bars"]:
                        start, *figures, opened, closed = bar
                        await copy.write_row((symbol, mock, interval, _at(start), *figures, *opened, *closed))
                await cursor.execute(JOIN_BARS)
            await cursor.executemany(ADD_SIGNAL, [_signal(it) for it in recording["transitions"]])
            await cursor.executemany(ADD_GRADE, [_grade(it) for it in recording["grades"]])
            await cursor.executemany(KEEP_SESSION, [_session(it, extremes) for it in recording["sessions"]])
            await cursor.executemany(ADD_ROLL, [(*names, _at(at_us)) for *names, at_us in recording["rolls"]])
            await cursor.execute(KEEP_STATE, (*position, state))

    async def prune_second_bars(self, days: int) -> None:
        """Drop the bars of a second that are older than so many days."""
        await self._connection.execute(
            "DELETE FROM futuretrading_bar WHERE \"interval\" = '1s' AND start < now() - make_interval(days => %s)",
            (days,),
        )

    async def _one(self, question: str, values: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        cursor = await self._connection.execute(question.encode(), values)
        return await cursor.fetchone()


def _at(us: int) -> datetime:
    return EPOCH + timedelta(microseconds=us)


def _signal(it: Transition) -> tuple[Any, ...]:
    at = _at(it["ts_us"])
    return (
        it["symbol"],
        at,
        it["signal"],
        it["previous"] or "",
        *(it["change"], it["last"], it["bid"], it["ask"]),
        *(it["stat_value"], it["weight"], it["signal_weight"]),
        it["source"],
        it["contract"] or "",
        date_of(it["day"]),
        phase_of(at),
        it["version"],
        *it["position"],
    )


def _grade(it: Grade) -> tuple[Any, ...]:
    return (
        it["measure"],
        it["traded"],
        _at(it["entered_us"]),
        it["entry"],
        _at(it["graded_us"]),
        it["exit"],
        it["gain"],
        it["outcome"],
        it["symbol"],
        *it["position"],
    )


def _session(it: SessionFigures, extremes: Extremes) -> tuple[Any, ...]:
    high, low = it["high"], it["low"]
    high_52w = low_52w = None
    if it["symbol"] in extremes and not it["mock"]:
        kept_high, _, kept_low, _ = extremes[it["symbol"]]
        high_52w = kept_high if high is None else max(high, kept_high)
        low_52w = kept_low if low is None else min(low, kept_low)
    return (
        it["symbol"],
        it["mock"],
        date_of(it["day"]),
        it["contract"] or "",
        _at(it["since_us"]),
        *(it["open"], high, low, it["close"]),
        it["volume"],
        it["vwap"],
        high_52w,
        low_52w,
    )
