"""Doubts about thresholds, as the API tells them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

DATES_NEEDED = 5
START = date(2025, 6, 2)


def record(symbol: str, ranges: list[tuple[str, str, str]], contract: str = "") -> None:
    """Trade dates by their high, low and close."""
    from thor_web.futuretrading.models import MarketData

    for number, (high, low, close) in enumerate(ranges):
        day = START + timedelta(days=number)
        MarketData.objects.create(
            symbol=symbol,
            trade_date=day,
            contract=contract,
            since=datetime(day.year, day.month, day.day, tzinfo=UTC),
            open=Decimal(close),
            high=Decimal(high),
            low=Decimal(low),
            close=Decimal(close),
        )


def found() -> list[dict[str, Any]]:
    from django.test import Client

    answer = Client().get("/api/signals/findings")
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.json()
    return found


def set_unit(symbol: str, unit: str) -> None:
    from thor_web.futuretrading.models import TradingInstrument

    TradingInstrument.objects.filter(symbol=symbol).update(unit=unit)


def test_what_ships_is_beyond_doubt(seeded: Any) -> None:
    assert found() == []


def test_thresholds_that_never_fire_are_told_with_what_the_market_did(seeded: Any) -> None:
    quiet = [("118.50", "118.00", "118.25")] * (DATES_NEEDED + 1)
    record("ZB", quiet)
    assert found() == []  # 5/32 are 0.15625 points, and the change went to 0.25
    set_unit("ZB", "points")
    assert found() == [
        {
            "code": "thresholds_never_fire",
            "symbol": "ZB",
            "message": "ZB was HOLD on all of its last 5 trade dates: its change went from -0.25 to 0.25 points, "
            "a signal needs one below -5 or above 5. Is points the right unit?",
        }
    ]


def test_a_roll_is_no_move_and_few_dates_prove_nothing(seeded: Any) -> None:
    set_unit("ZB", "points")
    record("ZB", [("118.50", "118.00", "118.25")] * DATES_NEEDED)
    assert found() == []
    record("DX", [("100", "99", "99.5")] * 2, contract="DXM25")
    assert found() == []


def test_thresholds_that_contradict_themselves_or_are_not_whole_are_told(seeded: Any) -> None:
    from thor_web.futuretrading.models import ContractWeight, SignalStatValue

    SignalStatValue.objects.filter(instrument__symbol="ES", signal="BUY").update(value=7)
    SignalStatValue.objects.filter(instrument__symbol="NQ", signal="SELL").delete()
    ContractWeight.objects.filter(instrument__symbol="GC").delete()
    assert [(finding["code"], finding["symbol"], finding["message"]) for finding in found()] == [
        (
            "faulty_thresholds",
            "ES",
            "ES has no signal: stat_values.BUY: BUY must be below STRONG_BUY, 6, was 7.",
        ),
        ("incomplete_thresholds", "NQ", "NQ has no signal: SELL has no value."),
        ("incomplete_thresholds", "GC", "GC has no signal: it has no weight."),
    ]
