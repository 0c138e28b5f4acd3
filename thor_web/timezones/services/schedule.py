"""Spans of time from the clock: what a market's days look like, when markets overlap, when all are quiet. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from thor_web.timezones.services.clock import Clock, MarketClock
from thor_web.timezones.services.instants import utc_text
from thor_web.timezones.services.phases import CLOSED, HALT, OPEN_PHASES
from thor_web.timezones.services.state import kind_of

__all__ = ["MarketDay", "Span", "busy_spans", "market_days", "next_quiet", "open_spans", "overlaps"]

Span = tuple[int, int]
"""A half-open span of seconds of UTC."""

LOOK_AHEAD_S: Final = 35 * 86_400


@dataclass(frozen=True, slots=True)
class MarketDay:
    """One date of a market's calendar. `spans` are its phases with their times; none where it is closed all day."""

    day: date
    spans: tuple[tuple[str, int, int], ...]
    name: str | None
    kind: str | None
    source: str | None
    verified: bool

    def to_json(self) -> dict[str, Any]:
        return {
            "date": self.day.isoformat(),
            "is_trading_day": bool(self.spans),
            "phases": [
                {"phase": phase, "starts_at": utc_text(start), "ends_at": utc_text(end)}
                for phase, start, end in self.spans
            ],
            "holiday": self.name,
            "holiday_kind": self.kind,
            "source": self.source,
            "confidence": "verified" if self.verified else "template",
        }


def market_days(market: MarketClock, first: date, last: date) -> Iterator[MarketDay]:
    """Every date from first to last, both included; weekends are left out unless something happens on them."""
    calendar = market.calendar
    exceptions = {**calendar.exceptions, **market.overrides}
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        day = date.fromordinal(ordinal)
        exception = exceptions.get(day)
        if exception is None and calendar.ordinary_hours(day) is None:
            continue
        kind = kind_of(calendar, exception)
        in_horizon = calendar.verified_from <= day <= calendar.verified_through
        yield MarketDay(
            day=day,
            spans=_spans_of(market, day),
            name=exception.name if exception and kind else None,
            kind=kind,
            source=exception.source if exception else None,
            verified=in_horizon and (exception is None or exception.verified),
        )


def _spans_of(market: MarketClock, day: date) -> tuple[tuple[str, int, int], ...]:
    timeline, session = market.timeline_on(day), market.session(day)
    if session is None:
        return ()
    if timeline.never_closes:
        return (("open", session.begins, session.ends),)
    starts = timeline.changes(session.begins, session.ends)
    ends = [start for start, _ in starts[1:]] + [session.ends]
    return tuple((phase, start, end) for (start, phase), end in zip(starts, ends, strict=True))


def open_spans(market: MarketClock, start: int, end: int) -> list[Span]:
    """When the market is open by its calendar within [start, end)."""
    return _spans(market, start, end, lambda phase: phase in OPEN_PHASES)


def busy_spans(market: MarketClock, start: int, end: int) -> list[Span]:
    """When the market is not closed: pre, post and lunch count, the daily halt does not."""
    return _spans(market, start, end, lambda phase: phase not in {CLOSED, HALT})


def _spans(market: MarketClock, start: int, end: int, wanted: Any) -> list[Span]:
    changes = [(start, market.scheduled(start).phase), *market.changes(start + 1, end)]
    found: list[Span] = []
    for number, (at, phase) in enumerate(changes):
        until = changes[number + 1][0] if number + 1 < len(changes) else end
        if not wanted(phase) or until <= at:
            continue
        if found and found[-1][1] == at:
            found[-1] = (found[-1][0], until)
        else:
            found.append((at, until))
    return found


def overlaps(clock: Clock, markets: Sequence[str], start: int, end: int) -> list[Span]:
    """When all of the markets are open at once within [start, end). Raises UnknownMarketError."""
    common: list[Span] = [(start, end)]
    for name in markets:
        common = _intersection(common, open_spans(clock.market(name), start, end))
    return common


def _intersection(ones: Sequence[Span], others: Sequence[Span]) -> list[Span]:
    pairs = ((max(a, c), min(b, d)) for a, b in ones for c, d in others)
    return sorted((low, high) for low, high in pairs if low < high)


def next_quiet(
    clock: Clock, markets: Sequence[str], after: int, *, at_least_s: int, with_pre_and_post: bool = False
) -> Span | None:
    """The first span from `after` on in which none of the markets trades for `at_least_s`, whole.

    None where there is none within five weeks, or where a calendar is not verified there: unknown means no.
    A halt is no quiet time: nobody knows when it ends.
    """
    spans_of = busy_spans if with_pre_and_post else open_spans
    until = after + LOOK_AHEAD_S
    chosen = [clock.market(name) for name in markets]
    busy = sorted(span for market in chosen for span in spans_of(market, after, until))
    quiet_from = after
    for start, end in [*busy, (until, until)]:
        if start - quiet_from >= at_least_s and start < until:
            known = all(market.scheduled(at).verified for market in chosen for at in (quiet_from, start))
            return (quiet_from, start) if known else None
        quiet_from = max(quiet_from, end)
    return None
