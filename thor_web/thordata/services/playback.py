"""A stored trade date as it can be played: what there is of it, and its frames by span.

An answer depends on the span alone. What was told before is kept as checkpoints, so that the next span goes on from
there; without one the telling begins a day before the date, since records speak of the last 24 hours.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Final

import psycopg

from thor_fast import QuoteBatch
from thor_web.futuretrading.interface import Configuration, stored_configuration
from thor_web.thordata.errors import StorageError
from thor_web.thordata.services import export_records as records
from thor_web.thordata.services.lake_files import read_manifest
from thor_web.thordata.services.summaries import coverage
from thor_web.thordata.services.telling import Checkpoint, Frame, Telling
from thor_web.thordata.services.told_ticks import Blocks, block_seconds
from thor_web.thordata.services.trade_dates import spans_of
from thor_web.thordata.settings import StorageSettings
from thor_web.timezones.interface import SessionState, session_state, trade_date_session, traded_markets

__all__ = ["Played", "StoredDay", "Wanted", "played", "stored_dates", "stored_day"]

WARM: Final = timedelta(days=1)
PATIENCE_S: Final = 4.0
"""The way to a span may take so long at once; whoever asks again goes on from where it came to."""
MOST_CHECKPOINTS: Final = 400
MOST_BYTES: Final = 64 << 20
MS: Final = timedelta(milliseconds=1)
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class StoredDay:
    """A trade date: from its markets' opening to their end, where its ticks begin and end, what its markets did."""

    trade_date: date
    start: datetime
    end: datetime
    first: datetime
    last: datetime
    sessions: tuple[SessionState, ...]
    config_version: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """A span of a trade date, how finely it is told, and whether it begins with everything that is known."""

    trade_date: date
    start: datetime
    end: datetime
    step_ms: int
    every: Collection[str] = ()
    snapshot: bool = False
    most: int = 2_000


@dataclass(frozen=True, slots=True)
class Played:
    """Frames of a span up to `until_ms`, which may lie before its end; `preparing` tells how far the way to it is."""

    frames: tuple[Frame, ...]
    until_ms: int
    preparing: float | None = None


