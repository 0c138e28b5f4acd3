"""What a strategy is. This is the page to read before writing one; docs/writing-a-strategy.md walks through it.

Three kinds, from fast to free: `TargetStrategy` gives a whole column of contracts to hold (built in, or from Polars
expressions), `EventStrategy` is asked event by event. All of them are played by the same kernel.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import polars as pl

from thor_fast import BacktestRun, Broker, SeenBar, SeenQuote
from thor_web.thordata.backtest.market_data import BarData, TickData
from thor_web.thordata.backtest.parameters import Parameter

__all__ = ["EventStrategy", "ExpressionStrategy", "Strategy", "TargetStrategy", "Terms"]


@dataclass(frozen=True, slots=True)
class Terms:
    """What a run is made under, as a strategy may need it: contracts of one unit, by symbol."""

    contracts: Sequence[Any]
    rules: Any


class Strategy:
    """What every strategy has: a name, a sentence, parameters, and whether it wants ticks or bars.

    `values` holds the checked parameters of this run.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    feed: ClassVar[str] = "bars"
    parameters: ClassVar[Sequence[Parameter]] = ()

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = dict(values)


class TargetStrategy(Strategy, ABC):
    """Gives the contracts to hold after each event, as 32-bit integers; `thor_fast`'s -2^31 keeps what is held.

    The column at an event may depend on that event and those before it only; `thor backtest audit` checks that.
    """

    @abstractmethod
    def targets(self, data: TickData | BarData) -> pl.Series:
        """One whole number an event, in the order of the data."""


class ExpressionStrategy(TargetStrategy):
    """A target as a Polars expression over the columns symbol, ts, open, high, low, close, volume of one symbol.

    Null keeps what is held. Each symbol is evaluated by itself.
    """

    @abstractmethod
    def expression(self) -> pl.Expr:
        """Contracts to hold after each bar."""

    def targets(self, data: TickData | BarData) -> pl.Series:
        return data.frame.select(self.expression().over("symbol").alias("target")).to_series()


class EventStrategy(Strategy):
    """Is asked event by event. Answer a whole number to hold that many contracts, or None and speak to the broker.

    It sees what was receivable and nothing else. `on_bar` is called for bars, `on_event` for quotes: a strategy brings
    the one of its `feed`, and a run without it ends with `strategy_failed` at the first event.
    """

    def on_bar(self, bar: SeenBar, broker: Broker) -> int | None:
        """One finished bar."""
        raise TypeError(f"{self.name} is played on bars and has no on_bar")

    def on_event(self, quote: SeenQuote, broker: Broker) -> int | None:
        """One quote."""
        raise TypeError(f"{self.name} is played on quotes and has no on_event")


class PlayedStrategy(Protocol):
    """A strategy that the kernel plays as a whole, such as the capture at the open."""

    def play(self, data: TickData, terms: Terms) -> BacktestRun:
        """The run."""
