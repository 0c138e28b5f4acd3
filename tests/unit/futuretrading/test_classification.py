"""Signals of the eleven futures at their exact boundaries, on both sides."""

from decimal import Decimal

import pytest

from collectors.instruments import load_instruments
from thor_web.futuretrading.services.classification import Classifier

CLASSIFIER = Classifier.shipped()

THRESHOLDS = {
    "YM": ("10", "60"),
    "ES": ("1", "6"),
    "NQ": ("2.5", "15"),
    "RTY": ("2.5", "15"),
    "CL": ("0.05", "0.3"),
    "SI": ("0.01", "0.06"),
    "HG": ("0.002", "0.012"),
    "GC": ("0.5", "3"),
    "VX": ("0.05", "0.10"),
    "DX": ("0.05", "0.30"),
    "ZB": ("0.15625", "0.9375"),
}
"""Price points, written out here independently of the registry's units."""
INVERSE = {"VX", "DX", "GC", "ZB"}
SMALLEST = Decimal("0.000000001")


def signal_of(symbol: str, change: Decimal | None) -> str | None:
    signal = CLASSIFIER.signal(symbol, change)
    return None if signal is None else signal.name


def test_every_instrument_has_stat_values() -> None:
    assert set(load_instruments().symbols) == set(THRESHOLDS)


@pytest.mark.parametrize("symbol", THRESHOLDS)
def test_the_ladder_at_its_boundaries(symbol: str) -> None:
    buy, strong = (Decimal(text) for text in THRESHOLDS[symbol])
    assert signal_of(symbol, strong + SMALLEST) == "STRONG_BUY"
    assert signal_of(symbol, strong) == "BUY"
    assert signal_of(symbol, buy + SMALLEST) == "BUY"
    assert signal_of(symbol, buy) == "HOLD"
    assert signal_of(symbol, Decimal(0)) == "HOLD"
    assert signal_of(symbol, -buy) == "HOLD"
    assert signal_of(symbol, -buy - SMALLEST) == "SELL"
    assert signal_of(symbol, -strong + SMALLEST) == "SELL"
    assert signal_of(symbol, -strong) == "STRONG_SELL"


def test_missing_is_no_signal() -> None:
    assert CLASSIFIER.signal("ES", None) is None
    assert CLASSIFIER.signal("AAPL", Decimal(5)) is None


@pytest.mark.parametrize("symbol", THRESHOLDS)
def test_what_rises_when_stocks_fall_counts_against_the_market(symbol: str) -> None:
    strong = CLASSIFIER.signal(symbol, Decimal(THRESHOLDS[symbol][1]) + SMALLEST)
    assert strong is not None
    assert strong.name == "STRONG_BUY"
    assert strong.weight == (-2 if symbol in INVERSE else 2)


def test_the_stat_value_is_the_threshold_in_its_own_unit() -> None:
    zb = CLASSIFIER.signal("ZB", Decimal(-1))
    assert zb is not None
    assert (zb.name, zb.stat_value, zb.contract_weight) == ("STRONG_SELL", Decimal(-30), Decimal("1.1"))
    hold = CLASSIFIER.signal("ES", Decimal(0))
    assert hold is not None
    assert hold.stat_value == 0