class Checkpoints:
    """Where tellings have come to, the oldest given up first. Safe to share between threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[date, int, int], tuple[Checkpoint, int]] = OrderedDict()
        self._lock = threading.Lock()

    def before(
        self, connection: psycopg.Connection, day: date, config_version: int, since: datetime, at_ms: int
    ) -> Checkpoint | None:
        """The latest at or before an instant whose ticks are still the stored ones."""
        with self._lock:
            known = [
                kept
                for (of, version, _), kept in self._kept.items()
                if of == day and version == config_version and kept[0].at_ms <= at_ms
            ]
        for checkpoint, version in sorted(known, key=lambda kept: -kept[0].at_ms):
            if records.version_of(connection, since, instant(checkpoint.at_ms)) == version:
                return checkpoint
        return None

    def keep(self, day: date, config_version: int, version: int, checkpoint: Checkpoint) -> None:
        """Keep one, with the version of the ticks before it."""
        with self._lock:
            self._kept[day, config_version, checkpoint.at_ms] = (checkpoint, version)
            while len(self._kept) > MOST_CHECKPOINTS or self._nbytes() > MOST_BYTES:
                self._kept.popitem(last=False)

    def _nbytes(self) -> int:
        return sum(checkpoint.nbytes for checkpoint, _ in self._kept.values())


@dataclass(frozen=True, slots=True)
class _Memory:
    """What this process keeps between questions."""

    blocks: Blocks = field(default_factory=Blocks)
    checkpoints: Checkpoints = field(default_factory=Checkpoints)


@cache
def _memory() -> _Memory:
    return _Memory()


def stored_dates(settings: StorageSettings) -> list[date]:
    """The trade dates that have ticks, newest first. Raises StorageError, psycopg.OperationalError."""
    found = coverage(settings, None, None, None)["date"].to_pylist()
    return sorted({day for day in found if day is not None}, reverse=True)


def stored_day(settings: StorageSettings, trade_date: date) -> StoredDay:
    """What there is of a date. Raises StorageError `bad_query` where there is nothing, psycopg.OperationalError."""
    start, end = _span(trade_date)
    with _connected(settings) as connection:
        first, last = _ends(settings, connection, trade_date, start, end)
        version = stored_configuration(connection).version
    # A Monday begins on Friday evening; before its markets open there is seldom anything to see.
    start = max(start, min([first, *_openings(trade_date)]))
    return StoredDay(trade_date, start, end, first, last, tuple(_sessions(start, end)), version)


def played(settings: StorageSettings, wanted: Wanted) -> Played:
    """The frames of a span. Raises StorageError `bad_query` for one outside its date, psycopg.OperationalError."""
    start, end = _span(wanted.trade_date)
    if not start <= wanted.start < wanted.end <= end:
        raise StorageError("bad_query", f"a span of {wanted.trade_date} lies between {start} and {end}")
    with _connected(settings) as connection:
        return _Way(settings, connection, wanted, start - WARM).play()


class _Way:
    """From the nearest checkpoint to the span, and through it."""

    def __init__(
        self, settings: StorageSettings, connection: psycopg.Connection, wanted: Wanted, warm: datetime
    ) -> None:
        self._settings = settings
        self._connection = connection
        self._wanted = wanted
        self._warm = warm
        self._configuration: Configuration = stored_configuration(connection)
        self._length_s = block_seconds(settings, connection, wanted.trade_date)
        since = _memory().checkpoints.before(
            connection, wanted.trade_date, self._configuration.version, warm, milliseconds(wanted.start)
        )
        self._at = warm if since is None else instant(since.at_ms)
        self._telling = Telling(self._configuration, stale_after_ms=settings.stale_after_ms, since=since)

    def play(self) -> Played:
        if not self._reach():
            done = (self._at - self._warm) / (self._wanted.start - self._warm)
            return Played((), milliseconds(self._wanted.start), preparing=done)
        frames: list[Frame] = []
        if self._wanted.snapshot:
            frames.append(self._telling.snapshot(milliseconds(self._at)))
        told = 0
        for reached, events in self._blocks(self._wanted.end):
            for frame in self._telling.frames(
                events,
                milliseconds(self._at),
                milliseconds(reached),
                step_ms=self._wanted.step_ms,
                every=self._wanted.every,
            ):
                frames.append(frame)
                told += len(frame.records) + 1
                if told >= self._wanted.most:
                    self._at = instant(frame.at_ms)
                    return self._ended(frames)
            self._at = reached
        return self._ended(frames)

    def _ended(self, frames: list[Frame]) -> Played:
        self._keep()
        return Played(tuple(frames), milliseconds(self._at))

    def _reach(self) -> bool:
        """Take in everything before the span; False when that takes longer than whoever waits should wait at once."""
        patient_until = time.monotonic() + PATIENCE_S
        for reached, events in self._blocks(self._wanted.start):
            self._telling.take(events)
            self._at = reached
            if time.monotonic() > patient_until and reached < self._wanted.start:
                self._keep()
                return False
        return True

    def _blocks(self, end: datetime) -> Iterator[tuple[datetime, QuoteBatch]]:
        return _memory().blocks.between(self._settings, self._connection, self._at, end, self._length_s)

    def _keep(self) -> None:
        version = records.version_of(self._connection, self._warm, self._at)
        _memory().checkpoints.keep(
            self._wanted.trade_date,
            self._configuration.version,
            version,
            self._telling.checkpoint(milliseconds(self._at)),
        )


def _span(trade_date: date) -> tuple[datetime, datetime]:
    """From the first of its markets' beginnings to the last of their ends."""
    try:
        spans = spans_of(trade_date)
    except ValueError as error:
        raise StorageError("bad_query", str(error)) from error
    return (
        min(span.start for span in spans).astimezone(UTC),
        max(span.end for span in spans).astimezone(UTC),
    )


def _ends(
    settings: StorageSettings, connection: psycopg.Connection, trade_date: date, start: datetime, end: datetime
) -> tuple[datetime, datetime]:
    """The first and the last tick of a date, wherever they are."""
    parts = read_manifest(settings.lake_folder(), trade_date).values()
    ends = [at.astimezone(UTC) for part in parts for at in (part.first_ts, part.last_ts)]
    hours = [hour for hour, _ in records.hourly_versions(connection) if start - timedelta(hours=1) < hour < end]
    for hour in {hours[0], hours[-1]} if hours else set():
        row = connection.execute(
            "SELECT min(ts), max(ts) FROM ticks WHERE ts >= %s AND ts < %s",
            (max(hour, start), min(hour + timedelta(hours=1), end)),
        ).fetchone()
        ends += [at.astimezone(UTC) for at in row or () if at is not None]
    if not ends:
        raise StorageError("bad_query", f"there are no ticks of {trade_date}")
    return min(ends), max(ends)


def _openings(trade_date: date) -> Iterator[datetime]:
    """When each traded market opens, of those that do."""
    for market in traded_markets():
        with suppress(ValueError):
            yield trade_date_session(market, trade_date).opens_at


def _sessions(start: datetime, end: datetime) -> Iterator[SessionState]:
    """What each traded market did at the beginning, and each of its changes."""
    for market in traded_markets():
        at: datetime | None = start
        while at is not None and at < end:
            state = session_state(market, at)
            yield state
            at = state.next_phase_at


def _connected(settings: StorageSettings) -> psycopg.Connection:
    return psycopg.connect(settings.reading(), application_name="thor replay", autocommit=True)


def milliseconds(at: datetime) -> int:
    """Since 1970, rounded down."""
    return (at - EPOCH) // MS


def instant(at_ms: int) -> datetime:
    """The instant of milliseconds since 1970."""
    return EPOCH + at_ms * MS
