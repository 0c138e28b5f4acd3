"""Unscheduled halts laid over what the calendar says. Pure; times are UTC seconds."""

from collections.abc import Sequence
from dataclasses import dataclass

from thor_fast import MarketReading, MarketTimeline
from thor_web.timezones.services.phases import CLOSED, HALT, OPEN_PHASES

__all__ = ["Halt", "with_halts"]

LOOK_AHEAD_S = 21 * 86_400
"""Longer than any market has ever been closed by its calendar."""


@dataclass(frozen=True, slots=True)
class Halt:
    """Trading is stopped although the calendar says otherwise. `ends_at` None: nobody knows until when."""

    starts_at: int
    ends_at: int | None
    reason: str

    @property
    def until(self) -> int:
        return MarketTimeline.FOREVER if self.ends_at is None else self.ends_at


def with_halts(timeline: MarketTimeline, halts: Sequence[Halt], at: int) -> tuple[MarketReading, Halt | None]:
    """The reading for an instant with halts over it, and the halt that is on. A halt changes nothing while closed."""
    scheduled = timeline.reading(at)
    near = [halt for halt in halts if halt.until > at and halt.starts_at < at + LOOK_AHEAD_S]
    if not near:
        return scheduled, None
    spans = _spans(timeline, near, at)
    phase, current = spans[0][1], None
    if phase == HALT:
        current = next((halt for halt in near if halt.starts_at <= at), None) if scheduled.phase != HALT else None
    is_open = phase in OPEN_PHASES
    reading = scheduled.overlaid(
        phase,
        valid_until=at + 1,
        next_transition=next((start for start, name in spans[1:] if (name in OPEN_PHASES) != is_open), None),
        next_phase=next(((start, name) for start, name in spans[1:] if name != phase), None),
    )
    return reading, current


def _spans(timeline: MarketTimeline, halts: Sequence[Halt], at: int) -> list[tuple[int, str]]:
    """The phases from an instant on, each with its start, until the look ahead or an open-ended halt ends them."""
    changes = [(at, timeline.reading(at).phase), *timeline.changes(at + 1, at + LOOK_AHEAD_S)]
    edges = {start for start, _ in changes}
    edges |= {edge for halt in halts for edge in (halt.starts_at, halt.until) if at < edge < at + LOOK_AHEAD_S}
    endless = min((halt.starts_at for halt in halts if halt.ends_at is None), default=MarketTimeline.FOREVER)
    spans: list[tuple[int, str]] = []
    number = 0
    for edge in sorted(edges):
        while number + 1 < len(changes) and changes[number + 1][0] <= edge:
            number += 1
        phase = changes[number][1]
        if phase != CLOSED and any(halt.starts_at <= edge < halt.until for halt in halts):
            phase = HALT
        spans.append((edge, phase))
        if edge > at and edge >= endless:
            break
    return spans if endless > at else spans[:1]
