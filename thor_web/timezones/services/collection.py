"""When quotes of a market are wanted: its sessions with a margin on either side. Level, not edge; pure.

A halt nobody announced changes nothing here: the market may come back at any moment.
"""

from collections.abc import Iterable
from typing import Final

from thor_web.timezones.services.clock import MarketClock
from thor_web.timezones.services.schedule import Span, busy_spans

__all__ = ["LOOK_AHEAD_S", "joined", "wanted_spans"]

LOOK_AHEAD_S: Final = 14 * 86_400


def wanted_spans(market: MarketClock, at: int, *, lead_s: int, lag_s: int) -> list[Span]:
    """The spans from `at` on for two weeks in which quotes are wanted; one that is on keeps its beginning."""
    spans = busy_spans(market, at - lag_s - 86_400, at + LOOK_AHEAD_S + lead_s)
    widened = [(start - lead_s, end + lag_s) for start, end in spans]
    return [span for span in joined(widened) if span[1] > at]


def joined(spans: Iterable[Span]) -> list[Span]:
    """Spans in order, with those that overlap or touch made one."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found
