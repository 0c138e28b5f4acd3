"""The snapshot: the newest record of each symbol with its age, from ready bytes."""

from collections.abc import Callable, Mapping
from typing import Final

from thor_web.futuretrading.services.enrichment import Enricher, with_age
from thor_web.livedata.interface import Frame

__all__ = ["Snapshots"]

MOST_FILTERS: Final = 256


class Snapshots:
    """Answers from the mirror of the newest frames. Holds the order of what was asked for, and no quotes."""

    def __init__(
        self,
        newest: Callable[[], Mapping[str, Frame]],
        order: Callable[[str], tuple[int, str]],
        enricher: Enricher,
        *,
        stale_after_ms: int,
    ) -> None:
        self._newest = newest
        self._order = order
        self._enricher = enricher
        self._stale_after_ms = stale_after_ms
        self._ordered: dict[frozenset[str] | None, tuple[int, list[str]]] = {}

    def frames(self, symbols: frozenset[str] | None) -> list[Frame]:
        """The newest frame of each wanted symbol that has one, in display order."""
        newest = self._newest()
        known = self._ordered.get(symbols)
        if known is None or known[0] != len(newest):
            found = [symbol for symbol in newest if symbols is None or symbol in symbols]
            known = (len(newest), sorted(found, key=self._order))
            if len(self._ordered) >= MOST_FILTERS:
                self._ordered.clear()
            self._ordered[symbols] = known
        return [newest[symbol] for symbol in known[1]]

    def entity_tag(self, frames: list[Frame], now_ms: int) -> bytes:
        """Weak: the id of the newest event, and how many symbols are stale, which time alone changes."""
        if not frames:
            return b'W/"0-0"'
        newest = max(frames, key=lambda frame: frame.position)
        oldest_live_ms = now_ms - self._stale_after_ms
        stale = sum([frame.position[0] < oldest_live_ms for frame in frames])
        return b'W/"%b.%d"' % (newest.id.encode(), stale)

    def body(self, frames: list[Frame], now_ms: int) -> bytes:
        """A JSON array of records, each with its age."""
        enricher = self._enricher
        return b"[%b]" % b",".join([with_age(frame.record(enricher), frame.position[0], now_ms) for frame in frames])
