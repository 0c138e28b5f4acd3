"""What the clock says of a market: names, reasons, trade dates, confidence, and what it refuses."""

from datetime import UTC, date, datetime, timedelta

import pytest

from thor_web.timezones.interface import (
    UnknownMarketError,
    market_names,
    market_of,
    session_state,
    trade_date_session,
    trade_date_span,
    traded_markets,
    world_clock,
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_the_whole_answer() -> None:
    answer = session_state("NYSE", at("2025-11-28T19:30:00+01:00")).to_json()
    assert answer == {
        "is_open": False,
        "market": "NYSE",
        "now": "2025-11-28T18:30:00Z",
        "next_transition_at": "2025-12-01T14:30:00Z",
        "holiday": "Day after Thanksgiving",
        "phase": "post",
        "trade_date": "2025-11-28",
        "title": "New York Stock Exchange",
        "confidence": "verified",
        "next_phase": "closed",
        "next_phase_at": "2025-11-28T22:00:00Z",
        "holiday_kind": "early_close",
        "reason": "early close: Day after Thanksgiving",
        "halted": False,
        "scheduled_phase": "post",
        "verified_through": "2028-12-31",
        "time_zone": "America/New_York",
        "local_time": "2025-11-28T13:30:00-05:00",
        "version": 0,
    }


@pytest.mark.parametrize(
    ("symbol", "market"),
    [
        *[("ES", "GLOBEX_EQUITY"), ("ym", "GLOBEX_EQUITY"), ("ZB", "GLOBEX_RATES"), ("CL", "GLOBEX_ENERGY")],
        *[("GC", "GLOBEX_METALS"), ("VX", "CFE"), ("DX", "ICE_US"), ("globex", "GLOBEX_EQUITY"), ("XTKS", "TSE")],
    ],
)
def test_symbols_and_aliases_mean_their_market(symbol: str, market: str) -> None:
    assert session_state(symbol, at("2025-06-11T12:00:00Z")).market == market


def test_the_instruments_trade_on_six_markets() -> None:
    assert traded_markets() == ("GLOBEX_EQUITY", "GLOBEX_ENERGY", "GLOBEX_METALS", "CFE", "ICE_US", "GLOBEX_RATES")


def test_an_unknown_market_names_the_known_ones() -> None:
    with pytest.raises(UnknownMarketError, match="known are ALWAYS, ASX, BMV, BSE, CFE"):
        market_of("MOON")


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        session_state("NYSE", datetime(2025, 6, 11, 12))  # noqa: DTZ001 - the point of the test


@pytest.mark.parametrize(
    ("market", "instant", "phase", "holiday", "trade_date"),
    [
        # Sunday evening belongs to Monday; the hour between two sessions is a halt, not a close.
        ("ES", "2026-11-22T23:30:00Z", "open", None, "2026-11-23"),
        ("ES", "2025-06-11T21:30:00Z", "halt", None, "2025-06-12"),
        ("DX", "2025-06-11T22:30:00Z", "halt", None, "2025-06-12"),
        # A holiday's name begins with the evening that does not open, and ends with its date.
        ("ES", "2025-04-17T21:30:00Z", "closed", None, "2025-04-21"),
        ("ES", "2025-04-17T22:00:00Z", "closed", "Good Friday", "2025-04-21"),
        ("ES", "2025-04-19T04:59:59Z", "closed", "Good Friday", "2025-04-21"),
        ("ES", "2025-04-19T05:00:00Z", "closed", None, "2025-04-21"),
        # A shortened day keeps its name up to midnight, its evening belongs to the next one.
        ("ES", "2025-01-20T20:00:00Z", "closed", "Martin Luther King Jr. Day", "2025-01-21"),
        ("ES", "2025-01-20T23:00:00Z", "open", None, "2025-01-21"),
        ("HKEX", "2025-06-11T04:30:00Z", "lunch", None, "2025-06-11"),
        ("HKEX", "2025-12-24T05:30:00Z", "closed", "Christmas Eve", "2025-12-29"),
        ("BMV", "2025-07-01T13:30:00Z", "open", None, "2025-07-01"),
        ("BMV", "2025-12-01T14:29:59Z", "closed", None, "2025-12-01"),
        ("ES", "2020-06-10T20:20:00Z", "halt", None, "2020-06-10"),
        ("TSE", "2024-11-01T06:00:00Z", "closed", None, "2024-11-05"),
    ],
)
def test_phase_name_and_trade_date(market: str, instant: str, phase: str, holiday: str | None, trade_date: str) -> None:
    state = session_state(market, at(instant))
    assert (state.phase, state.holiday, state.trade_date.isoformat()) == (phase, holiday, trade_date)


@pytest.mark.parametrize(
    ("market", "instant", "kind"),
    [
        ("NYSE", "2025-12-25T15:00:00Z", "closed"),
        ("NSE", "2025-10-21T08:30:00Z", "special"),
        ("NSE", "2026-02-01T05:00:00Z", "special"),
        ("ZB", "2025-01-09T18:00:00Z", "early_close"),
        ("DX", "2025-01-20T18:00:00Z", None),
    ],
)
def test_the_kind_of_an_exception(market: str, instant: str, kind: str | None) -> None:
    assert session_state(market, at(instant)).holiday_kind == kind


@pytest.mark.parametrize(
    ("market", "instant", "confidence"),
    [
        ("ES", "2026-11-24T12:00:00Z", "verified"),
        ("ES", "2026-12-31T12:00:00Z", "verified"),
        # What is on is certain, but when it changes lies behind the horizon.
        ("ES", "2026-12-31T22:00:00Z", "template"),
        ("ES", "2027-03-01T12:00:00Z", "template"),
        ("NYSE", "2027-03-01T12:00:00Z", "verified"),
        ("ES", "2019-03-01T12:00:00Z", "template"),
        # Nobody published when VX and DX close on this day.
        ("VX", "2025-01-20T12:00:00Z", "template"),
        ("DX", "2025-01-20T12:00:00Z", "template"),
        ("VX", "2025-01-21T12:00:00Z", "verified"),
        ("ALWAYS", "2027-03-01T12:00:00Z", "verified"),
    ],
)
def test_what_is_not_verified_says_so(market: str, instant: str, confidence: str) -> None:
    assert session_state(market, at(instant)).confidence == confidence


@pytest.mark.parametrize("year", [3, 1900, 1969, 2014, 2029, 2031, 2199, 9996])
def test_far_years_are_answered_and_flagged(year: int) -> None:
    for market in market_names():
        state = session_state(market, datetime(year, 7, 10, 12, tzinfo=UTC))
        assert state.confidence == "template" or market == "ALWAYS"
        if state.next_transition_at is not None:
            assert timedelta(0) < state.next_transition_at - state.now < timedelta(days=6)


def test_years_beyond_every_clock_are_refused() -> None:
    with pytest.raises(ValueError, match="years 3 to 9996"):
        session_state("NYSE", datetime(9999, 1, 1, tzinfo=UTC))


def test_around_the_clock_there_is_no_next_transition() -> None:
    state = session_state("24/7", at("2026-01-01T00:00:00Z"))
    assert (state.is_open, state.next_transition_at, state.next_phase_at) == (True, None, None)
    assert state.trade_date == date(2026, 1, 1)


def test_sunday_evening_belongs_to_monday() -> None:
    start, end = trade_date_span("GLOBEX", date(2026, 11, 23))
    assert (start, end) == (at("2026-11-20T22:00:00Z"), at("2026-11-23T22:00:00Z"))
    session = trade_date_session("ES", date(2026, 11, 23))
    assert (session.opens_at, session.closes_at) == (at("2026-11-22T23:00:00Z"), at("2026-11-23T22:00:00Z"))


def test_post_market_belongs_to_its_day() -> None:
    assert trade_date_span("NYSE", date(2025, 6, 11)) == (at("2025-06-11T00:00:00Z"), at("2025-06-12T00:00:00Z"))


def test_a_holiday_owns_no_instant_and_a_weekend_day_is_no_trade_date() -> None:
    start, end = trade_date_span("ES", date(2025, 12, 25))
    assert start == end == at("2025-12-24T18:15:00Z")
    with pytest.raises(ValueError, match="no trade date"):
        trade_date_span("ES", date(2025, 12, 27))
    assert trade_date_span("NSE", date(2026, 2, 1))[1] == at("2026-02-01T10:00:00Z")


@pytest.mark.parametrize("market", market_names())
def test_every_instant_belongs_to_one_trade_date(market: str) -> None:
    before = None
    for ordinal in range(date(2024, 12, 30).toordinal(), date(2027, 1, 8).toordinal()):
        day = date.fromordinal(ordinal)
        try:
            start, end = trade_date_span(market, day)
        except ValueError:
            continue
        assert before in {None, start}
        before = end


def test_a_horizon_is_days_from_today() -> None:
    horizon = world_clock().horizon_days(date(2026, 11, 24))
    assert (horizon["GLOBEX_EQUITY"], horizon["NYSE"]) == (37, 768)
