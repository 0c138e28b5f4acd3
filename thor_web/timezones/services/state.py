"""The state of one market at one instant, as other rooms and the API see it."""

from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from typing import Any, Final

from thor_web.timezones.services.calendar_file import Calendar, DayException
from thor_web.timezones.services.clock import Clock
from thor_web.timezones.services.halts import Halt
from thor_web.timezones.services.instants import instant, iso_text, seconds

__all__ = ["SessionState", "kind_of", "state_of"]

VERIFIED: Final = "verified"
TEMPLATE: Final = "template"


@dataclass(frozen=True, slots=True)
class SessionState:
    """What one market does at one instant.

    `next_transition_at` is the next change of `is_open`, `next_phase_at` the next change of phase. `holiday` names
    the day's exception and `holiday_kind` says what it is: closed, early_close, late_open or special. `confidence` is
    `verified`, or `template` where only the ordinary week and its rules speak. `scheduled_phase` is what the calendar
    alone says; `reason` tells why the market is not ordinary now.
    """

    is_open: bool
    market: str
    now: datetime
    next_transition_at: datetime | None
    holiday: str | None
    phase: str
    trade_date: date
    title: str
    confidence: str
    next_phase: str | None
    next_phase_at: datetime | None
    holiday_kind: str | None
    reason: str | None
    halted: bool
    scheduled_phase: str
    verified_through: date
    time_zone: str
    local_time: datetime
    version: int

    def to_json(self) -> dict[str, Any]:
        """The state as JSON values: instants in ISO 8601, those in UTC with `Z`."""
        return {name: _text(getattr(self, name)) for name in _FIELDS}


def state_of(clock: Clock, market: str, at: datetime) -> SessionState:
    """The state of a market, by name or alias. Raises UnknownMarketError, and ValueError for a naive instant."""
    second = seconds(at)
    found = clock.market(market)
    reading, halt = found.reading(second)
    calendar = found.calendar
    exception = reading.exception
    kind = kind_of(calendar, exception)
    return SessionState(
        is_open=reading.is_open,
        market=calendar.name,
        now=at.astimezone(UTC),
        next_transition_at=_instant(reading.next_transition),
        holiday=exception.name if exception is not None and kind is not None else None,
        phase=reading.phase,
        trade_date=date.fromordinal(reading.trade_day),
        title=calendar.title,
        confidence=VERIFIED if reading.verified else TEMPLATE,
        next_phase=reading.next_phase,
        next_phase_at=_instant(reading.next_phase_at),
        holiday_kind=kind,
        reason=_reason(exception, kind, halt),
        halted=halt is not None,
        scheduled_phase=found.scheduled(second).phase,
        verified_through=calendar.verified_through,
        time_zone=calendar.zone.key,
        local_time=at.astimezone(calendar.zone),
        version=clock.version,
    )


def kind_of(calendar: Calendar, exception: DayException | None) -> str | None:
    """What makes the day an exception; None where its hours are the ordinary ones after all."""
    if exception is None:
        return None
    ordinary, steps = calendar.ordinary_hours(exception.day), exception.steps
    if steps is None:
        return "closed"
    if ordinary is None:
        return "special"
    opens, closes = steps[0].at_s - ordinary[0].at_s, steps[-1].at_s - ordinary[-1].at_s
    if opens == 0 and closes < 0:
        return "early_close"
    if opens > 0 and closes == 0:
        return "late_open"
    return None if steps == ordinary else "special"


def _reason(exception: DayException | None, kind: str | None, halt: Halt | None) -> str | None:
    if halt is not None:
        return f"halted: {halt.reason}"
    if exception is None or kind is None:
        return None
    by = f" (set by an operator: {exception.source})" if exception.is_override else ""
    return f"{kind.replace('_', ' ')}: {exception.name}{by}"


def _instant(at: int | None) -> datetime | None:
    return None if at is None else instant(at)


def _text(value: Any) -> Any:
    if isinstance(value, datetime):
        return iso_text(value)
    return value.isoformat() if isinstance(value, date) else value


_FIELDS: Final = tuple(field.name for field in fields(SessionState))
