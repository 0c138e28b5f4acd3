"""The shapes of this room's requests and answers, for the OpenAPI document.

Answers are written as bytes from the tables themselves; a test holds them against these shapes.
"""

from datetime import date, datetime
from typing import Any

from ninja import Field, Schema

__all__ = [
    "AveragePrice",
    "Coverage",
    "CoverageRow",
    "ExportList",
    "ExportRun",
    "HistoryBar",
    "HistoryBars",
    "HistoryTicks",
    "LakeAnswer",
    "LakeColumn",
    "LakeQuestion",
    "QualityList",
    "QualityReport",
]

MOST_LETTERS = 20_000
MOST_ROWS = 10_000


class HistoryTicks(Schema):
    """Canonical events in order; `next` is the cursor of the following page."""

    items: list[dict[str, Any]]
    next: str | None


class HistoryBar(Schema):
    """One bar in UTC. Prices are exact decimals; `vwap` is null where nothing was traded."""

    start: datetime
    open: float
    high: float
    low: float
    close: float
    volume: int
    events: int
    vwap: float | None


class HistoryBars(Schema):
    """Every bar of the span, in order."""

    items: list[HistoryBar]
    next: None


class AveragePrice(Schema):
    """The volume-weighted average over the whole span; null where nothing was traded."""

    symbol: str
    start: datetime
    end: datetime
    vwap: float | None
    volume: int
    events: int


class CoverageRow(Schema):
    """A partition of the lake; or a trade date that Postgres holds otherwise, of which no symbol and no count is told.

    `starts_at` and `ends_at` bound the instants that make up the trade date, the end not part of it.
    """

    date: date
    symbol: str | None
    place: str
    rows: int | None
    bytes: int | None
    first_ts: datetime | None
    last_ts: datetime | None
    digest: str | None
    starts_at: datetime | None
    ends_at: datetime | None


class Coverage(Schema):
    """What is kept where, by date and symbol."""

    items: list[CoverageRow]
    next: None


class QualityReport(Schema):
    """What the checks found in one partition: a count by check, and the first silences, from and to."""

    trade_date: date
    symbol: str
    rows: int
    counts: dict[str, int]
    gaps: list[tuple[datetime, datetime]]
    checked_at: datetime


class QualityList(Schema):
    """Reports, newest trade date first; `next` is the cursor of the following page."""

    items: list[QualityReport]
    next: str | None


class ExportRun(Schema):
    """One export with its counts, or with what went wrong."""

    id: int
    trade_date: date
    symbols: list[str] | None
    state: str
    started_at: datetime
    finished_at: datetime | None
    rows: int | None
    bytes: int | None
    written: int | None
    unchanged: int | None
    checksum: str | None
    problem: str | None


class ExportList(Schema):
    """Exports, newest first; `next` is the cursor of the following page."""

    items: list[ExportRun]
    next: str | None


class LakeQuestion(Schema):
    """One SELECT over the views `ticks` and `ticks_clean`."""

    sql: str = Field(min_length=1, max_length=MOST_LETTERS)
    limit: int = Field(1_000, ge=1, le=MOST_ROWS, description="Most rows of the answer.")


class LakeColumn(Schema):
    """A column: its name, and its type as DuckDB calls it."""

    name: str
    type: str


class LakeAnswer(Schema):
    """Rows of texts, null where there is no value: no digit is lost. `more` says that the limit cut them off."""

    columns: list[LakeColumn]
    rows: list[list[str | None]]
    more: bool
    elapsed_ms: int
