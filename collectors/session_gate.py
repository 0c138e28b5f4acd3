"""Whether quotes of a symbol are wanted now, from what the world clock wrote in Redis. Needs no Django.

It is a level, not an edge: each look compares what is with what should be, so a lost message or a dead clock heals by
itself. What is not known is wanted: a gate that cannot tell never loses a quote.
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from collectors.bus import Bus, BusError
from collectors.instruments import Instrument
from collectors.wanted_spans import WantedSpans
from thor_fast import QuoteBatch

__all__ = ["LOOK_S", "SessionGate"]

log = logging.getLogger(__name__)

LOOK_S: Final = 1.0
UNKNOWN: Final = WantedSpans()


class SessionGate:
    """The spans in which each market's quotes are wanted. `time_s` is the clock that decides, seconds of UTC."""

    def __init__(self, bus: Bus, instruments: Iterable[Instrument], *, time_s: Callable[[], float] = time.time) -> None:
        self._bus = bus
        self._market_of = {row.symbol: row.market for row in instruments}
        self._markets = sorted(set(self._market_of.values()))
        self._time_s = time_s
        self._spans: dict[str, WantedSpans] = {}

    async def refresh(self) -> None:
        """Look into Redis once. While it is away, what was known stays."""
        try:
            hashes = await self._bus.read_sessions(self._markets)
        except BusError as error:
            log.warning("the states of the markets cannot be read: %s", error)
            return
        self._spans = {market: _spans(market, fields) for market, fields in hashes.items()}

    def wants(self, symbol: str) -> bool:
        """True when the symbol's market is within its span, or when nobody knows."""
        return self._wants_market(self._market_of.get(symbol, ""))

    def wants_any(self) -> bool:
        """True when quotes of any registered symbol are wanted."""
        return not self._markets or any(self._wants_market(market) for market in self._markets)

    def unwanted(self) -> frozenset[str]:
        """The registered symbols whose quotes are not wanted now."""
        closed = {market for market in self._markets if not self._wants_market(market)}
        return frozenset(symbol for symbol, market in self._market_of.items() if market in closed)

    def wanted_of(self, events: QuoteBatch) -> QuoteBatch:
        """The events of a batch whose symbols are wanted now."""
        unwanted = self.unwanted()
        if not unwanted:
            return events
        kept = [number for number, symbol in enumerate(events.symbols()) if symbol not in unwanted]
        return events if len(kept) == len(events) else events.take(kept)

    def _wants_market(self, market: str) -> bool:
        return self._spans.get(market, UNKNOWN).wants(self._time_s())


def _spans(market: str, fields: Mapping[str, str]) -> WantedSpans:
    try:
        return WantedSpans.from_text(fields.get("wanted", ""))
    except (ValueError, TypeError) as error:
        log.warning("the state of %s cannot be read and is ignored: %s", market, error)
        return UNKNOWN
