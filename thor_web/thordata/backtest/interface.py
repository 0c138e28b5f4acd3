"""What a strategy of your own needs. Everything else of this package may change."""

from thor_fast import Broker, SeenBar, SeenQuote
from thor_web.thordata.backtest.errors import BACKTEST_CODES, BacktestError
from thor_web.thordata.backtest.parameters import Parameter
from thor_web.thordata.backtest.strategy import EventStrategy, ExpressionStrategy, TargetStrategy
from thor_web.thordata.backtest.trial import try_on_bars

__all__ = [
    "BACKTEST_CODES",
    "BacktestError",
    "Broker",
    "EventStrategy",
    "ExpressionStrategy",
    "Parameter",
    "SeenBar",
    "SeenQuote",
    "TargetStrategy",
    "try_on_bars",
]
