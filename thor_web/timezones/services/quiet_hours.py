"""Hours in which e-mail and webhooks wait, by market, on a market's own clock. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

__all__ = ["QuietSpan", "quiet_until"]


@dataclass(frozen=True, slots=True)
class QuietSpan:
    """From one local time to another, on some weekdays (of its beginning); over midnight where the end is earlier.

    `market` empty: every market's notices.
    """

    market: str
    zone: ZoneInfo
    begins: time
    ends: time
    days: frozenset[int]


def quiet_until(spans: Iterable[QuietSpan], market: str, now: datetime) -> datetime | None:
    """When the quiet hours that are on end, None where there are none now."""
    ends = [end for span in spans if span.market in {"", market} for end in _ends(span, now)]
    return max(ends, default=None)


def _ends(span: QuietSpan, now: datetime) -> Iterable[datetime]:
    local = now.astimezone(span.zone)
    for offset in (-1, 0):
        day = local.date() + timedelta(days=offset)
        if day.weekday() not in span.days:
            continue
        last = day + timedelta(days=1) if span.ends <= span.begins else day
        begins = datetime.combine(day, span.begins, span.zone).astimezone(UTC)
        ends = datetime.combine(last, span.ends, span.zone).astimezone(UTC)
        if begins <= now < ends:
            yield ends
