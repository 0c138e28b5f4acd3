"""Graded signals as the API and the admin count them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

START = datetime(2025, 6, 11, 14, 0, tzinfo=UTC)


@pytest.fixture
def graded(seeded: Any) -> Any:
    """Five buys of ES, three of which worked, one of NQ, and one of the made-up market."""
    from django.test import Client

    from thor_web.futuretrading.models import SignalGrade, TradingSignal

    cases = [("ES", "TOS", 2), ("ES", "TOS", 1), ("ES", "TOS", 3), ("ES", "TOS", -2), ("ES", "TOS", 0)]
    cases += [("NQ", "TOS", 9), ("ES", "MOCK", 5)]
    for number, (symbol, source, move) in enumerate(cases):
        at = START + timedelta(minutes=number)
        signal = TradingSignal.objects.create(
            symbol=symbol,
            at=at,
            signal="BUY",
            stat_value=1,
            contract_weight=1,
            signal_weight=1,
            source=source,
            trade_date=at.date(),
            phase="OVERLAP",
            config_version=1,
            stream_ms=number,
            stream_number=0,
        )
        SignalGrade.objects.create(
            signal=signal,
            measure="1m",
            traded=symbol,
            entered_at=at,
            entry=Decimal(100),
            graded_at=at,
            exit=Decimal(100 + move),
            move=Decimal(move),
            outcome="WORKED" if move > 0 else "DIDNT_WORK" if move < 0 else "NEUTRAL",
        )
    return Client()


def test_hit_rates_and_moves_come_with_how_sure_they_are(graded: Any) -> None:
    rows = graded.get("/api/signals/accuracy", {"by": "symbol,signal,phase"}).json()["rows"]
    assert [(row["symbol"], row["signal"], row["phase"], row["count"]) for row in rows] == [
        ("ES", "BUY", "OVERLAP", 5),
        ("NQ", "BUY", "OVERLAP", 1),
    ]
    es, nq = rows
    assert (es["worked"], es["didnt_work"], es["neutral"], es["hit_rate"], es["average_move"]) == (3, 1, 1, 0.75, 0.8)
    assert (round(es["hit_rate_low"], 4), round(es["hit_rate_high"], 4)) == (0.3006, 0.9544)
    assert (round(es["average_move_low"], 3), round(es["average_move_high"], 3)) == (-0.886, 2.486)
    assert (nq["average_move"], nq["average_move_low"]) == (9.0, None)


def test_points_of_different_symbols_are_not_averaged(graded: Any) -> None:
    (row,) = graded.get("/api/signals/accuracy", {"by": "signal"}).json()["rows"]
    assert (row["count"], row["worked"], row["average_move"]) == (6, 4, None)


def test_the_made_up_market_is_counted_apart(graded: Any) -> None:
    (row,) = graded.get("/api/signals/accuracy", {"by": "symbol", "mock": "true"}).json()["rows"]
    assert (row["symbol"], row["count"]) == ("ES", 1)


def test_an_unknown_dimension_is_refused(graded: Any) -> None:
    for by in ("colour", "symbol,", ""):
        assert graded.get("/api/signals/accuracy", {"by": by}).json()["code"] == "bad_parameter"


def test_history_goes_on_by_cursor(graded: Any) -> None:
    first = graded.get("/api/signals/history", {"symbol": "ES", "limit": 4}).json()
    rest = graded.get("/api/signals/history", {"symbol": "ES", "limit": 4, "cursor": first["next_cursor"]}).json()
    seen = [signal["at"] for page in (first, rest) for signal in page["items"]]
    assert len(seen) == 6
    assert seen == sorted(seen, reverse=True)
    assert rest["next_cursor"] is None


def test_the_admin_has_a_page_of_it(graded: Any) -> None:
    from django.contrib.auth.models import User

    path = "/admin/futuretrading/tradingsignal/accuracy/"
    assert graded.get(path).status_code == 302
    graded.force_login(User.objects.create_superuser("ada"))
    page = graded.get(path, {"by": ["symbol"]}).content.decode()
    assert "0.750" in page
    assert "(0.301 to 0.954)" in page
