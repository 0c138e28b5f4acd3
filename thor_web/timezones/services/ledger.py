"""The ledger of trigger runs in Postgres: plain SQL on one connection. Safe in any number of copies.

What makes it so is `UNIQUE (trigger_id, due_at)`: an occurrence is one row, whoever plans it. A lease and
`FOR UPDATE SKIP LOCKED` only save work; a copy that dies leaves a lease that runs out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import psycopg
from psycopg.rows import class_row

from thor_web.timezones.services.occurrences import TriggerRule

__all__ = ["Claim", "Ledger", "PlannedRun", "StoredTrigger"]

TRIGGERS: Final = """
SELECT id, name, market, condition, action, phase, offset_s, local_time, grace_s, misfire, max_attempts, timeout_s,
       valid_from, valid_to
FROM timezones_trigger WHERE enabled
"""
WATERMARKS: Final = "SELECT id, watermark FROM timezones_trigger WHERE enabled"
PLAN: Final = """
INSERT INTO timezones_triggerrun (trigger_id, due_at, session_date, state, reason, attempts, result, planned_at,
                                  claimed_by)
SELECT trigger_id, due_at, session_date, state, reason, 0, '', clock_timestamp(), ''
FROM unnest(%s::bigint[], %s::timestamptz[], %s::date[], %s::text[], %s::text[])
     AS planned (trigger_id, due_at, session_date, state, reason)
WHERE EXISTS (SELECT FROM timezones_trigger t WHERE t.id = planned.trigger_id)
ON CONFLICT (trigger_id, due_at) DO NOTHING
"""
MOVE_WATERMARK: Final = "UPDATE timezones_trigger SET watermark = %s WHERE id = ANY(%s) AND watermark < %s"
CLAIM: Final = """
WITH ready AS (
    SELECT id FROM timezones_triggerrun
    WHERE (state = 'due' AND (not_before IS NULL OR not_before <= clock_timestamp()))
       OR (state = 'running' AND lease_until < clock_timestamp())
    ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED
)
UPDATE timezones_triggerrun AS run
SET state = 'running', attempts = run.attempts + 1, claimed_by = %s,
    lease_until = clock_timestamp() + make_interval(secs => %s),
    started_at = COALESCE(run.started_at, clock_timestamp())
FROM ready, timezones_trigger AS trigger
WHERE run.id = ready.id AND trigger.id = run.trigger_id
RETURNING run.id, run.trigger_id, trigger.name, trigger.market, trigger.action, trigger.parameters, run.due_at,
          run.session_date, run.attempts, trigger.max_attempts, trigger.timeout_s, trigger.grace_s, trigger.misfire
"""
RENEW: Final = """
UPDATE timezones_triggerrun SET lease_until = clock_timestamp() + make_interval(secs => %s)
WHERE id = ANY(%s) AND claimed_by = %s AND state = 'running'
"""
FINISH: Final = """
UPDATE timezones_triggerrun
SET state = %s, result = %s, reason = %s, finished_at = clock_timestamp(), lease_until = NULL
WHERE id = %s AND claimed_by = %s AND attempts = %s AND state = 'running'
"""
RETRY: Final = """
UPDATE timezones_triggerrun
SET state = 'due', reason = %s, not_before = clock_timestamp() + make_interval(secs => %s), lease_until = NULL
WHERE id = %s AND claimed_by = %s AND attempts = %s AND state = 'running'
"""
NEXT_WAKE: Final = """
SELECT min(CASE WHEN state = 'due' THEN COALESCE(not_before, due_at) ELSE lease_until END) - clock_timestamp()
FROM timezones_triggerrun WHERE state IN ('due', 'running')
"""


@dataclass(frozen=True, slots=True)
class StoredTrigger:
    """A trigger's rule, and the instant up to which its occurrences have been planned."""

    rule: TriggerRule
    watermark: datetime


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """An occurrence on its way into the ledger. `state` is due, or missed with the reason why."""

    trigger_id: int
    due_at: datetime
    session_date: date
    state: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """A run that this copy has leased. (`trigger_id`, `due_at`) is the idempotency key of what it does."""

    id: int
    trigger_id: int
    name: str
    market: str
    action: str
    parameters: dict[str, object]
    due_at: datetime
    session_date: date
    attempts: int
    max_attempts: int
    timeout_s: int
    grace_s: int
    misfire: str

    @property
    def key(self) -> str:
        """The same for every attempt at the same occurrence."""
        return f"{self.trigger_id}:{self.due_at.isoformat()}"


class Ledger:
    """The statements. Every method is one transaction; each raises psycopg.Error."""

    def __init__(self, connection: psycopg.AsyncConnection) -> None:
        self._connection = connection

    async def triggers(self) -> list[StoredTrigger]:
        """Every enabled trigger."""
        async with self._connection.transaction():
            cursor = self._connection.cursor(row_factory=class_row(TriggerRule))
            rules = await (await cursor.execute(TRIGGERS)).fetchall()
            marks = {row[0]: row[1] for row in await (await self._connection.execute(WATERMARKS)).fetchall()}
        return [StoredTrigger(rule, marks[rule.id]) for rule in rules if rule.id in marks]

    async def plan(self, runs: Sequence[PlannedRun], trigger_ids: Sequence[int], until: datetime) -> None:
        """Enter occurrences that nobody has entered yet, and move the watermarks: both or neither."""
        async with self._connection.transaction():
            if runs:
                await self._connection.execute(
                    PLAN,
                    (
                        [run.trigger_id for run in runs],
                        [run.due_at for run in runs],
                        [run.session_date for run in runs],
                        [run.state for run in runs],
                        [run.reason for run in runs],
                    ),
                )
            await self._connection.execute(MOVE_WATERMARK, (until, list(trigger_ids), until))

    async def claim(self, owner: str, *, most: int, lease_s: float) -> list[Claim]:
        """Lease runs that are due, or whose owner has let its lease run out."""
        cursor = self._connection.cursor(row_factory=class_row(Claim))
        return await (await cursor.execute(CLAIM, (most, owner, lease_s))).fetchall()

    async def renew(self, owner: str, ids: Sequence[int], *, lease_s: float) -> None:
        """Keep the leases of what is still at work."""
        await self._connection.execute(RENEW, (lease_s, list(ids), owner))

    async def finish(self, claim: Claim, owner: str, state: str, *, result: str = "", reason: str = "") -> bool:
        """Close a run. False when the lease was lost meanwhile: then somebody else decides."""
        done = await self._connection.execute(FINISH, (state, result, reason, claim.id, owner, claim.attempts))
        return done.rowcount == 1

    async def retry(self, claim: Claim, owner: str, *, reason: str, in_s: float) -> None:
        """Put a run back for another attempt later."""
        await self._connection.execute(RETRY, (reason, in_s, claim.id, owner, claim.attempts))

    async def next_wake_s(self) -> float | None:
        """Seconds until a run becomes claimable, None where there is none."""
        row = await (await self._connection.execute(NEXT_WAKE)).fetchone()
        return None if row is None or row[0] is None else row[0].total_seconds()
