"""Pages of what Postgres remembers: exports and quality reports."""

import base64
import json
from datetime import date
from typing import Any

import psycopg
from psycopg.rows import dict_row

from thor_web.thordata.settings import StorageSettings

__all__ = ["exports_page", "quality_page"]

Page = tuple[list[dict[str, Any]], str | None]
"""Items, and the cursor of the next page."""


def exports_page(settings: StorageSettings, *, limit: int, after: list[Any] | None) -> Page:
    """Runs, newest first."""
    behind = after[0] if after and isinstance(after[0], int) else None
    rows = _rows(
        settings,
        "SELECT id, trade_date, symbols, state, started_at, finished_at, rows, bytes, written, unchanged, checksum, "
        "problem FROM export_runs WHERE %(behind)s::bigint IS NULL OR id < %(behind)s ORDER BY id DESC LIMIT %(limit)s",
        {"behind": behind, "limit": limit + 1},
    )
    return rows[:limit], _cursor([rows[limit - 1]["id"]]) if len(rows) > limit else None


def quality_page(
    settings: StorageSettings,
    *,
    symbol: str | None,
    first: date | None,
    last: date | None,
    limit: int,
    after: list[Any] | None,
) -> Page:
    """Reports, newest trade date first, by symbol."""
    day, name = after if after and len(after) == 2 and all(isinstance(part, str) for part in after) else (None, "")
    rows = _rows(
        settings,
        "SELECT trade_date, symbol, rows, counts, gaps, checked_at FROM quality_reports "
        "WHERE (%(symbol)s::text IS NULL OR symbol = %(symbol)s) "
        "AND trade_date BETWEEN coalesce(%(first)s::date, '-infinity') AND coalesce(%(last)s::date, 'infinity') "
        "AND (%(day)s::date IS NULL OR trade_date < %(day)s OR (trade_date = %(day)s AND symbol > %(name)s)) "
        "ORDER BY trade_date DESC, symbol LIMIT %(limit)s",
        {"symbol": symbol, "first": first, "last": last, "day": day, "name": name, "limit": limit + 1},
    )
    page = rows[:limit]
    more = len(rows) > limit
    return page, _cursor([page[-1]["trade_date"].isoformat(), page[-1]["symbol"]]) if more else None


def _rows(settings: StorageSettings, statement: str, values: dict[str, Any]) -> list[dict[str, Any]]:
    with (
        psycopg.connect(settings.reading(), application_name="thor history", row_factory=dict_row) as connection,
        connection.cursor() as cursor,
    ):
        return cursor.execute(statement.encode(), values).fetchall()


def _cursor(place: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")
