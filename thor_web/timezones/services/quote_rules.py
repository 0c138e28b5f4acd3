"""Alert rules on quotes, as the process that sees every event reads them and keeps what became of them: plain SQL.

What a rule told, where its prices stand and how far that process has come are written in one transaction of its own,
so that whatever dies, each crossing is told once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from thor_web.timezones.services.alert_conditions import Notice
from thor_web.timezones.services.notices import NoticeBoard

__all__ = ["QuoteRule", "RuleNews", "keep_news", "paused_markets", "quote_rules"]

RULES: Final = """
SELECT id, version, name, kind, severity, symbols, limit_value AS limit, side, signals, rearm, cooldown_s, once,
       (extract(epoch FROM changed_at) * 1000)::bigint AS since_ms, channels, sides AS known
FROM timezones_alertrule WHERE enabled AND kind IN ('threshold', 'change', 'signal') ORDER BY id
"""
STILL_THERE: Final = "SELECT id FROM timezones_alertrule WHERE id = ANY(%s) FOR KEY SHARE"
KEEP: Final = """
UPDATE timezones_alertrule SET sides = sides || %s, enabled = enabled AND NOT %s WHERE id = %s AND version = %s
"""
PAUSED: Final = """
SELECT markets FROM timezones_maintenancewindow WHERE pauses_alerts AND starts_at <= %s AND ends_at > %s
"""


@dataclass(frozen=True, slots=True)
class QuoteRule:
    """A rule on prices, changes or signals. No `symbols`: all. Nothing before `since_ms` (UTC) concerns it.

    `known` is what was kept of it: by symbol and mark whether the next crossing counts and when the last was told.
    """

    id: int
    version: int
    name: str
    kind: str
    severity: str
    symbols: Sequence[str]
    limit: Decimal | None
    side: str
    signals: Sequence[str]
    rearm: Decimal
    cooldown_s: int
    once: bool
    since_ms: int
    channels: Sequence[str]
    known: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RuleNews:
    """What a rule has to tell, where its prices stand now, and whether it is done for good."""

    rule: QuoteRule
    notices: Sequence[Notice]
    known: Mapping[str, Any]
    spent: bool


async def quote_rules(connection: psycopg.AsyncConnection) -> list[QuoteRule]:
    """The rules that are on. Raises psycopg.Error."""
    cursor = connection.cursor(row_factory=class_row(QuoteRule))
    return await (await cursor.execute(RULES)).fetchall()


async def keep_news(connection: psycopg.AsyncConnection, news: Sequence[RuleNews]) -> int:
    """Enter what was told, within the caller's transaction; how many were new. A rule that is gone tells nothing."""
    board, new = NoticeBoard(connection), 0
    rows = await (await connection.execute(STILL_THERE, ([it.rule.id for it in news],))).fetchall()
    there = {number for (number,) in rows}
    for it in news:
        if it.rule.id in there:
            new += await board.enter(it.notices, it.rule.channels)
            await connection.execute(KEEP, (Jsonb(dict(it.known)), it.spent, it.rule.id, it.rule.version))
    return new


async def paused_markets(connection: psycopg.AsyncConnection, now: datetime) -> frozenset[str]:
    """Markets whose alerts are paused by maintenance; the empty name means all. Raises psycopg.Error."""
    rows = await (await connection.execute(PAUSED, (now, now))).fetchall()
    return frozenset(name for (markets,) in rows for name in markets or [""])
