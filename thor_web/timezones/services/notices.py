"""Notices and their deliveries in Postgres: plain SQL. A notice is one row by its key, a delivery one row a channel."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import psycopg
from psycopg.rows import class_row, dict_row

from thor_web.timezones.services.alert_conditions import MissedRun, Notice

__all__ = ["NOTICES_CHANNEL", "Delivery", "NoticeBoard", "notice_document"]

NOTICES_CHANNEL: Final = "thor_notice"
ENTER: Final = """
WITH entered AS (
    INSERT INTO timezones_notification (rule_id, key, kind, severity, market, symbol, title, text, created_at,
                                        acknowledged_by, rule_version, event_id, value, mark)
    VALUES (%(rule_id)s, %(key)s, %(kind)s, %(severity)s, %(market)s, %(symbol)s, %(title)s, %(text)s,
            clock_timestamp(), '', %(rule_version)s, %(event_id)s, %(value)s, %(mark)s)
    ON CONFLICT (key) DO NOTHING RETURNING id
), sent AS (
    INSERT INTO timezones_delivery (notification_id, channel, state, attempts, next_try_at, error)
    SELECT entered.id, channel, 'waiting', 0, clock_timestamp(), ''
    FROM entered, unnest(%(channels)s::text[]) AS channel
)
SELECT id FROM entered
"""
CLAIM: Final = """
WITH ready AS (
    SELECT id FROM timezones_delivery WHERE state = 'waiting' AND next_try_at <= clock_timestamp()
    ORDER BY next_try_at LIMIT %s FOR UPDATE SKIP LOCKED
)
UPDATE timezones_delivery AS delivery
SET attempts = attempts + 1, next_try_at = clock_timestamp() + make_interval(secs => %s)
FROM ready, timezones_notification AS notification
LEFT JOIN timezones_alertrule AS rule ON rule.id = notification.rule_id
WHERE delivery.id = ready.id AND notification.id = delivery.notification_id
RETURNING delivery.id, delivery.channel, delivery.attempts, notification.key, notification.kind, notification.severity,
          notification.market, notification.symbol, notification.title, notification.text, notification.created_at,
          COALESCE(rule.emails, '') AS emails, COALESCE(rule.webhook_url, '') AS webhook_url
"""
HOLD: Final = """
UPDATE timezones_delivery
SET attempts = attempts - 1, next_try_at = GREATEST(%s, clock_timestamp() + interval '1 second')
WHERE id = %s
"""
"""Not due at once again, should the clock here and that of Postgres differ."""
CLOSE: Final = "UPDATE timezones_delivery SET state = %s, error = %s, sent_at = clock_timestamp() WHERE id = %s"
AGAIN: Final = """
UPDATE timezones_delivery SET error = %s, next_try_at = clock_timestamp() + make_interval(secs => %s) WHERE id = %s
"""
MISSED: Final = """
SELECT run.id, trigger.name AS trigger, trigger.market, run.due_at, run.state, run.reason
FROM timezones_triggerrun AS run JOIN timezones_trigger AS trigger ON trigger.id = run.trigger_id
WHERE run.state IN ('missed', 'failed') AND run.planned_at > clock_timestamp() - interval '7 days'
  AND NOT EXISTS (SELECT FROM timezones_notification WHERE key = %s || run.id)
ORDER BY run.id LIMIT 200
"""
ONE: Final = """
SELECT id, rule_id, kind, severity, market, symbol, title, text, created_at, acknowledged_at, acknowledged_by,
       rule_version, event_id, value, mark
FROM timezones_notification WHERE id = %s
"""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A notice on its way through one channel."""

    id: int
    channel: str
    attempts: int
    key: str
    kind: str
    severity: str
    market: str
    symbol: str
    title: str
    text: str
    created_at: datetime
    emails: str
    webhook_url: str


class NoticeBoard:
    """The statements. Each method raises psycopg.Error."""

    def __init__(self, connection: psycopg.AsyncConnection) -> None:
        self._connection = connection

    async def enter(self, notices: Sequence[Notice], channels: Collection[str]) -> int:
        """Enter notices that nobody has entered yet, each with its deliveries; how many were new."""
        new = 0
        for notice in notices:
            values = {name: getattr(notice, name) for name in Notice.__slots__}
            row = await (await self._connection.execute(ENTER, {**values, "channels": sorted(channels)})).fetchone()
            new += row is not None
        return new

    async def missed_runs(self, rule_id: int) -> list[MissedRun]:
        """Runs of the last week that were missed or failed and that this rule has not told of yet."""
        cursor = self._connection.cursor(row_factory=class_row(MissedRun))
        return await (await cursor.execute(MISSED, (f"{rule_id}:missed_trigger:",))).fetchall()

    async def claim(self, *, most: int, lease_s: float) -> list[Delivery]:
        """Deliveries that are due. One that is not closed within the lease is claimed again."""
        cursor = self._connection.cursor(row_factory=class_row(Delivery))
        return await (await cursor.execute(CLAIM, (most, lease_s))).fetchall()

    async def hold(self, delivery: Delivery, until: datetime) -> None:
        """Leave it for later: quiet hours are no attempt."""
        await self._connection.execute(HOLD, (until, delivery.id))

    async def close(self, delivery: Delivery, state: str, error: str = "") -> None:
        """Sent, or failed for good."""
        await self._connection.execute(CLOSE, (state, error, delivery.id))

    async def try_again(self, delivery: Delivery, error: str, *, in_s: float) -> None:
        """Not yet."""
        await self._connection.execute(AGAIN, (error, in_s, delivery.id))

    async def one(self, number: int) -> dict[str, Any] | None:
        """A notification as clients see it."""
        cursor = self._connection.cursor(row_factory=dict_row)
        row = await (await cursor.execute(ONE, (number,))).fetchone()
        return None if row is None else notice_document(row)


def notice_document(row: dict[str, Any]) -> dict[str, Any]:
    """A row as JSON values; a number keeps its exact digits as text."""
    return {name: _json(value) for name, value in row.items()}


def _json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return f"{value.normalize():f}" if isinstance(value, Decimal) else value
