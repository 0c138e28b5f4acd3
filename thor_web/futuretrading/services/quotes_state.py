"""What the quote views need, made once when the server starts and kept in the ASGI state."""

from collections.abc import Callable
from typing import Final

from collectors.instruments import Instruments
from thor_web.futuretrading.services.enrichment import Enricher

__all__ = ["QUOTES_STATE", "QuotesState"]

QUOTES_STATE: Final = "quotes"
"""Name under which the server keeps it."""


class QuotesState:
    """Registry, enricher, greeting of a new stream, and how many streams there may be."""

    def __init__(
        self,
        instruments: Instruments,
        enricher: Enricher,
        greeting: Callable[[], bytes],
        *,
        most_clients: int,
    ) -> None:
        self.instruments = instruments
        self.enricher = enricher
        self.greeting = greeting
        self.most_clients = most_clients

    def display_order(self, symbol: str) -> tuple[int, str]:
        """The configuration's order first, everything else behind it by name."""
        return self.enricher.order(symbol)
