"""The live path's own classifier and enricher, as this process would run them: the one door to them for backtests."""

from collections.abc import Callable

from collectors.instruments import Instruments, register
from thor_fast import QuoteEvent
from thor_web.futuretrading.interface import Classifier, Enricher

__all__ = ["live_classifier", "live_records"]


def live_classifier() -> Classifier:
    """The thresholds in force."""
    return Classifier.shipped()


def live_records(instruments: Instruments, classifier: Classifier) -> Callable[[QuoteEvent, str], bytes]:
    """What writes the record of an event on the live path."""
    register(instruments)
    return Enricher(classifier.configuration, stale_after_ms=5_000)
