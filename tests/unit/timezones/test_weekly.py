"""Hours of an ordinary week, to the second, across both changes of the clock."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thor_web.timezones.interface import UnknownMarketError, market_names, session_state, trade_date_span


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("market", "instant", "is_open", "next_transition", "trade_date"),
    [
        ("GLOBEX", "2025-03-05T21:59:59Z", True, "2025-03-05T22:00:00Z", "2025-03-05"),
        ("GLOBEX", "2025-03-05T22:00:00Z", False, "2025-03-05T23:00:00Z", "2025-03-06"),
        ("GLOBEX", "2025-03-05T23:00:00Z", True, "2025-03-06T22:00:00Z", "2025-03-06"),
        # The first session in summer time: an hour earlier in UTC.
        ("GLOBEX", "2025-03-09T22:00:00Z", True, "2025-03-10T21:00:00Z", "2025-03-10"),
        ("GLOBEX", "2025-06-14T12:00:00Z", False, "2025-06-15T22:00:00Z", "2025-06-16"),
        # The first session in winter time: the weekend is 50 hours long.
        ("GLOBEX", "2025-10-31T21:00:00Z", False, "2025-11-02T23:00:00Z", "2025-11-03"),
        ("GLOBEX", "2026-11-22T23:30:00Z", True, "2026-11-23T22:00:00Z", "2026-11-23"),
        ("CFE", "2025-06-11T20:59:59Z", True, "2025-06-11T21:00:00Z", "2025-06-11"),
        ("ICE_US", "2025-06-15T22:00:00Z", True, "2025-06-16T21:00:00Z", "2025-06-16"),
        ("ICE_US", "2025-06-16T23:59:59Z", False, "2025-06-17T00:00:00Z", "2025-06-17"),
    ],
)
def test_state_of_a_market(market: str, instant: str, is_open: bool, next_transition: str, trade_date: str) -> None:
    state = session_state(market, at(instant))
    assert (state.is_open, state.next_transition_at, state.trade_date) == (
        is_open,
        at(next_transition),
        date.fromisoformat(trade_date),
    )


def test_the_answer_is_json_with_utc_instants() -> None:
    answer = session_state("GLOBEX", at("2025-06-11T17:00:00+02:00")).to_json()
    assert answer == {
        "is_open": True,
        "market": "GLOBEX",
        "now": "2025-06-11T15:00:00Z",
        "next_transition_at": "2025-06-11T21:00:00Z",
        "holiday": None,
        "phase": "open",
        "trade_date": "2025-06-11",
        "title": "CME Globex",
        "confidence": "template",
    }


def test_a_symbol_stands_for_its_market() -> None:
    assert session_state("es", at("2025-06-11T12:00:00Z")).market == "GLOBEX"
    assert session_state("DX", at("2025-06-11T12:00:00Z")).market == "ICE_US"


def test_an_unknown_market_names_the_known_ones() -> None:
    with pytest.raises(UnknownMarketError, match="GLOBEX, CFE, ICE_US"):
        session_state("MOON", at("2025-06-11T12:00:00Z"))


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        session_state("GLOBEX", datetime(2025, 6, 11, 12))  # noqa: DTZ001 - the point of the test


def test_sunday_evening_belongs_to_monday() -> None:
    start, end = trade_date_span("GLOBEX", date(2023, 12, 26))
    assert (start, end) == (at("2023-12-25T22:00:00Z"), at("2023-12-26T22:00:00Z"))
    start, end = trade_date_span("GLOBEX", date(2026, 11, 23))
    assert (start, end) == (at("2026-11-20T22:00:00Z"), at("2026-11-23T22:00:00Z"))


@given(
    market=st.sampled_from(market_names()),
    minutes=st.integers(min_value=0, max_value=10 * 366 * 24 * 60),
)
def test_the_next_transition_is_the_next_flip(market: str, minutes: int) -> None:
    instant = datetime(2018, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    state = session_state(market, instant)
    assert state.next_transition_at is not None
    assert state.next_transition_at > instant
    just_before = session_state(market, state.next_transition_at - timedelta(seconds=1))
    after = session_state(market, state.next_transition_at)
    assert just_before.is_open == state.is_open
    assert after.is_open != state.is_open


@given(market=st.sampled_from(market_names()), days=st.integers(min_value=0, max_value=3650))
def test_every_instant_belongs_to_one_trade_date(market: str, days: int) -> None:
    day = date(2018, 1, 1) + timedelta(days=days)
    if day.weekday() < 5:
        _, end = trade_date_span(market, day)
        after = day + timedelta(days=3 if day.weekday() == 4 else 1)
        assert trade_date_span(market, after)[0] == end
