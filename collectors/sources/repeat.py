"""Saying an unchanged quote again, so that the merge knows that its source is still there.

The event is repeated byte for byte, its time included. The merge answers `duplicate` and only notes that the source
was heard; the ticks table knows the row already. So a repeat is never a tick.
"""

import time
from collections.abc import Callable, Iterable
from itertools import repeat

__all__ = ["Repeater"]


class Repeater:
    """The newest event of each symbol, and when it was last told."""

    def __init__(self, every_s: float, *, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._every_s = every_s
        self._clock_s = clock_s
        self._told: dict[str, tuple[float, bytes]] = {}

    def tell(self, symbols: Iterable[str], payloads: Iterable[bytes]) -> None:
        """Note the events of those symbols, which are told now."""
        self._told.update(zip(symbols, zip(repeat(self._clock_s()), payloads), strict=True))

    def due(self) -> list[bytes]:
        """The events that were told long enough ago to be told again; they then count as told now."""
        now = self._clock_s()
        due = [(symbol, payload) for symbol, (told, payload) in self._told.items() if now - told >= self._every_s]
        for symbol, payload in due:
            self._told[symbol] = now, payload
        return [payload for _, payload in due]

    def forget(self) -> None:
        """The source went away: what it said is not said again."""
        self._told.clear()
