"""Enters into the ledger what has become due since a trigger's watermark, and knows when the next one is.

Nothing is planned ahead: an override moves what is not due yet without a trace, and what was run stays.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from thor_web.timezones.services.clock import Clock, UnknownMarketError
from thor_web.timezones.services.instants import instant, seconds
from thor_web.timezones.services.ledger import Ledger, PlannedRun, StoredTrigger
from thor_web.timezones.services.occurrences import Occurrence, next_occurrence, occurrences

__all__ = ["Planner", "planned_runs"]

WATERMARK_MOVED_S: Final = 60
"""How far behind the watermark of a trigger without occurrences may stay."""


def planned_runs(stored: StoredTrigger, found: Sequence[Occurrence], now: int) -> list[PlannedRun]:
    """What becomes of occurrences found now: those in time are due, late ones go by the trigger's policy."""
    rule = stored.rule
    late = [one for one in found if now - one.due_at > rule.grace_s]
    runs: list[PlannedRun] = []
    for one in found:
        state, reason = "due", ""
        if one in late:
            if rule.misfire == "skip":
                state, reason = "missed", f"found {now - one.due_at} s late; the policy is to skip"
            elif rule.misfire == "run_once" and one is not found[-1]:
                state, reason = "missed", f"found {now - one.due_at} s late; a later occurrence stands for it"
        runs.append(PlannedRun(rule.id, instant(one.due_at), one.session_date, state, reason))
    return runs


class Planner:
    """Holds the triggers and when each is next due."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        self._triggers: dict[int, StoredTrigger] = {}
        self._next_due: dict[int, int | None] = {}
        self._planned_until: dict[int, int] = {}
        self._version = -1

    async def load(self) -> None:
        """Read the triggers again: after every change of theirs. Raises psycopg.Error."""
        self._triggers = {stored.rule.id: stored for stored in await self._ledger.triggers()}
        self._next_due.clear()
        self._planned_until = {
            number: max(self._planned_until.get(number, 0), seconds(stored.watermark))
            for number, stored in self._triggers.items()
        }

    async def plan(self, now: datetime) -> None:
        """Enter whatever is due by now. Raises psycopg.Error."""
        at = seconds(now)
        if self._clock.version != self._version:
            self._version = self._clock.version
            self._next_due.clear()
        runs: list[PlannedRun] = []
        moved: list[int] = []
        for number, stored in self._triggers.items():
            since = self._planned_until[number]
            due = self._next(number, stored, since)
            if (due is None or due > at) and at - since < WATERMARK_MOVED_S:
                continue
            if at <= since:
                continue
            runs += planned_runs(stored, self._between(stored, since, at), at)
            moved.append(number)
        if moved:
            await self._ledger.plan(runs, moved, instant(at))
            for number in moved:
                self._planned_until[number] = at
                self._next_due.pop(number, None)

    def next_due(self) -> int | None:
        """The earliest instant at which a trigger is due, seconds of UTC; None where none is in sight."""
        found = [self._next(number, stored, self._planned_until[number]) for number, stored in self._triggers.items()]
        return min((due for due in found if due is not None), default=None)

    def _next(self, number: int, stored: StoredTrigger, since: int) -> int | None:
        if number not in self._next_due:
            try:
                one = next_occurrence(self._clock.market(stored.rule.market), stored.rule, since)
            except UnknownMarketError:
                one = None
            self._next_due[number] = None if one is None else one.due_at
        return self._next_due[number]

    def _between(self, stored: StoredTrigger, since: int, until: int) -> list[Occurrence]:
        try:
            market = self._clock.market(stored.rule.market)
        except UnknownMarketError:
            return []
        return occurrences(market, stored.rule, since, until)
