"""The snapshot: the newest record of each symbol with its age, from ready bytes."""

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from thor_fast import Records, join_records
from thor_web.futuretrading.services.enrichment import Enricher
from thor_web.livedata.interface import Frame, Hub

__all__ = ["Snapshot", "Snapshots"]

MOST_KEPT: Final = 32


@dataclass(slots=True)
class Snapshot:
    """The newest of some symbols in one version of the mirror. Its answer is kept for as long as it is right."""

    version: int
    records: list[bytes] | Records
    arrived_ms: list[int]
    arrived_sorted: list[int]
    newest_id: str
    config_version: int
    body: bytes = b""
    body_ms: int = -1

    def entity_tag(self, stale_before_ms: int) -> bytes:
        """Weak: the newest id, the configuration, and how many symbols are stale, which time alone changes."""
        stale = bisect_left(self.arrived_sorted, stale_before_ms)
        return b'W/"%b.%d.%d"' % (self.newest_id.encode(), self.config_version, stale)

    def at(self, now_ms: int) -> bytes:
        """A JSON array of records, each with its age at that moment."""
        if self.body_ms != now_ms:
            self.body, self.body_ms = join_records(self.records, self.arrived_ms, now_ms), now_ms
        return self.body


class Snapshots:
    """Answers from the hub's mirror, for each choice of symbols that is asked for again and again."""

    def __init__(self, hub: Hub, order: Callable[[str], tuple[int, str]], enrich: Enricher) -> None:
        self._hub = hub
        self._order = order
        self._enrich = enrich
        self._kept: OrderedDict[frozenset[str] | None, Snapshot] = OrderedDict()

    def newest(self, symbols: frozenset[str] | None) -> Snapshot:
        """The newest frame of each wanted symbol that has one, in display order; all symbols for None."""
        kept = self._kept.get(symbols)
        if kept is None or kept.version != self._hub.version:
            kept = self._kept[symbols] = self._made(symbols)
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return kept

    def _made(self, symbols: frozenset[str] | None) -> Snapshot:
        newest = self._hub.newest
        found = newest.keys() if symbols is None else newest.keys() & symbols
        frames: list[Frame] = [newest[symbol] for symbol in sorted(found, key=self._order)]
        arrived = [frame.position[0] for frame in frames]
        last = max(frames, key=lambda frame: frame.position, default=None)
        return Snapshot(
            version=self._hub.version,
            records=self._enrich.records(frames),
            arrived_ms=arrived,
            arrived_sorted=sorted(arrived),
            newest_id="0-0" if last is None else last.id,
            config_version=self._enrich.configuration.version,
        )
