"""Triggers that other rooms make for their own actions, from any Django view. What they do is the caller's business."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.utils.timezone import now

from thor_web.timezones.interface import world_clock
from thor_web.timezones.models import Trigger, TriggerRun
from thor_web.timezones.services.occurrences import next_occurrence

__all__ = ["LastOccurrence", "ScheduleError", "Scheduled", "schedule", "scheduled", "switch", "unschedule"]


class ScheduleError(Exception):
    """A trigger that contradicts itself, in one sentence."""


@dataclass(frozen=True, slots=True)
class LastOccurrence:
    """What became of the newest occurrence. `state` is the ledger's."""

    due_at: datetime
    state: str
    reason: str
    result: str


@dataclass(frozen=True, slots=True)
class Scheduled:
    """One trigger. `next_due_at` is None for one that is switched off, or due on no day of the next forty."""

    id: int
    name: str
    market: str
    condition: str
    phase: str
    offset_s: int
    local_time: time | None
    parameters: Mapping[str, Any]
    enabled: bool
    author: str
    next_due_at: datetime | None
    last: LastOccurrence | None

    @classmethod
    def of(cls, trigger: Trigger) -> Self:
        """A trigger of the table."""
        due = None
        if trigger.enabled:
            due = next_occurrence(world_clock().market(trigger.market), trigger.rule(), int(now().timestamp()))
        run = TriggerRun.objects.filter(trigger=trigger).order_by("-due_at").first()
        return cls(
            id=trigger.pk,
            name=trigger.name,
            market=trigger.market,
            condition=trigger.condition,
            phase=trigger.phase,
            offset_s=trigger.offset_s,
            local_time=trigger.local_time,
            parameters=trigger.parameters,
            enabled=trigger.enabled,
            author=trigger.author,
            next_due_at=None if due is None else datetime.fromtimestamp(due.due_at, UTC),
            last=None if run is None else LastOccurrence(run.due_at, run.state, run.reason, run.result),
        )


def scheduled(action: str) -> list[Scheduled]:
    """Every trigger of an action, by name."""
    return [Scheduled.of(trigger) for trigger in Trigger.objects.filter(action=action).order_by("name")]


def schedule(action: str, *, name: str, author: str, parameters: Mapping[str, Any], **when: Any) -> Scheduled:
    """Make a trigger; `when` are its own fields (market, condition, phase, offset_s, local_time …).

    Raises ScheduleError.
    """
    trigger = Trigger(action=action, name=name, author=author, parameters=dict(parameters), **when)
    try:
        trigger.full_clean()
    except ValidationError as error:
        raise ScheduleError(" ".join(error.messages)) from error
    trigger.save()
    return Scheduled.of(trigger)


def switch(action: str, number: int, *, enabled: bool) -> Scheduled | None:
    """Switch a trigger of an action on or off; None where there is none. What is past stays past."""
    trigger = Trigger.objects.filter(action=action, pk=number).first()
    if trigger is None:
        return None
    if enabled and not trigger.enabled:
        trigger.watermark = now()
    trigger.enabled = enabled
    trigger.save()
    return Scheduled.of(trigger)


def unschedule(action: str, number: int) -> bool:
    """Remove a trigger of an action and its ledger. False where there is none."""
    removed, _ = Trigger.objects.filter(action=action, pk=number).delete()
    return removed > 0
