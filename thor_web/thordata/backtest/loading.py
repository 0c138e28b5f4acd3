"""What a strategy is played on, by its specification: the ticks of the lake, or bars made of them."""

from pathlib import Path

from collectors.instruments import Instruments
from thor_web.futuretrading.interface import Classifier
from thor_web.thordata.backtest.errors import BacktestError
from thor_web.thordata.backtest.market_data import BarData, TickData, load_ticks, make_bars
from thor_web.thordata.backtest.specification import RunSpecification
from thor_web.thordata.backtest.strategy import Strategy

__all__ = ["load_data"]


def load_data(
    specification: RunSpecification,
    strategy: Strategy,
    lake: Path,
    *,
    instruments: Instruments,
    classifier: Classifier,
) -> tuple[TickData, TickData | BarData]:
    """The ticks of a run, and what its strategy is played on. Raises BacktestError."""
    start, end = specification.span()
    ticks = load_ticks(
        lake,
        symbols=specification.symbols,
        start=start,
        end=end,
        instruments=instruments,
        classifier=classifier,
        source=specification.source,
    )
    if strategy.feed == "ticks":
        return ticks, ticks
    bars = make_bars(ticks, specification.interval_s)
    if not len(bars.frame):
        raise BacktestError("no_data", "the ticks of this span have no last prices to make bars of")
    return ticks, bars
