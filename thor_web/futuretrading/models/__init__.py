"""The tables of this room. Only shapes and their own constraints; the rules are in `services`."""

from thor_web.futuretrading.models.configuration import ConfigurationChange, ConfigurationVersion, HbsThresholds
from thor_web.futuretrading.models.instruments import (
    ContractWeight,
    InstrumentCategory,
    SignalStatValue,
    TradingInstrument,
)
from thor_web.futuretrading.models.lists import Watchlist, WatchlistEntry
from thor_web.futuretrading.models.market import Bar, ContractRoll, MarketData, RecorderState
from thor_web.futuretrading.models.signals import SignalGrade, TradingSignal

__all__ = [
    "Bar",
    "ConfigurationChange",
    "ConfigurationVersion",
    "ContractRoll",
    "ContractWeight",
    "HbsThresholds",
    "InstrumentCategory",
    "MarketData",
    "RecorderState",
    "SignalGrade",
    "SignalStatValue",
    "TradingInstrument",
    "TradingSignal",
    "Watchlist",
    "WatchlistEntry",
]
