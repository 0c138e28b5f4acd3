"""The merge policy over a thousand symbols that two sources quote, one of them silent for a while on some."""

import json
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache

from benchmarks.limits import copying
from benchmarks.measure import Contender, Measured, compare, timed
from thor_fast import Decision, MergePolicy, QuoteBatch, QuoteEvent, parse_batch

__all__ = ["small_batches", "thousand_symbols"]

SYMBOLS = 1_000
ROUNDS = 20
STEP_US = 500_000
STALE_US = 5_000_000
START_US = 1_703_541_600_000_000


@dataclass(slots=True)
class _State:
    """What is known of one symbol."""

    accepted: QuoteEvent
    last: dict[str, QuoteEvent]
    heard_us: dict[str, int]


@dataclass(slots=True)
class SlowPolicy:
    """The contract's policy for live, numbered events of one run, said plainly; nothing here is made for speed."""

    preferred: dict[str, str]
    states: dict[str, _State] = field(default_factory=dict)

    def offer(self, event: QuoteEvent, received_us: int) -> tuple[bool, str]:
        """Whether it is accepted, and who then stands for the symbol."""
        symbol, source = event.symbol, event.source
        state = self.states.get(symbol)
        if state is None:
            self.states[symbol] = _State(event, {source: event}, {source: received_us})
            return True, source
        own = state.last.get(source)
        seq, before = event.seq or 0, (own.seq if own else None) or 0
        if own is not None and (seq < before or event == own):
            return False, state.accepted.source
        accepted = self._stands(state, event, received_us)
        state.last[source], state.heard_us[source] = event, received_us
        if accepted:
            state.accepted = event
        return accepted, state.accepted.source

    def _stands(self, state: _State, event: QuoteEvent, received_us: int) -> bool:
        active, preferred = state.accepted.source, self.preferred.get(event.symbol)
        if event.source in {active, preferred}:
            return True
        if preferred is not None and received_us - state.heard_us.get(preferred, -STALE_US - 1) <= STALE_US:
            return False
        return active == preferred or event.ts_us > state.accepted.ts_us


@cache
def _offers() -> tuple[QuoteBatch, "array[int]"]:
    """40,000 events, and when each was received."""
    lines: list[bytes] = []
    received: list[int] = []
    for turn in range(ROUNDS):
        for symbol in range(SYMBOLS):
            for source, delay in (("TOS", 0), ("SCHWAB", 7)):
                if source == "TOS" and symbol % 97 == 0 and turn > 4:
                    continue
                at = START_US + turn * STEP_US + symbol * 20 + delay
                event = {
                    "v": 1, "symbol": f"S{symbol}", "ts": at // 1_000, "source": source, "last": 100.25 + turn,
                    "bid": 100.0, "ask": 100.5, "lastSize": 1, "bidSize": 2, "askSize": 3, "seq": turn,
                    "condition": None, "venue": None, "meta": {"run": 1},
                }  # fmt: skip
                lines.append(json.dumps(event).encode())
                received.append(at + 1_000)
    batch, rejects = parse_batch(lines)
    assert not rejects
    return batch, array("q", received)


def _preferred() -> dict[str, str]:
    """Two symbols of three have a preference."""
    return {f"S{symbol}": "TOS" for symbol in range(SYMBOLS) if symbol % 3}


def _slowly(events: Sequence[QuoteEvent], received: Sequence[int]) -> list[tuple[bool, str]]:
    policy = SlowPolicy(_preferred())
    return [policy.offer(event, at) for event, at in zip(events, received, strict=True)]


def thousand_symbols() -> list[Measured]:
    """A policy from its beginning over all offers, in one batch."""
    return _merged("merge", len(_offers()[0]))


def small_batches() -> list[Measured]:
    """The same offers in batches of 500, of as many symbols and sources: nothing is offered twice within a batch."""
    return _merged("merge-500", 500)


def _merged(work: str, size: int) -> list[Measured]:
    batch, received = _offers()
    starts = range(0, len(batch), size)
    parts = [(batch[start : start + size], received[start : start + size]) for start in starts]

    def thor() -> Callable[[], float]:
        preferred = _preferred()

        def work() -> list[list[Decision]]:
            policy = MergePolicy(preferred)
            return [policy.offer_batch(part, times) for part, times in parts]

        found = [(decision.accepted, decision.active_source) for decisions in work() for decision in decisions]
        assert found == _slowly(list(batch), received)
        assert 0 < sum(accepted for accepted, _ in found) < len(found)
        return timed(work, len(batch))

    def slow() -> Callable[[], float]:
        events = list(batch)
        return timed(lambda: _slowly(events, received), len(events))

    peers = {"python": Contender("the same rules in Python", slow)}
    # What an event brings at least: two numbers, two times, a price.
    floor = copying(bytes(40 * len(batch)), len(batch))
    return compare(work, "ns/event", Contender("Thor", thor), peers=peers, limit=floor)
