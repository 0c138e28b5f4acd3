"""The one Python door to the signal of a symbol. The ladder itself is `thor_fast.classify_batch`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources import files
from types import MappingProxyType
from typing import Final, Self

from thor_fast import Thresholds, classify_batch

__all__ = ["Classifier", "Signal", "StatValues"]

SIGNAL_WEIGHTS: Final = MappingProxyType({"STRONG_BUY": 2, "BUY": 1, "HOLD": 0, "SELL": -1, "STRONG_SELL": -2})


@dataclass(frozen=True, slots=True)
class StatValues:
    """Thresholds of one symbol in its own unit, and what it counts for in the composite."""

    symbol: str
    buy: Decimal
    strong_buy: Decimal
    unit: Decimal
    weight: Decimal
    inverse: bool

    def thresholds(self) -> Thresholds:
        """The four boundaries in price points."""
        buy, strong_buy = self.buy * self.unit, self.strong_buy * self.unit
        return Thresholds(strong_buy=strong_buy, buy=buy, sell=-buy, strong_sell=-strong_buy)

    def stat_value(self, signal: str) -> Decimal:
        """The threshold that a signal stands for, in the symbol's own unit; 0 for HOLD."""
        values = {"STRONG_BUY": self.strong_buy, "BUY": self.buy, "HOLD": Decimal(0)}
        return values[signal] if signal in values else -values[signal.replace("SELL", "BUY")]


@dataclass(frozen=True, slots=True)
class Signal:
    """A symbol's signal with the figures behind it. `weight` is turned around for inverse symbols."""

    name: str
    stat_value: Decimal
    contract_weight: Decimal
    weight: int


class Classifier:
    """Signals by symbol. A symbol without stat values, or without a change, has none."""

    def __init__(self, rows: Mapping[str, StatValues]) -> None:
        self._rows = dict(rows)
        self._thresholds = {symbol: row.thresholds() for symbol, row in rows.items()}

    @classmethod
    def from_data_file(cls) -> Self:
        """The classifier of the thresholds that ship with Thor."""
        text = (files("thor_web.futuretrading") / "data" / "stat_values.toml").read_text()
        rows = (
            StatValues(
                symbol=row["symbol"],
                buy=Decimal(row["buy"]),
                strong_buy=Decimal(row["strong_buy"]),
                unit=Decimal(row.get("unit", "1")),
                weight=Decimal(row["weight"]),
                inverse=row.get("inverse", False),
            )
            for row in tomllib.loads(text)["stat_value"]
        )
        return cls({row.symbol: row for row in rows})

    def signal(self, symbol: str, change: Decimal | None) -> Signal | None:
        """The signal of a change against the previous settlement, in price points."""
        row = self._rows.get(symbol)
        name = classify_batch([change], [self._thresholds.get(symbol)])[0]
        if row is None or name is None:
            return None
        weight = SIGNAL_WEIGHTS[name]
        return Signal(name, row.stat_value(name), row.weight, -weight if row.inverse else weight)
