"""Telling stored ticks again: a source for the live path that reads Postgres and the lake instead of a file.

Ticks of several symbols come in order of ts and seq, a day at a time. With their own source's name they are the same
events as once, so the ticks table stays as it is and the unified stream says what it said.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta

import polars as pl
import psycopg
import pyarrow as pa

from collectors.sources.recording import rename_source
from collectors.sources.replay import ReplaySource
from thor_fast import Ticks, register_source
from thor_web.thordata.errors import StorageError
from thor_web.thordata.services.history import TickQuery, read_pieces
from thor_web.thordata.services.lake_files import partitions_of
from thor_web.thordata.services.trade_dates import dates_around
from thor_web.thordata.settings import StorageSettings

__all__ = ["HistorySource"]


class HistorySource(ReplaySource):
    """Ticks of a span, of some symbols or all, of one source or all. `speed` None is as fast as possible."""

    def __init__(
        self,
        settings: StorageSettings,
        start: datetime,
        end: datetime,
        *,
        symbols: Sequence[str] | None = None,
        source: str | None = None,
        speed: float | None = None,
        rename: str | None = None,
    ) -> None:
        super().__init__(None, speed=speed, rename=rename)
        self._settings = settings
        self._start = start
        self._end = end
        self._symbols = symbols
        self._source = source
        self._renamed = rename

    def lines(self) -> Iterator[bytes]:
        """The events as canonical JSON in order, one UTC day in memory at a time."""
        conninfo = self._settings.conninfo()
        with psycopg.connect(conninfo, application_name="thor replay", autocommit=True) as connection:
            found = False
            for start, end in _days(self._start, self._end):
                for line in self._day(connection, start, end):
                    found = True
                    yield line if self._renamed is None else rename_source(line, self._renamed)
        if not found:
            raise StorageError("bad_query", f"there are no such ticks from {self._start} to {self._end}")

    def _day(self, connection: psycopg.Connection, start: datetime, end: datetime) -> list[bytes]:
        symbols = self._symbols or _symbols_between(self._settings, connection, start, end)
        tables = [
            table
            for symbol in symbols
            for table in read_pieces(self._settings, connection, TickQuery(symbol, start, end, self._source))
        ]
        if not tables:
            return []
        frame = pl.DataFrame(pa.concat_tables(tables)).cast({"symbol": pl.String, "source": pl.String})
        frame = frame.sort("ts", "seq", "symbol", nulls_last=False)
        for source in frame["source"].unique():
            register_source(source)
        return Ticks.from_arrow(frame).to_events().to_json()


def _days(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    while start < end:
        midnight = datetime.combine(start.astimezone(UTC).date(), time(), UTC) + timedelta(days=1)
        yield start, min(midnight, end)
        start = midnight


def _symbols_between(
    settings: StorageSettings, connection: psycopg.Connection, start: datetime, end: datetime
) -> list[str]:
    """Every symbol with ticks in a span, in the lake or in Postgres."""
    lake = settings.lake_folder()
    found = {symbol for day in dates_around(start, end) for symbol in partitions_of(lake, day)}
    rows = connection.execute("SELECT DISTINCT symbol FROM ticks WHERE ts >= %s AND ts < %s", (start, end)).fetchall()
    return sorted(found.union(row[0] for row in rows))
