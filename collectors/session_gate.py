"""Whether quotes of a symbol are wanted now, from what the world clock wrote in Redis. Needs no Django.

It is a level, not an edge: each look compares what is with what should be, so a lost message or a dead clock heals by
itself. What is not known is wanted: a gate that cannot tell never loses a quote.
"""

import json
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Final

from collectors.bus import Bus, BusError
from collectors.instruments import Instrument

__all__ = ["LOOK_S", "SessionGate"]

log = logging.getLogger(__name__)

LOOK_S: Final = 1.0

Span = tuple[float, float]


class SessionGate:
    """The spans in which each market's quotes are wanted. `time_s` is the clock that decides, seconds of UTC."""

    def __init__(self, bus: Bus, instruments: Iterable[Instrument], *, time_s: Callable[[], float] = time.time) -> None:
        self._bus = bus
        self._market_of = {row.symbol: row.market for row in instruments}
        self._time_s = time_s
        self._spans: dict[str, tuple[Span, ...]] = {}

    async def refresh(self) -> None:
        """Look into Redis once. While it is away, what was known stays."""
        try:
            hashes = await self._bus.read_sessions(sorted(set(self._market_of.values())))
        except BusError as error:
            log.warning("the states of the markets cannot be read: %s", error)
            return
        self._spans = {market: spans for market, fields in hashes.items() if (spans := _spans(market, fields))}

    def wants(self, symbol: str) -> bool:
        """True when the symbol's market is within its span, or when nobody knows."""
        spans = self._spans.get(self._market_of.get(symbol, ""))
        if spans is None:
            return True
        now = self._time_s()
        if now >= spans[-1][1]:
            return True  # nobody has looked ahead this far
        return any(start <= now < end for start, end in spans)

    def wants_any(self) -> bool:
        """True when quotes of any registered symbol are wanted."""
        return not self._market_of or any(self.wants(symbol) for symbol in self._market_of)

    def unwanted(self) -> frozenset[str]:
        """The registered symbols whose quotes are not wanted now."""
        return frozenset(symbol for symbol in self._market_of if not self.wants(symbol))


def _spans(market: str, fields: Mapping[str, str]) -> tuple[Span, ...]:
    try:
        pairs = json.loads(fields.get("wanted", "[]"))
        return tuple((_second(start), _second(end)) for start, end in pairs)
    except (ValueError, TypeError) as error:
        log.warning("the state of %s cannot be read and is ignored: %s", market, error)
        return ()


def _second(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
