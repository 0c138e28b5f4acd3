"""Quality of stored ticks: which rows of a partition of the lake are doubtful, and the rows without them.

What was recorded is never altered: flags lie beside the partition, reports in Postgres, and clean rows are a view.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Final

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from collectors.instruments import load_instruments
from thor_fast import QUALITY_CHECKS, Quality, check_quality
from thor_web.thordata.errors import StorageError
from thor_web.thordata.services.lake_files import flags_path, partitions_of, write_flags
from thor_web.thordata.services.lake_place import readable
from thor_web.thordata.services.trade_dates import market_of
from thor_web.thordata.settings import StorageSettings
from thor_web.timezones.interface import trade_date_session

__all__ = ["SPOILING", "QualityReport", "check_partition", "clean_rows", "quality_of_date", "record_report"]

COLUMNS: Final = ("ts", "last", "bid", "ask", "last_size", "bid_size", "ask_size", "source", "seq")
GAP_US: Final = 60_000_000
STALE_US: Final = 60_000_000
OUTLIER_FACTOR: Final = 50
"""So many usual changes away and back make an outlier: on a wide synthetic day none by chance, on a spike always."""
MOST_GAPS: Final = 100

SPOILING: Final = ("duplicate", "crossed", "off_tick", "outlier", "zero_price", "session_leak")
"""The checks whose rows the cleaned view leaves out. The others say something of the feed, not of the row."""


@dataclass(frozen=True, slots=True)
class QualityReport:
    """What the checks found in one partition. `gaps` are the first silences, from and to."""

    trade_date: date
    symbol: str
    rows: int
    counts: dict[str, int]
    gaps: tuple[tuple[datetime, datetime], ...]


def quality_of_date(
    settings: StorageSettings, trade_date: date, symbols: Sequence[str] | None = None
) -> Iterator[QualityReport]:
    """Check the partitions of a date, write their flags and tell of each. Raises StorageError `bad_lake_file`."""
    lake = settings.lake_folder()
    for symbol, path in partitions_of(lake, trade_date).items():
        if symbols is None or symbol in symbols:
            table = read_columns(path)
            quality = check_partition(table, symbol, trade_date)
            write_flags(flags_path(lake, trade_date, symbol), table, quality)
            yield QualityReport(
                trade_date,
                symbol,
                len(quality),
                quality.counts,
                tuple((_instant(start), _instant(end)) for start, end in quality.gaps[:MOST_GAPS]),
            )


def read_columns(path: Path) -> pa.Table:
    """The columns that are checked, as one chunk."""
    try:
        table = pq.ParquetFile(readable(path), read_dictionary=["source"]).read(columns=list(COLUMNS))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise StorageError("bad_lake_file", f"{path}: {' '.join(str(error).split())}") from error
    return table.combine_chunks()


def check_partition(table: pa.Table, symbol: str, trade_date: date) -> Quality:
    """Ten checks over one symbol's rows of a trade date, which are in order."""
    return check_quality(
        table.combine_chunks(),
        _open_spans(symbol, trade_date),
        tick_nanos=_ticks().get(symbol, 0),
        gap_us=GAP_US,
        stale_us=STALE_US,
        outlier_factor=OUTLIER_FACTOR,
    )


def clean_rows(table: pa.Table, symbol: str, trade_date: date) -> pa.Table:
    """The rows that no check spoils."""
    spoiling = sum(1 << list(QUALITY_CHECKS).index(name) for name in SPOILING)
    flags = pa.array(check_partition(table, symbol, trade_date).flags, pa.uint16())
    return table.filter(pc.equal(pc.bit_wise_and(flags, pa.scalar(spoiling, pa.uint16())), pa.scalar(0, pa.uint16())))


def record_report(connection: psycopg.Connection, report: QualityReport) -> None:
    """Keep a report in place of an earlier one of the same partition."""
    connection.execute(
        "INSERT INTO quality_reports (trade_date, symbol, rows, counts, gaps, checked_at) "
        "VALUES (%s, %s, %s, %s, %s, now()) ON CONFLICT (trade_date, symbol) DO UPDATE SET rows = excluded.rows, "
        "counts = excluded.counts, gaps = excluded.gaps, checked_at = excluded.checked_at",
        (
            *(report.trade_date, report.symbol, report.rows, json.dumps(report.counts)),
            json.dumps([[_text(start), _text(end)] for start, end in report.gaps]),
        ),
    )


def _open_spans(symbol: str, trade_date: date) -> list[tuple[int, int]]:
    try:
        session = trade_date_session(market_of(symbol), trade_date)
    except ValueError:
        return []
    return [(_microseconds(session.opens_at), _microseconds(session.closes_at))]


@cache
def _ticks() -> dict[str, int]:
    """The tick of each instrument in nanos."""
    return {instrument.symbol: int(instrument.tick * 1_000_000_000) for instrument in load_instruments()}


def _microseconds(at: datetime) -> int:
    return int(at.timestamp()) * 1_000_000 + at.microsecond


def _instant(us: int) -> datetime:
    return datetime.fromtimestamp(us // 1_000_000, UTC).replace(microsecond=us % 1_000_000)


def _text(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
