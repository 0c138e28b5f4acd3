"""What the quote views need, made once when the server starts and kept in the ASGI state."""

from collections.abc import Callable, Mapping
from typing import Final

from collectors.instruments import Instruments
from thor_web.futuretrading.services.enrichment import Enricher
from thor_web.livedata.interface import Frame
from thor_web.problems import Problem

__all__ = ["QUOTES_STATE", "QuotesState"]

QUOTES_STATE: Final = "quotes"
"""Name under which the server keeps it."""


class QuotesState:
    """Registry, enricher, the newest quotes, and the greeting of a new stream."""

    def __init__(
        self,
        instruments: Instruments,
        enricher: Enricher,
        newest: Callable[[], Mapping[str, Frame] | None],
        greeting: Callable[[], bytes],
    ) -> None:
        self.instruments = instruments
        self.enricher = enricher
        self.greeting = greeting
        self._newest = newest

    def display_order(self, symbol: str) -> tuple[int, str]:
        """The configuration's order first, everything else behind it by name."""
        return self.enricher.order(symbol)

    def newest_frames(self) -> list[Frame]:
        """The newest frame of each symbol in display order. Raises Problem before Redis has been reached."""
        newest = self._newest()
        if newest is None:
            raise Problem(503, "not_ready", "Redis has not been reached yet.", retry_after_s=1)
        return [newest[symbol] for symbol in sorted(newest, key=self.display_order)]
