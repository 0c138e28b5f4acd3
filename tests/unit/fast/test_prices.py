"""Prices as text, and signals: the golden file, every instrument's tick, the ladder."""

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.unit.fast.golden_files import rows
from thor_fast import EventError, Thresholds, classify_batch, format_price, parse_price, register_display

INSTRUMENTS = tomllib.loads((Path(__file__).parents[3] / "collectors" / "instruments.toml").read_text())["instrument"]


@pytest.mark.parametrize(
    "row", [row for row in rows("prices.jsonl") if row["op"] == "format"], ids=lambda row: row["value"]
)
def test_a_price_is_shown(row: dict[str, Any]) -> None:
    assert format_price(Decimal(row["value"]), row["display"], signed=row["signed"]) == row["text"]


@pytest.mark.parametrize(
    "row", [row for row in rows("prices.jsonl") if row["op"] == "parse"], ids=lambda row: row["text"]
)
def test_a_text_is_read_or_refused(row: dict[str, Any]) -> None:
    if row["value"] is None:
        with pytest.raises(EventError) as caught:
            parse_price(row["text"])
        assert (caught.value.code, caught.value.field) == ("bad_type", None)
    else:
        assert parse_price(row["text"]) == Decimal(row["value"])


@pytest.mark.parametrize("instrument", INSTRUMENTS, ids=lambda instrument: instrument["symbol"])
def test_every_tick_of_every_instrument_is_exact(instrument: dict[str, Any]) -> None:
    register_display(instrument["symbol"], instrument["display"])
    tick = Decimal(instrument["tick"])
    for count in (*range(-400, 400), 160_000, 1_000_003):
        price = tick * count
        text = format_price(price, instrument["symbol"])
        assert parse_price(text) == price, text
        assert format_price(float(price), instrument["symbol"]) == text


def test_an_unregistered_symbol_loses_nothing() -> None:
    assert format_price(Decimal("118.3125"), "NOBODY") == "118.3125"
    assert format_price(7, "NOBODY") == "7.00"


@pytest.mark.parametrize("display", ["es", "64ths", "", -1, 10])
def test_a_display_that_cannot_be_is_refused(display: str | int) -> None:
    with pytest.raises(ValueError, match=r"symbol|precision"):
        format_price(1, display)


@pytest.mark.parametrize(("symbol", "display"), [("es", 2), ("ES", 10), ("ES", -1), ("ES", "64ths")])
def test_a_display_that_cannot_be_is_not_registered(symbol: str, display: int | str) -> None:
    with pytest.raises(ValueError, match=r"symbol|display|precision"):
        register_display(symbol, display)


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), Decimal("NaN"), Decimal("-Infinity"), 1e10, Decimal("1e400")]
)
def test_a_price_that_cannot_be_is_refused(value: Decimal | float) -> None:
    with pytest.raises(EventError):
        format_price(value, 2)


def ladder() -> Thresholds:
    return Thresholds(strong_buy=Decimal("0.3"), buy=0.05, sell=Decimal("-0.05"), strong_sell=-0.3)


@pytest.mark.parametrize(
    ("change", "signal"),
    [
        (Decimal("0.300000001"), "STRONG_BUY"),
        (Decimal("0.3"), "BUY"),
        (0.1 + 0.2, "BUY"),
        (Decimal("0.050000001"), "BUY"),
        (0.05, "HOLD"),
        (0, "HOLD"),
        (-0.05, "HOLD"),
        (Decimal("-0.050000001"), "SELL"),
        (Decimal("-0.299999999"), "SELL"),
        (-0.3, "STRONG_SELL"),
        (-5, "STRONG_SELL"),
        (None, None),
        (float("nan"), None),
        (float("inf"), None),
    ],
)
def test_the_ladder_and_its_boundaries(change: Decimal | float | None, signal: str | None) -> None:
    assert classify_batch([change], [ladder()]) == [signal]


def test_without_thresholds_there_is_no_signal() -> None:
    assert classify_batch([1, 2], [None, ladder()]) == [None, "STRONG_BUY"]
    with pytest.raises(ValueError, match="as many"):
        classify_batch([1], [])


def test_thresholds_must_fall() -> None:
    with pytest.raises(ValueError, match="must fall"):
        Thresholds(strong_buy=1, buy=2, sell=-1, strong_sell=-2)
