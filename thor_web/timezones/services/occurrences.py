"""When a trigger is due: conditions of a market turned into instants. Pure; a halt moves nothing, an override does."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final, Literal

from thor_web.timezones.services.clock import MarketClock
from thor_web.timezones.services.instants import instant

__all__ = [
    "CONDITIONS",
    "MISFIRES",
    "Condition",
    "Misfire",
    "Occurrence",
    "TriggerRule",
    "next_occurrence",
    "occurrences",
]

Condition = Literal["open", "close", "session_start", "phase", "local_time"]
Misfire = Literal["run_once", "skip", "run_all"]
CONDITIONS: Final[tuple[Condition, ...]] = ("open", "close", "session_start", "phase", "local_time")
MISFIRES: Final[tuple[Misfire, ...]] = ("run_once", "skip", "run_all")

DAY_S: Final = 86_400
NEAR_S: Final = 4 * DAY_S
FAR_S: Final = 40 * DAY_S


@dataclass(frozen=True, slots=True)
class TriggerRule:
    """One trigger: what makes it due, and what becomes of an occurrence that is late by more than `grace_s`."""

    id: int
    name: str
    market: str
    condition: Condition
    action: str
    phase: str = ""
    offset_s: int = 0
    local_time: time | None = None
    grace_s: int = 60
    misfire: Misfire = "run_once"
    max_attempts: int = 3
    timeout_s: int = 600
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One instant (seconds of UTC) at which a trigger is due, and the trade date it belongs to."""

    due_at: int
    session_date: date


def occurrences(market: MarketClock, rule: TriggerRule, after: int, until: int) -> list[Occurrence]:
    """Every occurrence with `after` < due ≤ `until`, in order."""
    low, high = after - rule.offset_s, until - rule.offset_s
    found = [
        Occurrence(at + rule.offset_s, day)
        for at, day in _moments(market, rule, low, high)
        if low < at <= high
        and (rule.valid_from is None or rule.valid_from <= day)
        and (rule.valid_to is None or day <= rule.valid_to)
    ]
    return sorted(found, key=lambda one: one.due_at)


def next_occurrence(market: MarketClock, rule: TriggerRule, after: int) -> Occurrence | None:
    """The first occurrence later than `after`, None where there is none within forty days."""
    for window in (NEAR_S, FAR_S):
        found = occurrences(market, rule, after, after + window)
        if found:
            return found[0]
    return None


def _moments(market: MarketClock, rule: TriggerRule, low: int, high: int) -> Iterator[tuple[int, date]]:
    if rule.condition == "phase":
        for at, phase in market.changes(low, high + 1):
            if phase == rule.phase:
                yield at, date.fromordinal(market.scheduled(at).trade_day)
        return
    first = instant(low - 2 * DAY_S).date().toordinal()
    last = instant(high + 2 * DAY_S).date().toordinal()
    for ordinal in range(first, last + 1):
        day = date.fromordinal(ordinal)
        session = market.session(day)
        if session is None:
            continue
        if rule.condition == "local_time":
            if rule.local_time is not None:
                yield _local(market, day, rule.local_time), day
        elif rule.condition == "session_start":
            yield session.begins, day
        elif not market.timeline.never_closes:
            yield (session.opens if rule.condition == "open" else session.closes), day


def _local(market: MarketClock, day: date, local: time) -> int:
    """A local time of a date. One that does not exist comes after the gap; of two the first is meant."""
    return round(datetime.combine(day, local, market.calendar.zone).timestamp())
