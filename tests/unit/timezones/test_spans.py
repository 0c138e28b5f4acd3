"""Spans computed from the clock, against known anchors."""

from datetime import UTC, date, datetime

import pytest

from thor_web.timezones.interface import world_clock
from thor_web.timezones.services.icalendar_feed import schedule_ics
from thor_web.timezones.services.instants import seconds, utc_text
from thor_web.timezones.services.schedule import market_days, next_quiet, overlaps
from thor_web.timezones.services.zone_changes import next_offset_change

FUTURES = ("GLOBEX_EQUITY", "GLOBEX_RATES", "GLOBEX_ENERGY", "GLOBEX_METALS", "CFE", "ICE_US")


def second(text: str) -> int:
    return seconds(datetime.fromisoformat(text))


@pytest.mark.parametrize(
    ("markets", "day", "spans"),
    [
        (("LSE", "NYSE"), "2025-01-15", [("14:30", "16:30")]),
        (("LSE", "NYSE"), "2025-03-12", [("13:30", "16:30")]),
        (("LSE", "NYSE"), "2025-10-29", [("13:30", "16:30")]),
        (("LSE", "NYSE"), "2025-04-02", [("13:30", "15:30")]),
        (("LSE", "NYSE"), "2025-12-24", []),
        (("LSE", "NYSE"), "2025-11-27", []),
        (("TSE", "HKEX"), "2025-06-11", [("01:30", "02:30"), ("03:30", "04:00"), ("05:00", "06:30")]),
        (("HKEX", "LSE"), "2025-06-11", [("07:00", "08:00")]),
        (("HKEX", "LSE"), "2025-12-10", []),
        (("ASX", "TSE"), "2025-06-11", [("00:00", "02:30"), ("03:30", "06:00")]),
    ],
)
def test_overlaps(markets: tuple[str, ...], day: str, spans: list[tuple[str, str]]) -> None:
    found = overlaps(world_clock(), markets, second(f"{day}T00:00:00Z"), second(f"{day}T23:59:59Z"))
    assert found == [(second(f"{day}T{start}:00Z"), second(f"{day}T{end}:00Z")) for start, end in spans]


@pytest.mark.parametrize(
    ("after", "minutes", "start", "end"),
    [
        ("2026-11-23T12:00:00Z", 30, "2026-11-23T22:00:00Z", "2026-11-23T23:00:00Z"),
        ("2025-03-06T12:00:00Z", 90, "2025-03-07T22:00:00Z", "2025-03-09T22:00:00Z"),
        ("2025-10-31T12:00:00Z", 90, "2025-10-31T21:00:00Z", "2025-11-02T23:00:00Z"),
        ("2025-06-10T12:00:00Z", 61, "2025-06-13T21:00:00Z", "2025-06-15T22:00:00Z"),
    ],
)
def test_the_next_quiet_time(after: str, minutes: int, start: str, end: str) -> None:
    found = next_quiet(world_clock(), FUTURES, second(after), at_least_s=60 * minutes)
    assert found == (second(start), second(end))


def test_with_pre_and_post_a_weekday_has_no_quiet_half_hour() -> None:
    found = next_quiet(
        world_clock(), (*FUTURES, "NYSE"), second("2025-06-10T12:00:00Z"), at_least_s=1_800, with_pre_and_post=True
    )
    assert found is not None
    assert utc_text(found[0]) == "2025-06-14T00:00:00Z"


def test_what_no_calendar_vouches_for_is_not_quiet() -> None:
    assert next_quiet(world_clock(), FUTURES, second("2027-06-10T12:00:00Z"), at_least_s=60) is None
    assert next_quiet(world_clock(), ("ALWAYS",), second("2026-06-10T12:00:00Z"), at_least_s=60) is None


def test_days_of_a_calendar() -> None:
    days = {day.day: day for day in market_days(world_clock().market("NYSE"), date(2025, 11, 26), date(2025, 12, 1))}
    assert list(days) == [date(2025, 11, day) for day in (26, 27, 28)] + [date(2025, 12, 1)]
    assert days[date(2025, 11, 27)].to_json() == {
        "date": "2025-11-27",
        "is_trading_day": False,
        "phases": [],
        "holiday": "Thanksgiving",
        "holiday_kind": "closed",
        "source": "exchange_calendars",
        "confidence": "verified",
    }
    assert [phase["phase"] for phase in days[date(2025, 11, 28)].to_json()["phases"]] == ["pre", "regular", "post"]
    assert days[date(2025, 11, 28)].to_json()["phases"][2] == {
        "phase": "post",
        "starts_at": "2025-11-28T18:00:00Z",
        "ends_at": "2025-11-28T22:00:00Z",
    }


def test_a_schedule_for_calendar_programs() -> None:
    from icalendar import Calendar

    market = world_clock().market("HKEX")
    made_at = datetime(2025, 12, 1, tzinfo=UTC)
    text = schedule_ics(market.calendar, market_days(market, date(2025, 12, 23), date(2025, 12, 26)), made_at=made_at)
    events = [
        (str(event["summary"]), event.decoded("dtstart"), str(event["uid"]))
        for event in Calendar.from_ical(text).walk("VEVENT")
    ]
    assert events == [
        ("Hong Kong Exchange open", datetime(2025, 12, 23, 1, 30, tzinfo=UTC), "HKEX-2025-12-23-0@thor"),
        ("Hong Kong Exchange open", datetime(2025, 12, 23, 5, 0, tzinfo=UTC), "HKEX-2025-12-23-2@thor"),
        (
            "Hong Kong Exchange open (Christmas Eve)",
            datetime(2025, 12, 24, 1, 30, tzinfo=UTC),
            "HKEX-2025-12-24-0@thor",
        ),
        ("Hong Kong Exchange closed: Christmas", date(2025, 12, 25), "HKEX-2025-12-25-closed@thor"),
        ("Hong Kong Exchange closed: Boxing Day", date(2025, 12, 26), "HKEX-2025-12-26-closed@thor"),
    ]


def test_the_next_change_of_an_offset() -> None:
    from zoneinfo import ZoneInfo

    at = datetime(2025, 3, 1, tzinfo=UTC)
    assert next_offset_change(ZoneInfo("America/New_York"), at) == datetime(2025, 3, 9, 7, tzinfo=UTC)
    assert next_offset_change(ZoneInfo("Europe/London"), at) == datetime(2025, 3, 30, 1, tzinfo=UTC)
    assert next_offset_change(ZoneInfo("Asia/Tokyo"), at) is None
