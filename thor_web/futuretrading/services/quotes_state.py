"""What the quote views need, made once when the server starts and kept in the ASGI state."""

from collections.abc import Callable
from typing import Final

from collectors.instruments import Instruments
from thor_web.futuretrading.services.enrichment import Enricher

__all__ = ["QUOTES_STATE", "QuotesState"]

QUOTES_STATE: Final = "quotes"
"""Name under which the server keeps it."""


class QuotesState:
    """Registry, enricher, and the greeting of a new stream."""

    def __init__(
        self,
        instruments: Instruments,
        enricher: Enricher,
        greeting: Callable[[], bytes],
    ) -> None:
        self.instruments = instruments
        self.enricher = enricher
        self.greeting = greeting

    def display_order(self, symbol: str) -> tuple[int, str]:
        """The registry's order first, everything else behind it by name."""
        instrument = self.instruments.get(symbol)
        return (len(self.instruments) if instrument is None else instrument.order, symbol)
