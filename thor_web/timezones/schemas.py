"""Shapes of the clock's answers, for the OpenAPI document and for tests against it."""

from ninja import Schema

__all__ = [
    "CalendarDay",
    "CalendarRecord",
    "LocalTime",
    "MarketRecord",
    "OverlapRecord",
    "PhaseSpan",
    "QuietRecord",
    "SessionRecord",
    "SpanRecord",
]


class SessionRecord(Schema):
    """One market at one instant. `next_transition_at` is the next change of `is_open`, null when none is known."""

    is_open: bool
    market: str
    now: str
    next_transition_at: str | None
    holiday: str | None
    phase: str
    trade_date: str
    title: str
    confidence: str
    next_phase: str | None
    next_phase_at: str | None
    holiday_kind: str | None
    reason: str | None
    halted: bool
    scheduled_phase: str
    verified_through: str
    time_zone: str
    local_time: str
    version: int


class MarketRecord(Schema):
    """A market that the clock knows."""

    market: str
    title: str
    time_zone: str
    aliases: list[str]
    symbols: list[str]
    verified_from: str
    verified_through: str


class PhaseSpan(Schema):
    """A phase in the half-open span of two instants in UTC."""

    phase: str
    starts_at: str
    ends_at: str


class CalendarDay(Schema):
    """One date of a market: its phases, and what makes it an exception."""

    date: str
    is_trading_day: bool
    phases: list[PhaseSpan]
    holiday: str | None
    holiday_kind: str | None
    source: str | None
    confidence: str


class CalendarRecord(Schema):
    """The dates of a market; weekends only where something happens on them."""

    market: str
    time_zone: str
    days: list[CalendarDay]


class LocalTime(Schema):
    """An instant on a market's own clock."""

    market: str
    time_zone: str
    local_time: str
    utc_offset_s: int
    offset_changes_at: str | None
    phase: str
    is_open: bool


class SpanRecord(Schema):
    """A half-open span of two instants in UTC."""

    starts_at: str
    ends_at: str


class OverlapRecord(Schema):
    """When all of the markets are open at once."""

    markets: list[str]
    spans: list[SpanRecord]


class QuietRecord(Schema):
    """The next span in which none of the markets trades; null where none is certain within five weeks."""

    markets: list[str]
    minutes: int
    span: SpanRecord | None
