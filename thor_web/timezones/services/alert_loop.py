"""Looks every second whether an alert is to be raised, and sends what is waiting. One copy looks, all copies send.

The look is held by an advisory lock of Postgres: it saves work, while the unique key of a notice makes it one.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

import psycopg
from psycopg.types.json import Jsonb

from thor_web.timezones.services.alert_conditions import (
    COMPOSITE,
    AlertRule,
    Feed,
    Notice,
    horizon_notices,
    lost_notices,
    missed_notices,
    stale_notices,
    threshold_notices,
    transition_notices,
)
from thor_web.timezones.services.clock import Clock, UnknownMarketError
from thor_web.timezones.services.delivering import Channel, deliver_due
from thor_web.timezones.services.instants import seconds
from thor_web.timezones.services.notices import NoticeBoard
from thor_web.timezones.services.quiet_hours import QuietSpan
from thor_web.timezones.services.quote_rules import paused_markets
from thor_web.timezones.services.timekeeping import Timekeeper

__all__ = ["AlertLoop", "Feeds", "Statuses"]

log = logging.getLogger(__name__)

LOOK_S: Final = 1.0
RETRY_S: Final = 1.0
LATE_S: Final = 300
"""An opening that nobody noticed for longer is no news."""
LOCK: Final = "SELECT pg_try_advisory_lock(hashtext('thor alerts'))"
RULES: Final = """
SELECT id, name, kind, severity, markets, symbols, limit_value, side, sources, version, channels, sides
FROM timezones_alertrule WHERE enabled AND kind NOT IN ('signal', 'change')
"""
QUIET: Final = "SELECT market, time_zone, begins, ends, days FROM timezones_quiethours"
SIDES: Final = "UPDATE timezones_alertrule SET sides = sides || %s WHERE id = %s AND version = %s"

Feeds = Callable[[frozenset[str]], Awaitable[Sequence[Feed]]]
"""Asks for the newest quotes, with the symbols that thresholds name: other rooms add what of them they know."""
Statuses = Callable[[], Awaitable[Mapping[str, str] | None]]
"""Asks how each source goes, by name; None while nobody can know."""


class AlertLoop:
    """One copy. `traded` are the markets a rule without markets means."""

    def __init__(
        self,
        conninfo: str,
        clock: Clock,
        timekeeper: Timekeeper,
        *,
        feeds: Feeds,
        statuses: Statuses,
        channels: Mapping[str, Channel],
        traded: Sequence[str],
    ) -> None:
        self._conninfo = conninfo
        self._clock = clock
        self._timekeeper = timekeeper
        self._feeds = feeds
        self._statuses = statuses
        self._silent: dict[int, dict[str, datetime]] = {}
        self._channels = channels
        self._traded = traded
        self._looked_at: datetime | None = None
        self.raised = 0

    async def run(self) -> None:
        """Until cancelled; Postgres being away is waited out."""
        while True:
            with suppress(psycopg.Error):
                async with await psycopg.AsyncConnection.connect(
                    self._conninfo, autocommit=True, application_name="thor alerts"
                ) as connection:
                    await self._work(connection)
            await asyncio.sleep(RETRY_S)

    async def _work(self, connection: psycopg.AsyncConnection) -> None:
        holds = False
        while True:
            holds = holds or await _scalar(connection, LOCK)
            if holds:
                await self.look(connection)
            await self.send(connection)
            await asyncio.sleep(LOOK_S)

    async def look(self, connection: psycopg.AsyncConnection) -> None:
        """Raise what is to be raised now. Raises psycopg.Error."""
        now = self._timekeeper.now()
        since = max(self._looked_at or now - timedelta(seconds=LATE_S), now - timedelta(seconds=LATE_S))
        rows = await (await connection.execute(RULES)).fetchall()
        named = frozenset(symbol for row in rows if row[2] == "threshold" for symbol in row[5])
        feeds = await self._feeds(named) if any(row[2] in {"stale_feed", "threshold"} for row in rows) else ()
        statuses = await self._statuses() if any(row[2] == "source_lost" for row in rows) else None
        paused = await paused_markets(connection, now)
        board = NoticeBoard(connection)
        for row in rows:
            try:
                rule, channels, sides = _rule(row)
                markets = [self._clock.name_of(name) for name in rule.markets or self._traded]
            except (UnknownMarketError, ValueError) as error:
                log.error("the alert %s is left out: %s", row[1], error)
                continue
            wanted = _feeds_of(rule, feeds, markets)
            new_sides: Mapping[str, Any] = sides
            if rule.kind == "threshold":
                notices, new_sides = threshold_notices(rule, wanted, sides)
            elif rule.kind == "source_lost":
                notices, new_sides = self._lost(rule, statuses, sides, now)
            elif rule.kind == "missed_trigger":
                notices = missed_notices(rule, await board.missed_runs(rule.id))
            else:
                notices = self._by_the_clock(rule, markets, wanted, since=since, now=now)
            told = [notice for notice in notices if not paused & {"", notice.market}]
            async with connection.transaction():
                self.raised += await board.enter(told, channels)
                if new_sides != sides:
                    await connection.execute(SIDES, (Jsonb(new_sides), rule.id, rule.version))
        self._looked_at = now

    async def send(self, connection: psycopg.AsyncConnection) -> None:
        """Send what is waiting. Raises psycopg.Error."""
        rows = await (await connection.execute(QUIET)).fetchall()
        quiet = [QuietSpan(row[0], ZoneInfo(row[1]), row[2], row[3], frozenset(row[4])) for row in rows]
        while await deliver_due(NoticeBoard(connection), self._channels, quiet, self._timekeeper.now()):
            pass

    def _by_the_clock(
        self, rule: AlertRule, markets: Sequence[str], feeds: Sequence[Feed], *, since: datetime, now: datetime
    ) -> list[Notice]:
        if rule.kind == "stale_feed":
            return stale_notices(self._clock, rule, feeds, now)
        if rule.kind == "horizon":
            return horizon_notices(self._clock, rule, markets, now.date())
        return transition_notices(self._clock, rule, markets, seconds(since), seconds(now))

    def _lost(
        self, rule: AlertRule, statuses: Mapping[str, str] | None, sides: Mapping[str, str], now: datetime
    ) -> tuple[list[Notice], Mapping[str, str]]:
        silent = self._silent.setdefault(rule.id, {})
        if statuses is None:
            # Whoever cannot ask does not know that anybody is silent.
            silent.clear()
            return [], sides
        return lost_notices(rule, statuses, sides, silent, now)


def _feeds_of(rule: AlertRule, feeds: Sequence[Feed], markets: Sequence[str]) -> list[Feed]:
    """The feeds that a rule looks at: of its symbols and markets; of a threshold the composite alone."""
    chosen = [feed for feed in feeds if not rule.symbols or feed.symbol in rule.symbols]
    if rule.kind == "threshold":
        return [feed for feed in chosen if feed.symbol == COMPOSITE]
    return [feed for feed in chosen if feed.market in markets]


def _rule(row: tuple[Any, ...]) -> tuple[AlertRule, list[str], dict[str, Any]]:
    number, name, kind, severity, markets, symbols, limit, side, sources, version, channels, sides = row
    rule = AlertRule(
        id=number,
        name=name,
        kind=kind,
        severity=severity,
        markets=tuple(markets),
        symbols=tuple(symbols),
        limit=None if limit is None else Decimal(limit),
        side=side,
        sources=tuple(sources),
        version=version,
    )
    return rule, list(channels), dict(sides)


async def _scalar(connection: psycopg.AsyncConnection, sql: str) -> bool:
    row = await (await connection.execute(sql.encode())).fetchone()
    return bool(row and row[0])
