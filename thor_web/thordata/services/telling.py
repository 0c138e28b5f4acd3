"""What the live path would have shown, made again from stored ticks: the same merge policy, the same enricher.

Time is the ticks' own `ts`. Whatever is told for an instant is made of ticks before it alone, and is the same however
the way to it was cut into pieces.
"""

from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

import orjson

from thor_fast import MergePolicy, QuoteBatch
from thor_web.futuretrading.interface import Configuration, Enricher

__all__ = ["Checkpoint", "Frame", "Telling"]

LOOK_MS: Final = 1_000
"""The composite is looked at so often at least: a symbol that falls silent changes it without an event."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What has become new before an instant (milliseconds UTC): records in order, and TOTAL where it is another."""

    at_ms: int
    records: tuple[bytes, ...]
    total: bytes | None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Everything that a telling knows at an instant, to go on from."""

    at_ms: int
    merge: bytes
    market: bytes
    newest: Mapping[str, bytes]

    @property
    def nbytes(self) -> int:
        """Bytes that it holds, about."""
        return len(self.merge) + len(self.market) + sum(len(record) for record in self.newest.values())


class Telling:
    """Takes events in, in order of ts, and makes frames of them."""

    def __init__(self, configuration: Configuration, *, stale_after_ms: int, since: Checkpoint | None = None) -> None:
        preferred = {row.symbol: row.preferred_source for row in configuration.instruments if row.preferred_source}
        self._policy = MergePolicy(preferred, stale_after_ms)
        self._market = Enricher(configuration, stale_after_ms=stale_after_ms).core
        self._newest: dict[str, bytes] = {}
        if since is not None:
            self._policy.import_state(since.merge)
            self._market.import_state(since.market)
            self._newest = dict(since.newest)

    def checkpoint(self, at_ms: int) -> Checkpoint:
        """What is known now, as of an instant up to which every event was taken in."""
        return Checkpoint(at_ms, self._policy.export_state(), self._market.export_state(), dict(self._newest))

    def take(self, events: QuoteBatch) -> None:
        """Take events in without telling them: only the record of each symbol's newest is made."""
        standing = self._standing(events)
        ids = stream_ids(standing)
        newest = standing.newest_per_symbol()
        others = sorted({*range(len(standing))}.difference(newest))
        self._market.observe(standing.take(others), [ids[place] for place in others])
        last = standing.take(newest)
        records = self._market.records(last, [ids[place] for place in newest])
        self._newest |= zip(last.symbols(), records, strict=True)

    def snapshot(self, at_ms: int) -> Frame:
        """The newest record of each symbol, by symbol, and TOTAL."""
        records = tuple(self._newest[symbol] for symbol in sorted(self._newest))
        return Frame(at_ms, records, self._market.total(at_ms))

    def frames(
        self, events: QuoteBatch, start_ms: int, end_ms: int, *, step_ms: int, every: Collection[str]
    ) -> Iterator[Frame]:
        """The events of a span of milliseconds, a frame a step in which something has become new.

        Of `every` symbol in it each event has its record, of the others the newest in the step.
        """
        times = events.ts_us()
        told = changing(self._market.total(start_ms))
        first = 0
        for at_ms in moments(times, start_ms, end_ms, step_ms):
            behind = bisect_left(times, at_ms * 1_000)
            records = self._told(events[first:behind], every)
            first = behind
            total = self._market.total(at_ms)
            now = changing(total)
            if records or now != told:
                yield Frame(at_ms, records, None if now == told else total)
            told = now

    def _told(self, events: QuoteBatch, every: Collection[str]) -> tuple[bytes, ...]:
        if not len(events):
            return ()
        standing = self._standing(events)
        records = self._market.records(standing, stream_ids(standing))
        symbols = standing.symbols()
        newest = {*standing.newest_per_symbol()}
        self._newest |= {symbols[place]: records[place] for place in newest}
        return tuple(records[place] for place, symbol in enumerate(symbols) if place in newest or symbol in every)

    def _standing(self, events: QuoteBatch) -> QuoteBatch:
        """The events that the merge policy lets stand; each was received when it happened."""
        decisions = self._policy.offer_batch(events, array("q", events.ts_us()))
        return events.take([place for place, decision in enumerate(decisions) if decision.accepted])


def stream_ids(events: QuoteBatch) -> list[str]:
    """Positions as the unified stream would give them: the millisecond, and a number within it."""
    milliseconds = [ts_us // 1_000 for ts_us in events.ts_us()]
    return [f"{at}-{number}" for at, same in groupby(milliseconds) for number, _ in enumerate(same)]


def moments(times_us: list[int], start_ms: int, end_ms: int, step_ms: int) -> Iterator[int]:
    """The ends of the steps of a span in which events lie, and of every look at TOTAL between them."""
    look_ms = max(step_ms, LOOK_MS)
    at_ms, place = start_ms, bisect_left(times_us, start_ms * 1_000)
    while at_ms < end_ms:
        due_ms = (at_ms // look_ms + 1) * look_ms
        if place < len(times_us):
            due_ms = min(due_ms, (times_us[place] // 1_000 // step_ms + 1) * step_ms)
        at_ms = min(due_ms, end_ms)
        place = bisect_left(times_us, at_ms * 1_000, lo=place)
        yield at_ms


def changing(total: bytes) -> dict[str, Any]:
    """The composite without its own time."""
    document: dict[str, Any] = orjson.loads(total)
    del document["as_of"]
    return document
