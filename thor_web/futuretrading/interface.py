"""What other rooms may use of the instruments and signals."""

from thor_web.futuretrading.live_paths import LivePaths
from thor_web.futuretrading.services.announcement import follow as follow_configuration
from thor_web.futuretrading.services.classification import Classifier, Signal
from thor_web.futuretrading.services.composite_watch import CompositeWatch
from thor_web.futuretrading.services.configuration import Configuration
from thor_web.futuretrading.services.configuration_store import stored_configuration
from thor_web.futuretrading.services.enrichment import Enricher
from thor_web.futuretrading.services.market_state import restore_market
from thor_web.futuretrading.services.quotes_state import QUOTES_STATE, QuotesState

__all__ = [
    "QUOTES_STATE",
    "Classifier",
    "CompositeWatch",
    "Configuration",
    "Enricher",
    "LivePaths",
    "QuotesState",
    "Signal",
    "follow_configuration",
    "restore_market",
    "stored_configuration",
]
