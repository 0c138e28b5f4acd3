"""What several runs of one strategy stand on: the same data, terms and periods."""

from dataclasses import dataclass

from thor_web.thordata.backtest.market_data import BarData, TickData
from thor_web.thordata.backtest.periods import Periods
from thor_web.thordata.backtest.specification import RunSpecification
from thor_web.thordata.backtest.strategy import Terms

__all__ = ["Ground"]


@dataclass(frozen=True, slots=True)
class Ground:
    """Read once, played on often."""

    specification: RunSpecification
    ticks: TickData
    data: TickData | BarData
    terms: Terms
    periods: Periods
