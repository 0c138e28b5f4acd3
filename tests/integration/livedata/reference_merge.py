"""The contract's merge said plainly for numbered events: the merger is compared with it. Nothing is made for speed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Quote", "ReferenceMerge"]

STALE_US = 5_000_000
FUTURE_US = 2_000_000


@dataclass(frozen=True, slots=True)
class Quote:
    """What the merge looks at, and the event's bytes."""

    symbol: str
    source: str
    run: int
    seq: int
    ts_us: int
    delayed: bool
    payload: bytes


@dataclass(slots=True)
class _Heard:
    told: list[Quote]
    """The events at the newest number, oldest first."""
    received_us: int
    heard_us: int
    again: int | None = None
    """Since the source stepped back: how many of `told` it has told again."""


@dataclass(slots=True)
class ReferenceMerge:
    """The policy. `offer` says whether an event stands."""

    preferred: Mapping[str, str]
    active: dict[str, str] = field(default_factory=dict)
    heard: dict[tuple[str, str], _Heard] = field(default_factory=dict)

    def offer(self, quote: Quote, received_us: int) -> bool:
        key = quote.symbol, quote.source
        own = self.heard.get(key)
        if own is not None:
            order = (quote.run, quote.seq), (own.told[-1].run, own.told[-1].seq)
            if order[0] < order[1]:
                if quote.run == own.told[-1].run:
                    own.again = 0
                return False
            if order[0] == order[1] and self._is_repeated(own, quote, received_us):
                return False
        stands = self._stands(quote, received_us)
        if own is not None and order[0] == order[1]:
            self.heard[key] = _Heard([*own.told, quote], received_us, max(own.heard_us, received_us))
        else:
            self.heard[key] = _Heard([quote], received_us, max(own.heard_us if own else 0, received_us))
        if stands:
            self.active[quote.symbol] = quote.source
        return stands

    def _is_repeated(self, own: _Heard, quote: Quote, received_us: int) -> bool:
        repeated = quote == own.told[-1] or received_us < own.received_us
        if own.again is not None:
            places = [place for place, told in enumerate(own.told[:-1]) if place >= own.again and told == quote]
            if places:
                own.again = places[0] + 1
                own.heard_us = max(own.heard_us, received_us)
                return True
            own.again = None
        if repeated:
            own.heard_us = max(own.heard_us, received_us)
        return repeated

    def _stands(self, quote: Quote, received_us: int) -> bool:
        active = self.active.get(quote.symbol)
        if active is None or active == quote.source:
            return True
        preferred = self.preferred.get(quote.symbol)
        if preferred == quote.source and not quote.delayed:
            return True
        if preferred not in {None, quote.source} and self._is_live(quote.symbol, preferred, received_us):
            return False
        if quote.delayed and self._is_live(quote.symbol, active, received_us):
            return False
        standing = self.heard[quote.symbol, active]
        if not quote.delayed and (preferred == active or standing.told[-1].delayed):
            return True
        return _compared(quote, received_us) > _compared(standing.told[-1], standing.received_us)

    def _is_live(self, symbol: str, source: str | None, now_us: int) -> bool:
        heard = self.heard.get((symbol, source or ""))
        return heard is not None and not heard.told[-1].delayed and now_us - heard.heard_us <= STALE_US


def _compared(quote: Quote, received_us: int) -> int:
    return received_us if quote.ts_us - received_us > FUTURE_US else quote.ts_us
