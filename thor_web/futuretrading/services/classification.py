"""The one Python door to the signal of a symbol. The ladder itself is `thor_fast.SignalLadder`."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from collectors.instruments import load_instruments
from thor_web.futuretrading.services.configuration import Configuration

__all__ = ["Classifier", "Signal"]


@dataclass(frozen=True, slots=True)
class Signal:
    """A symbol's signal with the figures behind it. `weight` is turned around for inverse symbols."""

    name: str
    stat_value: Decimal
    contract_weight: Decimal
    weight: int


class Classifier:
    """Signals by symbol. A symbol without stat values, or without a change, has none."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration
        ladders = ((instrument.symbol, instrument.ladder()) for instrument in configuration.instruments)
        self._ladders = {symbol: ladder for symbol, ladder in ladders if ladder is not None}

    @classmethod
    def shipped(cls) -> Self:
        """The classifier of the thresholds that ship with Thor."""
        return cls(Configuration.shipped(load_instruments()))

    def signal(self, symbol: str, change: Decimal | None) -> Signal | None:
        """The signal of a change against the previous settlement, in price points."""
        ladder = self._ladders.get(symbol)
        if ladder is None or change is None or not change.is_finite():
            return None
        return Signal(*ladder.classify(change))
